// The last 30 minutes as charts: the history is fetched once, then every message of statistics is appended.

import { createChart, recolorCharts } from "./chart.js";
import { getJson, latest, listen } from "./connection.js";
import { byId, keepChildren, onVisibility, setSentence } from "./dom.js";
import { zone } from "./format.js";
import { append, isRead } from "./history.js";
import { messageOf } from "./outcome.js";

/** @import { History } from "./api.js" */
/** @import { HistoryValues, Readings } from "./types.js" */
/** @import { Chart, Series } from "./chart.js" */

const STEP_SECONDS = 2;
const RETRY_SECONDS = 5;
/** @type {{ unit: string, range: [number, number] }} */
const PERCENT = { unit: "%", range: [0, 100] };

/** @type {Chart[]} */
const CHARTS = [
  { id: "fps", title: "FPS", unit: "", colors: "streams", series: (history) => Object.entries(history.fps) },
  {
    id: "latency",
    title: "Latency",
    unit: "ms",
    colors: "streams",
    series: (history) => Object.entries(history.latency).map(([name, values]) => [name, scaled(values, 1000)]),
  },
  {
    id: "load",
    title: "Load",
    ...PERCENT,
    series: (history) => [
      ["CPU", history.cpu],
      ["GPU", history.gpu],
      ["memory", shares(history.memory)],
    ],
  },
  { id: "power", title: "Power", unit: "W", series: (history) => [["total", history.power]] },
  {
    id: "temperatures",
    title: "Temperature",
    unit: "°C",
    free: true,
    series: (history) => Object.entries(history.temperatures).map(([name, values]) => [zone(name), values]),
  },
];

const box = byId("charts");
const note = byId("history-note");
/** @type {History | null} */
let history = null;
/** @type {number | undefined} */
let retryTimer;

/** The history has memory in bytes; the total is only in the newest statistics. */
const shares = (/** @type {HistoryValues} */ values) => {
  const memory = /** @type {Readings | undefined} */ (latest("statistics")?.readings)?.memory;
  return memory ? scaled(values, 100 / memory.total) : null;
};
/**
 * @param {HistoryValues} values
 * @param {number} factor
 */
const scaled = (values, factor) => values.map((value) => (isRead(value) ? value * factor : null));
function draw() {
  if (!history || document.hidden) return;
  const shown = history;
  const present = CHARTS.map((chart) => ({
    chart,
    time: shown.time,
    data: chart.series(shown).filter(/** @returns {series is Series} */ (series) => Boolean(series[1]?.some(isRead))),
  }));
  keepChildren(
    box,
    present.filter((item) => item.data.length),
    (item) => item.chart.id,
    createChart,
  );
  setSentence(note, shown.time.length ? "" : "Nothing measured yet");
}

async function fetchHistory() {
  if (document.hidden) return;
  try {
    history = await getJson("api/v1/statistics/history");
    draw();
  } catch (error) {
    setSentence(note, messageOf(error));
    clearTimeout(retryTimer);
    retryTimer = setTimeout(fetchHistory, RETRY_SECONDS * 1000);
  }
}

export function startCharts() {
  let wasUp = false;
  listen("connection", ({ up }) => {
    if (up && !wasUp) fetchHistory();
    wasUp = up;
  });
  listen("statistics", (statistics) => {
    if (!history || document.hidden) return;
    const newest = history.time[history.time.length - 1];
    if (newest !== undefined && statistics.time - newest < STEP_SECONDS) return;
    append(history, statistics);
    draw();
  });
  onVisibility((visible) => {
    if (visible && latest("connection")) fetchHistory();
  });
  document.addEventListener("theme-changed", recolorCharts);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolorCharts);
}
