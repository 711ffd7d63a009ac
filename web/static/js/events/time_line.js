// Where moments of a day are on a line, vertical with the newest at the top, or horizontal.

/** @import { Range } from "./days.js" */

/** @typedef {{ id: string, stream: string, severity: string, start: number, end: number | null }} Item */
/** @typedef {{ id: string, isAlert: boolean, from: number, size: number }} Mark `from` and `size` are shares of 1. */

/**
 * @param {number} time
 * @param {Range} range
 * @returns {number} The share of the range that is past, 0 to 1.
 */
export const shareOf = (time, range) =>
  Math.min(1, Math.max(0, (time - range.start) / Math.max(1, range.end - range.start)));

/**
 * @param {number} share
 * @param {Range} range
 */
export const timeAt = (share, range) => range.start + Math.min(1, Math.max(0, share)) * (range.end - range.start);

/**
 * The marks of each stream's lane. Alerts come last, so that they are drawn above the others.
 * @param {Item[]} items
 * @param {string[]} streams
 * @param {Range} range
 * @param {number} now Unix time; what has not ended lasts until then.
 * @param {boolean} [newestFirst] Whether 0 is the end of the range.
 * @returns {Map<string, Mark[]>}
 */
export function layOut(items, streams, range, now, newestFirst = false) {
  /** @type {Map<string, Mark[]>} */
  const lanes = new Map(streams.map((stream) => [stream, []]));
  for (const item of items) {
    const end = item.end ?? now;
    if (item.start >= range.end || end < range.start) continue;
    const [first, last] = [shareOf(item.start, range), shareOf(Math.max(item.start, end), range)];
    const isAlert = item.severity === "alert";
    lanes.get(item.stream)?.push({ id: item.id, isAlert, from: newestFirst ? 1 - last : first, size: last - first });
  }
  for (const marks of lanes.values()) marks.sort((one, other) => Number(one.isAlert) - Number(other.isAlert));
  return lanes;
}

const STEPS_HOURS = [1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6];

/**
 * Full hours, or parts of them, for the scale: at most `most` of them.
 * @param {Range} range
 * @param {number} most
 * @returns {number[]} Unix times
 */
export function ticks(range, most) {
  const hours = (range.end - range.start) / 3600;
  const step = (STEPS_HOURS.find((hour) => hours / hour <= most) || 6) * 3600;
  const midnight = new Date(range.start * 1000).setHours(0, 0, 0, 0) / 1000;
  const times = [];
  for (let time = midnight + Math.ceil((range.start - midnight) / step) * step; time <= range.end; time += step) {
    times.push(time);
  }
  return times;
}

/**
 * The item that is nearest to a time; one that contains it, of those the latest, comes first.
 * @template {Item} T
 * @param {T[]} items
 * @param {number} time
 * @param {number} now
 * @returns {T | undefined}
 */
export function nearest(items, time, now) {
  /** @type {T | undefined} */
  let found;
  let least = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const distance = Math.max(item.start - time, 0, time - (item.end ?? now));
    if (distance < least || (distance === least && found && item.start > found.start))
      [found, least] = [item, distance];
  }
  return found;
}

/**
 * The first item that begins after a time, or the last before it.
 * @template {Item} T
 * @param {T[]} items
 * @param {number} time
 * @param {1 | -1} direction
 * @returns {T | undefined}
 */
export function neighbour(items, time, direction) {
  /** @type {T | undefined} */
  let found;
  for (const item of items) {
    const after = (item.start - time) * direction;
    if (after > 0.0005 && (!found || after < (found.start - time) * direction)) found = item;
  }
  return found;
}
