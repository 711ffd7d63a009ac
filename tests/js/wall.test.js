import assert from "node:assert/strict";
import { test } from "node:test";

import { bestColumns, wideTiles } from "../../web/static/js/wall.js";

test("a wall has the columns with which its pictures are largest", () => {
  assert.equal(bestColumns(1, 1280, 720), 1);
  assert.equal(bestColumns(2, 1280, 720), 1);
  assert.equal(bestColumns(2, 1800, 720), 2);
  assert.equal(bestColumns(4, 1280, 720), 2);
  assert.equal(bestColumns(9, 1280, 720), 3);
  assert.equal(bestColumns(4, 400, 2000), 1);
});

test("the first tiles take what the last row leaves", () => {
  assert.equal(wideTiles(4, 2), 0);
  assert.equal(wideTiles(3, 2), 1);
  assert.equal(wideTiles(7, 3), 2);
  assert.equal(wideTiles(2, 4), 2);
  assert.equal(wideTiles(1, 4), 0);
  assert.equal(wideTiles(5, 1), 0);
});
