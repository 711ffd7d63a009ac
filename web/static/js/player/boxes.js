// Where an event's box is at a moment of its clip: between the points of its path it moves evenly.

/** @typedef {[seconds: number, x1: number, y1: number, x2: number, y2: number]} PathPoint Shares of the picture. */
/** @typedef {[x1: number, y1: number, x2: number, y2: number]} Box */

/** Seconds for which the last box is still shown: the path ends before the event does. */
const SHOWN_AFTER_SECONDS = 0.5;

/**
 * The box at a moment, or null where there is none.
 * @param {ArrayLike<number>[]} path Points in order of time: seconds since the event's start, and the box.
 * @param {number} seconds Since the event's start.
 * @param {number} [lasts] Seconds that the event lasts; something that stands still has no newer point.
 * @returns {Box | null}
 */
export function boxAt(path, seconds, lasts = 0) {
  if (!path.length) return null;
  const last = path[path.length - 1];
  if (seconds < path[0][0] || seconds > Math.max(last[0], lasts) + SHOWN_AFTER_SECONDS) return null;
  if (seconds >= last[0]) return boxOf(last);
  const after = firstAfter(path, seconds);
  const [one, other] = [path[after - 1], path[after]];
  const share = (seconds - one[0]) / (other[0] - one[0]);
  return /** @type {Box} */ ([1, 2, 3, 4].map((index) => one[index] + share * (other[index] - one[index])));
}

/** @param {ArrayLike<number>} point @returns {Box} */
const boxOf = (point) => [point[1], point[2], point[3], point[4]];

/** @param {ArrayLike<number>[]} path @param {number} seconds At least those of the first, below those of the last. */
function firstAfter(path, seconds) {
  let [low, high] = [0, path.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (path[middle][0] <= seconds) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * The way of the bottom centre until a moment, up to where the box is then.
 * @param {ArrayLike<number>[]} path
 * @param {number} seconds
 * @returns {[x: number, y: number][]}
 */
export function trailUntil(path, seconds) {
  const boxes = path.filter((point) => point[0] <= seconds).map(boxOf);
  const here = boxAt(path, seconds);
  if (here) boxes.push(here);
  return boxes.map(([x1, , x2, y2]) => [(x1 + x2) / 2, y2]);
}

/**
 * Where a picture lies that is fitted into a rectangle.
 * @param {number} width Of the rectangle
 * @param {number} height
 * @param {number} ratio Width to height of the picture
 */
export function fit(width, height, ratio) {
  const [w, h] = width / height > ratio ? [height * ratio, height] : [width, width / ratio];
  return { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h };
}
