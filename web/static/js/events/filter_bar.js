// The filters: a choice each, a chip with a cross while it filters. On phones one button opens all choices as a sheet.

import { keepChildren, make, setText } from "../dom.js";
import { icon } from "../icons.js";
import { chipsOf, NO_FILTERS, without } from "./filters.js";

/** @import { CountRow } from "../api.js" */
/** @import { ChipName, Filters } from "./filters.js" */

/** @typedef {{ stream: string[], label: string[], zone: string[], line: string[] }} Choices */

const SELECTS = /** @type {const} */ (["label", "stream", "zone", "line", "min_score"]);
const SCORES = ["0.5", "0.6", "0.7", "0.8", "0.9"];
const TYPING_MS = 350;

/** @param {typeof SELECTS[number]} name */
const anyText = (name) => `Any ${name === "min_score" ? "score" : name}`;

/**
 * What can be chosen: what there has been.
 * @param {string[]} streams
 * @param {CountRow[]} rows
 * @returns {Choices}
 */
export const choicesOf = (streams, rows) => ({
  stream: streams,
  label: rows.map((row) => row.label),
  zone: rows.map((row) => row.zone || ""),
  line: rows.map((row) => row.line || ""),
});

export class FilterBar {
  /** @type {Filters} */
  #filters = { ...NO_FILTERS };
  #change;
  #chips = make("div", { class: "chips" });
  #sheet;
  /** @type {Control[]} */
  #controls = [];
  /** @type {HTMLInputElement[]} */
  #searches = [];

  /** @param {(filters: Filters, options?: { replace: boolean }) => void} change Called with what is wanted. */
  constructor(change) {
    this.#change = change;
    this.#sheet = this.#createSheet();
    const open = make(
      "button",
      { type: "button", class: "filter phone-only", "aria-haspopup": "dialog" },
      icon("settings"),
      "Filter",
    );
    open.addEventListener("click", () => this.#sheet.showModal());
    this.node = make(
      "div",
      { class: "toolbar filters", role: "group", "aria-label": "Filters" },
      open,
      this.#chips,
      ...SELECTS.map((name) => this.#createSelect(name, "filter wide-only")),
      this.#createToggle("single", "Each event", "grid", "filter wide-only"),
      this.#createToggle("unseen", "Not seen", "check", "filter wide-only"),
      this.#createToggle("starred", "Starred", "star", "filter wide-only"),
      make("span", { class: "sep wide-only" }),
      this.#createSearch("search wide-only"),
      this.#sheet,
    );
  }

  /** @param {Filters} filters @param {Choices} choices */
  show(filters, choices) {
    this.#filters = filters;
    keepChildren(
      this.#chips,
      chipsOf(filters),
      (chip) => chip.name,
      (chip) => this.#createChip(chip.name),
    );
    for (const control of this.#controls) control.update(filters, choices);
    for (const search of this.#searches) if (search !== document.activeElement) search.value = filters.text;
  }

  /** @param {ChipName} name */
  #createChip(name) {
    const text = make("span");
    const node = make(
      "button",
      { type: "button", class: "filter on", "data-chip": name },
      text,
      icon("x"),
      make("span", { class: "unseen" }, "remove this filter"),
    );
    node.addEventListener("click", () => this.#change(without(this.#filters, name)));
    return { node, update: (/** @type {{ text: string }} */ chip) => setText(text, chip.text) };
  }

  /** @param {typeof SELECTS[number]} name @param {string} className */
  #createSelect(name, className) {
    const isChip = className.includes("filter");
    const select = make("select", { class: className, "aria-label": anyText(name).replace("Any ", "Filter by ") });
    select.addEventListener("change", () => {
      this.#change({ ...this.#filters, [name]: name === "min_score" ? Number(select.value) : select.value });
    });
    let listed = "none yet";
    this.#controls.push({
      update: (filters, choices) => {
        const value = String(filters[name] || "");
        const values = name === "min_score" ? SCORES : [...new Set([...choices[name], value])].filter(Boolean).sort();
        const wanted = values.join("\n");
        if (listed !== wanted) {
          listed = wanted;
          const texts = values.map((one) =>
            make("option", { value: one }, name === "min_score" ? `Score ${one} or more` : one),
          );
          select.replaceChildren(make("option", { value: "" }, anyText(name)), ...texts);
        }
        select.value = value;
        select.hidden = isChip && (Boolean(value) || (name !== "min_score" && values.length === 0)); // its chip shows it
      },
    });
    return select;
  }

  /** @param {"single" | "unseen" | "starred"} name @param {string} text @param {string} sign @param {string} className */
  #createToggle(name, text, sign, className) {
    const isChip = className.includes("filter");
    const button = make("button", { type: "button", class: className, "aria-pressed": "false" }, icon(sign), text);
    button.addEventListener("click", () => this.#change({ ...this.#filters, [name]: !this.#filters[name] }));
    this.#controls.push({
      update: (filters) => {
        button.setAttribute("aria-pressed", String(filters[name]));
        button.hidden = isChip && filters[name];
      },
    });
    return button;
  }

  /** @param {string} className */
  #createSearch(className) {
    const input = make("input", {
      type: "search",
      "aria-label": "Search events",
      placeholder: "Search: person, gate",
      maxlength: 100,
    });
    /** @type {number | undefined} */
    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => this.#change({ ...this.#filters, text: input.value.trim() }, { replace: true }),
        TYPING_MS,
      );
    });
    this.#searches.push(input);
    return make("div", { class: className }, icon("search"), input);
  }

  #createSheet() {
    const close = make("button", { type: "button", class: "button primary" }, "Show");
    const clear = make("button", { type: "button", class: "button" }, "Remove all filters");
    const sheet = make(
      "dialog",
      { class: "small sheet", "aria-label": "Filters" },
      make(
        "div",
        { class: "dialog-body stack" },
        make("h2", {}, "Filters"),
        this.#createSearch("search"),
        ...SELECTS.map((name) => this.#createSelect(name, "wide-select")),
        make(
          "div",
          { class: "row" },
          this.#createToggle("single", "Each event", "grid", "button"),
          this.#createToggle("unseen", "Not seen", "check", "button"),
          this.#createToggle("starred", "Starred", "star", "button"),
        ),
        make("div", { class: "actions" }, clear, close),
      ),
    );
    close.addEventListener("click", () => sheet.close());
    clear.addEventListener("click", () => {
      this.#change({ ...NO_FILTERS, day: this.#filters.day, severity: this.#filters.severity });
      sheet.close();
    });
    sheet.addEventListener("click", (event) => event.target === sheet && sheet.close()); // beside it
    return sheet;
  }
}

/** @typedef {{ update: (filters: Filters, choices: Choices) => void }} Control */
