// The time line of a day, upright: a lane for each stream, the newest at the top, one slider for all.

import { make, setAttribute, setText } from "../dom.js";
import { minute } from "../format.js";
import { labelsTitle } from "./cards.js";
import { layOut, nearest, neighbour, shareOf, ticks, timeAt } from "./time_line.js";

/** @import { Card } from "./cards.js" */
/** @import { Range } from "./days.js" */

const HOUR_SECONDS = 3600;
const MOST_HOURS = 13;

const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(3)}%`;

export class DaySlider {
  #names = make("div", { class: "names" });
  #hours = make("div", { class: "hours", "aria-hidden": "true" });
  #cursor = make("div", { class: "cursor" }, make("b"));
  #reach = make("div", { class: "reach" }, this.#cursor);
  /** @type {HTMLElement[]} */
  #lanes = [];
  /** @type {Card[]} */
  #items = [];
  /** @type {string[]} */
  #streams = [];
  /** @type {Range} */
  #range = { start: 0, end: 1 };
  #now = 0;
  #time = 0;
  #pick;
  #open;

  /**
   * @param {(time: number, card: Card | undefined) => void} pick Called with the time and the event that are chosen.
   * @param {(card: Card) => void} open Called with the event that Enter is pressed for.
   */
  constructor(pick, open) {
    this.#pick = pick;
    this.#open = open;
    this.node = make("div", {
      class: "day",
      role: "slider",
      tabindex: 0,
      "aria-label": "Time of the day",
      "aria-orientation": "vertical",
    });
    this.node.addEventListener("keydown", (event) => this.#press(event));
    this.node.addEventListener("click", (event) => this.#point(event)); // not at the first touch, which may scroll
    this.node.addEventListener(
      "pointermove",
      (event) => event.buttons && event.pointerType === "mouse" && this.#point(event),
    );
  }

  /**
   * @param {Card[]} items
   * @param {string[]} streams
   * @param {Range} range Its end is now, where the day is today.
   * @param {number} now
   */
  show(items, streams, range, now) {
    const isOther = range.start !== this.#range.start;
    [this.#items, this.#streams, this.#range, this.#now] = [items, streams, range, now];
    if (isOther) this.#time = range.end;
    this.node.style.setProperty("--streams", String(streams.length));
    this.#names.replaceChildren(make("span"), ...streams.map((name) => make("span", { class: "clip1" }, name)));
    this.#hours.replaceChildren(
      ...ticks(range, MOST_HOURS)
        .slice(1, -1)
        .map((time) => {
          const label = make("span", {}, minute(time));
          label.style.top = percent(1 - shareOf(time, range));
          return label;
        }),
    );
    const marks = layOut(items, streams, range, now, true);
    this.#lanes = streams.map((stream) =>
      make("div", { class: "lane", "data-stream": stream }, ...(marks.get(stream) || []).map(markOf)),
    );
    this.node.replaceChildren(this.#names, this.#hours, ...this.#lanes, this.#reach);
    this.#moveTo(this.#time);
  }

  /** Show a time, without telling of it. @param {number} time */
  set time(time) {
    if (!this.node.matches(":focus")) this.#moveTo(time);
  }

  /** @param {number} time */
  #moveTo(time) {
    const { start, end } = this.#range;
    this.#time = Math.min(end, Math.max(start, time));
    this.#cursor.style.setProperty("--at", String(1 - shareOf(this.#time, this.#range)));
    setText(/** @type {HTMLElement} */ (this.#cursor.firstChild), minute(this.#time));
    const card = this.#at(this.#time);
    const event = card ? `, ${card.stream}, ${labelsTitle(card).toLowerCase()}, ${card.severity}` : "";
    setAttribute(this.node, "aria-valuemin", 0);
    setAttribute(this.node, "aria-valuemax", Math.round(end - start));
    setAttribute(this.node, "aria-valuenow", Math.round(this.#time - start));
    setAttribute(this.node, "aria-valuetext", minute(this.#time) + event);
  }

  /** @param {number} time */
  #at(time) {
    const card = nearest(this.#items, time, this.#now);
    return card && card.start <= time && time <= (card.end ?? this.#now) + 1 ? card : undefined;
  }

  /** @param {number} time @param {Card | undefined} card */
  #choose(time, card) {
    this.#moveTo(time);
    this.#pick(this.#time, card);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    const jump = { PageUp: HOUR_SECONDS, PageDown: -HOUR_SECONDS }[event.key];
    const end = { Home: this.#range.start, End: this.#range.end }[event.key];
    if (step) {
      const card = neighbour(this.#items, this.#time, /** @type {1 | -1} */ (step));
      if (card) this.#choose(card.start, card);
    } else if (jump) {
      this.#choose(this.#time + jump, undefined);
    } else if (end !== undefined) {
      this.#choose(end, undefined);
    } else if (event.key === "Enter") {
      const card = this.#at(this.#time);
      if (card) this.#open(card);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const [first] = this.#lanes;
    if (!first) return;
    const box = first.getBoundingClientRect();
    const time = timeAt(1 - (event.clientY - box.top) / box.height, this.#range);
    const lane = event.target instanceof Element && event.target.closest(".lane");
    const stream = lane ? lane.getAttribute("data-stream") : null;
    const items = this.#items.filter((item) => !stream || item.stream === stream);
    const near = nearest(items, time, this.#now);
    const reach = (this.#range.end - this.#range.start) / box.height; // seconds of a pixel
    const isNear = near && Math.max(near.start - time, time - (near.end ?? this.#now)) < 6 * reach;
    if (isNear) this.#choose(near.start, near);
    else this.#choose(time, undefined);
  }
}

/** @param {import("./time_line.js").Mark} mark */
function markOf(mark) {
  const node = make("i", { class: mark.isAlert ? "alert" : "" });
  node.style.top = percent(mark.from);
  node.style.height = `max(3px, ${percent(mark.size)})`;
  return node;
}
