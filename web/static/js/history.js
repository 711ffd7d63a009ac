// The history that the charts show: lists of equal length, one value for each point in time; null where nothing was read.

/** @import { History, Statistics } from "./api.js" */
/** @import { HistoryValues, Readings } from "./types.js" */

/** @typedef {number | null | undefined} Value */

export const SPAN_SECONDS = 1800;

/**
 * @param {Value} value
 * @returns {value is number}
 */
export const isRead = (value) => value !== null && value !== undefined;

/**
 * Append the newest statistics to every list; a series that is new is filled up with nulls before. Points older than
 * the span are dropped.
 * @param {History} history
 * @param {Statistics} statistics
 */
export function append(history, statistics) {
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
  const read = /** @type {Readings} */ (statistics.readings);
  const streams = Object.entries(statistics.streams);
  each(history.fps, Object.fromEntries(streams.map(([name, stream]) => [name, stream.fps])));
  each(history.latency, Object.fromEntries(streams.map(([name, stream]) => [name, stream.timings?.total])));
  each(history.temperatures, read.temperatures || {});
  history.cpu = longer(history.cpu, read.cpu);
  history.gpu = longer(history.gpu, read.gpu);
  history.memory = longer(history.memory, read.memory?.used);
  history.power = longer(history.power, read.power?.total);
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
  const groups = [history.fps, history.latency, history.temperatures].flatMap((group) => Object.values(group));
  for (const numbers of [history.time, history.cpu, history.gpu, history.memory, history.power, ...groups])
    numbers.splice(0, old);
}
