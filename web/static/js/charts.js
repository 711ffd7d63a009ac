// The last 30 minutes as charts: fetched once, then lengthened by what is heard.

import uPlot from "../vendor/uplot.js";
import { getJson, latest, listen } from "./connection.js";
import { byId, keepChildren, make, onVisibility, setAttribute, setSentence, setText } from "./dom.js";
import { figure, minute, zone } from "./format.js";
import { append, isRead, SPAN_SECONDS } from "./history.js";

const SHORTEST_SPAN_SECONDS = 300;
const STEP_SECONDS = 2;
const AGAIN_SECONDS = 5;
const HEIGHT = 120;
const MOST_COLORS = 6;
const PERCENT = { unit: "%", range: [0, 100] };

/** Each chart: title, unit, colors (charts with the same share them), and the series that it takes out of the history, as [name, values] pairs. */
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
const charts = new Map();
const places = new Map(); // of a kind of series: the colour of each name, which it keeps
const together = uPlot.sync("history");
let history = null;
let again = null;

/** Memory comes in bytes; how much the machine has, only the readings of now say. */
const shares = (values) => {
  const memory = (latest("statistics") || { readings: {} }).readings.memory;
  return memory ? scaled(values, 100 / memory.total) : null;
};
const scaled = (values, factor) => values.map((value) => (isRead(value) ? value * factor : null));
const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The number of a series' colour. A stream has the same in every chart, whichever others there are or were. */
function colorNumber(chart, name) {
  const kind = chart.colors || chart.id;
  if (!places.has(kind)) places.set(kind, new Map());
  const known = places.get(kind);
  // Streams in their own order: one that is gone and still in the history must not move the others' colours.
  const first = kind === "streams" ? (latest("state") || { streams: [] }).streams.map((stream) => stream.name) : [];
  for (const one of [...first, name]) if (!known.has(one)) known.set(one, known.size);
  return (known.get(name) % MOST_COLORS) + 1;
}

function yRange(chart, low, high) {
  if (chart.range) return chart.range;
  if (low === null) return [0, 1];
  if (chart.free) return [Math.floor(low - 3), Math.ceil(high + 3)];
  return [0, high > 0 ? high * 1.15 : 1];
}

function options(chart, names, width, onCursor) {
  const [grid, text] = [colorOf("--line"), colorOf("--muted")];
  const axis = {
    stroke: text,
    font: "11px system-ui, sans-serif",
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: together.key }, drag: { x: false, y: false }, points: { size: 5 } },
    scales: {
      x: { time: true, range: () => [lastTime() - span(), lastTime()] },
      y: { range: (_plot, low, high) => yRange(chart, low, high) },
    },
    axes: [
      { ...axis, size: 22, space: 70, values: (_plot, splits) => splits.map(minute) },
      {
        ...axis,
        size: 38,
        space: 28,
        values: (_plot, splits) =>
          splits.map((value) =>
            value >= 10 || Number.isInteger(value) ? String(Math.round(value * 10) / 10) : value.toFixed(2),
          ),
      },
    ],
    series: [
      {},
      ...names.map((name) => ({
        label: name,
        stroke: colorOf(`--series-${colorNumber(chart, name)}`),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [onCursor] },
  };
}

/** A short history fills the charts too. */
const span = () =>
  Math.min(SPAN_SECONDS, Math.max(SHORTEST_SPAN_SECONDS, history?.time.length ? lastTime() - history.time[0] : 0));
const lastTime = () => (history?.time.length ? history.time[history.time.length - 1] : Date.now() / 1000);

function createChart(first) {
  const legend = make("ul", { class: "chart-legend" });
  const canvas = make("div", { class: "chart-canvas", role: "img", "aria-label": first.chart.title });
  const node = make(
    "section",
    { class: "chart", "data-chart": first.chart.id },
    make("header", { class: "chart-head" }, make("h3", {}, first.chart.title), legend),
    canvas,
  );
  const values = new Map();
  let plot = null;
  let shown = "";
  let item = first;

  function write(index) {
    item.data.forEach(([name, numbers]) => {
      const value = isRead(index) ? numbers[index] : numbers[numbers.length - 1];
      setText(
        values.get(name),
        isRead(value) ? `${figure(value)}${item.chart.unit ? ` ${item.chart.unit}` : ""}` : "–",
      );
    });
  }

  function rebuild() {
    if (plot) plot.destroy();
    values.clear();
    legend.replaceChildren(
      ...item.data.map(([name]) => {
        const value = make("span", { class: "chart-value" });
        values.set(name, value);
        return make(
          "li",
          {},
          make("span", { class: `swatch series-${colorNumber(item.chart, name)}`, "aria-hidden": "true" }),
          `${name} `,
          value,
        );
      }),
    );
    plot = new uPlot(
      options(
        item.chart,
        item.data.map(([name]) => name),
        Math.max(canvas.clientWidth, 200),
        () => write(plot?.cursor.idx),
      ),
      table(),
      canvas,
    );
  }

  const describe = () =>
    setAttribute(canvas, "aria-label", `${item.chart.title} of the last 30 minutes. ${summary(item)}`);
  const table = () => [history.time, ...item.data.map(([, numbers]) => numbers)];

  const sizes = new ResizeObserver(() => {
    if (plot && canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
  });
  sizes.observe(canvas);

  const self = {
    node,
    update(next) {
      item = next;
      const names = item.data.map(([name]) => name).join("\n");
      if (!plot || names !== shown) {
        shown = names;
        requestAnimationFrame(() => {
          // once it has a width
          if (node.isConnected) {
            rebuild();
            write(null);
            describe();
          }
        });
        return;
      }
      plot.setData(table());
      write(plot.cursor.idx);
      describe();
    },
    recolor() {
      if (plot) rebuild();
      write(null);
    },
    remove() {
      sizes.disconnect();
      if (plot) plot.destroy();
      charts.delete(first.chart.id);
    },
  };
  charts.set(first.chart.id, self);
  return self;
}

function summary(item) {
  return item.data
    .map(([name, numbers]) => {
      const read = numbers.filter(isRead);
      if (!read.length) return `${name}: nothing read.`;
      return `${name}: lowest ${figure(Math.min(...read))}, highest ${figure(Math.max(...read))} ${item.chart.unit}.`;
    })
    .join(" ");
}

function draw() {
  if (!history || document.hidden) return;
  const present = CHARTS.map((chart) => ({
    chart,
    data: chart.series(history).filter(([, numbers]) => numbers?.some(isRead)),
  }));
  keepChildren(
    box,
    present.filter((item) => item.data.length),
    (item) => item.chart.id,
    createChart,
  );
  setSentence(note, history.time.length ? "" : "Nothing measured yet");
}

async function fetchHistory() {
  if (document.hidden) return;
  try {
    history = await getJson("api/v1/statistics/history");
    draw();
  } catch (error) {
    setSentence(note, error.message);
    clearTimeout(again);
    again = setTimeout(fetchHistory, AGAIN_SECONDS * 1000);
  }
}

export function startCharts() {
  let wasUp = false;
  listen("link", (link) => {
    if (link.up && !wasUp) fetchHistory();
    wasUp = link.up;
  });
  listen("statistics", (statistics) => {
    if (!history || document.hidden || (statistics.time - lastTime() < STEP_SECONDS && history.time.length)) return;
    append(history, statistics);
    draw();
  });
  onVisibility((visible) => visible && latest("link") && fetchHistory());
  const recolor = () => {
    for (const chart of charts.values()) chart.recolor();
  };
  document.addEventListener("theme-changed", recolor);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
}
