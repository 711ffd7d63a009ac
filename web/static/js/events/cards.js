// A card of the grid: a review, or a single event where only events were asked for.

import { dayOf, dayTitle } from "./days.js";

/** @import { EventRecord, Review } from "../api.js" */

/**
 * @typedef {object} Card
 * @property {string} id Of the review, or of the event.
 * @property {string} event Id of the event that is shown and opened.
 * @property {string[]} events Ids of all events.
 * @property {string | null} review Id of the review; null if there is none.
 * @property {string} stream
 * @property {"alert" | "detection"} severity
 * @property {string[]} labels
 * @property {string[]} zones
 * @property {number} start Unix time
 * @property {number | null} end null while it goes on
 * @property {boolean} seen
 * @property {boolean} starred Whether any of its events is.
 */

/** @param {Review} review @returns {Card} */
export const cardOfReview = (review) => ({
  id: review.id,
  event: review.events[0] || "",
  events: review.events,
  review: review.id,
  stream: review.stream,
  severity: review.severity,
  labels: review.labels,
  zones: review.zones,
  start: review.start,
  end: review.end,
  seen: review.seen,
  starred: false,
});

/** @param {EventRecord} event @param {boolean} seen @returns {Card} */
export const cardOfEvent = (event, seen) => ({
  id: event.id,
  event: event.id,
  events: [event.id],
  review: event.review,
  stream: event.stream,
  severity: event.severity,
  labels: [event.label],
  zones: event.zones,
  start: event.start,
  end: event.end,
  seen,
  starred: event.starred,
});

const MANY = /** @type {Record<string, string>} */ ({ person: "people" });

/** @param {string} word */
const capitalize = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * What was seen: Person, Car and so on; of several events with the same label, how many.
 * @param {Pick<Card, "labels" | "events">} card
 */
export function labelsTitle({ labels, events }) {
  if (labels.length === 1 && events.length > 1) return `${events.length} ${MANY[labels[0]] || `${labels[0]}s`}`;
  return capitalize(labels.join(", ")) || "Something";
}

/**
 * The card's title: Person · Porch.
 * @param {Pick<Card, "labels" | "zones" | "events">} card
 */
export const titleOf = (card) => [labelsTitle(card), card.zones.join(", ")].filter(Boolean).join(" · ");

/**
 * The track's number, as at its box in the live picture.
 * @param {string} event
 */
export function trackNumber(event) {
  const digits = /-(\d+)$/.exec(event);
  return digits ? Number(digits[1]) : null;
}

/**
 * @typedef {object} Group
 * @property {string} key
 * @property {string} title
 * @property {Card[]} cards
 */

/** A group takes the hours before it until it has as many: a quiet night is one row, not eight. */
const FEW = 4;

/**
 * Cards by the hour of their start, in their order; hours with few of them together. Days that are not the list's own
 * are named.
 * @param {Card[]} cards Newest first
 * @param {string} day The list's own
 * @param {number} now Unix time
 * @returns {Group[]}
 */
export function groupByHour(cards, day, now) {
  const today = dayOf(now);
  /** @type {(Group & { date: string, first: number, last: number })[]} */
  const groups = [];
  for (const card of cards) {
    const date = dayOf(card.start);
    const hour = new Date(card.start * 1000).getHours();
    const group = groups.at(-1);
    if (group && group.date === date && (group.first === hour || group.cards.length < FEW)) {
      group.first = hour;
      group.cards.push(card);
    } else {
      groups.push({ key: `${date} ${hour}`, title: "", cards: [card], date, first: hour, last: hour });
    }
  }
  const present = new Date(now * 1000).getHours();
  for (const group of groups) {
    const until = group.date === today && group.last === present ? "now" : `${group.last + 1}:00`;
    const time = until !== "now" && group.first === group.last ? `${group.first}:00` : `${group.first}:00 to ${until}`;
    group.title = group.date === day ? time : `${dayTitle(group.date, today)}, ${time}`;
  }
  return groups;
}

/**
 * Put those that arrived later before the others; the ones that are known already are replaced in their place.
 * @param {Card[]} cards Newest first
 * @param {Card[]} more
 * @returns {Card[]}
 */
export function mergeCards(cards, more) {
  const byId = new Map([...cards, ...more].map((card) => [card.id, card]));
  return [...byId.values()].sort((one, other) => other.start - one.start || (other.id < one.id ? -1 : 1));
}
