// How many columns the wall of live pictures has, and which tiles take two.

const RATIO = 16 / 9;

/**
 * The number of columns that gives the largest pictures.
 * @param {number} count Of tiles.
 * @param {number} width Of the wall, in pixels.
 * @param {number} height
 */
export function bestColumns(count, width, height) {
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = Math.min(width / columns, (height / rows) * RATIO);
    if (size > largest * 1.001) [best, largest] = [columns, size];
  }
  return best;
}

/**
 * How many of the first tiles are two columns wide, so that the last row has no hole.
 * @param {number} count Of tiles.
 * @param {number} columns
 */
export function wideTiles(count, columns) {
  const spare = Math.ceil(count / columns) * columns - count;
  return columns > 1 && spare <= count ? spare : 0;
}
