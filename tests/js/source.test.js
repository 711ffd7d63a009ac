import assert from "node:assert/strict";
import { test } from "node:test";

import { describeKinds, parseSource } from "../../web/static/js/source.js";

test("digits are the number of a camera", () => {
  assert.equal(parseSource(" 0 "), 0);
  assert.equal(parseSource("12"), 12);
});

test("all else is sent as it was typed, without the blanks around it", () => {
  for (const text of ["/dev/video0", "rtsp://10.0.0.7:554/1", "-1", "1.5", "0x1", "videotestsrc ! appsink"]) {
    assert.equal(parseSource(`  ${text}\n`), text);
  }
  assert.equal(parseSource("   "), "");
});

test("what may be written is told by the kinds", () => {
  const kinds = [
    { name: "movie", title: "movie", accepts: "a movie", is_admitted: false },
    { name: "index", title: "camera", accepts: "an index (0)", is_admitted: true },
    { name: "device", title: "device", accepts: "a device path", is_admitted: true },
    { name: "address", title: "network", accepts: "an address", is_admitted: true },
  ];
  const text = "Write an index (0), a device path or an address. From the config file only: movie.";
  assert.equal(describeKinds(kinds), text);
});
