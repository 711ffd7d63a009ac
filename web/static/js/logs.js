// What the appliance has logged: the last lines, by level.

import { listen } from "./connection.js";
import { byId, make } from "./dom.js";
import { clock } from "./format.js";

/** @import { LogEntry } from "./api.js" */

const MAX_LINES = 400;
const box = byId("log-lines");
const level = /** @type {HTMLSelectElement} */ (byId("log-level"));

/** @param {LogEntry} entry */
function makeLine(entry) {
  return make(
    "p",
    { class: `log-line ${entry.level}` },
    make("time", { datetime: new Date(entry.time * 1000).toISOString() }, clock(entry.time)),
    make("span", { class: "log-level" }, entry.level),
    make("span", { class: "log-text" }, entry.text),
  );
}

/** @param {LogEntry[]} entries */
function add(entries) {
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
  box.append(...entries.map(makeLine));
  while (box.childElementCount > MAX_LINES) box.firstElementChild?.remove();
  if (atEnd) box.scrollTop = box.scrollHeight; // somebody who has scrolled up is reading
}

export function startLogs() {
  level.addEventListener("change", () => {
    box.dataset.least = level.value;
    box.scrollTop = box.scrollHeight;
  });
  listen("logs", (entries) => {
    box.replaceChildren();
    add(entries);
  });
  listen("log", (entry) => add([entry]));
}
