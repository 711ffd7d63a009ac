// What happened to a track, in words.

/** @import { Happening } from "../api.js" */

/** @typedef {[before: string, name: string, after: string]} Sentence `name`: of the zone or line, in bold. */

/**
 * @param {Happening} happening
 * @returns {Sentence}
 */
export function describeMoment({ type, zone, line, direction }) {
  switch (type) {
    case "detected":
      return ["Seen first", "", ""];
    case "left":
      return ["Seen last", "", ""];
    case "entered":
      return ["Entered ", zone || "a zone", ""];
    case "exited":
      return ["Left ", zone || "a zone", ""];
    case "crossed":
      return ["Crossed ", line || "a line", direction ? `, ${direction}` : ""];
    case "loitering":
      return ["Stays in ", zone || "a zone", ""];
    case "stationary":
      return ["Stands still", "", ""];
    default:
      return ["Moves again", "", ""];
  }
}
