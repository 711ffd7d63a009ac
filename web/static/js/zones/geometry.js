// Points and polygons in shares of the picture, from 0 to 1, y down.

/** @typedef {[x: number, y: number]} Point */

const DIGITS = 4;

/** @param {number} value */
const inside = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(DIGITS));

/**
 * The point, moved into the picture and rounded.
 * @param {Point} point
 * @returns {Point}
 */
export const clamp = ([x, y]) => [inside(x), inside(y)];

/**
 * All points moved by the same distance, as far as the picture's edges let them: the shape stays as it is.
 * @param {Point[]} points
 * @param {number} dx
 * @param {number} dy
 * @returns {Point[]}
 */
export function movePoints(points, dx, dy) {
  const limit = (/** @type {number} */ wanted, /** @type {number[]} */ values) =>
    Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), wanted));
  const right = limit(
    dx,
    points.map(([x]) => x),
  );
  const down = limit(
    dy,
    points.map(([, y]) => y),
  );
  return points.map(([x, y]) => clamp([x + right, y + down]));
}

/**
 * @param {Point} a
 * @param {Point} b
 * @returns {Point}
 */
export const middle = ([ax, ay], [bx, by]) => clamp([(ax + bx) / 2, (ay + by) / 2]);

/**
 * The point of a line that is nearest to another point.
 * @param {Point} point
 * @param {Point} start
 * @param {Point} end
 * @param {number} ratio Width divided by height of the picture: distances are as they are seen.
 * @returns {Point}
 */
export function nearestOnLine([x, y], [ax, ay], [bx, by], ratio) {
  const [dx, dy] = [(bx - ax) * ratio, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((x - ax) * ratio * dx + (y - ay) * dy) / length)) : 0;
  return [ax + along * (bx - ax), ay + along * (by - ay)];
}

/**
 * @param {Point} a
 * @param {Point} b
 * @param {number} ratio
 */
export const distance = ([ax, ay], [bx, by], ratio) => Math.hypot((ax - bx) * ratio, ay - by);

/**
 * Where a point comes to lie that is moved by hand: on another point, an edge of another shape, or the picture's edge,
 * if one of them is near; otherwise where it is.
 * @param {Point} point
 * @param {Point[][]} others The other shapes, each with its edges closed.
 * @param {number} reach As a share of the picture's height.
 * @param {number} ratio
 * @returns {Point}
 */
export function snap(point, others, reach, ratio) {
  const near = (/** @type {Point[]} */ candidates) =>
    candidates
      .map((candidate) => ({ candidate, far: distance(point, candidate, ratio) }))
      .filter(({ far }) => far <= reach)
      .sort((a, b) => a.far - b.far)[0]?.candidate;
  const corner = near([...others.flat(), [0, 0], [1, 0], [1, 1], [0, 1]]);
  if (corner) return clamp(corner);
  const edges = others.flatMap((points) =>
    points.map((start, index) => nearestOnLine(point, start, points[(index + 1) % points.length], ratio)),
  );
  const edge = near(edges);
  if (edge) return clamp(edge);
  const [x, y] = point;
  const side = (/** @type {number} */ value, /** @type {number} */ size) =>
    value * size <= reach ? 0 : (1 - value) * size <= reach ? 1 : value;
  return clamp([side(x, ratio), side(y, 1)]);
}

/**
 * Whether a point is inside of a polygon.
 * @param {Point[]} points
 * @param {Point} point
 */
export function contains(points, [x, y]) {
  let isInside = false;
  points.forEach(([ax, ay], index) => {
    const [bx, by] = points[(index + 1) % points.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  });
  return isInside;
}

/** @param {Point[]} points */
export const area = (points) =>
  Math.abs(
    points.reduce((sum, [ax, ay], index) => {
      const [bx, by] = points[(index + 1) % points.length];
      return sum + ax * by - ay * bx;
    }, 0),
  ) / 2;

/**
 * The two edges of a polygon that cross each other, by the numbers of their first points; null if none do.
 * @param {Point[]} points
 * @returns {[first: number, second: number] | null}
 */
export function crossingEdges(points) {
  const count = points.length;
  for (let first = 0; first < count; first += 1) {
    for (let second = first + 1; second < count; second += 1) {
      const areNeighbours = second === first + 1 || (first === 0 && second === count - 1);
      if (areNeighbours) continue;
      const [a, b] = [points[first], points[(first + 1) % count]];
      const [c, d] = [points[second], points[(second + 1) % count]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return [first, second];
    }
  }
  return null;
}

/**
 * Above 0 where a point is beyond the line from `start` to `end`, on the side that is "in".
 * @param {Point} start
 * @param {Point} end
 * @param {Point} point
 */
export const side = ([ax, ay], [bx, by], [x, y]) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);

/**
 * The arrow of a line, which points to "in": its foot in the middle of the line, its tip, and the two ends of its head.
 * @param {Point} start
 * @param {Point} end
 * @param {number} ratio
 * @returns {{ foot: Point, tip: Point, wings: [Point, Point] }}
 */
export function arrowOf(start, end, ratio) {
  const [dx, dy] = [(end[0] - start[0]) * ratio, end[1] - start[1]];
  const length = Math.hypot(dx, dy) || 1;
  const size = Math.min(0.12, length / 3);
  const [ax, ay] = [-dy / length, dx / length]; // across, to the side that is "in"
  const [fx, fy] = [((start[0] + end[0]) / 2) * ratio, (start[1] + end[1]) / 2];
  const at = (/** @type {number} */ out, /** @type {number} */ along) =>
    /** @type {Point} */ ([
      (fx + ax * size * out + (dx / length) * size * along) / ratio,
      fy + ay * size * out + (dy / length) * size * along,
    ]);
  return { foot: at(0, 0), tip: at(1, 0), wings: [at(0.6, -0.4), at(0.6, 0.4)] };
}

const SAME = 0.004; // of the picture

/**
 * Leaves out each point that lies on the one before it.
 * @param {Point[]} points
 */
export const withoutDoubles = (points) =>
  points.filter(([x, y], index) => !index || Math.hypot(x - points[index - 1][0], y - points[index - 1][1]) > SAME);
