// The wall of live pictures, or one stream enlarged.

import { hideLive, showLive } from "../live.js";

/** @import { View } from "../router.js" */

/** @type {View} */
export const live = {
  title: "Live",
  place: "live",
  mount: (_section, route) => showLive(route.parameters.name),
  change: (route) => showLive(route.parameters.name),
  leave: hideLive,
};
