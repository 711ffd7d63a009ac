// Replays the tracks of the last 24 hours in the zones and over the lines as they are drawn, before they are saved.

import { command, getJson } from "../connection.js";
import { make, setSentence } from "../dom.js";
import { clock, date } from "../format.js";
import { messageOf } from "../outcome.js";
import { addressOf } from "../router.js";
import { placesOf } from "./replayed.js";

/** @import { Replay } from "../api.js" */
/** @import { Editor } from "./editor.js" */
/** @import { Point } from "./geometry.js" */
/** @import { Places } from "./shapes.js" */

const PAUSE_MS = 700; // after the last change
const SECONDS = 35;
const MOST_SHOWN = 12;
const SAME_SECONDS = 0.01;

/**
 * The id of the event that would have been an alert at this time, if the replay names its track.
 * @param {Replay} replay
 * @param {number} time
 */
const eventAt = (replay, time) =>
  replay.happenings.find(({ track }) => Math.abs(Number.parseFloat(track) - time) < SAME_SECONDS)?.track;

/**
 * @param {Editor} editor
 * @param {string} stream
 * @param {() => Partial<Places>} saved Returns what is saved.
 * @param {(paths: Point[][]) => void} showPaths
 */
export function createReplay(editor, stream, saved, showPaths) {
  const sum = make("p", { class: "small", role: "status" });
  const before = make("p", { class: "hint", hidden: true });
  const places = make("ul", { class: "small" });
  const alerts = make("ul", { class: "replayed-alerts" });
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const node = make(
    "section",
    { class: "card later", "aria-labelledby": "zones-replay-title" },
    make("header", {}, make("h2", { id: "zones-replay-title" }, "Replayed: the last 24 hours")),
    sum,
    before,
    places,
    alerts,
    problem,
  );
  /** @type {number | undefined} */
  let timer;
  let asked = "";
  let isRunning = false;
  let isGone = false;
  let savedAlerts = 0; // in the zones as they are saved
  let savedAsked = ""; // what they were then

  const ask = (/** @type {Record<string, any>} */ zones, /** @type {Record<string, any>} */ lines) =>
    command("replay_zones", { stream, zones, lines }, SECONDS);

  /** Replay what is saved, once. */
  async function askSaved() {
    const { zones = {}, lines = {} } = saved();
    const now = JSON.stringify([zones, lines]);
    if (now === savedAsked) return;
    savedAlerts = (await ask(zones, lines)).alerts.length;
    savedAsked = now;
  }

  async function run() {
    if (isRunning || isGone) return;
    const { zones, lines } = editor.places;
    asked = JSON.stringify({ zones, lines });
    isRunning = true;
    node.setAttribute("aria-busy", "true");
    setSentence(problem, "");
    sum.textContent = "Replaying the tracks of the last 24 hours.";
    try {
      const replay = await ask(zones, lines);
      await askSaved();
      if (!isGone) show(replay);
    } catch (error) {
      if (!isGone) {
        sum.textContent = "";
        setSentence(problem, messageOf(error));
      }
    }
    isRunning = false;
    node.removeAttribute("aria-busy");
    changed(); // meanwhile somebody may have drawn on
  }

  /** @param {Replay} replay */
  function show(replay) {
    const count = replay.alerts.length;
    const times = `${count} ${count === 1 ? "alert" : "alerts"}`;
    const more = replay.is_complete ? "" : " There were more tracks than were replayed.";
    const { zones, lines } = JSON.parse(asked);
    sum.textContent = replay.tracks
      ? `With this drawing there would have been ${times}, of ${replay.tracks} ${replay.tracks === 1 ? "track" : "tracks"}.${more}`
      : "No tracks of the last 24 hours are stored for this stream, so there is nothing to replay. It can be saved all the same.";
    setSentence(before, editor.isChanged && replay.tracks > 0 && `As saved, there were ${savedAlerts}.`);
    const all = "No zone of this stream makes alerts, so everything of the labels that do is one.";
    const areAll = count > 0 && !Object.values(zones).some(({ alert }) => alert);
    places.replaceChildren(
      ...[...placesOf(replay, zones, lines), ...(areAll ? [all] : [])].map((text) => make("li", {}, text)),
    );
    const newest = [...replay.alerts].reverse().slice(0, MOST_SHOWN);
    alerts.replaceChildren(
      ...newest.map((time) => {
        const event = eventAt(replay, time);
        const path = event ? `events/${encodeURIComponent(event)}` : `recordings?stream=${stream}&at=${time}`;
        return make("li", {}, make("a", { href: addressOf(path), title: date(time) }, clock(time)));
      }),
      ...(count > MOST_SHOWN ? [make("li", { class: "muted small" }, `and ${count - MOST_SHOWN} before`)] : []),
    );
    tracePaths(newest.map((time) => eventAt(replay, time)).filter((id) => id !== undefined));
  }

  /** @param {string[]} events */
  async function tracePaths(events) {
    const found = await Promise.all(
      events.map((id) => getJson(`api/v1/events/${encodeURIComponent(id)}`).catch(() => null)),
    );
    if (isGone) return;
    showPaths(
      found
        .filter((detail) => detail?.path.length > 1)
        .map((detail) => detail.path.map((/** @type {number[]} */ [, x1, , x2, y2]) => [(x1 + x2) / 2, y2])),
    );
  }

  /** To be called after each change of the drawing. */
  function changed() {
    const { zones, lines } = editor.places;
    if (isGone || isRunning || editor.problem || JSON.stringify({ zones, lines }) === asked) return;
    clearTimeout(timer);
    timer = setTimeout(run, PAUSE_MS);
  }

  return {
    node,
    changed,
    leave() {
      isGone = true;
      clearTimeout(timer);
    },
  };
}
