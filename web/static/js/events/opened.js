// The event that the address names: opened above the list, left by going back, with a way to its neighbours.

import { go } from "../router.js";
import { ask } from "./ask.js";
import { dayOf } from "./days.js";
import { EventDialog } from "./event_dialog.js";
import { NO_FILTERS } from "./filters.js";
import { askDay } from "./list.js";
import { around, sequence } from "./sequence.js";

/** @import { Route } from "../routes.js" */
/** @import { Card } from "./cards.js" */
/** @import { Changes } from "./changes.js" */

/**
 * @typedef {object} Actions
 * @property {Changes} changes Makes what is changed in the dialog.
 * @property {() => Card[][]} lists What is listed
 * @property {(event: string) => string} pathOf The address of an event; of the list for ""
 * @property {(card: Card) => void} focus Give a card of the list the focus.
 */

export class OpenedEvent {
  #actions;
  #dialog;
  /** Whether it was opened from the list, so that closing it is going back. */
  #isAbove = false;
  /** Of an event that is not listed: those of its day. @type {Card[]} */
  #neighbours = [];

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#dialog = new EventDialog({
      changes: actions.changes,
      closed: () => this.#closed(),
      step: (step) => this.#step(step),
    });
    this.node = this.#dialog.node;
  }

  /** The list is shown anew: nothing is below what the address names. */
  begin() {
    this.#isAbove = false;
  }

  hide() {
    this.#dialog.hide();
  }

  get #listed() {
    return sequence(...this.#actions.lists());
  }

  /** @param {string} id */
  #cardOf(id) {
    return this.#listed.find((one) => one.id === id)?.card;
  }

  /** Show what the address names, or nothing. @param {Route} route */
  async show(route) {
    const id = route.parameters.id;
    if (!id) {
      const card = this.#cardOf(this.#dialog.id);
      this.#dialog.hide();
      if (card) this.#actions.focus(card);
      this.#isAbove = true; // whatever is opened from now on is above the list
    } else if (this.#dialog.id !== id) {
      await this.#open(id);
    }
  }

  /** @param {string} id */
  async #open(id) {
    const detail = await this.#dialog.show(id, this.#cardOf(id));
    if (!detail) return;
    if (!this.#cardOf(id)) this.#neighbours = await askDay(ask, NO_FILTERS, dayOf(detail.event.start)).catch(() => []);
    const { before, next } = this.#place;
    this.#dialog.setNeighbours({ hasBefore: before !== null, hasNext: next !== null });
  }

  get #place() {
    const { id } = this.#dialog;
    return around(this.#cardOf(id) ? this.#listed : sequence(this.#neighbours), id);
  }

  /** @param {1 | -1} step */
  #step(step) {
    const { before, next } = this.#place;
    const id = step > 0 ? next : before;
    if (id) go(this.#actions.pathOf(id), { replace: true });
  }

  #closed() {
    if (this.#isAbove) history.back();
    else go(this.#actions.pathOf(""), { replace: true });
  }
}
