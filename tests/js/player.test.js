import assert from "node:assert/strict";
import { test } from "node:test";

import { boxAt, fit, trailUntil } from "../../web/static/js/player/boxes.js";
import { endOf, firstFrom, gapAt, locate, segmentsOf, spansOf, touched } from "../../web/static/js/player/segments.js";

const PATH = [
  [0, 0, 0, 0.2, 0.4],
  [1, 0.1, 0, 0.3, 0.4],
  [4, 0.4, 0.3, 0.6, 0.7],
];

test("between two points of the path the box moves evenly", () => {
  const near = (/** @type {number[] | null} */ box, /** @type {number[]} */ wanted) => {
    for (const [index, value] of wanted.entries()) assert.ok(Math.abs((box || [])[index] - value) < 1e-9, `${box}`);
  };
  near(boxAt(PATH, 0.5), [0.05, 0, 0.25, 0.4]);
  near(boxAt(PATH, 2), [0.2, 0.1, 0.4, 0.5]);
  assert.deepEqual(boxAt(PATH, 4), [0.4, 0.3, 0.6, 0.7]);
});

test("there is no box before the event and after it", () => {
  assert.equal(boxAt(PATH, -0.1), null);
  assert.equal(boxAt(PATH, 4.6), null);
  assert.equal(boxAt([], 1), null);
});

test("something that stands still keeps its box until the event ends", () => {
  assert.deepEqual(boxAt(PATH, 60, 61), [0.4, 0.3, 0.6, 0.7]);
});

test("the trail is the way of the bottom centre so far", () => {
  assert.deepEqual(
    trailUntil(
      [
        [0, 0, 0, 0.2, 0.4],
        [2, 0.2, 0, 0.4, 0.4],
      ],
      1,
    ).map(([x, y]) => [x.toFixed(3), y]),
    [
      ["0.100", 0.4],
      ["0.200", 0.4],
    ],
  );
});

test("a picture is fitted into the player with its own shape", () => {
  assert.deepEqual(fit(200, 100, 1), { left: 50, top: 0, width: 100, height: 100 });
  assert.deepEqual(fit(100, 200, 2), { left: 0, top: 75, width: 100, height: 50 });
});

const segment = (
  /** @type {string} */ name,
  /** @type {number} */ started,
  /** @type {number | null} */ seconds,
  recording = false,
) => ({ name, started, seconds, recording, format: "mp4", stream: name.split("_")[0] });
const ALL = [
  segment("yard_1", 0, 9),
  segment("main_3", 300, null, true),
  segment("main_2", 110, 50),
  segment("main_1", 0, 109),
];
const MAIN = segmentsOf(ALL, "main");

test("a time is found in the file that has it, and at its second", () => {
  assert.deepEqual(
    MAIN.map((one) => one.name),
    ["main_1", "main_2", "main_3"],
  );
  assert.deepEqual(locate(MAIN, 112.5, 320), { segment: ALL[2], offset: 2.5 });
  assert.equal(locate(MAIN, 109.5, 320), null);
  assert.equal(locate(MAIN, -1, 320), null);
  assert.equal(locate(MAIN, 310, 320)?.segment.name, "main_3");
  assert.equal(firstFrom(MAIN, 109.5)?.name, "main_2");
});

test("a segment that is being written lasts until now", () => {
  assert.equal(endOf(ALL[1], 320), 320);
  assert.equal(endOf(ALL[2], 320), 160);
});

test("breaks that nobody notices are none", () => {
  assert.deepEqual(spansOf(MAIN, 320), [
    { start: 0, end: 160 },
    { start: 300, end: 320 },
  ]);
});

test("a gap says from when to when nothing is recorded", () => {
  const spans = spansOf(MAIN, 320);
  assert.deepEqual(gapAt(spans, 200), { start: 160, end: 300 });
  assert.deepEqual(gapAt(spans, 400), { start: 320, end: null });
  assert.deepEqual(gapAt(spans, -5), { start: null, end: 0 });
  assert.equal(gapAt(spans, 20), null);
});

test("a stretch of time touches the files that have a part of it", () => {
  assert.deepEqual(
    touched(MAIN, { start: 100, end: 111 }, 320).map((one) => one.name),
    ["main_1", "main_2"],
  );
  assert.deepEqual(touched(MAIN, { start: 170, end: 300 }, 320), []);
});
