// The day that is shown: the one before, the one after, or any of a calendar in a dialog.

import { make, setText } from "../dom.js";
import { icon } from "../icons.js";
import { Calendar } from "./calendar.js";
import { addDays, dayTitle } from "./days.js";

export class DayTools {
  #day = "";
  #text = make("span");
  #next;
  #dialog;

  /**
   * @param {(day: string) => void} pick
   * @param {(month: string) => void} needs As of the calendar
   * @param {string} titleId
   */
  constructor(pick, needs, titleId) {
    const turn = (/** @type {string} */ label, /** @type {string} */ name, /** @type {number} */ days) =>
      make(
        "button",
        {
          type: "button",
          class: "button ink",
          "aria-label": label,
          on: { click: () => pick(addDays(this.#day, days)) },
        },
        icon(name),
      );
    this.#next = turn("The day after", "right", 1);
    this.calendar = new Calendar(
      titleId,
      (day) => {
        this.#dialog.close();
        pick(day);
      },
      needs,
    );
    const close = make("button", { type: "button", class: "button" }, "Close");
    this.#dialog = make("dialog", { class: "small sheet", "aria-labelledby": titleId }, this.calendar.node, close);
    close.addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    const open = make(
      "button",
      { type: "button", class: "button quiet day-button", "aria-haspopup": "dialog" },
      icon("calendar"),
      this.#text,
    );
    open.addEventListener("click", () => this.#dialog.showModal());
    this.node = make("div", { class: "row tight" }, turn("The day before", "left", -1), open, this.#next, this.#dialog);
  }

  /** @param {string} day @param {string} today */
  show(day, today) {
    this.#day = day;
    setText(this.#text, dayTitle(day, today));
    this.#next.disabled = day >= today;
    this.calendar.show(day, today);
  }

  /** @param {Map<string, number>} counts */
  setCounts(counts) {
    this.calendar.setCounts(counts);
  }
}
