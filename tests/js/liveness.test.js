import assert from "node:assert/strict";
import { test } from "node:test";

import { findLiveness } from "../../web/static/js/liveness.js";

const UP = { up: true, since: 10, why: "" };
const DOWN = { up: false, since: 90, why: "the connection broke" };

test("the page is live when the dashboard and the daemon are up", () => {
  assert.deepEqual(findLiveness(UP, UP, 100, 200), { live: true, missing: null });
});

test("before the first message nothing is live, and nothing is missing yet", () => {
  for (const [connection, daemon] of [
    [undefined, undefined],
    [UP, undefined],
    [undefined, UP],
  ]) {
    assert.deepEqual(findLiveness(connection, daemon, 100, 200), { live: false, missing: null });
  }
});

test("a lost dashboard is dated by this machine's clock, a lost daemon by the server's", () => {
  const because = { live: false, since: 90, why: DOWN.why };
  assert.deepEqual(findLiveness(DOWN, UP, 100, 200), { ...because, missing: "dashboard", seconds: 10 });
  assert.deepEqual(findLiveness(UP, DOWN, 100, 200), { ...because, missing: "daemon", seconds: 110 });
});

test("without the dashboard nothing is known of the daemon", () => {
  assert.equal(findLiveness(DOWN, DOWN, 100, 200).missing, "dashboard");
});
