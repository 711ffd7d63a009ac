// The history that the charts show: lists of equal length, one value for each point in time; null where nothing was read.

import { isRead } from "./format.js";
import { figureOf, figuresOf, hasSeriesByName } from "./telemetry.js";

/** @import { History, Statistics, TelemetryRow } from "./api.js" */
/** @import { Value } from "./format.js" */
/** @import { HistoryValues } from "./types.js" */

export const SPAN_SECONDS = 1800;

/**
 * Append the newest statistics to every list; a series that is new is filled up with nulls before. Points older than
 * the span are dropped.
 * @param {History} history
 * @param {Statistics} statistics
 * @param {TelemetryRow[]} rows
 */
export function append(history, statistics, rows) {
  const length = history.time.length;
  /**
   * @param {HistoryValues | undefined} numbers
   * @param {Value} value
   */
  const longer = (numbers, value) => {
    const filled = numbers || new Array(length).fill(null);
    while (filled.length < length) filled.push(null);
    filled.push(isRead(value) ? value : null);
    return filled;
  };
  /**
   * @param {Record<string, HistoryValues>} series
   * @param {Record<string, Value>} found
   */
  const each = (series, found) => {
    for (const name of new Set([...Object.keys(series), ...Object.keys(found)]))
      series[name] = longer(series[name], found[name]);
  };
  const streams = Object.entries(statistics.streams);
  each(history.fps, Object.fromEntries(streams.map(([name, stream]) => [name, stream.fps])));
  each(history.latency, Object.fromEntries(streams.map(([name, stream]) => [name, stream.timings?.total])));
  const lists = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (history));
  for (const row of rows.filter((one) => one.chart)) {
    if (hasSeriesByName(row)) {
      const series = /** @type {Record<string, HistoryValues>} */ (lists[row.key] || {});
      each(series, figuresOf(row, statistics.readings));
      lists[row.key] = series;
    } else {
      const numbers = /** @type {HistoryValues | undefined} */ (lists[row.key]);
      lists[row.key] = longer(numbers, figureOf(row, statistics.readings));
    }
  }
  history.time.push(statistics.time);
  dropOldPoints(history, statistics.time - SPAN_SECONDS);
}

/**
 * @param {History} history
 * @param {number} oldest Unix time.
 */
function dropOldPoints(history, oldest) {
  const old = history.time.findIndex((time) => time >= oldest);
  if (old <= 0) return;
  for (const values of Object.values(history))
    for (const numbers of Array.isArray(values) ? [values] : Object.values(values)) numbers.splice(0, old);
}
