// Shows the view that the address names, and follows the page's own links without loading it again.

import { byId, setAttribute, setText } from "./dom.js";
import { root } from "./root.js";
import { findRoute } from "./routes.js";

/** @import { Route, ViewName } from "./routes.js" */

/**
 * One view. Its <section> is in the page's template, with the same id.
 * @typedef {object} View
 * @property {string} title
 * @property {string} place The link of the rail that it belongs to.
 * @property {(section: HTMLElement, route: Route) => void} mount Called when an address leads here.
 * @property {(route: Route) => void} [change] Called when another address of the same view is shown; without it the
 *   view is left and mounted again.
 * @property {boolean} [keepsPlace] Whether the page stays scrolled where it is between addresses of this view: a dialog
 *   opens above it.
 * @property {() => void} leave Called when another view is shown: what it draws or asks for by itself ends here.
 */

const tools = byId("view-tools");
const content = byId("content");
/** @type {Record<ViewName, View> | null} */
let views = null;
/** @type {Route | null} */
let shown = null;

/**
 * The address of a view as links have it.
 * @param {string} path Below the dashboard's root: "events", "live/main", "recordings?at=1700000000".
 */
export const addressOf = (path) => root + path;

/**
 * Show another address.
 * @param {string} path As in `addressOf`.
 * @param {{ replace?: boolean }} [options] replace: it takes the place of the present one, and Back leads past it.
 */
export function go(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", addressOf(path));
  show(!replace);
}

/**
 * Put a view's own controls into the top bar; they leave with the view.
 * @param {...Node} nodes
 */
export const setTools = (...nodes) => tools.replaceChildren(...nodes);

/**
 * The name of what is shown, if it is more than the view's: a stream, an event.
 * @param {string} title
 */
export function setTitle(title) {
  setText(byId("view-title"), title);
  document.title = `${title} - Splitlens`;
}

/** @param {boolean} isNew The address was not shown before: the view begins at its top, with the focus. */
function show(isNew) {
  if (!views) return;
  const route = findRoute((location.pathname + location.search).slice(root.length)) || findRoute("");
  if (!route) return;
  const before = shown;
  const view = views[route.view];
  shown = route;
  if (before && before.view === route.view && view.change) {
    view.change(route);
  } else {
    if (before) {
      views[before.view].leave();
      byId(before.view).hidden = true;
    }
    setTools();
    setTitle(view.title);
    for (const link of document.querySelectorAll(".rail [data-place]"))
      setAttribute(link, "aria-current", link.getAttribute("data-place") === view.place ? "page" : null);
    const section = byId(route.view);
    section.hidden = false;
    view.mount(section, route);
  }
  if (isNew && before?.path !== route.path) {
    if (before?.view !== route.view || !view.keepsPlace) scrollTo(0, 0);
    if (before && before.view !== route.view) content.focus({ preventScroll: true });
  }
}

/** @param {MouseEvent} event */
function follow(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  if (!link.pathname.startsWith(root) || !findRoute((link.pathname + link.search).slice(root.length))) return;
  event.preventDefault();
  go((link.pathname + link.search).slice(root.length));
}

/** @param {Record<ViewName, View>} all */
export function startRouter(all) {
  views = all;
  document.addEventListener("click", follow);
  addEventListener("popstate", () => show(false));
  show(false);
}
