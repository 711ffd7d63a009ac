import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "../../web/static/js/zones/editor.js";
import {
  arrowOf,
  crossingEdges,
  movePoints,
  nearestOnLine,
  side,
  snap,
  withoutDoubles,
} from "../../web/static/js/zones/geometry.js";
import { placesOf as replayedPlaces } from "../../web/static/js/zones/replayed.js";
import {
  changeOption,
  changeShape,
  newShape,
  placesOf,
  problemOf,
  shapesOf,
} from "../../web/static/js/zones/shapes.js";
import { Undo } from "../../web/static/js/zones/undo.js";
import { yamlOf } from "../../web/static/js/zones/yaml.js";

/** @import { Point } from "../../web/static/js/zones/geometry.js" */

/** @type {Point[]} */
const SQUARE = [
  [0.2, 0.2],
  [0.6, 0.2],
  [0.6, 0.6],
  [0.2, 0.6],
];
const PLACES = {
  zones: {
    drive: { polygon: SQUARE, labels: ["person"], filters: { person: { min_score: 0.6 } }, active: "22:00-06:00" },
  },
  lines: { gate: { from: [0.1, 0.5], to: [0.9, 0.5], anchor: "center" } },
  ignore: [{ polygon: SQUARE, labels: ["no"] }],
  privacy: [{ polygon: SQUARE }],
};

test("a shape that is moved keeps its form at the picture's edge", () => {
  assert.deepEqual(movePoints(SQUARE, 0.9, 0), [
    [0.6, 0.2],
    [1, 0.2],
    [1, 0.6],
    [0.6, 0.6],
  ]);
  assert.deepEqual(movePoints(SQUARE, 0, -5)[0], [0.2, 0]);
});

test("a point comes to lie on what is near: a corner before an edge, an edge before the picture's edge", () => {
  assert.deepEqual(snap([0.59, 0.21], [SQUARE], 0.03, 16 / 9), [0.6, 0.2]);
  assert.deepEqual(snap([0.4, 0.21], [SQUARE], 0.03, 16 / 9), [0.4, 0.2]);
  assert.deepEqual(snap([0.01, 0.5], [SQUARE], 0.03, 16 / 9), [0, 0.5]);
  assert.deepEqual(snap([0.02, 0.5], [SQUARE], 0.03, 16 / 9), [0.02, 0.5], "as far as it is seen, in width");
  assert.deepEqual(snap([0.99, 0.99], [], 0.03, 1), [1, 1]);
  assert.deepEqual(snap([0.4, 0.4], [SQUARE], 0.03, 1), [0.4, 0.4]);
});

test("the nearest point of a line is at right angles as it is seen, and never beyond its ends", () => {
  const [x, y] = nearestOnLine([0.5, 0], [0, 0], [1, 1], 2);
  assert.ok(Math.abs((x - 0.5) * 2 * 2 + y * 1) < 1e-12);
  assert.deepEqual(nearestOnLine([2, 0.3], [0, 0], [1, 0], 1), [1, 0]);
  assert.deepEqual(nearestOnLine([2, 0.3], [0.5, 0.5], [0.5, 0.5], 1), [0.5, 0.5]);
});

test("a polygon that crosses itself says where", () => {
  assert.equal(crossingEdges(SQUARE), null);
  const [a, b, c, d] = SQUARE;
  assert.deepEqual(crossingEdges([a, c, b, d]), [0, 2]);
});

test("the arrow of a line points to the side that counts as in", () => {
  for (const [start, end] of /** @type {[Point, Point][]} */ ([
    [
      [0.1, 0.5],
      [0.9, 0.5],
    ],
    [
      [0.5, 0.9],
      [0.4, 0.1],
    ],
  ])) {
    const { foot, tip } = arrowOf(start, end, 16 / 9);
    assert.ok(side(start, end, tip) > 0.001);
    assert.ok(Math.abs(side(start, end, foot)) < 1e-9);
  }
});

test("what is changed is undone and done again; a drag is one step", () => {
  const undo = new Undo(1);
  assert.ok(!undo.canUndo && !undo.canRedo);
  undo.change(2);
  for (const value of [3, 4, 5]) undo.change(value, "drag");
  undo.undo();
  assert.equal(undo.value, 2);
  undo.redo();
  assert.equal(undo.value, 5);
  undo.change(6, "drag"); // of another time
  undo.undo();
  undo.undo();
  undo.undo();
  assert.ok(!undo.canUndo);
  assert.equal(undo.value, 1);
  undo.undo();
  assert.equal(undo.value, 1);
  undo.change(7);
  assert.ok(!undo.canRedo);
});

test("places become shapes and places again, with all that the editor does not know", () => {
  const shapes = shapesOf(PLACES);
  assert.deepEqual(
    shapes.map(({ kind, name }) => `${kind} ${name}`),
    ["zone drive", "line gate", "ignore Ignore 1", "privacy Privacy 1"],
  );
  assert.deepEqual(placesOf(shapes), PLACES);
  assert.deepEqual(placesOf(shapesOf({})), { zones: {}, lines: {}, ignore: [], privacy: [] });
});

