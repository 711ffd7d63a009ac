// Numbers and times as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

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

/** 12 s as 0:12, an hour as 1:00:00. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How long ago, in words. */
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

export const clock = (time) => CLOCK.format(time * 1000);
export const minute = (time) => MINUTE.format(time * 1000);
export const date = (time) => `${DAY.format(time * 1000)} ${CLOCK.format(time * 1000)}`;

/** Three figures at most: 0.42, 4.2, 42, 4200. */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value >= 99.5) return String(Math.round(value));
  return value >= 9.95 ? value.toFixed(1) : value.toFixed(2);
}

/** A sensor's name: cpu as CPU, thermal-fan as it is. */
export const zone = (name) => (/^[a-z]{2,4}\d?$/.test(name) ? name.toUpperCase() : name);

export const milliseconds = (seconds) => `${figure(seconds * 1000)} ms`;
export const one = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));

/** Frames detected a second, and of how many where they are much fewer. */
export function rate(statistics) {
  const { fps, source_fps: most } = statistics;
  return most && fps < most / 2 ? `${one(fps)} of ${one(most)}` : one(fps);
}
export const count = (value) => value.toLocaleString("en").replaceAll(",", "\u202f");
