// What was seen: reviews and events.

import { make } from "../dom.js";

/** @import { View } from "../router.js" */

/** @type {View} */
export const events = {
  title: "Events",
  place: "events",
  mount(section) {
    section.replaceChildren(make("p", { class: "empty" }, "No events yet."));
  },
  leave() {},
};
