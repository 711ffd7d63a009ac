// The tile of one stream on the wall: its picture, and on it its name, its state and its buttons.

import { actionButton, setEnabled } from "./access.js";
import { liveness } from "./banners.js";
import { command, latest } from "./connection.js";
import { make, setAttribute, setSentence, setText } from "./dom.js";
import { bytes, clock, duration, rate } from "./format.js";
import { icon } from "./icons.js";
import { messageOf, Outcome } from "./outcome.js";
import { Picture } from "./picture.js";
import { root } from "./root.js";
import { addressOf } from "./router.js";
import { describeStream, givesFrames } from "./states.js";

/** @import { Stream } from "./api.js" */
/** @import { Child } from "./dom.js" */
/** @import { Liveness } from "./liveness.js" */
/** @import { Mode } from "./picture.js" */

const WATCHED_AFTER_MS = 6000;

/** @typedef {Child<Stream> & { tick: () => void, show: (mode: Mode) => void, restart: () => void }} Tile */

/**
 * Whether all of a stream is recorded, until somebody ends it; events begin and end recordings by themselves.
 * @param {Stream} stream
 */
const isRecorded = (stream) => Boolean(stream.recording && !stream.recording.by_event);

/**
 * @param {Stream} first
 * @returns {Tile}
 */
export function createTile(first) {
  const name = first.name;
  const address = encodeURIComponent(name);
  const outcome = new Outcome();
  const image = make("img", { alt: `Live picture of ${name}`, class: "live-image" });
  const missing = make("p", { class: "no-picture" }, "Waiting for the picture.");
  const notLive = make("p", { class: "picture-note", role: "status", hidden: true });
  const dot = make("span", { class: "dot" });
  const word = make("span", { class: "state-word" });
  const state = make("span", { class: "tag state" }, dot, make("span", { class: "clip1" }, name, " ", word));
  const elapsed = make("span", {});
  const recording = make("span", { class: "tag elapsed", role: "img", hidden: true });
  recording.append(make("span", { class: "dot rec" }), elapsed);
  const slow = make("p", { class: "outcome slow", hidden: true }); // no role: its numbers change, and would be read out each time
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const record = actionButton("", toggle, { class: "record", "aria-pressed": "false" });
  const full = make("button", { type: "button", "aria-label": `Full screen: ${name}`, on: { click: fullscreen } });
  const snapshot = make("a", {
    class: "button",
    href: `${root}streams/${address}.jpg`,
    download: `${name}.jpg`,
    "aria-label": `Snapshot of ${name}`,
  });
  const open = make("a", { class: "open on-pic", href: addressOf(`live/${address}`), "aria-label": `Enlarge ${name}` });
  record.append(icon("rec"));
  full.append(icon("full"));
  snapshot.append(icon("camera"));
  const frame = make("div", { class: "frame" }, image);
  const picture = new Picture(image, name, (text) => {
    setSentence(missing, text);
    if (!text) image.classList.add("has-picture");
  });
  const node = make(
    "li",
    { class: "tile", "data-stream": name },
    frame,
    missing,
    notLive,
    open,
    make("div", { class: "lead" }, state, recording),
    make("div", { class: "notes" }, outcome.node, slow, problem),
    make("div", { class: "tools on-pic" }, record, snapshot, full),
  );
  let stream = first;
  let updatedAt = 0;
  /** @type {string | null} */
  let shownReason = null;

  async function toggle() {
    const on = !isRecorded(stream);
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
      node.requestFullscreen().catch((error) => outcome.fail(`The browser refused full screen: ${messageOf(error)}`));
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

  /** @param {Liveness} now */
  function showState(now) {
    const [text, chipClass] = describeStream(stream.status);
    const [shown, look] = now.live ? [text, chipClass] : ["stale", "bad"];
    const mark = { good: "", busy: "slow", bad: "gone" }[look];
    const statistics = latest("statistics")?.streams[name];
    setText(
      word,
      shown === "slow" && statistics ? `· ${shown}, ${rate(statistics)} FPS` : shown === "live" ? shown : `· ${shown}`,
    );
    word.classList.toggle("unseen", shown === "live"); // a green disc says it
    state.className = `tag state ${mark}`;
    dot.className = `dot ${mark}`;
  }

  /** @param {Liveness} now */
  function showRecording(now) {
    const under = stream.recording;
    recording.hidden = !under;
    if (!under) return;
    const seconds = under.seconds + (now.live ? (performance.now() - updatedAt) / 1000 : 0);
    setText(elapsed, duration(seconds));
    const free = bytes(latest("state")?.storage.free);
    const sentence = `Recording${under.name ? ` ${under.name}` : ""}: ${duration(seconds)}, ${bytes(under.bytes)}; ${free} free`;
    setAttribute(recording, "aria-label", sentence);
    setAttribute(recording, "title", sentence);
  }

  /** @type {Tile} */
  const tile = {
    node,
    update(item) {
      stream = item;
      updatedAt = performance.now();
      const isOn = isRecorded(stream);
      setAttribute(record, "aria-pressed", String(isOn));
      setAttribute(record, "aria-label", isOn ? `Stop recording ${name}` : `Record ${name}`);
      setEnabled(record, stream.status !== "failed" || isOn);
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
      if (stream.width && stream.height) node.style.setProperty("--ratio", String(stream.width / stream.height));
      node.classList.toggle("with-figures", stream.settings.vis_text ?? latest("state")?.settings.vis_text);
      tile.tick();
    },
    tick() {
      const now = liveness();
      const reason = reasonNotLive(now);
      if (reason !== shownReason) {
        shownReason = reason;
        node.classList.toggle("dim", Boolean(reason));
        setSentence(notLive, reason);
      }
      showState(now);
      showRecording(now);
    },
    show(mode) {
      picture.show(mode);
    },
    restart() {
      picture.restart();
    },
    remove() {
      picture.show(null);
    },
  };
  return tile;
}
