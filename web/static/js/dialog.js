// The page's one dialog: to ask before something is lost, and to play a recording.

import { byId, make } from "./dom.js";

const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));

/** @type {((value: string) => void) | null} */
let onClose = null;

dialog.addEventListener("close", () => {
  const closed = onClose;
  onClose = null;
  if (closed) closed(dialog.returnValue);
  dialog.replaceChildren();
});

/**
 * Open it with a title and content.
 * @param {string} title
 * @param {Node[]} content
 * @param {(value: string) => void} closed Called when it closes, with the value of the button.
 */
export function openDialog(title, content, closed) {
  dialog.className = "plain-dialog";
  dialog.replaceChildren(make("h2", { id: "dialog-title" }, title), ...content);
  dialog.returnValue = "";
  onClose = closed;
  dialog.showModal();
}

/** @param {string} text */
export const closeButton = (text) => make("button", { type: "button", on: { click: () => dialog.close("") } }, text);

/**
 * Ask before something is lost.
 * @param {string} title
 * @param {string} text
 * @param {string} action What the button says that does it.
 * @returns {Promise<boolean>} Whether the person wants it.
 */
export function confirm(title, text, action) {
  return new Promise((resolve) => {
    const yes = make("button", { type: "button", class: "danger", on: { click: () => dialog.close("yes") } }, action);
    const no = closeButton("Cancel");
    no.autofocus = true;
    openDialog(title, [make("p", {}, text), make("div", { class: "buttons end" }, no, yes)], (value) =>
      resolve(value === "yes"),
    );
  });
}
