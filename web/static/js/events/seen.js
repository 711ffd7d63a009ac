// Which reviews this user has seen: said to the appliance one by one, counted in the badge at the link to Events.

import { command, listen } from "../connection.js";
import { byId, setAttribute, setText } from "../dom.js";
import { ask } from "./ask.js";

const AT_ONCE = 10;
const BETWEEN_MS = 150; // the server takes ten commands a second
const MOST_COUNTED = 100;

/** Ids of alerts that are not seen. @type {Set<string>} */
const unseen = new Set();
/** Ids of reviews that this page has said to be seen: messages about them count them no more. @type {Set<string>} */
const seenHere = new Set();

function showBadge() {
  const badge = byId("badge-events");
  badge.hidden = unseen.size === 0;
  setText(badge, unseen.size >= MOST_COUNTED ? `${MOST_COUNTED - 1}+` : unseen.size);
  // It is read with the link: "Events 3 new alerts".
  setAttribute(badge, "aria-label", `${unseen.size} new ${unseen.size === 1 ? "alert" : "alerts"}`);
  setAttribute(badge, "role", "img");
}

async function count() {
  const { reviews } = await ask("list_reviews", { unseen: true, severity: "alert", limit: MOST_COUNTED });
  unseen.clear();
  for (const review of reviews) unseen.add(review.id);
  showBadge();
}

export function startBadge() {
  listen("connection", ({ up }) => {
    if (up) count().catch(() => undefined); // without a database of events there is no badge
  });
  listen("review", ({ review }) => {
    if (review.severity !== "alert" || seenHere.has(review.id) || unseen.size >= MOST_COUNTED) return;
    unseen.add(review.id);
    showBadge();
  });
}

/**
 * Mark reviews as seen, or as not seen.
 * @param {string[]} reviews Ids
 * @param {boolean} on
 * @param {(id: string) => void} done Called for each.
 * @throws {Error} with the sentence that says why the rest was not done.
 */
export async function markSeen(reviews, on, done) {
  for (const [index, id] of reviews.entries()) {
    if (index >= AT_ONCE) await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    await command("see_review", { id, on });
    if (on) {
      seenHere.add(id);
      unseen.delete(id);
    } else {
      seenHere.delete(id);
    }
    done(id);
  }
  if (on) showBadge();
  else await count();
}
