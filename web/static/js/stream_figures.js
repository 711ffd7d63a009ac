// The figures of one stream: rates, latency and its parts, and what was detected in the newest frame.

import { keepChildren, make, setText } from "./dom.js";
import { count, milliseconds, oneDecimal } from "./format.js";
import { describeStream } from "./states.js";

/** @import { Stream, StreamStatistics, Timings } from "./api.js" */

/** @typedef {"cap" | "front" | "back" | "lost" | "send"} TimingName */

/** @typedef {{ stream: Stream, statistics: StreamStatistics | undefined }} Item */

/** @type {[key: TimingName, text: string, title: string][]} */
const TIMINGS = [
  ["cap", "Capture", "Reading and decoding"],
  ["front", "Front", "The network, on the accelerator where there is one"],
  ["back", "Back", "What follows the network, on the CPU"],
  ["lost", "Waiting", "Waiting between the parts, without the hand-over"],
  ["send", "Hand-over", "From front to back; not part of the waiting shown here"],
];

/**
 * A list of numbers with their names.
 * @template {string} Key
 * @param {[key: Key, text: string, title: string][]} names
 */
function createFigures(names) {
  const values = /** @type {Record<Key, HTMLElement>} */ ({});
  const nodes = names.map(([key, text, title]) => {
    values[key] = make("dd", {}, "–");
    return make("div", { class: "figure", title }, make("dt", {}, text), values[key]);
  });
  return { node: make("dl", { class: "figures" }, ...nodes), values };
}

/**
 * A frame's time as spans that follow each other: the `lost` of the statistics includes `send`.
 * @param {Timings} timings
 */
function separateSpans(timings) {
  return { ...timings, lost: Math.max(0, timings.lost - timings.send) };
}

function createTimings() {
  const bar = make("div", { class: "bar", "aria-hidden": "true" });
  const legend = make("dl", { class: "legend" });
  const pieces = TIMINGS.map(([key, text, title]) => {
    const piece = make("span", { class: `piece ${key}` });
    const value = make("dd", {}, "–");
    bar.append(piece);
    legend.append(
      make(
        "div",
        { title },
        make("dt", {}, make("span", { class: `swatch ${key}`, "aria-hidden": "true" }), text),
        value,
      ),
    );
    return { key, piece, value };
  });
  const node = make("div", { class: "timings" }, bar, legend);
  return {
    node,
    /** @param {Timings | null | undefined} timings */
    update(timings) {
      const seconds = timings ? separateSpans(timings) : null;
      for (const { key, piece, value } of pieces) {
        piece.style.flexGrow = String(seconds ? seconds[key] * 1000 : 0);
        setText(value, seconds ? milliseconds(seconds[key]) : "–");
      }
    },
  };
}

/** @param {{ label: string, count: number }} first */
function createSeen(first) {
  const amount = make("span", { class: "seen-count" });
  return {
    node: make("li", {}, make("span", {}, first.label), amount),
    update: (/** @type {{ count: number }} */ item) => setText(amount, item.count),
  };
}

/** @param {Item} first */
export function createStreamFigures(first) {
  const state = make("span", { class: "chip" });
  const { node, values } = createFigures([
    ["fps", "FPS", "Frames detected a second"],
    ["latency", "Latency", "From the start of a frame's capture to its detections"],
    ["vfps", "VFPS", "Frames drawn a second; none while nobody is watching"],
    ["drops", "Drops", "Frames of a live source that were overwritten before detection, since the start"],
    ["vdrops", "VDrops", "Frames that slow outputs lost, since the start"],
    ["reconnects", "Reconnects", "Times the source was opened again"],
  ]);
  const timings = createTimings();
  const seen = make("ul", { class: "seen-now" });
  const nothing = make("p", { class: "hint" }, "Nothing in the newest frame.");
  return {
    node: make(
      "section",
      { class: "now-stream", "data-stream": first.stream.name, "aria-label": first.stream.name },
      make("h3", {}, first.stream.name, " ", state),
      node,
      timings.node,
      make("div", { class: "seen-row" }, make("span", { class: "label" }, "Seen now"), seen, nothing),
    ),
    /** @param {Item} item */
    update({ stream, statistics }) {
      const [text, chipClass] = describeStream(stream.status);
      setText(state, text);
      state.className = `chip ${chipClass}`;
      const times = statistics?.timings;
      setText(values.fps, statistics ? oneDecimal(statistics.fps) : "–");
      setText(values.vfps, statistics ? oneDecimal(statistics.vfps) : "–");
      setText(values.latency, times ? milliseconds(times.total) : "–");
      for (const key of /** @type {const} */ (["drops", "vdrops", "reconnects"]))
        setText(values[key], statistics ? count(statistics[key]) : "–");
      timings.update(times);
      const found = Object.entries(statistics?.now || {}).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
      keepChildren(
        seen,
        found.map(([label, number]) => ({ label, count: number })),
        (item) => item.label,
        createSeen,
      );
      nothing.hidden = found.length > 0;
    },
  };
}
