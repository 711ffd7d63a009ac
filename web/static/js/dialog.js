// The page's one dialog: to ask before something is lost, and to play a recording.

import { byId, make } from "./dom.js";

const dialog = byId("dialog");
let onClose = null;

dialog.addEventListener("close", () => {
  const closed = onClose;
  onClose = null;
  if (closed) closed(dialog.returnValue);
  dialog.replaceChildren();
});

/** Open it with a title and content; closed(value) is called when it closes, with the value of the button. */
export function openDialog(title, content, closed) {
  dialog.replaceChildren(make("h2", { id: "dialog-title" }, title), ...content);
  dialog.returnValue = "";
  onClose = closed;
  dialog.showModal();
}

export const closeButton = (text) => make("button", { type: "button", on: { click: () => dialog.close("") } }, text);

/** Ask before something is lost. Resolves to whether the person wants it. */
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
