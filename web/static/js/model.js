// The model: which one is running, how a switch is going, what is installed and what the catalogue has.

import { actionButton, setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { byId, hideControl, keepChildren, make, setAttribute, setSentence, setText } from "./dom.js";
import { bytes, joinDetails } from "./format.js";
import { Outcome } from "./outcome.js";

/** @import { Download, Model, RunningModel, State } from "./api.js" */

/** @type {Record<string, string>} */
const PATHS = { fast: "fast path", exact: "exact path", whole: "whole graph" };

const outcome = new Outcome(byId("model-outcome"));
const filter = /** @type {HTMLInputElement} */ (byId("catalogue-filter"));

// The running model

const running = make("p", { class: "model-name", id: "model-name", tabindex: -1 });
const status = byId("model-status");
const details = make("p", { class: "details" });
const reason = make("p", { class: "hint" });
const progress = make("p", { class: "outcome pending", role: "status", id: "model-progress" });
const cancelButton = actionButton("Give up", () => cancel(), { id: "model-cancel", hidden: true });
const failure = make("p", { class: "outcome failed", role: "status", id: "model-failure" });

/** @type {string | null} */
let wanted = null;

// The default model, offered while no model is running

const defaultButton = actionButton("", () => defaultModel && useOrGet(defaultButton, defaultModel), {
  id: "model-default",
  class: "primary large",
  hidden: true,
});
const defaultDownload = make("p", { class: "outcome", role: "status", id: "model-default-download", hidden: true });
/** @type {Model | undefined} */
let defaultModel;

/** @param {State} state */
function renderDefault(state) {
  const { model, models } = state;
  const found = models.find((item) => item.name === model.default);
  defaultModel = found;
  hideControl(
    defaultButton,
    !found || Boolean(model.name || model.wanted) || models.some((item) => item.download && !item.download.error),
    running,
  );
  const size = found && !found.installed && bytes(found.bytes);
  const download = found && !model.name && !model.wanted ? found.download : null;
  setSentence(
    defaultDownload,
    download && (download.error || `Getting ${found?.name}; it will be used as soon as it is installed.`),
  );
  defaultDownload.className = `outcome ${download?.error ? "failed" : "pending"}`;
  setText(
    defaultButton,
    found ? `${found.installed ? "Use" : "Get"} the default: ${found.name}${size ? ` (${size})` : ""}` : "",
  );
}

/** @param {RunningModel} model */
function renderNow(model) {
  setText(running, model.name || "No model");
  setText(status, model.name ? "running" : model.wanted ? "loading" : "none");
  status.className = `chip ${model.name ? "good" : model.status === "failed" ? "bad" : "busy"}`;
  setText(
    details,
    model.name
      ? joinDetails(
          model.family_title,
          model.path && (PATHS[model.path] || model.path),
          [model.engine, model.device].filter(Boolean).join(" on "),
        )
      : "",
  );
  setSentence(reason, model.reason && `Not the fast path: ${model.reason}`);
  if (wanted && !model.wanted && !model.error && model.name === wanted) outcome.show("done", `${wanted} is running.`);
  if (model.wanted && model.wanted !== wanted) outcome.clear();
  wanted = model.wanted;
  const stillRuns = model.name ? ` ${model.name} keeps running.` : "";
  setSentence(
    progress,
    model.wanted &&
      `Loading ${model.wanted}${model.stage ? `: ${model.stage}` : ""}.${model.wanted === model.name ? "" : stillRuns}`,
  );
  hideControl(cancelButton, !model.wanted, running);
  setSentence(
    failure,
    model.error && !model.name
      ? model.error
      : model.error &&
          `The last switch failed: ${model.error}${model.name && model.error.includes(model.name) ? "" : stillRuns}`,
  );
}

// The lists

/**
 * Switch to a model that is installed, or get it.
 * @param {HTMLElement} button
 * @param {Model} model
 */
async function useOrGet(button, { name, installed }) {
  const action = () => command(installed ? "set_model" : "get_model", { model: name });
  await outcome.run(button, `Asking for ${name}.`, action, "");
}

async function cancel() {
  await outcome.run(cancelButton, "", () => command("cancel_model", {}), "");
}

/** @param {Download} download */
const progressOf = ({ done, total }) => (total ? `${bytes(done)} of ${bytes(total)}` : bytes(done));

/** @param {Model} first */
function createRow(first) {
  const name = first.name;
  const details = make("span", { class: "details" });
  const tag = make("span", { class: "chip good" }, "in use");
  const button = actionButton("", () => useOrGet(button, item));
  const bar = make("progress", { class: "download", "aria-label": `Download of ${name}` });
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const unfit = make("p", { class: "hint", hidden: true });
  const title = make("span", { class: "entry-name", tabindex: -1 }, name);
  let item = first;
  return {
    node: make(
      "li",
      { class: "entry", "data-model": name },
      make("div", { class: "entry-main" }, title, details),
      make("div", { class: "entry-tools" }, tag, button),
      bar,
      problem,
      unfit,
    ),
    /** @param {Model} next */
    update(next) {
      item = next;
      const model = latest("state")?.model;
      const download = item.download && !item.download.error ? item.download : null;
      const inUse = model?.name === name;
      const isLoading = item.installed && model?.wanted === name;
      setText(details, joinDetails(item.family_title, download ? progressOf(download) : bytes(item.bytes)));
      tag.hidden = !inUse;
      hideControl(button, inUse || download !== null, title);
      setText(button, item.installed ? (isLoading ? "Loading" : "Use") : item.download ? "Try again" : "Get");
      setAttribute(button, "aria-label", `${button.textContent}: ${name}`);
      setEnabled(button, item.fits);
      setAttribute(button, "aria-busy", isLoading ? "true" : null);
      bar.hidden = !download;
      if (download) {
        bar.max = download.total || 1;
        if (download.total) bar.value = download.done;
        else bar.removeAttribute("value");
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
  const matches = (/** @type {Model} */ { name, family, family_title }) =>
    `${name} ${family_title || ""} ${family || ""}`.toLowerCase().includes(text);
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
  byId("model-now").append(running, details, reason, progress, cancelButton, failure, defaultButton, defaultDownload);
  filter.addEventListener("input", renderLists);
  listen("state", (state) => {
    renderNow(state.model);
    renderDefault(state);
    renderLists();
  });
}
