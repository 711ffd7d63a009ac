import assert from "node:assert/strict";
import { test } from "node:test";

import { describeReadings, telemetryCharts } from "../../web/static/js/telemetry.js";

/** @import { History, TelemetryRow } from "../../web/static/js/api.js" */

const load = { id: "load", title: "Load", unit: "%", low: 0, high: 100 };
/** @type {TelemetryRow[]} */
const ROWS = [
  { key: "cpu", title: "CPU", unit: "%", form: "number", full: 100, chart: load, series: "CPU" },
  { key: "gpu", title: "GPU", unit: "%", form: "number", full: 100, chart: load, series: "GPU" },
  { key: "gpu_mhz", title: "GPU frequency", unit: "MHz", form: "number", is_whole: true, beside: "gpu" },
  {
    key: "memory",
    title: "Memory",
    unit: "B",
    part: "used",
    form: "number",
    full_part: "total",
    chart: load,
    series: "memory",
  },
  { key: "power", title: "Power", unit: "W", form: "numbers", has_total: true },
  {
    key: "temperatures",
    title: "Temperature",
    unit: "°C",
    form: "numbers",
    chart: { id: "temperatures", title: "Temperature", unit: "°C", has_zero: false },
  },
  { key: "fan", title: "Fan", unit: "%", part: "percent", form: "number", is_whole: true },
  { key: "fan", title: "Fan speed", unit: "rpm", part: "rpm", form: "number", is_whole: true, beside: "fan" },
  { key: "throttling", title: "Slowed down", unit: "", form: "words" },
];

test("each thing that the machine measures is a line", () => {
  const readings = {
    cpu: 45,
    gpu: 73.1,
    gpu_mhz: 1122.4,
    memory: { used: 2e9, total: 8e9 },
    power: { total: 9.54, gpu: 4 },
    temperatures: { cpu: 51.5, tdiode: 40 },
    fan: { percent: 40.2, rpm: 2310 },
    throttling: ["cpu", "gpu"],
  };
  assert.deepEqual(
    describeReadings(ROWS, readings).map(({ name, text }) => [name, text]),
    [
      ["CPU", "45.0 %"],
      ["GPU", "73.1 %, 1122 MHz"],
      ["Memory", "2.0 GB of 8.0 GB"],
      ["Power", "9.54 W"],
      ["Power, GPU", "4.00 W"],
      ["Temperature, CPU", "51.5 °C"],
      ["Temperature, tdiode", "40.0 °C"],
      ["Fan", "40 %, 2310 rpm"],
      ["Slowed down", "cpu, gpu"],
    ],
  );
});

test("what has an upper end has a meter", () => {
  const lines = describeReadings(ROWS, { cpu: 45, memory: { used: 2, total: 8 }, fan: { percent: 40 } });
  assert.deepEqual(
    lines.map(({ name, share }) => [name, share]),
    [
      ["CPU", 0.45],
      ["Memory", 0.25],
      ["Fan", undefined],
    ],
  );
});

test("what the machine does not have is no line", () => {
  assert.deepEqual(describeReadings(ROWS, { power: {}, throttling: [], fan: {} }), []);
});

test("rows that name the same chart share it", () => {
  const history = /** @type {History} */ (
    /** @type {unknown} */ ({
      time: [1, 2],
      cpu: [10, 20],
      gpu: [null, null],
      memory: [2, null],
      temperatures: { cpu: [50, 51] },
    })
  );
  const charts = telemetryCharts(ROWS, { memory: { used: 2, total: 8 } });
  assert.deepEqual(
    charts.map((chart) => [chart.id, chart.range, chart.free]),
    [
      ["load", [0, 100], false],
      ["temperatures", undefined, true],
    ],
  );
  assert.deepEqual(charts[0].series(history), [
    ["CPU", [10, 20]],
    ["GPU", [null, null]],
    ["memory", [25, null]],
  ]);
  assert.deepEqual(charts[1].series(history), [["CPU", [50, 51]]]);
});

test("without the size of the memory its share is not drawn", () => {
  const history = /** @type {History} */ (/** @type {unknown} */ ({ time: [1], memory: [2] }));
  assert.deepEqual(telemetryCharts(ROWS, {})[0].series(history)[2], ["memory", null]);
});
