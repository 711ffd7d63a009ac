// The addresses of the page's views. The server answers each with the same page (web/views.py).

/** @typedef {"live" | "events" | "recordings" | "zones" | "system" | "settings"} ViewName */

/**
 * @typedef {object} Route
 * @property {ViewName} view
 * @property {string} path Below the dashboard's root, without a slash in front: "live/main".
 * @property {Record<string, string>} parameters What stands at the places of ":name" in the table.
 * @property {URLSearchParams} query
 */

/** @type {[pattern: string, view: ViewName][]} */
const ROUTES = [
  ["", "live"],
  ["live/:name", "live"],
  ["events", "events"],
  ["events/:id", "events"],
  ["recordings", "recordings"],
  ["streams/:name/zones", "zones"],
  ["system", "system"],
  ["settings", "settings"],
  ["settings/:part", "settings"],
];

/**
 * The view that an address leads to; null if it is none of the page's.
 * @param {string} address Below the dashboard's root, without a slash in front, with its query: "events?label=car".
 * @returns {Route | null}
 */
export function findRoute(address) {
  const [whole, query = ""] = address.split("#", 1)[0].split("?", 2);
  const path = whole.replace(/\/$/, "");
  for (const [pattern, view] of ROUTES) {
    const parameters = matchPath(pattern.split("/"), path.split("/"));
    if (parameters) return { view, path, parameters, query: new URLSearchParams(query) };
  }
  return null;
}

/**
 * @param {string[]} pattern
 * @param {string[]} parts
 * @returns {Record<string, string> | null}
 */
function matchPath(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  /** @type {Record<string, string>} */
  const parameters = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = decode(parts[index]);
    if (part === null) return null;
    if (wanted.startsWith(":") && part) parameters[wanted.slice(1)] = part;
    else if (wanted !== part) return null;
  }
  return parameters;
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null; // a lone %
  }
}
