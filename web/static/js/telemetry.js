// The readings of the machine, as the rows of telemetry in the state describe them.

import { bytes, figure, isRead, zone } from "./format.js";

/** @import { History, TelemetryRow } from "./api.js" */
/** @import { Chart, HistoryValues, Readings } from "./types.js" */

/** @typedef {{ name: string, text: string, share?: number }} Line One line of the list; share: 0 to 1, of a meter. */

/**
 * The single figure that the history and the charts have of a row.
 * @param {TelemetryRow} row
 * @param {Readings} readings
 * @returns {number | undefined}
 */
export function figureOf(row, readings) {
  return part(readings, row.key, row.has_total ? "total" : row.part);
}

/**
 * The figures of a row that has one for each name.
 * @param {TelemetryRow} row
 * @param {Readings} readings
 * @returns {Record<string, number>}
 */
export function figuresOf(row, readings) {
  const value = readings[row.key];
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

/**
 * Whether the history has a list for each of the row's numbers, not a single one.
 * @param {TelemetryRow} row
 */
export const hasSeriesByName = (row) => row.form === "numbers" && !row.has_total;

/**
 * The charts of the rows, each with the series of all rows that name it.
 * @param {TelemetryRow[]} rows
 * @param {Readings} readings Of now: what a full meter stands for may be known to them only.
 * @returns {Chart[]}
 */
export function telemetryCharts(rows, readings) {
  /** @type {Map<string, Chart>} */
  const charts = new Map();
  for (const row of rows) {
    if (!row.chart) continue;
    const { id, title, unit, low, high, has_zero } = row.chart;
    const before = charts.get(id);
    charts.set(id, {
      id,
      title,
      unit,
      range: isRead(low) && isRead(high) ? [low, high] : undefined,
      free: has_zero === false,
      series: (history) => [...(before ? before.series(history) : []), ...seriesOf(row, history, readings)],
    });
  }
  return [...charts.values()];
}

/**
 * One line for each thing that this machine measures.
 * @param {TelemetryRow[]} rows
 * @param {Readings} readings
 * @returns {Line[]}
 */
export function describeReadings(rows, readings) {
  return rows
    .filter((row) => !row.beside)
    .flatMap((row) => {
      const more = rows.filter((other) => other.beside === row.key).map((other) => textOf(other, readings));
      if (row.form === "words") return wordsLine(row, readings);
      if (row.form === "numbers") return numberLines(row, readings);
      const text = textOf(row, readings);
      if (!text) return [];
      return [{ name: row.title, text: [text, ...more].filter(Boolean).join(", "), share: shareOf(row, readings) }];
    });
}

/**
 * @param {TelemetryRow} row
 * @param {Readings} readings
 * @returns {Line[]}
 */
function wordsLine(row, readings) {
  const words = readings[row.key];
  return Array.isArray(words) && words.length ? [{ name: row.title, text: words.join(", ") }] : [];
}

/**
 * @param {TelemetryRow} row
 * @param {Readings} readings
 * @returns {Line[]}
 */
function numberLines(row, readings) {
  return Object.entries(figuresOf(row, readings))
    .filter(([, value]) => isRead(value))
    .map(([name, value]) => ({
      name: row.has_total && name === "total" ? row.title : `${row.title}, ${zone(name)}`,
      text: format(row, value),
    }));
}

/**
 * @param {TelemetryRow} row
 * @param {Readings} readings
 */
function textOf(row, readings) {
  const value = part(readings, row.key, row.part);
  if (!isRead(value)) return "";
  const full = row.full_part ? part(readings, row.key, row.full_part) : undefined;
  return isRead(full) ? `${format(row, value)} of ${format(row, full)}` : format(row, value);
}

/**
 * @param {TelemetryRow} row
 * @param {number} value
 */
function format(row, value) {
  if (row.unit === "B") return bytes(value);
  return `${row.is_whole ? Math.round(value) : figure(value)} ${row.unit}`;
}

/**
 * @param {TelemetryRow} row
 * @param {Readings} readings
 */
function shareOf(row, readings) {
  const [value, full] = [part(readings, row.key, row.part), fullOf(row, readings)];
  return isRead(value) && full ? value / full : undefined;
}

/**
 * @param {TelemetryRow} row
 * @param {Readings} readings
 */
const fullOf = (row, readings) => (row.full_part ? part(readings, row.key, row.full_part) : row.full);

/**
 * @param {TelemetryRow} row
 * @param {History} history
 * @param {Readings} readings
 * @returns {[name: string, values: HistoryValues | null][]}
 */
function seriesOf(row, history, readings) {
  const values = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (history))[row.key];
  if (hasSeriesByName(row)) {
    const named = /** @type {Record<string, HistoryValues>} */ (values || {});
    return Object.entries(named).map(([name, numbers]) => [zone(name), numbers]);
  }
  const numbers = /** @type {HistoryValues | undefined} */ (values) || null;
  if (!row.full_part) return [[row.series || row.title, numbers]];
  const full = fullOf(row, readings);
  return [[row.series || row.title, numbers && full ? scaled(numbers, 100 / full) : null]];
}

/**
 * @param {HistoryValues} values
 * @param {number} factor
 */
export const scaled = (values, factor) => values.map((value) => (isRead(value) ? value * factor : null));

/**
 * @param {Readings} readings
 * @param {string} key
 * @param {string} [name] Of one figure of a reading that has several.
 * @returns {number | undefined}
 */
function part(readings, key, name) {
  const value = readings[key];
  const found = name && value && typeof value === "object" && !Array.isArray(value) ? value[name] : value;
  return typeof found === "number" ? found : undefined;
}
