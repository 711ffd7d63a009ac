// Which reviews this user has seen: said to the appliance one by one, counted in the badge at the link to Events.

import { command, listen } from "../connection.js";
import { byId, setAttribute, setText } from "../dom.js";
import { ask } from "./ask.js";
import { inTurn } from "./in_turn.js";

const MOST_COUNTED = 100;

/** Ids of alerts that are not seen. @type {Set<string>} */
const unseen = new Set();
/** Ids of alerts that were counted, or found to be seen: messages do not say who has seen them. @type {Set<string>} */
const known = new Set();

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
  listen("review", ({ type, review }) => {
    if (review.severity !== "alert" || known.has(review.id)) return;
    known.add(review.id);
    if (type === "new" && unseen.size < MOST_COUNTED) {
      unseen.add(review.id);
      showBadge();
    } else {
      count().catch(() => undefined); // it began before this page did, or became an alert
    }
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
  await inTurn(reviews, async (id) => {
    await command("see_review", { id, on });
    if (on) {
      known.add(id);
      unseen.delete(id);
    }
    done(id);
  });
  if (on) showBadge();
  else await count();
}
