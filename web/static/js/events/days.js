// Days of the browser's time zone, by names such as 2026-11-29, and times as text for people.

import { duration, minute } from "../format.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NAME = new Intl.DateTimeFormat("sv-SE"); // which is year-month-day
const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "long" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });
const NOON_SECONDS = 12 * 3600;

/** @typedef {{ start: number, end: number }} Range Unix times: from `start` to before `end`. */

/** @param {number} time */
export const dayOf = (time) => NAME.format(time * 1000);

/**
 * The day that this text names, or "" if it names none.
 * @param {string | null | undefined} text
 */
export function readDay(text) {
  if (!text || !DAY.test(text)) return "";
  const start = startOfDay(text);
  return Number.isFinite(start) && dayOf(start) === text ? text : "";
}

/**
 * Its first moment, in Unix time.
 * @param {string} day
 */
export function startOfDay(day) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date).getTime() / 1000;
}

/**
 * The day so many days later.
 * @param {string} day
 * @param {number} days
 */
export function addDays(day, days) {
  const [year, month, date] = day.split("-").map(Number);
  return NAME.format(new Date(year, month - 1, date + days));
}

/**
 * All of a day; 23 or 25 hours where the clocks are changed.
 * @param {string} day
 * @returns {Range}
 */
export const rangeOfDay = (day) => ({ start: startOfDay(day), end: startOfDay(addDays(day, 1)) });

/**
 * A day's name in a title: Today, Yesterday, Friday, 20 November.
 * @param {string} day
 * @param {string} today
 */
export function dayTitle(day, today) {
  if (day === today) return "Today";
  if (day === addDays(today, -1)) return "Yesterday";
  const noon = startOfDay(day) + NOON_SECONDS;
  if (day < today && day > addDays(today, -7)) return WEEKDAY.format(noon * 1000);
  return day.slice(0, 4) === today.slice(0, 4)
    ? DATE.format(noon * 1000)
    : `${DATE.format(noon * 1000)} ${day.slice(0, 4)}`;
}

/**
 * A moment: 14:21 today, else Friday 14:21, or 20 November 14:21.
 * @param {number} time
 * @param {number} now
 */
export function moment(time, now) {
  const [day, today] = [dayOf(time), dayOf(now)];
  return day === today ? minute(time) : `${dayTitle(day, today)} ${minute(time)}`;
}

/**
 * How long something took: 18 s, 1:12.
 * @param {number} seconds
 */
export const span = (seconds) =>
  seconds < 59.5 ? `${Math.max(0, Math.round(seconds))} s` : duration(Math.round(seconds));

/**
 * The month of a day, for people.
 * @param {string} day
 */
export const monthTitle = (day) => MONTH.format((startOfDay(day) + NOON_SECONDS) * 1000);

/**
 * The first day of the month so many months later.
 * @param {string} day
 * @param {number} months
 */
export function addMonths(day, months) {
  const [year, month] = day.split("-").map(Number);
  return NAME.format(new Date(year, month - 1 + months, 1));
}

/**
 * The weeks of a day's month, from Monday on; "" stands for days of other months.
 * @param {string} day
 * @returns {string[][]}
 */
export function weeksOfMonth(day) {
  const first = addMonths(day, 0);
  const next = addMonths(day, 1);
  const days = Array.from({ length: (new Date(startOfDay(first) * 1000).getDay() + 6) % 7 }, () => "");
  for (let date = first; date < next; date = addDays(date, 1)) days.push(date);
  while (days.length % 7) days.push("");
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/**
 * How much happened on each day.
 * @param {{ time: number, events: number, zone?: string | null, line?: string | null }[]} rows Those of a zone or line
 *   count again what another row counts.
 * @returns {Map<string, number>}
 */
export function countByDay(rows) {
  const counts = new Map();
  for (const row of rows) {
    if (row.zone || row.line) continue;
    const day = dayOf(row.time + NOON_SECONDS); // right for any time zone in which the day of the row begins
    counts.set(day, (counts.get(day) || 0) + row.events);
  }
  return counts;
}
