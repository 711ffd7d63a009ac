// What the list says where it has no cards: that it loads, that nothing happened, that nothing matches, what is wrong.

import { make } from "../dom.js";
import { icon } from "../icons.js";

const BONES = 8;
const LOADING_SHOWN_MS = 300;

/** Shapes of the size of what comes, not before it takes long. */
export function loading() {
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
export const empty = (sign, title, text, action = null) =>
  make("div", { class: "empty" }, icon(sign), make("h2", {}, title), make("p", {}, text), action);
