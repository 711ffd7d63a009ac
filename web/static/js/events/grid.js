// The grid of cards, by hour, with its keys: arrows move, Enter opens, S seen, F star, D download, Space plays.

import { keepChildren, make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { pictureOf } from "./addresses.js";
import { titleOf } from "./cards.js";
import { moment, span } from "./days.js";
import { previewOnPointer, stopPreview, togglePreview } from "./preview.js";

/** @import { Card, Group } from "./cards.js" */

/**
 * @typedef {object} Actions
 * @property {(card: Card) => string} addressOf Of its event
 * @property {(card: Card) => void} see Mark it as seen, or as not seen.
 * @property {(card: Card) => void} star
 * @property {(card: Card) => void} download
 * @property {(card: Card, chosen: boolean) => void} choose
 */

export class Grid {
  node = make("div", { class: "stack wide", "aria-label": "Events", role: "group" });
  /** Ids of the cards that are selected; null while none can be. @type {Set<string> | null} */
  chosen = null;
  #now = () => Date.now() / 1000;
  #actions;
  /** @type {Map<string, Card>} */
  #cards = new Map();

  /**
   * @param {Actions} actions
   * @param {() => number} now Unix time of the appliance
   */
  constructor(actions, now) {
    this.#actions = actions;
    this.#now = now;
    this.node.addEventListener("keydown", (event) => this.#press(event));
  }

  /** @param {Group[]} groups */
  show(groups) {
    this.#cards = new Map(groups.flatMap((group) => group.cards.map((card) => [card.id, card])));
    keepChildren(
      this.node,
      groups,
      (group) => group.key,
      () => this.#createGroup(),
    );
  }

  /** The card's link. @param {string} id */
  linkOf(id) {
    return /** @type {HTMLAnchorElement | null} */ (
      this.node.querySelector(`[data-card="${CSS.escape(id)}"] .title a`)
    );
  }

  #createGroup() {
    const title = make("h2", { class: "hour" });
    const reviews = make("div", { class: "reviews" });
    const node = make("section", { class: "stack" }, title, reviews);
    return {
      node,
      update: (/** @type {Group} */ group) => {
        setText(title, group.title);
        setAttribute(node, "aria-label", group.title);
        keepChildren(
          reviews,
          group.cards,
          (card) => card.id,
          (card) => this.#createCard(card),
        );
      },
      remove: stopPreview,
    };
  }

  /** @param {Card} first */
  #createCard(first) {
    let card = first;
    const img = make("img", { alt: "", loading: "lazy", decoding: "async" });
    img.addEventListener("error", () => pic.classList.add("blank"));
    const time = make("span", { class: "tag" });
    const star = make(
      "span",
      { class: "tag right" },
      icon("starred", "s"),
      make("span", { class: "unseen" }, "Starred"),
    );
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => this.#actions.choose(card, box.checked));
    const pick = make("label", { class: "choose" }, box);
    const pic = make("div", { class: "pic" }, icon("events"), img, time, star);
    const fresh = make("span", { class: "new", role: "img", "aria-label": "New" });
    const link = make("a", { class: "clip1", "aria-keyshortcuts": "S F D Space" });
    link.addEventListener("click", (event) => {
      if (!this.chosen) return;
      event.preventDefault();
      box.checked = !box.checked;
      this.#actions.choose(card, box.checked);
    });
    const sub = make("p", { class: "sub" });
    const node = make(
      "article",
      { class: "review", "data-card": card.id },
      pic,
      make("p", { class: "title" }, fresh, link),
      sub,
      pick,
    );
    previewOnPointer(node, pic, () => card.event);
    return {
      node,
      update: (/** @type {Card} */ now) => {
        card = now;
        const picture = pictureOf(card.event);
        if (!img.src.endsWith(picture)) {
          pic.classList.remove("blank");
          img.src = picture;
        }
        const title = titleOf(card);
        setText(time, card.end === null ? "goes on" : span(card.end - card.start));
        star.hidden = !card.starred;
        fresh.hidden = card.seen;
        setText(link, title);
        setAttribute(link, "href", this.#actions.addressOf(card));
        const detection = card.severity === "detection" && "detection";
        setText(sub, [card.stream, moment(card.start, this.#now()), detection].filter(Boolean).join(" · "));
        node.classList.toggle("seen", card.seen);
        pick.hidden = !this.chosen;
        box.checked = Boolean(this.chosen?.has(card.id));
        setAttribute(box, "aria-label", `Select ${title}, ${moment(card.start, this.#now())}`);
      },
      remove: stopPreview,
    };
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const node = event.target instanceof Element && event.target.closest("[data-card]");
    const card = node && this.#cards.get(node.getAttribute("data-card") || "");
    if (!card || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    const pic = /** @type {HTMLElement} */ (node.querySelector(".pic"));
    const done = {
      ArrowRight: () => this.#move(node, 1),
      ArrowLeft: () => this.#move(node, -1),
      ArrowDown: () => this.#jump(node, 1),
      ArrowUp: () => this.#jump(node, -1),
      s: () => this.#actions.see(card),
      f: () => this.#actions.star(card),
      d: () => this.#actions.download(card),
      " ": () => togglePreview(pic, card.event),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!done) return;
    event.preventDefault();
    done();
  }

  /** @param {Element} node @param {number} step */
  #move(node, step) {
    const cards = [...this.node.querySelectorAll("[data-card]")];
    focusCard(cards[cards.indexOf(node) + step]);
  }

  /** To the card above or below: of the next row the one that is nearest. @param {Element} node @param {1 | -1} step */
  #jump(node, step) {
    const here = node.getBoundingClientRect();
    const others = [...this.node.querySelectorAll("[data-card]")]
      .map((other) => ({ other, place: other.getBoundingClientRect() }))
      .filter(({ place }) => (place.top - here.top) * step > here.height / 2);
    others.sort(
      (one, two) =>
        (one.place.top - two.place.top) * step ||
        Math.abs(one.place.left - here.left) - Math.abs(two.place.left - here.left),
    );
    focusCard(others[0]?.other);
  }
}

/** @param {Element | undefined} card */
function focusCard(card) {
  const link = /** @type {HTMLElement | null | undefined} */ (card?.querySelector(".title a"));
  link?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
}