test("shapes are changed one at a time, and new ones have names of their own", () => {
  const shapes = shapesOf(PLACES);
  const zone = newShape(shapes, "zone", SQUARE);
  assert.equal(zone.name, "zone-1");
  assert.equal(newShape([...shapes, zone], "zone", SQUARE).name, "zone-2");
  assert.equal(newShape(shapes, "privacy", SQUARE).name, "Privacy 2");
  const renamed = changeShape(shapes, shapes[0].id, { name: "yard" });
  assert.deepEqual(Object.keys(placesOf(renamed).zones), ["yard"]);
  assert.equal(placesOf(changeOption(shapes, shapes[0].id, "loiter", 4)).zones.drive.loiter, 4);
  assert.ok(!("labels" in placesOf(changeOption(shapes, shapes[0].id, "labels", null)).zones.drive));
  assert.deepEqual(placesOf(shapes), PLACES, "the list before is as it was");
});

test("what cannot be saved is said before it is sent", () => {
  const shapes = shapesOf(PLACES);
  assert.equal(problemOf(shapes), "");
  assert.match(problemOf(changeShape(shapes, shapes[0].id, { name: "the drive" })), /letters, digits/);
  assert.match(problemOf([...shapes, { ...shapes[0], id: 99 }]), /two called drive/);
  const [a, b, c, d] = SQUARE;
  assert.match(problemOf(changeShape(shapes, shapes[0].id, { points: [a, c, b, d] })), /crosses itself/);
});

test("the YAML is that of the config file", () => {
  assert.equal(
    yamlOf("yard", PLACES),
    `streams:
  yard:
    zones:
      drive:
        polygon: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]
        labels: [person]
        filters: {person: {min_score: 0.6}}
        active: "22:00-06:00"
    lines:
      gate:
        from: [0.1, 0.5]
        to: [0.9, 0.5]
        anchor: center
    ignore:
      - {polygon: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]], labels: ["no"]}
    privacy:
      - {polygon: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]}
`,
  );
  assert.equal(yamlOf("1", { zones: {}, lines: {}, ignore: [], privacy: [] }), 'streams:\n  "1": {}\n');
});

test("the editor draws, chooses, takes back and goes on with what was not saved", () => {
  let changes = 0;
  const editor = new Editor(() => {
    changes += 1;
  });
  editor.load(PLACES);
  assert.equal(editor.shape?.name, "drive");
  assert.ok(!editor.isChanged && !editor.canUndo && changes === 1);
  editor.use("zone");
  for (const point of SQUARE) editor.draw(point);
  assert.ok(editor.cancel());
  editor.finish();
  assert.deepEqual([editor.tool, editor.shape?.name, editor.shape?.points.length], ["move", "zone-1", 3]);
  assert.ok(!editor.removePoint(0), "a polygon has three points");
  editor.insertPoint(2, [-1, 0.5]);
  assert.deepEqual(editor.shape?.points[3], [0, 0.5]);
  editor.use("line");
  editor.draw([0, 0]);
  editor.draw([1, 1]);
  assert.equal(editor.shape?.kind, "line");
  editor.turn();
  assert.deepEqual(editor.places.lines["line-1"], { from: [1, 1], to: [0, 0] });
  editor.setOption("hold", 1);
  editor.remove();
  assert.ok(!("line-1" in editor.places.lines));
  const places = editor.places;
  for (let step = 0; step < 20; step += 1) editor.undo();
  assert.ok(!editor.isChanged && editor.canRedo);
  editor.load(PLACES);
  editor.restore(places);
  assert.deepEqual(editor.places, places);
  assert.ok(editor.isChanged);
  assert.ok(!editor.cancel(), "there is nothing to take back");
});

test("a double click leaves one point, not two", () => {
  assert.deepEqual(
    withoutDoubles([
      [0.1, 0.1],
      [0.5, 0.1],
      [0.501, 0.102],
      [0.1, 0.101],
    ]),
    [
      [0.1, 0.1],
      [0.5, 0.1],
      [0.1, 0.101],
    ],
  );
});

test("a replay says of each zone and line what would have happened there", () => {
  const common = { stream: "door", time: 1, track: "1.000000-000001", label: "person" };
  /** @type {import("../../web/static/js/api.js").Happening[]} */
  const happenings = [
    { ...common, type: "entered", zone: "path" },
    { ...common, type: "loitering", zone: "path" },
    { ...common, type: "exited", zone: "path" },
    { ...common, type: "entered", zone: "lawn" },
    { ...common, type: "entered", zone: "lawn" }, // again
    { ...common, type: "entered", zone: "lawn", track: "1.500000-000002" },
    { ...common, type: "crossed", line: "gate", direction: "in" },
    { ...common, type: "crossed", line: "gate", direction: "out" },
    { ...common, type: "crossed", line: "gate", direction: "out" },
  ];
  assert.deepEqual(replayedPlaces({ happenings }, { path: { loiter: 3 }, lawn: {} }, { gate: {}, wall: {} }), [
    "path: 1 track entered; 1 stayed",
    "lawn: 2 tracks entered",
    "gate: 1 in, 2 out",
    "wall: 0 in, 0 out",
  ]);
});

test("what is too long for the connection of a page is not sent", () => {
  /** @type {Record<string, { polygon: [number, number][] }>} */
  const zones = {};
  for (let number = 0; number < 50; number++) {
    const polygon = Array.from({ length: 100 }, (_, corner) => {
      const angle = (corner / 100) * 2 * Math.PI;
      return /** @type {[number, number]} */ ([0.5 + 0.41234 * Math.cos(angle), 0.5 + 0.41234 * Math.sin(angle)]);
    });
    zones[`zone${number}`] = { polygon };
    if (number === 9) {
      const few = new Editor(() => undefined);
      few.load({ zones: { ...zones } });
      assert.equal(few.problem, "");
    }
  }
  const many = new Editor(() => undefined);
  many.load({ zones });
  assert.match(many.problem, /Too many points/);
});
