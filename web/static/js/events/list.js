// The list of events that the filters admit, page by page, newest first. It knows nothing of the page that shows it.

import { cardOfEvent, cardOfReview, mergeCards } from "./cards.js";
import { rangeOfDay } from "./days.js";
import { admits, asksForEvents, fieldsOf, NO_FILTERS } from "./filters.js";

/** @import { Commands, Review } from "../api.js" */
/** @import { Card } from "./cards.js" */
/** @import { Filters } from "./filters.js" */

/** @typedef {"list_events" | "list_reviews"} Question */
/** @typedef {<Name extends Question>(name: Name, fields: Commands[Name]["fields"]) => Promise<Commands[Name]["answer"]>} Ask */

const PAGE = 48;
const LONGEST_PAGE = 200;
const MOST_PAGES_OF_A_DAY = 10;
const MOST_PAGES_TO_A_TIME = 20;
/** A review begins before its events by no more than this. */
const MARGIN_SECONDS = 3600;

/**
 * One page: its cards, and the cursor of the next one.
 * @param {Ask} ask
 * @param {Filters} filters
 * @param {{ before?: number, after?: number, cursor?: string, limit: number }} place
 * @returns {Promise<{ cards: Card[], cursor: string | null }>}
 */
async function askPage(ask, filters, place) {
  const fields = { ...fieldsOf(filters), ...place };
  if (!asksForEvents(filters)) {
    const { reviews, cursor } = await ask("list_reviews", fields);
    const starred = await askStarred(ask, reviews);
    const cards = reviews.map((review) => ({
      ...cardOfReview(review),
      starred: review.events.some((id) => starred.has(id)),
    }));
    return { cards, cursor };
  }
  const { events, cursor } = await ask("list_events", fields);
  const range = rangeOf(events);
  const unseen = range && (await ask("list_reviews", { unseen: true, limit: LONGEST_PAGE, ...range }));
  const ids = new Set(unseen?.reviews.map((review) => review.id));
  const cards = events.map((event) => cardOfEvent(event, !event.review || !ids.has(event.review)));
  return { cards: filters.unseen ? cards.filter((card) => !card.seen) : cards, cursor };
}

/** @param {Ask} ask @param {Review[]} reviews @returns {Promise<Set<string>>} Ids of events */
async function askStarred(ask, reviews) {
  const range = rangeOf(reviews);
  if (!range) return new Set();
  const { events } = await ask("list_events", { starred: true, limit: LONGEST_PAGE, ...range });
  return new Set(events.map((event) => event.id));
}

/** @param {{ start: number, end: number | null }[]} items Newest first */
function rangeOf(items) {
  const last = items.at(-1);
  const ends = items.map((item) => item.end ?? item.start + MARGIN_SECONDS);
  return last ? { after: Math.max(0, last.start - MARGIN_SECONDS), before: Math.max(...ends) + 1 } : null;
}

/**
 * All of one day, whatever its severity; of a day with very many, the newest.
 * @param {Ask} ask
 * @param {Filters} filters
 * @param {string} day
 * @returns {Promise<Card[]>}
 */
export async function askDay(ask, filters, day) {
  const { start, end } = rangeOfDay(day);
  /** @type {Card[]} */
  const cards = [];
  /** @type {string | null} */
  let cursor = null;
  for (let page = 0; page < MOST_PAGES_OF_A_DAY; page += 1) {
    const place = { after: start, before: end, limit: LONGEST_PAGE, ...(cursor ? { cursor } : {}) };
    const answer = await askPage(ask, { ...filters, severity: "" }, place);
    cards.push(...answer.cards);
    cursor = answer.cursor;
    if (!cursor) break;
  }
  return cards;
}

export class EventList {
  /** @type {Card[]} */
  cards = [];
  /** @type {Filters} */
  filters = { ...NO_FILTERS };
  /** A sentence; "" while all is well. */
  problem = "";
  isLoading = false;
  /** Whether there is nothing older. */
  isComplete = false;
  /** @type {string | null} */
  #cursor = null;
  #number = 0;
  #ask;
  #changed;

  /**
   * @param {Ask} ask
   * @param {() => void} changed Called when something is to be shown anew.
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /**
   * Begin anew, with the first page; what is shown stays until it comes if the filters are the same.
   * @param {Filters} filters
   */
  async start(filters) {
    if (JSON.stringify(filters) !== JSON.stringify(this.filters)) this.cards = [];
    this.filters = filters;
    this.#cursor = null;
    this.isComplete = false;
    await this.#load(true);
  }

  /** Load the next page, if there is one and none is on its way. */
  async more() {
    if (!this.isLoading && !this.isComplete && !this.problem) await this.#load(false);
  }

  /** Load pages until they go back to a time. @param {number} time Unix time */
  async reach(time) {
    for (let page = 0; page < MOST_PAGES_TO_A_TIME && (this.cards.at(-1)?.start || 0) > time; page += 1) {
      if (this.isComplete || this.problem) break;
      await this.more();
    }
  }

  /** @param {boolean} isFirst */
  async #load(isFirst) {
    this.#number += 1;
    const number = this.#number;
    this.isLoading = true;
    this.problem = "";
    this.#changed();
    try {
      const before = this.filters.day ? { before: rangeOfDay(this.filters.day).end } : {};
      const cursor = this.#cursor ? { cursor: this.#cursor } : {};
      const page = await askPage(this.#ask, this.filters, { ...before, ...cursor, limit: PAGE });
      if (number !== this.#number) return; // an answer to older filters
      this.cards = isFirst ? page.cards : mergeCards(this.cards, page.cards);
      this.#cursor = page.cursor;
      this.isComplete = !page.cursor;
    } catch (error) {
      if (number !== this.#number) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.isLoading = false;
    this.#changed();
  }

  /**
   * A review came or changed. One that is listed is updated in its place.
   * @param {Review} review
   * @returns {boolean} Whether it is new, and belongs to the list.
   */
  take(review) {
    const known = this.cards.find((card) => card.review === review.id && card.id === review.id);
    if (known) {
      // Published reviews say of nobody that he has seen them.
      this.replace({ ...known, ...cardOfReview(review), seen: known.seen, starred: known.starred });
      return false;
    }
    return !this.filters.day && admits(this.filters, review);
  }

  /** @param {Card} card */
  replace(card) {
    this.cards = this.cards.map((one) => (one.id === card.id ? card : one));
    this.#changed();
  }
}
