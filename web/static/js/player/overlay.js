// Boxes, paths, zones and lines, drawn by the browser over a clean picture.

import { boxAt, trailUntil } from "./boxes.js";

/** @typedef {{ label: string, start: number, end: number | null, isStationary: boolean, path: ArrayLike<number>[] }} Subject `start`, `end`: Unix times. */
/** @typedef {{ boxes: boolean, path: boolean, zones: boolean }} Shown */
/** @typedef {{ zones: Point[][], lines: [Point, Point][] }} Places */
/** @typedef {[x: number, y: number]} Point Shares of the picture */

const STYLE = {
  box: "#ffffff",
  accent: "#7cc0ff",
  dark: "rgb(0 0 0 / 65%)",
  ink: "#06121e",
  fill: "rgb(124 192 255 / 16%)",
};
const LETTERS = 13;

/**
 * Draw what is shown at a moment.
 * @param {HTMLCanvasElement} canvas It covers the picture.
 * @param {Subject[]} subjects
 * @param {Places} places
 * @param {number} time Unix time of what the picture shows
 * @param {Shown} shown
 */
export function drawOverlay(canvas, subjects, places, time, shown) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineJoin = pen.lineCap = "round";
  const place = (/** @type {ArrayLike<number>} */ point) =>
    /** @type {Point} */ ([point[0] * width, point[1] * height]);
  if (shown.zones) {
    for (const zone of places.zones) stroke(pen, zone.map(place), true, STYLE.fill);
    for (const line of places.lines) stroke(pen, line.map(place), false);
  }
  /** @type {string[]} */
  const drawn = [];
  for (const subject of subjects) {
    const seconds = time - subject.start;
    const box = boxAt(
      subject.path,
      seconds,
      subject.end === null ? Number.POSITIVE_INFINITY : subject.end - subject.start,
    );
    if (shown.path) stroke(pen, trailUntil(subject.path, seconds).map(place), false);
    if (!box || !shown.boxes) continue;
    const [[x1, y1], [x2, y2]] = [place(box), place([box[2], box[3]])];
    drawBox(pen, [x1, y1, x2, y2], subject, width);
    drawn.push(`${subject.label} ${box.map((share) => share.toFixed(3)).join(" ")}`);
  }
  canvas.dataset.boxes = drawn.join("; ");
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Point[]} points
 * @param {boolean} isClosed
 * @param {string} [fill]
 */
function stroke(pen, points, isClosed, fill) {
  if (points.length < 2) return;
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  if (isClosed) pen.closePath();
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  for (const [color, width] of /** @type {[string, number][]} */ ([
    [STYLE.dark, 5],
    [STYLE.accent, 2.5],
  ])) {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {[number, number, number, number]} box
 * @param {Subject} subject
 * @param {number} width Of the picture
 */
function drawBox(pen, [x1, y1, x2, y2], subject, width) {
  pen.setLineDash(subject.isStationary ? [6, 4] : []);
  for (const [color, line] of /** @type {[string, number][]} */ ([
    [STYLE.dark, 4],
    [STYLE.accent, 2],
  ])) {
    pen.strokeStyle = color;
    pen.lineWidth = line;
    pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }
  pen.setLineDash([]);
  pen.font = `500 ${LETTERS}px system-ui, sans-serif`;
  const length = pen.measureText(subject.label).width + 10;
  const left = Math.max(0, Math.min(x1 - 1, width - length));
  const top = y1 > LETTERS + 9 ? y1 - LETTERS - 9 : y1 + 2; // inside where there is no room above
  pen.fillStyle = STYLE.accent;
  pen.fillRect(left, top, length, LETTERS + 7);
  pen.fillStyle = STYLE.ink;
  pen.fillText(subject.label, left + 5, top + LETTERS + 2);
}

/**
 * The zones and lines of a stream as points.
 * @param {unknown} data As the appliance has them: points as pairs, or Frigate's "x1,y1,x2,y2"
 * @returns {Places}
 */
export function readPlaces(data) {
  const { zones = {}, lines = {} } = /** @type {Record<string, any>} */ (data || {});
  return {
    zones: Object.values(zones).map((zone) => points(zone?.polygon)),
    lines: Object.values(lines).map((line) => /** @type {[Point, Point]} */ (points([line?.from, line?.to]))),
  };
}

/** @param {unknown} data @returns {Point[]} */
function points(data) {
  const flat = (typeof data === "string" ? data.split(",") : [data].flat(2).flat()).map(Number).filter(Number.isFinite);
  return Array.from({ length: flat.length >> 1 }, (_, index) => [flat[index * 2], flat[index * 2 + 1]]);
}
