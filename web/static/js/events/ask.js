// Questions about events, over HTTP: they need no connection that is open already, as commands do.

import { getJson } from "../connection.js";

/** @import { Commands } from "../api.js" */

const PATHS = /** @type {const} */ ({
  list_events: "events",
  list_reviews: "reviews",
  get_counts: "counts",
  get_zones: "zones",
});

/**
 * @template {keyof typeof PATHS} Name
 * @param {Name} name
 * @param {Commands[Name]["fields"]} fields
 * @returns {Promise<Commands[Name]["answer"]>}
 * @throws {Error} with the sentence that says why there is no answer.
 */
export function ask(name, fields) {
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) query.set(field, String(value));
  }
  return getJson(`api/v1/${PATHS[name]}?${query}`);
}

/**
 * @param {string} id
 * @returns {Promise<Commands["get_event"]["answer"]>}
 */
export const askEvent = (id) => getJson(`api/v1/events/${encodeURIComponent(id)}`);
