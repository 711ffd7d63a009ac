// What the newest statistics say: the figures of each stream, and the machine's readings.

import { liveness } from "./banners.js";
import { latest, listen } from "./connection.js";
import { byId, keepChildren, make, setSentence, setText } from "./dom.js";
import { createStreamFigures } from "./stream_figures.js";
import { describeReadings } from "./telemetry.js";

/** @import { Line } from "./telemetry.js" */
/** @import { Topic } from "./types.js" */

/** @param {Line} first */
function createReading(first) {
  const value = make("dd", {});
  const fill = make("span", { class: "meter-fill" });
  const meter = first.share === undefined ? null : make("span", { class: "meter", "aria-hidden": "true" }, fill);
  return {
    node: make("div", { class: "reading" }, make("dt", {}, first.name), value, meter),
    /** @param {Line} item */
    update(item) {
      setText(value, item.text);
      if (meter) fill.style.width = `${Math.min(100, (item.share || 0) * 100)}%`;
    },
  };
}

const machine = make("dl", { class: "reading-list" });

function render() {
  const [state, statistics] = [latest("state"), latest("statistics")];
  if (!state || document.hidden) return;
  const streams = state.streams.map((stream) => ({
    stream,
    statistics: statistics?.streams[stream.name],
  }));
  keepChildren(byId("now-streams"), streams, (item) => item.stream.name, createStreamFigures);
  keepChildren(
    machine,
    statistics ? describeReadings(state.telemetry, statistics.readings) : [],
    (item) => item.name,
    createReading,
  );
  setSentence(byId("now-note"), liveness().live ? "" : "Figures from before the interruption");
}

export function startNow() {
  byId("readings").append(machine);
  for (const topic of /** @type {Topic[]} */ (["state", "statistics", "daemon", "connection"])) listen(topic, render);
  document.addEventListener("visibilitychange", render);
}
