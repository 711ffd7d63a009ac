import assert from "node:assert/strict";
import { test } from "node:test";

import { parseSource } from "../../web/static/js/source.js";

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
