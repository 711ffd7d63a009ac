// The player of recordings: it goes from file to file as the time of capture does, and says where nothing was recorded.

import { make, setAttribute } from "../dom.js";
import { ask, askEvent } from "../events/ask.js";
import { labelsTitle, trackNumber } from "../events/cards.js";
import { dayOf, moment } from "../events/days.js";
import { clock, minute } from "../format.js";
import { icon } from "../icons.js";
import { drawOverlay } from "../player/overlay.js";
import { Player } from "../player/player.js";
import { endOf, firstFrom, gapAt, locate, spansOf } from "../player/segments.js";
import { addressOfFile } from "./files.js";

/** @import { EventRecord, Recording } from "../api.js" */
/** @import { Card } from "../events/cards.js" */
/** @import { Subject } from "../player/overlay.js" */

/**
 * @typedef {object} Actions
 * @property {() => number} now Unix time
 * @property {() => Recording[]} recordings Of the stream that is shown, the oldest first
 * @property {() => Card[]} cards What happened in that stream
 * @property {(direction: 1 | -1) => void} jump To the next event, or the one before.
 * @property {(time: number) => void} moved
 */

const JOINED_SECONDS = 2;
const MOST_EVENTS = 200;
/** An event that began earlier, and still goes on, has no box. */
const LONGEST_BEFORE_SECONDS = 3600;
const AHEAD_SECONDS = 3;
const NO_PLACES = { zones: [], lines: [] };
const OF_AVI =
  " is AVI, which browsers cannot play: its pictures are sent one by one. Download it to play it in another program.";

