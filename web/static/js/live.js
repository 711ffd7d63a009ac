// The live pictures of one stream or of all, each with its record button.

import { actionButton, setEnabled } from "./access.js";
import { liveness } from "./banners.js";
import { command, latest, listen } from "./connection.js";
import { byId, keepChildren, make, onVisibility, setAttribute, setSentence, setText } from "./dom.js";
import { bytes, clock, duration, joinDetails, rate } from "./format.js";
import { messageOf, Outcome } from "./outcome.js";
import { Picture } from "./picture.js";
import { root } from "./root.js";
import { describeStream, givesFrames } from "./states.js";

/** @import { State, Stream } from "./api.js" */
/** @import { Child } from "./dom.js" */
/** @import { Liveness } from "./liveness.js" */
/** @import { Mode } from "./picture.js" */

// A browser opens six connections to a server, for all its tabs together; MJPEG, which holds one, must leave some.
const MAX_MJPEG = 2;
const WATCHED_AFTER_MS = 6000;
const ALL = "*";

/** @typedef {{ view: string, text: string, pressed: boolean }} View A stream's name, or ALL. */

/** @typedef {Child<Stream> & { tick: () => void, show: (mode: Mode) => void, restart: () => void }} Tile */

const tiles = byId("tiles");
const views = byId("views");
/** @type {Map<string, Tile>} */
const shownTiles = new Map(); // by the stream's name
let chosen = ALL;

/**
 * The streams that are shown now.
 * @param {State} state
 */
export function shownStreams(state) {
  const one = state.streams.filter((stream) => stream.name === chosen);
  return one.length ? one : state.streams;
}

/**
 * @param {Stream} first
 * @returns {Tile}
 */
function createTile(first) {
  const name = first.name;
  const outcome = new Outcome();
  const image = make("img", { alt: `Live picture of ${name}`, class: "live-image" });
  const missing = make("p", { class: "no-picture" }, "Waiting for the picture.");
  const notLive = make("p", { class: "picture-note", role: "status", hidden: true });
  const status = make("span", { class: "chip" });
  const details = make("span", { class: "details" });
  const elapsed = make("p", { class: "elapsed", hidden: true });
  const slow = make("p", { class: "outcome failed", hidden: true }); // no role: its numbers change, and would be read out each time
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const record = actionButton("Record", toggle, { class: "record", "aria-pressed": "false" });
  const screen = make("div", { class: "screen" }, missing, image, notLive);
  const full = make(
    "button",
    { type: "button", class: "quiet", "aria-label": `Full screen: ${name}`, on: { click: fullscreen } },
    "Full screen",
  );
  const snapshot = make(
    "a",
    {
      class: "quiet button",
      href: `${root}streams/${encodeURIComponent(name)}.jpg`,
      download: `${name}.jpg`,
      "aria-label": `Snapshot of ${name}`,
    },
    "Snapshot",
  );
  const picture = new Picture(image, name, (text) => {
    setSentence(missing, text);
    if (!text) image.classList.add("has-picture");
  });
  let stream = first;
  let updatedAt = 0;
  /** @type {string | null} */
  let shownReason = null;

  async function toggle() {
    const on = !stream.recording;
    await outcome.run(
      record,
      on ? "Starting to record." : "Ending the recording.",
      () => command("record", { stream: name, on }),
      on ? "" : "Recording ended.",
    );
  }

  function fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else
      screen.requestFullscreen().catch((error) => outcome.fail(`The browser refused full screen: ${messageOf(error)}`));
  }

  /**
   * Why the picture is not current, or "".
   * @param {Liveness} now
   */
  function reasonNotLive(now) {
    if (!now.live && now.missing) return `Not live: the picture is of ${clock(now.since)}.`;
    if (givesFrames(stream.status)) return "";
    return stream.problem || `The source is ${describeStream(stream.status)[0]}.`;
  }

  /** @type {Tile} */
  const tile = {
    node: make(
      "figure",
      { class: "tile", "data-stream": name },
      screen,
      make(
        "figcaption",
        { class: "tile-bar" },
        make("span", { class: "tile-name" }, name),
        status,
        details,
        make("span", { class: "tile-tools" }, record, snapshot, full),
      ),
      elapsed,
      outcome.node,
      slow,
      problem,
    ),
    update(item) {
      stream = item;
      updatedAt = performance.now();
      setAttribute(record, "aria-pressed", String(Boolean(stream.recording)));
      setAttribute(record, "aria-label", stream.recording ? `Stop recording ${name}` : `Record ${name}`);
      setText(record, stream.recording ? "Stop" : "Record");
      setEnabled(record, stream.status !== "failed" || Boolean(stream.recording));
      setSentence(slow, givesFrames(stream.status) && stream.problem);
      setSentence(problem, stream.recording_problem);
      // If the daemon sees no viewer, the connection of this picture has ended.
      if (
        picture.mode &&
        givesFrames(stream.status) &&
        !stream.watched &&
        Date.now() - picture.startedAt > WATCHED_AFTER_MS
      )
        picture.restart();
      if (stream.width && stream.height) screen.style.aspectRatio = `${stream.width} / ${stream.height}`;
      tile.tick();
    },
    tick() {
      const now = liveness();
      const reason = reasonNotLive(now);
      if (reason !== shownReason) {
        shownReason = reason;
        screen.classList.toggle("stale", Boolean(reason));
        setSentence(notLive, reason);
      }
      const [text, chipClass] = describeStream(stream.status);
      setText(status, now.live ? text : "stale");
      status.className = `chip ${now.live ? chipClass : "bad"}`;
      const statistics = latest("statistics")?.streams[name];
      const size = stream.width ? `${stream.width}×${stream.height}` : "";
      setText(details, joinDetails(size, statistics && now.live && `${rate(statistics)} FPS`));
      const recording = stream.recording;
      const seconds = recording ? recording.seconds + (now.live ? (performance.now() - updatedAt) / 1000 : 0) : 0;
      setSentence(
        elapsed,
        recording &&
          `Recording ${recording.name}: ${duration(seconds)}, ${bytes(recording.bytes)}; ${bytes(latest("state")?.storage.free)} free`,
      );
    },
    show(mode) {
      picture.show(mode);
    },
    restart() {
      picture.restart();
    },
    remove() {
      picture.show(null);
      shownTiles.delete(name);
    },
  };
  shownTiles.set(name, tile);
  return tile;
}

