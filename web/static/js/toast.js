// A toast says what was done, and offers to undo it. Errors never come as one.

import { make } from "./dom.js";

const SHOWN_SECONDS = 8;

const text = make("span");
const button = make("button", { type: "button", class: "button" }, "Undo");
const node = make("div", { class: "toast", role: "status", hidden: true }, text, button);
/** @type {number | undefined} */
let timer;
/** @type {(() => void) | null} */
let undo = null;

const hide = () => {
  node.hidden = true;
};
const hideLater = () => {
  clearTimeout(timer);
  timer = setTimeout(hide, SHOWN_SECONDS * 1000);
};
for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => clearTimeout(timer));
for (const event of ["pointerleave", "focusout"]) node.addEventListener(event, hideLater);
button.addEventListener("click", () => {
  hide();
  undo?.();
});

/**
 * @param {string} sentence
 * @param {(() => void) | null} [undone] What Undo does; without it there is no such button.
 */
export function toast(sentence, undone = null) {
  const dialog = document.querySelector("dialog[open]");
  (dialog || document.body).append(node); // below a modal dialog nothing can be seen or clicked
  undo = undone;
  button.hidden = !undone;
  node.hidden = false;
  text.textContent = sentence;
  hideLater();
}
