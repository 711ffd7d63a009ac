// The last 30 minutes as charts: the history is fetched once, then every message of statistics is appended.

import { createChart, recolorCharts } from "./chart.js";
import { getJson, latest, listen } from "./connection.js";
import { byId, keepChildren, onVisibility, setSentence } from "./dom.js";
import { isRead } from "./format.js";
import { append } from "./history.js";
import { messageOf } from "./outcome.js";
import { scaled, telemetryCharts } from "./telemetry.js";

/** @import { History } from "./api.js" */
/** @import { Series } from "./chart.js" */
/** @import { Chart } from "./types.js" */

const STEP_SECONDS = 2;
const RETRY_SECONDS = 5;

/** @type {Chart[]} */
const STREAM_CHARTS = [
  { id: "fps", title: "FPS", unit: "", colors: "streams", series: (history) => Object.entries(history.fps) },
  {
    id: "latency",
    title: "Latency",
    unit: "ms",
    colors: "streams",
    series: (history) => Object.entries(history.latency).map(([name, values]) => [name, scaled(values, 1000)]),
  },
];

const box = byId("charts");
const note = byId("history-note");
/** @type {History | null} */
let history = null;
/** @type {number | undefined} */
let retryTimer;
let isShown = false;

const rows = () => latest("state")?.telemetry || [];

function draw() {
  if (!history || !isShown || document.hidden) return;
  const shown = history;
  const charts = [...STREAM_CHARTS, ...telemetryCharts(rows(), latest("statistics")?.readings || {})];
  const present = charts.map((chart) => ({
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
  clearTimeout(retryTimer);
  if (document.hidden || !isShown) return;
  try {
    history = await getJson("api/v1/statistics/history");
    draw();
  } catch (error) {
    setSentence(note, messageOf(error));
    retryTimer = setTimeout(fetchHistory, RETRY_SECONDS * 1000);
  }
}

export function showCharts() {
  isShown = true;
  if (latest("connection")) fetchHistory();
}

export function hideCharts() {
  isShown = false;
}

export function startCharts() {
  let wasUp = false;
  listen("connection", ({ up }) => {
    if (up && !wasUp) fetchHistory();
    wasUp = up;
  });
  listen("statistics", (statistics) => {
    if (!history || !isShown || document.hidden) return;
    const newest = history.time[history.time.length - 1];
    if (newest !== undefined && statistics.time - newest < STEP_SECONDS) return;
    append(history, statistics, rows());
    draw();
  });
  onVisibility((visible) => {
    if (visible && latest("connection")) fetchHistory();
  });
  document.addEventListener("theme-changed", recolorCharts);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolorCharts);
}
