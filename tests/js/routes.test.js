import assert from "node:assert/strict";
import { test } from "node:test";

import { findRoute } from "../../web/static/js/routes.js";

/** @param {string} address */
function found(address) {
  const route = findRoute(address);
  return route && [route.view, route.parameters, route.query.toString()];
}

test("each view has its addresses", () => {
  assert.deepEqual(found(""), ["live", {}, ""]);
  assert.deepEqual(found("live/main"), ["live", { name: "main" }, ""]);
  assert.deepEqual(found("events?stream=main&label=car"), ["events", {}, "stream=main&label=car"]);
  assert.deepEqual(found("events/1700000000.123456-000017"), ["events", { id: "1700000000.123456-000017" }, ""]);
  assert.deepEqual(found("recordings?at=1700000000.5"), ["recordings", {}, "at=1700000000.5"]);
  assert.deepEqual(found("streams/main/zones"), ["zones", { name: "main" }, ""]);
  assert.deepEqual(found("settings/model#top"), ["settings", { part: "model" }, ""]);
  assert.deepEqual(found("system/"), ["system", {}, ""]);
});

test("what is no view's address is left to the server", () => {
  for (const address of [
    "streams/main.mjpeg",
    "recordings/a.avi",
    "api/v1/docs",
    "live/a/b",
    "live/%",
    "static/css/base.css",
  ])
    assert.equal(found(address), null, address);
  assert.equal(found("logout"), null);
});

test("names are decoded", () => {
  assert.deepEqual(found("live/a%20b"), ["live", { name: "a b" }, ""]);
});
