// The model: which one runs, how a switch goes, what is installed and what the catalogue has.

import { actionButton, setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { byId, hideControl, keepChildren, make, setAttribute, setSentence, setText } from "./dom.js";
import { bytes } from "./format.js";
import { Outcome } from "./outcome.js";

export const FAMILIES = { ssd: "SSD", faster_rcnn: "Faster R-CNN", mask_rcnn: "Mask R-CNN", deeplab: "DeepLab" };
const PATHS = { fast: "fast path", exact: "exact path", whole: "whole graph" };

const outcome = new Outcome(byId("model-outcome"));
const filter = byId("catalogue-filter");

const family = (name) => FAMILIES[name] || name || "";

// What runs now

const running = make("p", { class: "model-name", id: "model-name", tabindex: -1 });
const status = byId("model-status");
const facts = make("p", { class: "facts" });
const reason = make("p", { class: "hint" });
const progress = make("p", { class: "outcome pending", role: "status", id: "model-progress" });
const giveUp = actionButton("Give up", () => cancel(), { id: "model-cancel", hidden: true });
const failure = make("p", { class: "outcome failed", role: "status", id: "model-failure" });

let wanted = null;

// Where no model runs: what an appliance that is told of no other has.

const fallback = actionButton(
  "",
  () => (byDefault.installed ? use(fallback, byDefault.name) : get(fallback, byDefault.name)),
  { id: "model-default", class: "primary large", hidden: true },
);
const fetched = make("p", { class: "outcome", role: "status", id: "model-default-download", hidden: true });
let byDefault = null;

function renderDefault(state) {
  const { model, models } = state;
  byDefault = models.find((item) => item.name === model.default);
  hideControl(
    fallback,
    !byDefault || Boolean(model.name || model.wanted) || models.some((item) => item.download && !item.download.error),
    running,
  );
  const size = byDefault && !byDefault.installed && bytes(byDefault.bytes);
  const download = byDefault && !model.name && !model.wanted ? byDefault.download : null;
  setSentence(fetched, download && (download.error || `Getting ${byDefault.name}; it is used as soon as it is here.`));
  fetched.className = `outcome ${download?.error ? "failed" : "pending"}`;
  setText(
    fallback,
    byDefault ? `${byDefault.installed ? "Use" : "Get"} the default: ${byDefault.name}${size ? ` (${size})` : ""}` : "",
  );
}

function renderNow(model) {
  setText(running, model.name || "No model");
  setText(status, model.name ? "running" : model.wanted ? "loading" : "none");
  status.className = `chip ${model.name ? "good" : model.status === "failed" ? "bad" : "busy"}`;
  setText(
    facts,
    model.name
      ? [
          family(model.family),
          PATHS[model.path] || model.path,
          [model.engine, model.device].filter(Boolean).join(" on "),
        ]
          .filter(Boolean)
          .join(" · ")
      : "",
  );
  setSentence(reason, model.reason && `Not the fast path: ${model.reason}`);
  if (wanted && !model.wanted && !model.error && model.name === wanted) outcome.show("done", `${wanted} runs now.`);
  if (model.wanted && model.wanted !== wanted) outcome.clear();
  wanted = model.wanted;
  const runs = model.name ? ` ${model.name} still runs.` : "";
  setSentence(
    progress,
    model.wanted &&
      `Loading ${model.wanted}${model.stage ? `: ${model.stage}` : ""}.${model.wanted === model.name ? "" : runs}`,
  );
  hideControl(giveUp, !model.wanted, running);
  setSentence(
    failure,
    model.error && !model.name
      ? model.error
      : model.error &&
          `The last switch failed: ${model.error}${model.name && model.error.includes(model.name) ? "" : runs}`,
  );
}

// The lists

async function use(button, name) {
  await outcome.run(button, `Asking for ${name}.`, () => command("set_model", { model: name }), "");
}

async function cancel() {
  await outcome.run(giveUp, "", () => command("cancel_model", {}), "");
}

async function get(button, name) {
  await outcome.run(button, `Asking for ${name}.`, () => command("get_model", { model: name }), "");
}

function createRow(first) {
  const name = first.name;
  const about = make("span", { class: "facts" });
  const tag = make("span", { class: "chip good" }, "in use");
  const button = actionButton("", () => (item.installed ? use(button, name) : get(button, name)));
  const bar = make("progress", { class: "download", "aria-label": `Download of ${name}` });
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const unfit = make("p", { class: "hint", hidden: true });
  const title = make("span", { class: "row-name", tabindex: -1 }, name);
  let item = first;
  return {
    node: make(
      "li",
      { class: "row", "data-model": name },
      make("div", { class: "row-main" }, title, about),
      make("div", { class: "row-tools" }, tag, button),
      bar,
      problem,
      unfit,
    ),
    update(next) {
      item = next;
      const model = latest("state").model;
      const loading = item.download && !item.download.error;
      const inUse = model.name === name;
      setText(about, [family(item.family), bytes(item.bytes)].filter(Boolean).join(" · "));
      tag.hidden = !inUse;
      hideControl(button, inUse || Boolean(loading), title);
      setText(
        button,
        item.installed ? (model.wanted === name ? "Loading" : "Use") : item.download ? "Try again" : "Get",
      );
      setAttribute(button, "aria-label", `${button.textContent}: ${name}`);
      setEnabled(button, item.fits);
      setAttribute(button, "aria-busy", item.installed && model.wanted === name ? "true" : null);
      bar.hidden = !loading;
      if (loading) {
        bar.max = item.download.total || 1;
        if (item.download.total) bar.value = item.download.done;
        else bar.removeAttribute("value");
        setText(
          about,
          [
            family(item.family),
            item.download.total
              ? `${bytes(item.download.done)} of ${bytes(item.download.total)}`
              : bytes(item.download.done),
          ].join(" · "),
        );
      }
      setSentence(problem, item.download?.error);
      setSentence(unfit, !item.fits && `Does not fit: ${item.reason || "this board cannot hold it"}`);
    },
  };
}

function renderLists() {
  const state = latest("state");
  if (!state) return;
  const text = filter.value.trim().toLowerCase();
  const matches = (model) => `${model.name} ${family(model.family)} ${model.family}`.toLowerCase().includes(text);
  const available = state.models.filter((model) => !model.installed);
  keepChildren(
    byId("installed"),
    state.models.filter((model) => model.installed),
    (model) => model.name,
    createRow,
  );
  const found = available.filter(matches);
  keepChildren(byId("catalogue"), found, (model) => model.name, createRow);
  setSentence(
    byId("catalogue-none"),
    found.length ? "" : `None of ${available.length} has "${filter.value.trim()}" in its name or family.`,
  );
  const fetching = available.filter((model) => model.download && !model.download.error).length;
  setText(byId("catalogue-count"), `${available.length} more${fetching ? `, ${fetching} on the way` : ""}`);
  byId("catalogue-fold").hidden = available.length === 0;
}

export function startModel() {
  byId("model-now").append(running, facts, reason, progress, giveUp, failure, fallback, fetched);
  filter.addEventListener("input", renderLists);
  listen("state", (state) => {
    renderNow(state.model);
    renderDefault(state);
    renderLists();
  });
}
