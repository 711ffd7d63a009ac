// One chart of the history, with its legend.

import uPlot from "../vendor/uplot.js";
import { latest } from "./connection.js";
import { make, setAttribute, setText } from "./dom.js";
import { figure, isRead, minute } from "./format.js";
import { SPAN_SECONDS } from "./history.js";

/** @import { Chart, HistoryValues } from "./types.js" */
/** @import { Child } from "./dom.js" */
/** @import { Value } from "./format.js" */

const SHORTEST_SPAN_SECONDS = 300;
const HEIGHT = 120;
const COLOR_COUNT = 6;

/** @typedef {[name: string, values: HistoryValues]} Series */

/** @typedef {{ chart: Chart, time: number[], data: Series[] }} Item What a chart shows now. */

/** @type {Set<{ recolor: () => void }>} */
const charts = new Set();
/** @type {Map<string, Map<string, number>>} */
const colorNumbers = new Map(); // by group of colours, then by the series' name
const cursorSync = uPlot.sync("history");

const colorOf = (/** @type {string} */ name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * The number of a series' colour, which it keeps. A stream has the same one in every chart.
 * @param {Chart} chart
 * @param {string} name
 */
function colorNumber(chart, name) {
  const group = chart.colors || chart.id;
  /** @type {Map<string, number>} */
  const numbers = colorNumbers.get(group) || new Map();
  colorNumbers.set(group, numbers);
  // Streams in their own order: one that is gone and still in the history must not move the others' colours.
  const streams = group === "streams" ? latest("state")?.streams.map((stream) => stream.name) || [] : [];
  for (const one of [...streams, name]) if (!numbers.has(one)) numbers.set(one, numbers.size);
  return ((numbers.get(name) || 0) % COLOR_COUNT) + 1;
}

/** @param {number[]} time */
const lastOf = (time) => (time.length ? time[time.length - 1] : Date.now() / 1000);

/**
 * The first and the last time of a chart; a history shorter than the span fills its width, too.
 * @param {number[]} time
 */
function xRange(time) {
  const last = lastOf(time);
  const seconds = time.length ? last - time[0] : 0;
  return [last - Math.min(SPAN_SECONDS, Math.max(SHORTEST_SPAN_SECONDS, seconds)), last];
}

/**
 * @param {Chart} chart
 * @param {number | null} low
 * @param {number | null} high
 */
function yRange(chart, low, high) {
  if (chart.range) return chart.range;
  if (low === null || high === null) return [0, 1];
  if (chart.free) return [Math.floor(low - 3), Math.ceil(high + 3)];
  return [0, high > 0 ? high * 1.15 : 1];
}

/**
 * @param {() => Item} item
 * @param {number} width
 * @param {() => void} onCursor
 */
function options(item, width, onCursor) {
  const { chart, data } = item();
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
    cursor: { sync: { key: cursorSync.key }, drag: { x: false, y: false }, points: { size: 5 } },
    scales: {
      x: { time: true, range: () => xRange(item().time) },
      y: {
        range: (/** @type {uPlot} */ _plot, /** @type {number | null} */ low, /** @type {number | null} */ high) =>
          yRange(chart, low, high),
      },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 70,
        values: (/** @type {uPlot} */ _plot, /** @type {number[]} */ splits) => splits.map(minute),
      },
      {
        ...axis,
        size: 38,
        space: 28,
        values: (/** @type {uPlot} */ _plot, /** @type {number[]} */ splits) =>
          splits.map((value) =>
            value >= 10 || Number.isInteger(value) ? String(Math.round(value * 10) / 10) : value.toFixed(2),
          ),
      },
    ],
    series: [
      {},
      ...data.map(([name]) => ({
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

/**
 * @param {Item} first
 * @returns {Child<Item>}
 */
export function createChart(first) {
  const legend = make("ul", { class: "chart-legend" });
  const canvas = make("div", { class: "chart-canvas", role: "img", "aria-label": first.chart.title });
  const node = make(
    "section",
    { class: "chart", "data-chart": first.chart.id },
    make("header", { class: "chart-head" }, make("h3", {}, first.chart.title), legend),
    canvas,
  );
  /** @type {Map<string, HTMLElement>} */
  const values = new Map();
  /** @type {uPlot | null} */
  let plot = null;
  let shown = "";
  let item = first;

  /** @param {Value} index Of the point under the cursor; the newest where there is none. */
  function write(index) {
    item.data.forEach(([name, numbers]) => {
      const value = isRead(index) ? numbers[index] : numbers[numbers.length - 1];
      const node = values.get(name);
      if (node) setText(node, isRead(value) ? `${figure(value)}${item.chart.unit ? ` ${item.chart.unit}` : ""}` : "–");
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
        () => item,
        Math.max(canvas.clientWidth, 200),
        () => write(plot?.cursor.idx),
      ),
      table(),
      canvas,
    );
  }

  const describe = () =>
    setAttribute(canvas, "aria-label", `${item.chart.title} of the last 30 minutes. ${summary(item)}`);
  const table = () => [item.time, ...item.data.map(([, numbers]) => numbers)];

  const sizes = new ResizeObserver(() => {
    if (plot && canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
  });
  sizes.observe(canvas);

  const self = {
    node,
    /** @param {Item} next */
    update(next) {
      item = next;
      const names = item.data.map(([name]) => name).join("\n");
      if (!plot || names !== shown) {
        shown = names;
        requestAnimationFrame(() => {
          // the chart has a width now
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
      charts.delete(self);
    },
  };
  charts.add(self);
  return self;
}

/** @param {Item} item */
function summary(item) {
  return item.data
    .map(([name, numbers]) => {
      const read = numbers.filter(isRead);
      if (!read.length) return `${name}: nothing read.`;
      return `${name}: lowest ${figure(Math.min(...read))}, highest ${figure(Math.max(...read))} ${item.chart.unit}.`;
    })
    .join(" ");
}

/** Draw all charts again, in the colours of the theme that is set now. */
export function recolorCharts() {
  for (const chart of charts) chart.recolor();
}
