// Who may change things. The server decides; this only shows it, so that nobody presses in vain.

import { make } from "./dom.js";

/** @typedef {HTMLButtonElement | HTMLInputElement | HTMLSelectElement} Control */

const role = document.body.dataset.role;

export const isOperator = role === "operator";
const REASON = `You are signed in as ${role || "guest"}, who may look; an operator may change things.`;

/**
 * Enable a control that changes something, where its user may and `enabled` says that it makes sense.
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
 * Say the reason once in each of these cards.
 * @param {HTMLElement[]} cards
 */
export function explainAccess(cards) {
  if (isOperator) return;
  for (const card of cards) {
    card.querySelector(".card-head")?.after(make("p", { class: "access-note" }, REASON));
  }
}
