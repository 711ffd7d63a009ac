// What the list says where it has no cards: that it loads, that nothing happened, that nothing matches, what is wrong.

import { make } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf } from "../router.js";
import { chipsOf } from "./filters.js";

/** @import { EventList } from "./list.js" */

const BONES = 8;
const LOADING_SHOWN_MS = 300;

/** Shapes of the size of what comes, not before it takes long. */
function loading() {
  const bone = () =>
    make(
      "div",
      { class: "review" },
      make("div", { class: "pic bone" }),
      make("p", { class: "bone title-bone" }),
      make("p", { class: "bone sub-bone" }),
    );
  const node = make(
    "div",
    { class: "reviews", role: "group", "aria-busy": "true", "aria-label": "Events are being read" },
    ...Array.from({ length: BONES }, bone),
  );
  node.style.visibility = "hidden";
  setTimeout(() => node.style.removeProperty("visibility"), LOADING_SHOWN_MS);
  return node;
}

/**
 * @param {string} sign The icon
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement | null} [action]
 */
const empty = (sign, title, text, action = null) =>
  make("div", { class: "empty" }, icon(sign), make("h2", {}, title), make("p", {}, text), action);

/**
 * What stands in the place of cards; nothing where there are some and all is well.
 * @param {EventList} list
 * @param {() => void} clear Removes all filters.
 * @returns {HTMLElement[]}
 */
export function describeList({ cards, filters, isLoading, problem }, clear) {
  if (problem) {
    const log = make("a", { class: "button", href: addressOf("system") }, "See the log");
    return [empty("warn", "Events cannot be read", `${problem} Detection goes on.`, log)];
  }
  if (cards.length) return [];
  if (isLoading) return [loading()];
  const names = [...chipsOf(filters).map((chip) => chip.text), filters.severity].filter(Boolean);
  if (names.length) {
    const button = make("button", { type: "button", class: "button", on: { click: clear } }, "Remove all filters");
    return [empty("search", "No event matches", names.join(" · "), button)];
  }
  const title = filters.day ? "Nothing happened until then" : "Nothing has happened yet";
  const text = "An event appears here as soon as something is seen for long enough to be believed.";
  return [empty("events", title, text)];
}
