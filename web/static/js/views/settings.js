// What can be changed, in parts that each have an address.

import { setAttribute } from "../dom.js";

/** @import { Route } from "../routes.js" */
/** @import { View } from "../router.js" */

const FIRST = "streams";

/** @param {Route} route */
function showPart(route) {
  const section = /** @type {HTMLElement} */ (document.getElementById("settings"));
  const parts = [.../** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("section[data-part]"))];
  const wanted = parts.some((part) => part.dataset.part === route.parameters.part) ? route.parameters.part : FIRST;
  for (const part of parts) part.hidden = part.dataset.part !== wanted;
  for (const link of section.querySelectorAll(".subnav a"))
    setAttribute(link, "aria-current", link.getAttribute("data-part") === wanted ? "page" : null);
}

/** @type {View} */
export const settings = {
  title: "Settings",
  place: "settings",
  mount: (_section, route) => showPart(route),
  change: showPart,
  leave() {},
};
