// Numbers and times as text for people.

/** @import { StreamStatistics } from "./api.js" */

/** @typedef {number | null | undefined} Value */
/**
 * @param {Value} value
 * @returns {value is number}
 */
export const isRead = (value) => value !== null && value !== undefined;

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** @param {number | null | undefined} count */
export function bytes(count) {
  if (count === null || count === undefined) return "";
  let size = count;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.5 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/**
 * 12 s as 0:12, an hour as 1:00:00.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/**
 * A span of time in words, the coarser the longer it is.
 * @param {number} seconds
 */
export function ago(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
  return `${Math.floor(whole / 86400)} days`;
}

const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const MINUTE = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("sv-SE"); // which is year-month-day

// For a Unix time, in the browser's time zone.
export const clock = (/** @type {number} */ time) => CLOCK.format(time * 1000);
export const minute = (/** @type {number} */ time) => MINUTE.format(time * 1000);
export const date = (/** @type {number} */ time) => `${DAY.format(time * 1000)} ${CLOCK.format(time * 1000)}`;

/**
 * Three digits at most before thousands: 0.42, 4.20, 42.0, 420, 4200.
 * @param {number | null | undefined} value
 */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value >= 99.5) return String(Math.round(value));
  return value >= 9.95 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * The name of a sensor's zone: cpu as CPU, thermal-fan as it is.
 * @param {string} name
 */
export const zone = (name) => (/^[a-z]{2,4}\d?$/.test(name) ? name.toUpperCase() : name);

/** @param {number} seconds */
export const milliseconds = (seconds) => `${figure(seconds * 1000)} ms`;

/**
 * With one decimal.
 * @param {number | null | undefined} value
 */
export const oneDecimal = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));

/**
 * Frames detected per second; followed by the source's rate if less than half of its frames are detected.
 * @param {Pick<StreamStatistics, "fps" | "source_fps">} statistics
 */
export function rate(statistics) {
  const { fps, source_fps: most } = statistics;
  return most && fps < most / 2 ? `${oneDecimal(fps)} of ${oneDecimal(most)}` : oneDecimal(fps);
}

/**
 * Details of a thing in one line; those that are false or empty are left out.
 * @param {...(string | number | false | null | undefined)} details
 */
export const joinDetails = (...details) => details.filter(Boolean).join(" · ");

/**
 * A whole number, with narrow spaces between the thousands.
 * @param {number} value
 */
export const count = (value) => value.toLocaleString("en").replaceAll(",", "\u202f");
