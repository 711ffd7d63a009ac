// Above the list: which severity, pictures or time line on small screens, selecting, marking as seen.

import { setEnabled } from "../access.js";
import { make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";

/** @import { Card } from "./cards.js" */

/** @typedef {"" | "alert" | "detection"} Severity */

/**
 * @typedef {object} Actions
 * @property {(severity: Severity) => void} choose
 * @property {(isTimeLine: boolean) => void} showPane
 * @property {(on: boolean) => void} select
 * @property {() => void} seeAll
 * @property {() => void} seeChosen
 * @property {() => void} starChosen
 * @property {() => void} downloadChosen
 */

const TITLES = /** @type {const} */ ([
  ["", "All"],
  ["alert", "Alerts"],
  ["detection", "Detections"],
]);

/** @param {string} text @param {string} sign @param {() => void} handler @param {string} [more] */
const button = (text, sign, handler, more = "") =>
  make(
    "button",
    { type: "button", class: `button ${more}`.trim(), on: { click: handler } },
    sign ? icon(sign) : null,
    text,
  );

export class Toolbar {
  #severities;
  #panes;
  #chosenText = make("b", { class: "small", role: "status" });
  #usual;
  #selecting;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#severities = TITLES.map(([severity]) =>
      make("button", { type: "button", on: { click: () => actions.choose(severity) } }),
    );
    this.#panes = [
      make(
        "button",
        { type: "button", "aria-label": "Pictures", on: { click: () => actions.showPane(false) } },
        icon("grid", "s"),
      ),
      make(
        "button",
        { type: "button", "aria-label": "Time line", on: { click: () => actions.showPane(true) } },
        icon("timeline", "s"),
      ),
    ];
    const select = button("Select", "", () => actions.select(true));
    this.#usual = make("div", { class: "toolbar" }, select, button("Mark all as seen", "check", actions.seeAll));
    this.#selecting = make(
      "div",
      { class: "toolbar", hidden: true },
      this.#chosenText,
      button("Mark as seen", "check", actions.seeChosen),
      setEnabled(button("Star", "star", actions.starChosen)),
      button("Download", "download", actions.downloadChosen),
      button("Cancel", "", () => actions.select(false), "quiet"),
    );
    this.node = make(
      "div",
      { class: "toolbar" },
      make("div", { class: "segmented", role: "group", "aria-label": "Severity" }, ...this.#severities),
      make("span", { class: "sep" }),
      make("div", { class: "segmented panes", role: "group", "aria-label": "Show" }, ...this.#panes),
      this.#usual,
      this.#selecting,
    );
    this.showPane(false);
  }

  /** @param {Severity} severity @param {Card[]} cards Of the day */
  show(severity, cards) {
    for (const [index, [value, title]] of TITLES.entries()) {
      const count = value ? cards.filter((card) => card.severity === value).length : cards.length;
      setText(this.#severities[index], `${title} ${count}`);
      setAttribute(this.#severities[index], "aria-pressed", String(value === severity));
    }
  }

  /** @param {boolean} isTimeLine */
  showPane(isTimeLine) {
    setAttribute(this.#panes[0], "aria-pressed", String(!isTimeLine));
    setAttribute(this.#panes[1], "aria-pressed", String(isTimeLine));
  }

  /** @param {number | null} count How many are selected; null: none can be */
  showChosen(count) {
    this.#usual.hidden = count !== null;
    this.#selecting.hidden = count === null;
    setText(this.#chosenText, `${count || "None"} selected`);
    for (const one of this.#selecting.querySelectorAll("button:not(.quiet)")) {
      const control = /** @type {HTMLButtonElement} */ (one);
      if (control.textContent === "Star") setEnabled(control, Boolean(count));
      else control.disabled = !count;
    }
  }
}
