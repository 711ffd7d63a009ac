// How many things need somebody: the badge at the link to System.

import { latest, listen } from "./connection.js";
import { byId, setAttribute, setText } from "./dom.js";
import { givesFrames } from "./states.js";

/** @import { State } from "./api.js" */

/** @param {State} state */
export function countNeeds({ streams, daemon, storage }) {
  const lost = streams.filter((stream) => stream.status !== "starting" && !givesFrames(stream.status)).length;
  return lost + (daemon.problem ? 1 : 0) + (storage.alarm || storage.warning ? 1 : 0);
}

export function startNeeds() {
  const badge = byId("badge-system");
  badge.classList.add("warn");
  setAttribute(badge, "role", "img");
  listen("state", () => {
    const state = latest("state");
    const count = state ? countNeeds(state) : 0;
    badge.hidden = count === 0;
    setText(badge, count);
    setAttribute(badge, "aria-label", count === 1 ? "1 thing needs you" : `${count} things need you`);
  });
}
