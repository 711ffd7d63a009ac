// A month, with a bar below each day on which something happened.

import { make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { addMonths, monthTitle, weeksOfMonth } from "./days.js";

const WEEKDAYS = [
  ["Mo", "Monday"],
  ["Tu", "Tuesday"],
  ["We", "Wednesday"],
  ["Th", "Thursday"],
  ["Fr", "Friday"],
  ["Sa", "Saturday"],
  ["Su", "Sunday"],
];
const LONGEST_BAR = 5;

export class Calendar {
  #title;
  #rows = make("tbody");
  #caption = make("caption", { class: "unseen" });
  #before;
  #after;
  #pick;
  #needs;
  #day = "";
  #today = "";
  #month = "";
  /** @type {Map<string, number>} */
  #counts = new Map();

  /**
   * @param {string} titleId
   * @param {(day: string) => void} pick Called with the day that is chosen.
   * @param {(month: string) => void} needs Called with the first day of a month whose counts are to be shown.
   */
  constructor(titleId, pick, needs) {
    this.#pick = pick;
    this.#needs = needs;
    this.#title = make("h2", { id: titleId });
    this.#before = this.#turn("The month before", "left", -1);
    this.#after = this.#turn("The month after", "right", 1);
    const days = WEEKDAYS.map(([short, long]) => make("th", { scope: "col" }, make("abbr", { title: long }, short)));
    const table = make(
      "table",
      { class: "calendar" },
      this.#caption,
      make("thead", {}, make("tr", {}, ...days)),
      this.#rows,
    );
    const head = make("header", {}, this.#title, make("div", { class: "row tight" }, this.#before, this.#after));
    this.node = make("section", { class: "card cal", "aria-labelledby": titleId }, head, table);
  }

  /** @param {string} label @param {string} name @param {number} months */
  #turn(label, name, months) {
    const button = make("button", { type: "button", class: "button ink", "aria-label": label }, icon(name));
    button.addEventListener("click", () => this.#turnTo(addMonths(this.#month, months)));
    return button;
  }

  /** @param {string} month */
  #turnTo(month) {
    this.#month = month;
    this.#needs(month);
    this.#render();
  }

  /**
   * @param {string} day The one that is shown
   * @param {string} today
   */
  show(day, today) {
    const turns = !this.#month || (day !== this.#day && addMonths(day, 0) !== this.#month);
    this.#day = day;
    this.#today = today;
    if (turns) this.#turnTo(addMonths(day, 0));
    else this.#render();
  }

  /** @param {Map<string, number>} counts Events by day */
  setCounts(counts) {
    this.#counts = counts;
    this.#render();
  }

  #render() {
    setText(this.#title, monthTitle(this.#month));
    setText(this.#caption, `${monthTitle(this.#month)}; a longer bar: more events`);
    this.#after.disabled = addMonths(this.#month, 1) > this.#today;
    const most = Math.max(1, ...this.#counts.values());
    const focused = this.#rows.contains(document.activeElement) && document.activeElement?.getAttribute("data-day");
    this.#rows.replaceChildren(
      ...weeksOfMonth(this.#month).map((week) =>
        make("tr", {}, ...week.map((day) => make("td", {}, this.#cell(day, most)))),
      ),
    );
    if (focused) /** @type {HTMLElement | null} */ (this.#rows.querySelector(`[data-day="${focused}"]`))?.focus();
  }

  /** @param {string} day @param {number} most */
  #cell(day, most) {
    if (!day) return null;
    const count = this.#counts.get(day) || 0;
    const date = Number(day.slice(8));
    const bar = make("i");
    bar.style.setProperty("--n", String(count ? Math.ceil((count / most) * LONGEST_BAR) : 0));
    const button = make("button", { type: "button", "data-day": day, disabled: day > this.#today }, String(date), bar);
    setAttribute(button, "aria-label", `${date} ${monthTitle(day)}, ${count} ${count === 1 ? "event" : "events"}`);
    setAttribute(button, "aria-current", day === this.#day && "date");
    button.addEventListener("click", () => this.#pick(day));
    return button;
  }
}
