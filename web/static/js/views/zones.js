// Zones, lines and masks of a stream, drawn on its picture.

import { setTitle } from "../router.js";

/** @import { View } from "../router.js" */

/** @type {View} */
export const zones = {
  title: "Zones",
  place: "settings",
  mount(_section, route) {
    setTitle(`Zones: ${route.parameters.name}`);
  },
  leave() {},
};
