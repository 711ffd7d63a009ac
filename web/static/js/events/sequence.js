// The order in which one goes from event to event.

import { mergeCards } from "./cards.js";

/** @import { Card } from "./cards.js" */

/**
 * All events of cards, the newest first.
 * @param {...Card[]} lists
 * @returns {{ id: string, card: Card }[]}
 */
export const sequence = (...lists) =>
  lists
    .reduce((all, cards) => mergeCards(all, cards), [])
    .flatMap((card) => [...card.events].reverse().map((id) => ({ id, card })))
    .filter(({ id }, index, all) => all.findIndex((other) => other.id === id) === index);

/**
 * @param {{ id: string, card: Card }[]} all Newest first
 * @param {string} id
 * @returns {{ before: string | null, next: string | null }} Ids of the events before and after it in time
 */
export function around(all, id) {
  const index = all.findIndex((one) => one.id === id);
  if (index < 0) return { before: null, next: null };
  return { before: all[index + 1]?.id ?? null, next: all[index - 1]?.id ?? null };
}