/** @param {string} view */
function choose(view) {
  chosen = view;
  try {
    localStorage.setItem("view", view);
  } catch {
    // Without storage it is forgotten with the page.
  }
  render();
}

/** @param {View} first */
function createView(first) {
  const button = make("button", { type: "button", on: { click: () => choose(first.view) } }, first.text);
  return {
    node: button,
    update: (/** @type {View} */ item) => setAttribute(button, "aria-pressed", String(item.pressed)),
  };
}

function render() {
  const state = latest("state");
  if (!state) return;
  const names = state.streams.map((stream) => stream.name);
  const single = names.includes(chosen) ? chosen : ALL;
  const choices = [
    { view: ALL, text: "All", pressed: single === ALL },
    ...names.map((name) => ({ view: name, text: name, pressed: single === name })),
  ];
  views.hidden = names.length < 2;
  keepChildren(views, choices, (choice) => choice.view, createView);
  const streams = shownStreams(state);
  tiles.classList.toggle("grid", streams.length > 1);
  keepChildren(tiles, streams, (stream) => stream.name, createTile);
  const mode = document.hidden ? null : streams.length > MAX_MJPEG ? "snapshots" : "mjpeg";
  for (const tile of shownTiles.values()) tile.show(mode);
  document.dispatchEvent(new CustomEvent("view-changed"));
}

export function startLive() {
  try {
    chosen = localStorage.getItem("view") || ALL;
  } catch {
    chosen = ALL;
  }
  listen("state", render);
  let wasLive = true;
  const refresh = () => {
    const isLive = liveness().live;
    if (isLive && !wasLive) for (const tile of shownTiles.values()) tile.restart();
    wasLive = isLive;
    for (const tile of shownTiles.values()) tile.tick();
  };
  listen("connection", refresh);
  listen("daemon", refresh);
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 500);
  onVisibility(render);
}
