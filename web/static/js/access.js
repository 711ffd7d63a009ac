// Who may change things. The server decides; the page only disables what it would refuse.

import { make } from "./dom.js";

/** @typedef {HTMLButtonElement | HTMLInputElement | HTMLSelectElement} Control */

const role = document.body.dataset.role;

export const isOperator = role === "operator";
const REASON = `You are signed in as a ${role || "guest"}, who may only look; an operator may change things.`;

/**
 * Enable a control that changes something if `enabled` is true and the user may use it.
 * @template {Control} T
 * @param {T} control
 */
export function setEnabled(control, enabled = true) {
  const disabled = !(enabled && isOperator);
  if (control.disabled !== disabled) control.disabled = disabled;
  if (!isOperator) control.title = REASON;
  return control;
}

/**
 * A button that changes something.
 * @param {string} text
 * @param {() => void} handler
 * @param {Record<string, import("./dom.js").AttributeValue>} attributes
 */
export function actionButton(text, handler, attributes = {}) {
  return setEnabled(make("button", { type: "button", ...attributes, on: { click: handler } }, text));
}

/**
 * Say once in each of these cards why its controls are disabled.
 * @param {HTMLElement[]} cards
 */
export function explainAccess(cards) {
  if (isOperator) return;
  for (const card of cards) {
    card.querySelector(".card-head")?.after(make("p", { class: "access-note" }, REASON));
  }
}
