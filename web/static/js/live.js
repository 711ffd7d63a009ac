// The live pictures: one stream or all, each with its recording switch.

import { actionButton, setEnabled } from "./access.js";
import { liveness } from "./banners.js";
import { command, latest, listen } from "./connection.js";
import { byId, keepChildren, make, onVisibility, setAttribute, setSentence, setText } from "./dom.js";
import { bytes, clock, duration, rate } from "./format.js";
import { Outcome } from "./outcome.js";
import { Picture } from "./picture.js";
import { root } from "./root.js";
import { givesFrames, ofStream } from "./states.js";

// A browser opens six connections to a server, for all its tabs together; running streams must leave some.
const MOST_RUNNING = 2;
const ALL = "*";

const tiles = byId("tiles");
const views = byId("views");
let chosen = ALL;

/** The streams that are shown now. */
export function shownStreams(state) {
  const one = state.streams.filter((stream) => stream.name === chosen);
  return one.length ? one : state.streams;
}

function createTile(first) {
  const name = first.name;
  const outcome = new Outcome();
  const image = make("img", { alt: `Live picture of ${name}`, class: "live-image" });
  const missing = make("p", { class: "no-picture" }, "Waiting for the picture.");
  const veil = make("p", { class: "veil", role: "status", hidden: true });
  const status = make("span", { class: "chip" });
  const facts = make("span", { class: "facts" });
  const elapsed = make("p", { class: "elapsed", hidden: true });
  const slow = make("p", { class: "outcome failed", hidden: true }); // no status: its figures change, and would be read out each time
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const record = actionButton("Record", toggle, { class: "record", "aria-pressed": "false" });
  const screen = make("div", { class: "screen" }, missing, image, veil);
  const full = make(
    "button",
    { type: "button", class: "quiet", "aria-label": `Full screen: ${name}`, on: { click: fullscreen } },
    "Full screen",
  );
  const shot = make(
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
  let heardAt = 0;
  let wentStale = null;

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
      screen.requestFullscreen().catch((error) => outcome.fail(`The browser gives no full screen: ${error.message}`));
  }

  function veilText(now) {
    if (!now.live && now.what) return `Not live: the picture is of ${clock(now.since)}.`;
    if (givesFrames(stream.status)) return "";
    return stream.problem || `The source is ${ofStream(stream.status)[0]}.`;
  }

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
        facts,
        make("span", { class: "tile-tools" }, record, shot, full),
      ),
      elapsed,
      outcome.node,
      slow,
      problem,
    ),
    update(item) {
      stream = item;
      heardAt = performance.now();
      setAttribute(record, "aria-pressed", String(Boolean(stream.recording)));
      setAttribute(record, "aria-label", stream.recording ? `Stop recording ${name}` : `Record ${name}`);
      setText(record, stream.recording ? "Stop" : "Record");
      setEnabled(record, stream.status !== "failed" || stream.recording);
      setSentence(slow, givesFrames(stream.status) && stream.problem);
      setSentence(problem, stream.recording_problem);
      // The daemon says whether anybody watches; where it hears of nobody, this picture's connection has ended.
      if (picture.mode && givesFrames(stream.status) && !stream.watched && Date.now() - picture.startedAt > 6000)
        picture.restart();
      if (stream.width && stream.height) screen.style.aspectRatio = `${stream.width} / ${stream.height}`;
      tile.tick();
    },
    tick() {
      const now = liveness();
      const veiled = veilText(now);
      if (veiled !== wentStale) {
        wentStale = veiled;
        screen.classList.toggle("stale", Boolean(veiled));
        setSentence(veil, veiled);
      }
      const [word, look] = ofStream(stream.status);
      setText(status, now.live ? word : "stale");
      status.className = `chip ${now.live ? look : "bad"}`;
      const figures = (latest("statistics") || { streams: {} }).streams[name];
      const size = stream.width ? `${stream.width}×${stream.height}` : "";
      setText(facts, [size, figures && now.live ? `${rate(figures)} FPS` : ""].filter(Boolean).join(" · "));
      const recording = stream.recording;
      const passed = recording ? recording.seconds + (now.live ? (performance.now() - heardAt) / 1000 : 0) : 0;
      setSentence(
        elapsed,
        recording &&
          `Recording ${recording.name}: ${duration(passed)}, ${bytes(recording.bytes)}; ${bytes(latest("state").storage.free)} free`,
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
      shown.delete(name);
    },
  };
  shown.set(name, tile);
  return tile;
}

const shown = new Map();

function choose(view) {
  chosen = view;
  try {
    localStorage.setItem("view", view);
  } catch {
    // Without storage it is forgotten with the page.
  }
  render();
}

function createView(first) {
  const button = make("button", { type: "button", on: { click: () => choose(first.view) } }, first.text);
  return { node: button, update: (item) => setAttribute(button, "aria-pressed", String(item.pressed)) };
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
  const wanted = shownStreams(state);
  tiles.classList.toggle("grid", wanted.length > 1);
  keepChildren(tiles, wanted, (stream) => stream.name, createTile);
  const mode = document.hidden ? null : wanted.length > MOST_RUNNING ? "snapshots" : "mjpeg";
  for (const tile of shown.values()) tile.show(mode);
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
  const live = () => {
    const now = liveness().live;
    if (now && !wasLive) for (const tile of shown.values()) tile.restart();
    wasLive = now;
    for (const tile of shown.values()) tile.tick();
  };
  listen("link", live);
  listen("daemon", live);
  setInterval(() => {
    if (!document.hidden) live();
  }, 500);
  onVisibility(render);
}
