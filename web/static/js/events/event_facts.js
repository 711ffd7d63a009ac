// What is said of one event beside its clip, and what can be done with it.

import { setEnabled } from "../access.js";
import { make, setAttribute, setText } from "../dom.js";
import { clock, date } from "../format.js";
import { icon } from "../icons.js";
import { addressOf } from "../router.js";
import { clipOf, download, fileNameOf, snapshotOf } from "./addresses.js";
import { trackNumber } from "./cards.js";
import { dayOf, dayTitle } from "./days.js";
import { NO_FILTERS, searchOf } from "./filters.js";
import { describeMoment } from "./moments.js";

/** @import { Card } from "./cards.js" */
/** @import { EventDetail, EventRecord, Happening } from "../api.js" */

/**
 * @typedef {object} Actions
 * @property {(event: string, on: boolean) => Promise<boolean>} star Returns whether it is starred then.
 * @property {(review: string, on: boolean) => Promise<boolean>} see Returns whether it is seen then.
 * @property {(time: number) => void} seek Show a moment, in Unix time.
 */

/** The object's label and number, as at its box. @param {EventRecord} event */
export function nameOf(event) {
  const number = trackNumber(event.id);
  return number === null ? event.label : `${event.label} ${number}`;
}

/**
 * @param {EventDetail} detail
 * @param {Card | undefined} card That it is listed in
 * @param {Actions} actions
 * @param {HTMLElement} outcome Says why something was not done.
 * @returns {HTMLElement[]}
 */
export function makeFacts({ event, happenings }, card, actions, outcome) {
  const isAlert = event.severity === "alert";
  const day = dayTitle(dayOf(event.start), dayOf(Date.now() / 1000));
  const end = event.end === null ? "now" : clock(event.end);
  const file = (/** @type {string} */ text, /** @type {string} */ sign, /** @type {boolean} */ exists, name = "") =>
    make("button", { type: "button", class: `button ${name}`, disabled: !exists }, icon(sign), make("span", {}, text));
  const clip = file("Clip", "download", event.has_clip, "clip");
  clip.addEventListener("click", () => download(clipOf(event.id), fileNameOf(event, "mp4")));
  const snapshot = file("Snapshot", "camera", event.has_snapshot);
  snapshot.addEventListener("click", () => download(snapshotOf(event.id), fileNameOf(event, "jpg")));
  const there = `recordings?at=${event.start.toFixed(1)}&stream=${encodeURIComponent(event.stream)}`;
  return [
    make(
      "p",
      { class: "row" },
      make("span", { class: `chip plain ${isAlert ? "note" : ""}` }, isAlert ? "Alert" : "Detection"),
      make("span", { class: "muted small" }, `${event.stream} · ${day}, ${clock(event.start)} to ${end}`),
    ),
    ...makePlace(event, card),
    make("div", { class: "toolbar" }, seenButton(event, card?.seen ?? false, actions), starButton(event, actions)),
    make("div", { class: "toolbar" }, clip, snapshot),
    outcome,
    make("h3", {}, "What happened"),
    make("ol", { class: "moments" }, ...happenings.map((happening) => makeMoment(happening, actions))),
    make("details", { open: true }, make("summary", {}, "Figures"), makeFigures(event)),
    make("a", { class: "small", href: addressOf(there) }, "Open at this moment in Recordings"),
  ];
}

/**
 * Which of the events of a card it is, and the way to all of them.
 * @param {EventRecord} event
 * @param {Card | undefined} card
 */
function makePlace({ id, stream, start }, card) {
  if (!card || card.events.length < 2) return [];
  const filters = { ...NO_FILTERS, single: true, stream, day: dayOf(start) };
  const all = make("a", { href: addressOf(`events${searchOf(filters)}`) }, "Show each of that day");
  const place = `Event ${card.events.indexOf(id) + 1} of ${card.events.length} close in time. `;
  return [make("p", { class: "small" }, place, all)];
}

/** @param {Happening} happening @param {Actions} actions */
function makeMoment(happening, actions) {
  const [before, name, after] = describeMoment(happening);
  const time = make("button", { type: "button", class: "button quiet" }, clock(happening.time));
  time.addEventListener("click", () => actions.seek(happening.time));
  return make("li", {}, time, make("span", {}, before, name && make("b", {}, name), after));
}

/** @param {EventRecord} event */
function makeFigures(event) {
  const facts = [
    ["Track", nameOf(event)],
    ["Best score", `${event.top_score.toFixed(2)}, median ${event.score.toFixed(2)}`],
    ["Speed", event.speed === null ? "" : `${event.speed.toFixed(1)} km/h at most`],
    ["Size", `${(event.area * 100).toFixed(event.area < 0.1 ? 1 : 0)} % of the picture`],
    ["Began", date(event.start)],
  ].filter(([, value]) => value);
  const pairs = facts.flatMap(([title, value]) => [make("dt", {}, title), make("dd", {}, value)]);
  return make("dl", { class: "facts two fold-body" }, ...pairs);
}

/** @param {EventRecord} event @param {boolean} isSeen @param {Actions} actions */
function seenButton({ review }, isSeen, actions) {
  const text = make("span");
  const button = make("button", { type: "button", class: "button", disabled: !review }, icon("check"), text);
  const render = () => {
    button.classList.toggle("primary", !isSeen);
    setText(text, isSeen ? "Mark as not seen" : "Mark as seen");
  };
  button.addEventListener("click", async () => {
    if (!review) return;
    isSeen = await actions.see(review, !isSeen);
    render();
  });
  render();
  return button;
}

/** @param {EventRecord} event @param {Actions} actions */
function starButton({ id, starred }, actions) {
  let isStarred = starred;
  const button = make("button", { type: "button", class: "button" });
  const render = () => {
    button.replaceChildren(icon(isStarred ? "starred" : "star"), "Star");
    setAttribute(button, "aria-pressed", String(isStarred));
  };
  button.addEventListener("click", async () => {
    isStarred = await actions.star(id, !isStarred);
    render();
  });
  render();
  return setEnabled(button);
}
