// What a person does with the listed events: seen, star, download, one or several.

import { isOperator } from "../access.js";
import { command } from "../connection.js";
import { messageOf, Outcome } from "../outcome.js";
import { toast } from "../toast.js";
import { clipOf, download, fileNameOf } from "./addresses.js";
import { inTurn } from "./in_turn.js";
import { markSeen } from "./seen.js";

/** @import { Card } from "./cards.js" */

const MOST_DOWNLOADS = 10;

export class Changes {
  outcome = new Outcome();
  #changed;

  /** @param {(review: string | null, event: string | null, change: Partial<Card>) => void} changed Called with what is different for a review, or an event. */
  constructor(changed) {
    this.#changed = changed;
  }

  /**
   * @param {string[]} reviews
   * @param {boolean} on
   * @returns {Promise<boolean>} Whether it was done.
   */
  async see(reviews, on) {
    try {
      await markSeen(reviews, on, (id) => this.#changed(id, null, { seen: on }));
      this.outcome.clear();
      return true;
    } catch (error) {
      this.outcome.fail(messageOf(error));
      return false;
    }
  }

  /** Mark several, and offer to undo it. @param {Card[]} cards */
  async seeAll(cards) {
    const reviews = [...new Set(cards.filter((card) => !card.seen && card.review).map((card) => String(card.review)))];
    if (!reviews.length) {
      toast("All of them are seen already.");
    } else if (await this.see(reviews, true)) {
      const text = `${reviews.length} ${reviews.length === 1 ? "review" : "reviews"} marked as seen.`;
      toast(text, () => this.see(reviews, false));
    }
  }

  /**
   * @param {string[]} events
   * @param {boolean} on
   * @returns {Promise<boolean>} Whether it was done.
   */
  async star(events, on) {
    if (!isOperator) {
      this.outcome.fail("Only an operator may star events: a star keeps them from being deleted.");
      return false;
    }
    try {
      await inTurn(events, async (id) => {
        await command("star_event", { id, on });
        this.#changed(null, id, { starred: on });
      });
      this.outcome.clear();
      return true;
    } catch (error) {
      this.outcome.fail(messageOf(error));
      return false;
    }
  }

  /** Star its first event, or take the star from all that it has. @param {Card} card */
  starCard(card) {
    return this.star(card.starred ? card.events : [card.event], !card.starred);
  }

  /** @param {Card[]} cards */
  download(cards) {
    for (const card of cards.slice(0, MOST_DOWNLOADS)) {
      const { stream, start, labels } = card;
      download(clipOf(card.event), fileNameOf({ stream, start, label: labels.join("-") }, "mp4"));
    }
    if (cards.length > MOST_DOWNLOADS) toast(`${MOST_DOWNLOADS} clips at once are the most; the others are left.`);
  }
}
