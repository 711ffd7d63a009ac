// One event: its clip with boxes drawn over it, what happened, and what can be done with it.

import { make, setAttribute, setText } from "../dom.js";
import { bytes, clock } from "../format.js";
import { icon } from "../icons.js";
import { drawOverlay, readPlaces } from "../player/overlay.js";
import { Player } from "../player/player.js";
import { clipOf, snapshotOf } from "./addresses.js";
import { ask, askEvent } from "./ask.js";
import { labelsTitle } from "./cards.js";
import { makeFacts, nameOf } from "./event_facts.js";
import { describeMoment } from "./moments.js";

/** @import { EventDetail } from "../api.js" */
/** @import { Card } from "./cards.js" */
/** @import { Changes } from "./changes.js" */
/** @import { Places, Subject } from "../player/overlay.js" */

/**
 * @typedef {object} Actions
 * @property {() => void} closed The person closed it.
 * @property {(step: 1 | -1) => void} step Show the next event, or the one before.
 * @property {Changes} changes Makes what is changed here.
 */

/** Seconds that the clip begins before the event, where the server does not say. */
const USUAL_PRE_SECONDS = 5;

export class EventDialog {
  #actions;
  #title = make("h2", { id: "event-title", class: "grow clip1" });
  #before;
  #next;
  #player;
  #facts = make("div", { class: "stack" });
  #shown = { boxes: true, path: true, zones: true };
  /** @type {Subject[]} */
  #subjects = [];
  /** @type {Places} */
  #places = { zones: [], lines: [] };
  /** Unix time of the clip's first picture. */
  #clipStart = 0;
  /** The event that is shown, or on its way; "" while closed. */
  id = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    const ink = (/** @type {string} */ label, /** @type {string} */ name, /** @type {() => void} */ handler) =>
      make("button", { type: "button", class: "button ink", "aria-label": label, on: { click: handler } }, icon(name));
    this.#before = ink("The event before", "left", () => actions.step(-1));
    this.#next = ink("The next event", "right", () => actions.step(1));
    const close = ink("Close", "x", () => this.node.close());
    this.#player = new Player({
      clock: (seconds) => clock(this.#clipStart + seconds),
      draw: (canvas, seconds) =>
        drawOverlay(canvas, this.#subjects, this.#places, this.#clipStart + seconds, this.#shown),
      thing: "moment",
      failed: () => this.#showPicture("The clip cannot be played here. It can be downloaded."),
    });
    const toggles = make(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Drawn over the clip" },
      this.#toggle("boxes", "Boxes", "boxes"),
      this.#toggle("path", "Path", "path"),
      this.#toggle("zones", "Zones", "zone"),
    );
    this.node = make(
      "dialog",
      { class: "event", "aria-labelledby": "event-title" },
      make("div", { class: "dialog-head" }, this.#title, this.#before, this.#next, close),
      make(
        "div",
        { class: "dialog-body detail" },
        make("div", { class: "stack" }, this.#player.node, toggles),
        this.#facts,
      ),
    );
    this.node.addEventListener("close", () => {
      this.#player.close();
      if (!this.id) return; // the address has changed already
      this.id = "";
      actions.closed();
    });
    this.node.addEventListener("click", (event) => event.target === this.node && this.node.close()); // beside it
    this.node.addEventListener("keydown", (event) => this.#press(event));
  }

  /** @param {"boxes" | "path" | "zones"} name @param {string} text @param {string} sign */
  #toggle(name, text, sign) {
    const button = make("button", { type: "button", class: "button", "aria-pressed": "true" }, icon(sign), text);
    button.addEventListener("click", () => {
      this.#shown[name] = !this.#shown[name];
      setAttribute(button, "aria-pressed", String(this.#shown[name]));
      this.#player.draw();
    });
    return button;
  }

  /** Hide it: the address names no event any more. */
  hide() {
    this.id = "";
    if (this.node.open) this.node.close();
  }

  /** @param {{ hasBefore: boolean, hasNext: boolean }} neighbours */
  setNeighbours({ hasBefore, hasNext }) {
    this.#before.disabled = !hasBefore;
    this.#next.disabled = !hasNext;
  }

  /**
   * @param {string} id
   * @param {Card | undefined} card That it is listed in, if any
   * @returns {Promise<EventDetail | null>} null if there is none, or another one is shown meanwhile
   */
  async show(id, card) {
    this.id = id;
    setText(this.#title, "Event");
    this.#facts.replaceChildren(make("p", { class: "muted" }, "Reading the event"));
    this.#player.say([make("b", {}, "Reading the recording")]);
    if (!this.node.open) this.node.showModal();
    this.#player.playButton.focus();
    try {
      const detail = await askEvent(id);
      if (this.id !== id) return null;
      this.#fill(detail, card);
      await this.#loadClip(detail);
      return detail;
    } catch (error) {
      if (this.id !== id) return null;
      this.#player.say([make("b", {}, error instanceof Error ? error.message : String(error))]);
      this.#facts.replaceChildren(
        make("p", { class: "muted" }, "It may have been deleted: events are kept for some days."),
      );
      return null;
    }
  }

  /** @param {EventDetail} detail @param {Card | undefined} card */
  #fill(detail, card) {
    const { event, path } = detail;
    const label = labelsTitle({ labels: [event.label], events: [event.id] });
    setText(this.#title, event.zones.length ? `${label} in ${event.zones.join(", ")}` : label);
    const name = `${nameOf(event)} · ${event.top_score.toFixed(2)}`;
    this.#subjects = [{ label: name, start: event.start, end: event.end, isStationary: false, path }];
    this.#places = { zones: [], lines: [] };
    ask("get_zones", { stream: event.stream })
      .then(({ streams }) => {
        if (this.id === event.id) this.#places = readPlaces(streams[event.stream]);
        this.#player.draw();
      })
      .catch(() => undefined); // the clip shows without them
    const seek = (/** @type {number} */ time) => this.#player.seek(time - this.#clipStart);
    const { changes } = this.#actions;
    const see = async (/** @type {string} */ review, /** @type {boolean} */ on) =>
      (await changes.see([review], on)) ? on : !on;
    const star = async (/** @type {string} */ id, /** @type {boolean} */ on) =>
      (await changes.star([id], on)) ? on : !on;
    changes.outcome.clear();
    this.#facts.replaceChildren(...makeFacts(detail, card, { see, star, seek }, changes.outcome.node));
  }

  /** @param {EventDetail} detail */
  async #loadClip({ event, happenings }) {
    // It is cut now, which takes a moment; the answer says where it begins. Of an event that goes on, or has just
    // ended, there may be one before the appliance knows that it has one.
    const address = clipOf(event.id);
    const answer = await fetch(address, { method: "HEAD" });
    if (this.id !== event.id) return;
    const clip = this.#facts.querySelector(".clip");
    if (clip instanceof HTMLButtonElement) clip.disabled = !answer.ok;
    if (!answer.ok) {
      this.#showPicture(
        "There is no clip: nothing was recorded then, or it has been deleted. What happens is recorded with " +
          "record: events in config.yml.",
      );
      return;
    }
    this.#clipStart = Number(answer.headers.get("Clip-Start")) || event.start - USUAL_PRE_SECONDS;
    const size = Number(answer.headers.get("Content-Length"));
    const text = clip?.querySelector("span");
    if (text && size) setText(text, `Clip, ${bytes(size)}`);
    this.#player.setMoments(
      happenings.map((happening) => ({
        at: happening.time - this.#clipStart,
        title: describeMoment(happening).join(""),
      })),
    );
    this.#player.load(address, { plays: true });
  }

  /** The snapshot, in the place of the clip. @param {string} why */
  #showPicture(why) {
    const picture = make("img", { src: `${snapshotOf(this.id)}?bbox=1&height=720`, alt: "Snapshot of the event" });
    picture.addEventListener("error", () => picture.remove());
    this.#player.say([picture, make("p", {}, why)]);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control = event.target instanceof Element && event.target.closest("button, a, summary, [role=slider]");
    if (event.key === " " && !control) this.#player.toggle();
    else if (event.key === "PageUp" && !this.#next.disabled) this.#actions.step(1);
    else if (event.key === "PageDown" && !this.#before.disabled) this.#actions.step(-1);
    else return;
    event.preventDefault();
  }
}
