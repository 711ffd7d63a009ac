// The states of a stream and of the appliance, as the daemon names them: in words, and how they look.

const STREAM = {
  starting: ["starting", "busy"],
  live: ["live", "good"],
  slow: ["slow", "busy"],
  no_frames: ["no frames", "bad"],
  no_results: ["no results", "bad"],
  lost: ["lost", "bad"],
  failed: ["failed", "bad"],
};
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

/** The word of a state, and the class of its chip. */
export const ofStream = (state) => STREAM[state] || [state, "bad"];
export const ofAppliance = (state) => APPLIANCE[state] || [state, "bad"];

/** Whether pictures come that are looked at: no model need run for that. */
export const givesFrames = (state) => state === "live" || state === "slow" || state === "no_results";
