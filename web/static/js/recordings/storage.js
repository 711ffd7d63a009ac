// How much a stream's recordings take, and how long they will last.

/** @import { State } from "../api.js" */

/** @typedef {State["storage"]["streams"][number]} StreamStorage */

const DAY_SECONDS = 86400;

/** The classes, and their names for people. */
export const CLASSES = /** @type {const} */ ([
  ["alerts", "alerts"],
  ["events", "events"],
  ["continuous", "continuous"],
  ["other", "other files"],
  ["snapshots", "snapshots"],
]);

/** @param {StreamStorage} stream */
export const usedBy = (stream) => CLASSES.reduce((sum, [name]) => sum + stream[name], 0);

/**
 * How far back recordings will reach.
 * @param {number | null} seconds
 */
export function lastsText(seconds) {
  if (seconds === null) return "–";
  const days = Math.round(seconds / DAY_SECONDS);
  return days >= 2 ? `${days} days` : `${Math.max(1, Math.round(seconds / 3600))} h`;
}