export class Screen {
  #actions;
  #player;
  /** @type {Recording | null} */
  #file = null;
  /** @type {Subject[]} */
  #subjects = [];
  /** Of the file, those whose paths have not been asked for. @type {EventRecord[]} */
  #events = [];
  #hasBoxes = true;
  #note = make("p", { class: "small muted file-note" });
  /** The time that is shown, or was asked for where nothing is recorded. */
  time = 0;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    const named = { type: "button", class: "button words", "aria-pressed": "true" };
    const boxes = make("button", named, "Boxes"); // in letters: its icon looks like that of the full screen
    boxes.addEventListener("click", () => {
      this.#hasBoxes = !this.#hasBoxes;
      setAttribute(boxes, "aria-pressed", String(this.#hasBoxes));
      this.#player.draw();
    });
    this.#player = new Player(
      {
        thing: "event",
        clock: (seconds) => (this.#file ? clock(this.#file.started + seconds) : ""),
        draw: (canvas, seconds) => {
          const shown = { boxes: this.#hasBoxes, path: false, zones: false };
          drawOverlay(canvas, this.#subjects, NO_PLACES, (this.#file?.started || 0) + seconds, shown);
        },
        step: actions.jump,
        moved: () => this.#moved(),
        ended: () => this.#goOn(),
        failed: () => this.#cannotPlay(),
      },
      boxes,
    );
    this.node = make("div", { class: "stack" }, this.#player.node, this.#note);
    this.close();
  }

  /** The file that is played. */
  get file() {
    return this.#file;
  }

  toggle() {
    if (this.#file) this.#player.toggle();
  }

  pause() {
    if (this.#file && !this.#player.isPaused) this.#player.toggle();
  }

  close() {
    this.#say(make("b", {}, "Nothing is played"), make("p", {}, "Choose a moment on the line below, or an event."));
  }

  /** Say something in the picture's place. @param {...HTMLElement} nodes */
  #say(...nodes) {
    this.#file = null;
    this.#subjects = [];
    this.#events = [];
    this.#note.replaceChildren();
    this.#player?.setMoments([]);
    this.#player?.say(nodes);
  }

  /**
   * Show a moment of the stream.
   * @param {number} time
   * @param {boolean} plays
   */
  show(time, plays) {
    this.time = time;
    const found = locate(this.#actions.recordings(), time, this.#actions.now());
    if (!found) {
      this.#showGap(time);
    } else if (this.#file?.name === found.segment.name) {
      this.#player.seek(found.offset);
      if (plays && this.#player.isPaused) this.#player.toggle();
    } else {
      this.#load(found.segment, found.offset, plays);
    }
  }

  /** @param {Recording} file @param {number} offset @param {boolean} plays */
  #load(file, offset, plays) {
    this.#file = file;
    this.#subjects = [];
    this.#events = [];
    const isAvi = file.format === "avi";
    const duration = file.recording ? 0 : file.seconds || 0;
    this.#player.load(addressOfFile(file.name), { at: offset, plays, isAvi, duration });
    const download = make("a", { href: addressOfFile(file.name), download: file.name }, file.name);
    this.#note.replaceChildren(download, isAvi ? OF_AVI : "");
    this.#findEvents(file);
  }

  /** Find the events of a file; the path of each is read when its time comes. @param {Recording} file */
  async #findEvents(file) {
    const [start, end] = [file.started, endOf(file, this.#actions.now())];
    const cards = this.#actions.cards().filter((card) => card.start < end && (card.end ?? end) >= start);
    this.#player.setMoments(cards.map((card) => ({ at: card.start - start, title: labelsTitle(card) })));
    const range = { after: Math.max(0, start - LONGEST_BEFORE_SECONDS), before: end };
    const page = await ask("list_events", { stream: file.stream, limit: MOST_EVENTS, ...range }).catch(() => null);
    if (this.#file !== file || !page) return; // the file plays without boxes
    this.#events = page.events.filter((event) => (event.end ?? end) >= start);
    this.#readPaths();
  }

  /** Read the paths of the events that are seen now, or soon. */
  #readPaths() {
    const file = this.#file;
    const now = this.time;
    const due = this.#events.filter(({ start, end }) => start - AHEAD_SECONDS <= now && now <= (end ?? now) + 1);
    if (!due.length) return;
    this.#events = this.#events.filter((event) => !due.includes(event));
    for (const event of due) {
      askEvent(event.id)
        .then(({ path }) => {
          if (this.#file !== file) return;
          const label = [event.label, trackNumber(event.id)].filter((part) => part !== null).join(" ");
          this.#subjects.push({ label, start: event.start, end: event.end, isStationary: false, path });
          this.#player.draw();
        })
        .catch(() => undefined); // deleted meanwhile
    }
  }

  #moved() {
    if (!this.#file) return;
    this.time = this.#file.started + this.#player.time;
    this.#readPaths();
    this.#actions.moved(this.time);
  }

  /** The file is over: to the next one. */
  #goOn() {
    if (!this.#file) return;
    const end = endOf(this.#file, this.#actions.now());
    const next = firstFrom(this.#actions.recordings(), this.#file.started + 0.001);
    if (next && next.started - end <= JOINED_SECONDS) this.#load(next, 0, true);
    else this.#showGap(end);
  }

  /** @param {number} time */
  #showGap(time) {
    const now = this.#actions.now();
    const gap = gapAt(spansOf(this.#actions.recordings(), now), time);
    const text = (/** @type {number} */ at) => (dayOf(at) === dayOf(time) ? minute(at) : moment(at, now));
    const [from, to] = [gap?.start ? ` from ${text(gap.start)}` : "", gap?.end ? ` to ${text(gap.end)}` : ""];
    const nodes = [make("b", {}, `Nothing recorded${from}${to || (from ? " on" : " then")}`)];
    const end = gap?.end;
    if (end) {
      const on = make("button", { type: "button", class: "button on-pic" }, icon("next"), `Go on at ${text(end)}`);
      on.addEventListener("click", () => this.show(end, true));
      nodes.push(on);
    }
    this.#say(...nodes);
    this.#actions.moved(time);
  }

  #cannotPlay() {
    const name = this.#file?.name || "";
    const more = { class: "button on-pic", href: addressOfFile(name), download: name };
    const link = make("a", more, icon("download"), "Download");
    this.#say(make("b", {}, "It cannot be played here"), make("p", {}, name), link);
  }
}
