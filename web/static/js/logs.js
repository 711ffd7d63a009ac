// What the appliance has logged: the last lines, by level.

import { listen } from "./connection.js";
import { byId, make } from "./dom.js";
import { clock } from "./format.js";

const MOST_LINES = 400;
const box = byId("log-lines");
const level = byId("log-level");

function line(entry) {
  return make(
    "p",
    { class: `log-line ${entry.level}` },
    make("time", { datetime: new Date(entry.time * 1000).toISOString() }, clock(entry.time)),
    make("span", { class: "log-level" }, entry.level),
    make("span", { class: "log-text" }, entry.text),
  );
}

function add(entries) {
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
  box.append(...entries.map(line));
  while (box.childElementCount > MOST_LINES) box.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight; // who has scrolled up reads
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
