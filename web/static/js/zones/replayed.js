// What a replay says of each zone and line.

/** @import { Happening, Replay } from "../api.js" */
/** @import { Places } from "./shapes.js" */

/**
 * A line of text for each zone and each line: how many tracks would have entered it, how often it would have been crossed.
 * @param {Pick<Replay, "happenings">} replay
 * @param {Places["zones"]} zones
 * @param {Places["lines"]} lines
 */
export function placesOf({ happenings }, zones, lines) {
  const ofZone = (/** @type {string} */ zone) => {
    const tracks = (/** @type {Happening["type"]} */ type) =>
      new Set(happenings.filter((one) => one.type === type && one.zone === zone).map(({ track }) => track)).size;
    const entered = tracks("entered");
    const stayed = zones[zone].loiter ? `; ${tracks("loitering")} stayed` : "";
    return `${zone}: ${entered} ${entered === 1 ? "track" : "tracks"} entered${stayed}`;
  };
  const ofLine = (/** @type {string} */ line) => {
    const crossed = (/** @type {"in" | "out"} */ way) =>
      happenings.filter((one) => one.type === "crossed" && one.line === line && one.direction === way).length;
    return `${line}: ${crossed("in")} in, ${crossed("out")} out`;
  };
  return [...Object.keys(zones).map(ofZone), ...Object.keys(lines).map(ofLine)];
}
