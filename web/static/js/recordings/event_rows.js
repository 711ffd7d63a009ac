// The events of the day beside the player: each leads to its moment.

import { keepChildren, make, setAttribute, setText } from "../dom.js";
import { pictureOf } from "../events/addresses.js";
import { titleOf } from "../events/cards.js";
import { minute } from "../format.js";
import { addressOf } from "../router.js";

/** @import { Card } from "../events/cards.js" */

const MOST_ROWS = 100;

export class EventRows {
  #list = make("ul", { class: "rows" });
  #empty = make("p", { class: "hint" }, "Nothing happened on this day.");
  #all = make("a", { class: "small" }, "All");
  #pick;

  /** @param {(card: Card) => void} pick */
  constructor(pick) {
    this.#pick = pick;
    this.node = make(
      "section",
      { class: "card", "aria-labelledby": "day-events-title" },
      make("header", {}, make("h2", { id: "day-events-title" }, "Events"), this.#all),
      make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Events of the day" }, this.#list),
      this.#empty,
    );
  }

  /** @param {Card[]} cards Newest first @param {string} search Of the address of all of them */
  show(cards, search) {
    setAttribute(this.#all, "href", addressOf(`events${search}`));
    this.#empty.hidden = cards.length > 0;
    keepChildren(
      this.#list,
      cards.slice(0, MOST_ROWS),
      (card) => card.id,
      (card) => this.#createRow(card),
    );
  }

  /** @param {Card} first */
  #createRow(first) {
    let card = first;
    const img = make("img", { src: pictureOf(card.event, 108), alt: "", loading: "lazy" });
    img.addEventListener("error", () => img.remove());
    const button = make("button", { type: "button", class: "button quiet", "data-event": card.event });
    button.addEventListener("click", () => this.#pick(card));
    const sub = make("span", { class: "muted small" });
    const text = make("span", { class: "grow stack tight" }, button, sub);
    return {
      node: make("li", {}, make("span", { class: "thumb" }, img), text),
      update: (/** @type {Card} */ now) => {
        card = now;
        setText(button, titleOf(card));
        setText(sub, `${card.stream} · ${minute(card.start)}`);
      },
    };
  }
}
