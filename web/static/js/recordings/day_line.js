// The day line: a row for each stream, what is recorded in grey, marks of events; one slider for all of it.

import { make, setAttribute } from "../dom.js";
import { rangeOfDay } from "../events/days.js";
import { layOut, shareOf, ticks, timeAt } from "../events/time_line.js";
import { clock, minute } from "../format.js";

/** @import { Card } from "../events/cards.js" */
/** @import { Range } from "../events/days.js" */
/** @import { Span } from "../player/segments.js" */

/**
 * @typedef {object} Actions
 * @property {(time: number, stream: string) => void} pick
 * @property {(direction: 1 | -1) => void} jump To the next event, or the one before.
 * @property {() => void} toggle Play or pause.
 * @property {(span: Span) => void} choose A stretch of time was drawn, while `isChoosing`.
 */

const STEP_SECONDS = 10;
const LARGE_STEP_SECONDS = 600;
const MOST_TICKS = 5;

const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(4)}%`;

export class DayLine {
  #rows = make("div", { class: "lanes" });
  #scale = make("div", { class: "scale", "aria-hidden": "true" });
  #head = make("span", { class: "head" });
  #pick = make("div", { class: "pick", hidden: true });
  #actions;
  #day = "";
  /** @type {Range} */
  #range = { start: 0, end: 1 };
  /** @type {string[]} */
  #streams = [];
  /** @type {HTMLElement[]} */
  #bars = [];
  #time = 0;
  #stream = "";
  /** Seconds that are shown; 0 for all of the day. */
  #zoom = 0;
  /** Whether a stretch of time can be drawn. */
  isChoosing = false;
  /** @type {number | null} */
  #from = null;
  #draw = () => {};

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    const over = make("div", { class: "over" }, this.#pick, this.#head);
    const attributes = { class: "dayline", role: "slider", tabindex: 0, "aria-label": "Time of the day, all streams" };
    this.node = make("div", attributes, this.#rows, this.#scale, over);
    this.node.addEventListener("keydown", (event) => this.#press(event));
    this.node.addEventListener("pointerdown", (event) => this.#down(event));
    this.node.addEventListener("pointermove", (event) => this.#drag(event));
    this.node.addEventListener("pointerup", (event) => this.#up(event));
    this.node.addEventListener("pointercancel", () => {
      this.#from = null;
    });
  }

  /**
   * @param {string} day
   * @param {string[]} streams
   * @param {Map<string, Span[]>} spans What is recorded, by stream
   * @param {Card[]} cards What happened
   * @param {number} now
   */
  show(day, streams, spans, cards, now) {
    this.#day = day;
    this.#streams = streams;
    this.#draw = () => this.#render(spans, cards, now);
    this.#frame();
    this.#draw();
  }

  /** @param {number} seconds */
  set zoom(seconds) {
    this.#zoom = seconds;
    this.#frame();
    this.#draw();
  }

  /**
   * Show where the player is.
   * @param {number} time
   * @param {string} stream
   */
  moveTo(time, stream) {
    this.#time = time;
    this.#stream = stream;
    const isOutside = time < this.#range.start || time > this.#range.end;
    if (this.#zoom && isOutside) {
      this.#frame();
      this.#draw();
    } else {
      this.#showHead();
    }
  }

  /** Take the drawn stretch away. */
  clear() {
    this.#pick.hidden = true;
  }

  /** What is shown: the day, or a part of it around the player's place. */
  #frame() {
    const day = rangeOfDay(this.#day);
    const start = Math.max(day.start, Math.min(this.#time - this.#zoom / 2, day.end - this.#zoom));
    this.#range = this.#zoom ? { start, end: start + this.#zoom } : day;
  }

  /** @param {Map<string, Span[]>} spans @param {Card[]} cards @param {number} now */
  #render(spans, cards, now) {
    const { start, end } = this.#range;
    const marks = layOut(cards, this.#streams, this.#range, now);
    this.#bars = [];
    const lanes = this.#streams.map((stream) => {
      const recorded = (spans.get(stream) || [])
        .filter((span) => span.end > start && span.start < end)
        .map((span) => piece("u", "", shareOf(span.start, this.#range), shareOf(span.end, this.#range)));
      const happened = (marks.get(stream) || []).map((mark) =>
        piece("i", mark.isAlert ? "alert" : "", mark.from, mark.from + mark.size),
      );
      const bar = make("div", { class: "bar" }, ...recorded, ...happened);
      this.#bars.push(bar);
      return make("div", { class: "lane", "data-stream": stream }, make("span", { class: "clip1" }, stream), bar);
    });
    this.#rows.replaceChildren(...lanes);
    const midnight = rangeOfDay(this.#day).end;
    const labels = ticks(this.#range, MOST_TICKS).map((time) => {
      const label = make("span", {}, time === midnight ? "24:00" : minute(time));
      label.style.left = percent(shareOf(time, this.#range));
      return label;
    });
    this.#scale.replaceChildren(...labels);
    this.#showHead();
  }

  #showHead() {
    this.#head.style.left = percent(shareOf(this.#time, this.#range));
    this.#head.hidden = this.#time < this.#range.start || this.#time > this.#range.end;
    for (const lane of this.#rows.children) {
      lane.classList.toggle("on", lane.getAttribute("data-stream") === this.#stream);
    }
    const { start, end } = rangeOfDay(this.#day);
    setAttribute(this.node, "aria-valuemin", 0);
    setAttribute(this.node, "aria-valuemax", Math.round(end - start));
    setAttribute(this.node, "aria-valuenow", Math.round(Math.min(end, Math.max(start, this.#time)) - start));
    setAttribute(this.node, "aria-valuetext", `${clock(this.#time)}, ${this.#stream || "no stream"}`);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const row = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const page = { PageUp: 1, PageDown: -1 }[event.key];
    if (step && event.shiftKey) {
      this.#actions.jump(step > 0 ? 1 : -1);
    } else if (step) {
      this.#actions.pick(this.#time + step * STEP_SECONDS, this.#stream);
    } else if (page) {
      this.#actions.pick(this.#time + page * LARGE_STEP_SECONDS, this.#stream);
    } else if (row) {
      const stream = this.#streams[this.#streams.indexOf(this.#stream) + row];
      if (stream) this.#actions.pick(this.#time, stream);
    } else if (event.key === " ") {
      this.#actions.toggle();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #timeOf(event) {
    const box = this.#bars[0].getBoundingClientRect();
    return timeAt((event.clientX - box.left) / box.width, this.#range);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button || !this.#bars.length) return;
    this.node.setPointerCapture(event.pointerId);
    this.#from = this.#timeOf(event);
    if (this.isChoosing) this.#showPick(this.#from, this.#from);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#from === null) return;
    const time = this.#timeOf(event);
    if (this.isChoosing) this.#showPick(this.#from, time);
    else this.#head.style.left = percent(shareOf(time, this.#range));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (this.#from === null) return;
    const [from, to] = [this.#from, this.#timeOf(event)];
    this.#from = null;
    if (this.isChoosing) {
      this.#actions.choose({ start: Math.min(from, to), end: Math.max(from, to) });
      return;
    }
    const row = this.#bars.findIndex((bar) => event.clientY < bar.getBoundingClientRect().bottom + 2);
    this.#actions.pick(to, this.#streams[row < 0 ? this.#bars.length - 1 : row]);
  }

  /** @param {number} from @param {number} to */
  #showPick(from, to) {
    const [start, end] = [shareOf(Math.min(from, to), this.#range), shareOf(Math.max(from, to), this.#range)];
    this.#pick.hidden = false;
    this.#pick.style.left = percent(start);
    this.#pick.style.width = percent(end - start);
  }
}

/** @param {"u" | "i"} tag @param {string} className @param {number} from @param {number} to */
function piece(tag, className, from, to) {
  const node = make(tag, { class: className });
  node.style.left = percent(from);
  node.style.width = percent(to - from);
  return node;
}
