// The statuses of a stream and of the appliance, in words and colours.

/** @import { Stream, State } from "./api.js" */

/** @typedef {"good" | "busy" | "bad"} ChipClass */
/** @typedef {[text: string, chipClass: ChipClass]} Description */
/** @typedef {Stream["status"]} StreamStatus */
/** @typedef {State["daemon"]["status"]} ApplianceStatus */

/** @type {Record<StreamStatus, Description>} */
const STREAM = {
  starting: ["starting", "busy"],
  live: ["live", "good"],
  slow: ["slow", "busy"],
  no_frames: ["no frames", "bad"],
  no_results: ["no results", "bad"],
  lost: ["lost", "bad"],
  failed: ["failed", "bad"],
};

/** @type {Record<ApplianceStatus, Description>} */
const APPLIANCE = {
  starting: ["starting", "busy"],
  loading: ["loading the model", "busy"],
  running: ["running", "good"],
  slow: ["slow", "busy"],
  degraded: ["not all streams", "busy"],
  no_model: ["no model", "bad"],
  no_results: ["no results", "bad"],
  not_live: ["no frames", "bad"],
  stopping: ["stopping", "busy"],
};

/**
 * The word for a stream's status, and the class of its chip.
 * @param {StreamStatus} status
 * @returns {Description}
 */
export const describeStream = (status) => STREAM[status] || [status, "bad"];

/**
 * The same for the appliance.
 * @param {ApplianceStatus} status
 * @returns {Description}
 */
export const describeAppliance = (status) => APPLIANCE[status] || [status, "bad"];

/**
 * Whether the stream gives frames to look at; that needs no model.
 * @param {StreamStatus} status
 */
export const givesFrames = (status) => status === "live" || status === "slow" || status === "no_results";
