// Draws the shapes over the picture, as SVG: what they look like, nothing that can be clicked.

import { makeSvg } from "../icons.js";
import { arrowOf } from "./geometry.js";

/** @import { Editor } from "./editor.js" */
/** @import { Point } from "./geometry.js" */
/** @import { Shape } from "./shapes.js" */

const HEIGHT = 1000;

/**
 * @param {SVGSVGElement} svg
 * @param {Editor} editor
 * @param {number} ratio Width divided by height of the picture.
 * @param {Point[][]} paths Of tracks that were replayed.
 * @param {Point | null} next Where the next point would be.
 */
export function drawShapes(svg, editor, ratio, paths, next) {
  svg.setAttribute("viewBox", `0 0 ${HEIGHT * ratio} ${HEIGHT}`);
  const order = { privacy: 0, ignore: 1, zone: 2, line: 3 };
  const shapes = [...editor.shapes].sort((a, b) => order[a.kind] - order[b.kind]);
  svg.replaceChildren(
    ...shapes.flatMap((shape) => drawShape(shape, shape.id === editor.chosen, ratio)),
    ...paths.map((points) => makeSvg("path", { class: "path replayed", d: pathOf(points, ratio, false) })),
    ...drawDraft(editor.draft, next, ratio),
  );
}

/**
 * What is being drawn: its points, with the first one, which closes it, as a ring.
 * @param {Point[]} draft
 * @param {Point | null} next
 * @param {number} ratio
 */
function drawDraft(draft, next, ratio) {
  if (!draft.length) return [];
  const d = pathOf(next ? [...draft, next] : draft, ratio, false);
  return [
    makeSvg("path", { class: "halo", d }),
    makeSvg("path", { class: "zone draft", d }),
    ...draft.map(([x, y], index) =>
      makeSvg("circle", { class: index ? "corner" : "corner first", cx: x * HEIGHT * ratio, cy: y * HEIGHT, r: 9 }),
    ),
  ];
}

/**
 * @param {Shape} shape
 * @param {boolean} isChosen
 * @param {number} ratio
 */
function drawShape({ kind, points }, isChosen, ratio) {
  if (kind !== "line") {
    const look = kind === "zone" ? (isChosen ? "" : "off") : `${kind} ${isChosen ? "is-chosen" : ""}`;
    return [makeSvg("path", { class: `zone ${look}`.trim(), d: pathOf(points, ratio, true) })];
  }
  const { foot, tip, wings } = arrowOf(points[0], points[1], ratio);
  const strokes = [pathOf(points, ratio, false), pathOf([foot, tip], ratio, false)];
  strokes.push(pathOf([wings[0], tip, wings[1]], ratio, false));
  const d = strokes.join("");
  return [makeSvg("path", { class: "halo", d }), makeSvg("path", { class: isChosen ? "cross" : "cross off", d })];
}

/**
 * @param {Point[]} points
 * @param {number} ratio
 * @param {boolean} isClosed
 */
const pathOf = (points, ratio, isClosed) =>
  `M${points.map(([x, y]) => `${x * HEIGHT * ratio} ${y * HEIGHT}`).join("L")}${isClosed ? "z" : ""}`;
