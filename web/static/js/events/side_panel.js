// Beside the list: the calendar, and the time line of the day.

import { make, setText } from "../dom.js";
import { Calendar } from "./calendar.js";
import { DaySlider } from "./day_slider.js";
import { dayOf, dayTitle, rangeOfDay } from "./days.js";

/** @import { Card } from "./cards.js" */

/**
 * @typedef {object} Actions
 * @property {(day: string) => void} pickDay
 * @property {(month: string) => void} needs
 * @property {(time: number, card: Card | undefined) => void} pick
 * @property {(card: Card) => void} open
 */

const MINUTE_SECONDS = 60;

export class SidePanel {
  #calendar;
  #slider;
  #title = make("h2", { id: "day-title" });
  #shown = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.#calendar = new Calendar("calendar-title", actions.pickDay, actions.needs);
    this.#slider = new DaySlider(actions.pick, actions.open);
    const key = make(
      "p",
      { class: "key" },
      make("span", {}, make("i", { class: "alert" }), "Alert"),
      make("span", {}, make("i", { class: "detection" }), "Detection"),
    );
    this.node = make(
      "div",
      { class: "aside" },
      this.#calendar.node,
      make(
        "section",
        { class: "card", "aria-labelledby": "day-title" },
        make("header", {}, this.#title, key),
        make("div", { class: "day-scroll" }, this.#slider.node),
      ),
    );
  }

  /**
   * @param {string} day
   * @param {number} now
   * @param {string} severity Only these, or "" for all
   * @param {Card[]} cards Of that day
   * @param {string[]} streams
   * @param {Map<string, number>} counts Events by day
   */
  show(day, now, severity, cards, streams, counts) {
    const today = dayOf(now);
    this.#calendar.show(day, today);
    this.#calendar.setCounts(counts);
    setText(this.#title, dayTitle(day, today));
    const range = rangeOfDay(day);
    const minute = Math.ceil(now / MINUTE_SECONDS) * MINUTE_SECONDS;
    if (day === today) range.end = Math.min(range.end, Math.max(range.start + MINUTE_SECONDS, minute));
    const items = severity ? cards.filter((card) => card.severity === severity) : cards;
    const lanes = [...new Set([...streams, ...cards.map((card) => card.stream)])];
    const shown = JSON.stringify([range, lanes, items.map((card) => [card.id, card.severity, card.end])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#slider.show(items, lanes, range, now);
  }

  /** The time of what the list shows. @param {number} time */
  set time(time) {
    this.#slider.time = time;
  }
}
