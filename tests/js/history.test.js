import assert from "node:assert/strict";
import { test } from "node:test";

import { append, SPAN_SECONDS } from "../../web/static/js/history.js";

/** @import { History, Statistics, TelemetryRow } from "../../web/static/js/api.js" */

const chart = { id: "load", title: "Load", unit: "%" };
/** @type {TelemetryRow[]} */
const ROWS = [
  { key: "cpu", title: "CPU", unit: "%", form: "number", chart },
  { key: "gpu", title: "GPU", unit: "%", form: "number", chart },
  { key: "memory", part: "used", title: "Memory", unit: "B", form: "number", full_part: "total", chart },
  { key: "power", title: "Power", unit: "W", form: "numbers", has_total: true, chart },
  { key: "temperatures", title: "Temperature", unit: "°C", form: "numbers", chart },
  { key: "throttling", title: "Slowed down", unit: "", form: "words" },
];

/** @returns {History} */
const emptyHistory = () => ({
  time: [],
  fps: {},
  latency: {},
  cpu: [],
  memory: [],
  gpu: [],
  power: [],
  temperatures: {},
});

/**
 * @param {number} time
 * @param {Record<string, number>} fps By the stream's name.
 * @param {object} readings
 * @returns {Statistics}
 */
function statistics(time, fps, readings = {}) {
  const streams = Object.entries(fps).map(([name, value]) => [name, { fps: value, timings: { total: 0.05 } }]);
  return /** @type {Statistics} */ ({ time, streams: Object.fromEntries(streams), readings });
}

/** @param {History} history */
function lengths(history) {
  const { time, cpu, gpu, memory, power, fps, latency, temperatures } = history;
  const named = [fps, latency, temperatures].flatMap((group) => Object.values(group));
  return new Set([time, cpu, gpu, memory, power, ...named].map((values) => values.length));
}

test("the newest statistics are a point of every series", () => {
  const history = emptyHistory();
  const readings = { cpu: 40, gpu: 0, memory: { used: 5, total: 8 }, power: { total: 9.5 }, temperatures: { cpu: 50 } };
  append(history, statistics(100, { main: 25 }, readings), ROWS);
  assert.deepEqual(history, {
    time: [100],
    fps: { main: [25] },
    latency: { main: [0.05] },
    cpu: [40],
    memory: [5],
    gpu: [0],
    power: [9.5],
    temperatures: { cpu: [50] },
  });
});

test("what the machine does not measure is null", () => {
  const history = emptyHistory();
  append(history, statistics(100, {}), ROWS);
  assert.deepEqual([history.cpu, history.gpu, history.memory, history.power], [[null], [null], [null], [null]]);
});

test("a stream that is new has nulls before its first point, one that is gone after its last", () => {
  const history = emptyHistory();
  append(history, statistics(100, { main: 25 }), ROWS);
  append(history, statistics(102, { main: 24, yard: 10 }), ROWS);
  append(history, statistics(104, { yard: 11 }), ROWS);
  assert.deepEqual(history.fps, { main: [25, 24, null], yard: [null, 10, 11] });
  assert.deepEqual(lengths(history), new Set([3]));
});

test("a stream without results has no latency", () => {
  const history = emptyHistory();
  const message = statistics(100, { main: 0 });
  message.streams.main.timings = null;
  append(history, message, ROWS);
  assert.deepEqual(history.latency, { main: [null] });
});

test("points older than the span are dropped from every series", () => {
  const history = emptyHistory();
  for (const time of [100, 102, 104])
    append(history, statistics(time, { main: time }, { temperatures: { cpu: 50 } }), ROWS);
  append(history, statistics(103 + SPAN_SECONDS, { main: 25 }), ROWS);
  assert.deepEqual(history.time, [104, 103 + SPAN_SECONDS]);
  assert.deepEqual(history.fps.main, [104, 25]);
  assert.deepEqual(history.temperatures.cpu, [50, null]);
  assert.deepEqual(lengths(history), new Set([2]));
});
