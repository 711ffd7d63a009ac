// How much happened on the days of the months that a calendar has shown.

import { ask } from "./ask.js";
import { addMonths, countByDay, startOfDay } from "./days.js";

/** @import { CountRow } from "../api.js" */

export class MonthCounts {
  /** @type {CountRow[]} */
  rows = [];
  /** @type {Set<string>} */
  #months = new Set();
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  get byDay() {
    return countByDay(this.rows);
  }

  /** Ask for a month, unless it has been. @param {string} month Its first day */
  async need(month) {
    if (this.#months.has(month)) return;
    this.#months.add(month);
    const range = { after: startOfDay(month), before: startOfDay(addMonths(month, 1)) };
    try {
      this.rows.push(...(await ask("get_counts", { group: "day", ...range })).counts);
    } catch {
      this.#months.delete(month); // the calendar does without; the list says what is wrong
    }
    this.#changed();
  }

  /** Ask again when they are needed next: something has happened since. */
  forget() {
    this.rows = [];
    this.#months.clear();
  }
}
