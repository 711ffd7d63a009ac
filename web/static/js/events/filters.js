// What the list of events is narrowed to: kept in the address, shown as chips, sent as fields of a request.

import { readDay } from "./days.js";

/**
 * @typedef {object} Filters
 * @property {string} day The list begins at its end; "" is today.
 * @property {"" | "alert" | "detection"} severity
 * @property {string} stream
 * @property {string} label
 * @property {string} zone
 * @property {string} line
 * @property {number} min_score 0 to 1
 * @property {boolean} single Each event, not what is close in time together
 * @property {boolean} unseen
 * @property {boolean} starred
 * @property {string} text
 */
/** @typedef {Exclude<keyof Filters, "day" | "severity">} ChipName */

const MOST_CHARACTERS = 100;
const NAMES = /** @type {const} */ (["stream", "label", "zone", "line"]);

/** @type {Readonly<Filters>} */
export const NO_FILTERS = Object.freeze({
  day: "",
  severity: "",
  stream: "",
  label: "",
  zone: "",
  line: "",
  min_score: 0,
  single: false,
  unseen: false,
  starred: false,
  text: "",
});

/**
 * The filters of an address; what it says wrongly is left out.
 * @param {string} search Such as ?label=person&starred=1
 * @returns {Filters}
 */
export function readFilters(search) {
  const query = new URLSearchParams(search);
  const text = (/** @type {string} */ name) => (query.get(name) || "").trim().slice(0, MOST_CHARACTERS);
  const severity = text("severity");
  const score = Number(text("min_score"));
  return {
    day: readDay(text("day")),
    severity: severity === "alert" || severity === "detection" ? severity : "",
    stream: text("stream"),
    label: text("label"),
    zone: text("zone"),
    line: text("line"),
    min_score: score > 0 && score <= 1 ? score : 0,
    single: query.get("single") === "1",
    unseen: query.get("unseen") === "1",
    starred: query.get("starred") === "1",
    text: text("text"),
  };
}

/**
 * The part of the address that keeps them: "" without filters, else ?label=person and so on.
 * @param {Filters} filters
 */
export function searchOf(filters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value) query.set(name, value === true ? "1" : String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

/**
 * The chips of the filters that are set.
 * @param {Filters} filters
 * @returns {{ name: ChipName, text: string }[]}
 */
export function chipsOf(filters) {
  /** @type {{ name: ChipName, text: string }[]} */
  const chips = [];
  for (const name of NAMES) {
    if (filters[name]) chips.push({ name, text: `${name[0].toUpperCase()}${name.slice(1)}: ${filters[name]}` });
  }
  if (filters.min_score) chips.push({ name: "min_score", text: `Score ${filters.min_score} or more` });
  if (filters.single) chips.push({ name: "single", text: "Each event" });
  if (filters.unseen) chips.push({ name: "unseen", text: "Not seen" });
  if (filters.starred) chips.push({ name: "starred", text: "Starred" });
  if (filters.text) chips.push({ name: "text", text: `“${filters.text}”` });
  return chips;
}

/**
 * @param {Filters} filters
 * @param {ChipName | "severity"} name
 * @returns {Filters}
 */
export const without = (filters, name) => ({ ...filters, [name]: NO_FILTERS[name] });

/** Without all that chips show; the day and the severity stay. @param {Filters} filters @returns {Filters} */
export const withoutAll = (filters) => ({ ...NO_FILTERS, day: filters.day, severity: filters.severity });

/** Whether only single events can be searched for it, not reviews. @param {Filters} filters */
export const asksForEvents = (filters) =>
  Boolean(filters.single || filters.line || filters.min_score || filters.starred || filters.text);

/**
 * The fields of a request of reviews, or of events where `asksForEvents`.
 * @param {Filters} filters
 */
export function fieldsOf(filters) {
  /** @type {Record<string, string | number | boolean>} */
  const fields = {};
  for (const name of /** @type {const} */ (["severity", "stream", "label", "zone"])) {
    if (filters[name]) fields[name] = filters[name];
  }
  if (!asksForEvents(filters)) {
    if (filters.unseen) fields.unseen = true;
    return fields;
  }
  for (const name of /** @type {const} */ (["line", "min_score", "starred", "text"])) {
    if (filters[name]) fields[name] = filters[name];
  }
  return fields;
}

/**
 * Whether a review that arrives belongs to the list.
 * @param {Filters} filters
 * @param {{ stream: string, severity: string, labels: string[], zones: string[], seen: boolean }} review
 */
export function admits(filters, review) {
  if (asksForEvents(filters)) return false;
  return (
    (!filters.severity || filters.severity === review.severity) &&
    (!filters.stream || filters.stream === review.stream) &&
    (!filters.label || review.labels.includes(filters.label)) &&
    (!filters.zone || review.zones.includes(filters.zone)) &&
    !(filters.unseen && review.seen)
  );
}
