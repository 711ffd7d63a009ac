// One event: its clip with boxes drawn over it, what happened, and what can be done with it.

import { setEnabled } from "../access.js";
import { make, setAttribute, setText } from "../dom.js";
import { bytes, clock, date } from "../format.js";
import { icon } from "../icons.js";
import { drawOverlay, readPlaces } from "../player/overlay.js";
import { Player } from "../player/player.js";
import { addressOf } from "../router.js";
import { clipOf, download, snapshotOf } from "./addresses.js";
import { ask, askEvent } from "./ask.js";
import { labelsTitle, trackNumber } from "./cards.js";
import { dayOf, dayTitle } from "./days.js";
import { describeMoment } from "./moments.js";

/** @import { EventDetail } from "../api.js" */
/** @import { Places, Subject } from "../player/overlay.js" */

/**
 * @typedef {object} Actions
 * @property {() => void} closed The person closed it.
 * @property {(step: 1 | -1) => void} step Show the next event, or the one before.
 * @property {(event: string, on: boolean) => Promise<boolean>} star Returns whether it is starred then.
 * @property {(review: string, on: boolean) => Promise<boolean>} see Returns whether it is seen then.
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
   * @param {boolean} isSeen As far as it is known
   * @returns {Promise<EventDetail | null>} null if there is none, or another one is shown meanwhile
   */
  async show(id, isSeen) {
    this.id = id;
    setText(this.#title, "Event");
    this.#facts.replaceChildren(make("p", { class: "muted" }, "Reading the event"));
    this.#player.say([make("b", {}, "Reading the recording")]);
    if (!this.node.open) this.node.showModal();
    this.#player.playButton.focus();
    try {
      const detail = await askEvent(id);
      if (this.id !== id) return null;
      this.#fill(detail, isSeen);
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

  /** @param {EventDetail} detail @param {boolean} isSeen */
  #fill({ event, path, happenings }, isSeen) {
    const label = labelsTitle({ labels: [event.label], events: [event.id] });
    setText(this.#title, event.zones.length ? `${label} in ${event.zones.join(", ")}` : label);
    const number = trackNumber(event.id);
    const name = `${event.label}${number === null ? "" : ` ${number}`}`;
    this.#subjects = [
      {
        label: `${name} · ${event.top_score.toFixed(2)}`,
        start: event.start,
        end: event.end,
        isStationary: false,
        path,
      },
    ];
    this.#places = { zones: [], lines: [] };
    ask("get_zones", { stream: event.stream })
      .then(({ streams }) => {
        if (this.id === event.id) this.#places = readPlaces(streams[event.stream]);
        this.#player.draw();
      })
      .catch(() => undefined); // the clip shows without them
    const now = Date.now() / 1000;
    const day = dayTitle(dayOf(event.start), dayOf(now));
    const end = event.end === null ? "now" : clock(event.end);
    const clip = make(
      "button",
      { type: "button", class: "button clip", disabled: !event.has_clip },
      icon("download"),
      make("span", {}, "Clip"),
    );
    clip.addEventListener("click", () => download(clipOf(event.id), `${event.stream}-${event.id}.mp4`));
    const snapshot = make(
      "button",
      { type: "button", class: "button", disabled: !event.has_snapshot },
      icon("camera"),
      "Snapshot",
    );
    snapshot.addEventListener("click", () => download(snapshotOf(event.id), `${event.stream}-${event.id}.jpg`));
    this.#facts.replaceChildren(
      make(
        "p",
        { class: "row" },
        make(
          "span",
          { class: `chip plain ${event.severity === "alert" ? "note" : ""}` },
          event.severity === "alert" ? "Alert" : "Detection",
        ),
        make("span", { class: "muted small" }, `${event.stream} · ${day}, ${clock(event.start)} to ${end}`),
      ),
      make(
        "div",
        { class: "toolbar" },
        this.#seenButton(event.review, isSeen),
        this.#starButton(event.id, event.starred),
      ),
      make("div", { class: "toolbar" }, clip, snapshot),
      make("h3", {}, "What happened"),
      make("ol", { class: "moments" }, ...happenings.map((happening) => this.#moment(happening))),
      make("details", { open: true }, make("summary", {}, "Figures"), this.#figures(event, name)),
      make(
        "a",
        {
          class: "small",
          href: addressOf(`recordings?at=${event.start.toFixed(1)}&stream=${encodeURIComponent(event.stream)}`),
        },
        "Open at this moment in Recordings",
      ),
    );
    this.#happenings = happenings;
  }

  /** @type {EventDetail["happenings"]} */
  #happenings = [];

  /** @param {EventDetail["happenings"][number]} happening */
  #moment(happening) {
    const [before, name, after] = describeMoment(happening);
    const time = make("button", { type: "button", class: "button quiet" }, clock(happening.time));
    time.addEventListener("click", () => this.#player.seek(happening.time - this.#clipStart));
    return make("li", {}, time, make("span", {}, before, name && make("b", {}, name), after));
  }

  /** @param {EventDetail["event"]} event @param {string} name */
  #figures(event, name) {
    const facts = [
      ["Track", name],
      ["Best score", `${event.top_score.toFixed(2)}, median ${event.score.toFixed(2)}`],
      ["Speed", event.speed === null ? "" : `${event.speed.toFixed(1)} km/h at most`],
      ["Size", `${(event.area * 100).toFixed(event.area < 0.1 ? 1 : 0)} % of the picture`],
      ["Began", date(event.start)],
    ].filter(([, value]) => value);
    const pairs = facts.flatMap(([title, value]) => [make("dt", {}, title), make("dd", {}, value)]);
    return make("dl", { class: "facts two fold-body" }, ...pairs);
  }

  /** @param {string | null} review @param {boolean} isSeen */
  #seenButton(review, isSeen) {
    const text = make("span");
    const button = make("button", { type: "button", class: "button", disabled: !review }, icon("check"), text);
    const render = () => {
      button.classList.toggle("primary", !isSeen);
      setText(text, isSeen ? "Mark as not seen" : "Mark as seen");
    };
    button.addEventListener("click", async () => {
      if (!review) return;
      isSeen = await this.#actions.see(review, !isSeen);
      render();
    });
    render();
    return button;
  }

  /** @param {string} id @param {boolean} isStarred */
  #starButton(id, isStarred) {
    const button = make("button", { type: "button", class: "button" });
    const render = () => {
      button.replaceChildren(icon(isStarred ? "starred" : "star"), "Star");
      setAttribute(button, "aria-pressed", String(isStarred));
    };
    button.addEventListener("click", async () => {
      isStarred = await this.#actions.star(id, !isStarred);
      render();
    });
    render();
    return setEnabled(button);
  }

  /** @param {EventDetail} detail */
  async #loadClip({ event }) {
    if (!event.has_clip) {
      this.#showPicture("Nothing was recorded then.");
      return;
    }
    const address = clipOf(event.id);
    // It is cut now, which takes a moment; the answer says where it begins.
    const answer = await fetch(address, { method: "HEAD" });
    if (this.id !== event.id) return;
    if (!answer.ok) {
      this.#showPicture("There is no clip: what was recorded then has been deleted.");
      return;
    }
    this.#clipStart = Number(answer.headers.get("Clip-Start")) || event.start - USUAL_PRE_SECONDS;
    const size = Number(answer.headers.get("Content-Length"));
    const clip = this.#facts.querySelector(".clip span");
    if (clip && size) setText(clip, `Clip, ${bytes(size)}`);
    this.#player.setMoments(
      this.#happenings.map((happening) => ({
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
