// The power mode and the clocks of a Jetson. Other machines have no such card.

import { actionButton, explainAccess, setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { byId, keepChildren, make, newId, setAttribute, setSentence, setText } from "./dom.js";
import { Outcome } from "./outcome.js";

/** @import { PowerMode } from "./api.js" */

const SECONDS = 75; // the board's commands take their time; the server waits 70

const modeId = newId("power-mode");
const clocksId = newId("power-clocks");
const currentMode = make("p", { class: "hint" });
const problem = make("p", { class: "hint", role: "status" });
const choice = make("select", { id: modeId });
const clocks = make("input", { id: clocksId, type: "checkbox" });
const outcome = new Outcome();
const apply = actionButton("Set", () => send(apply, { mode: Number(choice.value) }), {
  "aria-label": "Set the power mode",
});
const card = make(
  "section",
  { class: "card", id: "power", "aria-labelledby": "power-title", hidden: true },
  make("header", { class: "card-head" }, make("h2", { id: "power-title" }, "Power")),
  currentMode,
  make(
    "div",
    { class: "setting whole" },
    make("label", { class: "label", for: modeId }, "Power mode"),
    make("div", { class: "control" }, choice, apply),
  ),
  make(
    "div",
    { class: "setting inline" },
    make("label", { class: "label", for: clocksId }, "Hold the clocks at the mode's maximum"),
    make("div", { class: "control" }, clocks),
  ),
  outcome.node,
  problem,
);

let chosen = false; // the user has selected a mode that is not applied yet
let busy = false;

/**
 * @param {HTMLElement} control
 * @param {{ mode?: number, clocks?: boolean }} fields
 */
async function send(control, fields) {
  busy = true;
  const applied = await outcome.run(
    control,
    "Applying; this may take a minute.",
    () => command("set_power", fields, SECONDS),
    "Applied.",
  );
  busy = chosen = false;
  if (!applied) render(); // what was applied is in the next state, which may come after the answer
}

/** @param {PowerMode} first */
function createMode(first) {
  const node = make("option", { value: first.id });
  return {
    node,
    update: (/** @type {PowerMode} */ mode) => setText(node, mode.detail ? `${mode.name}: ${mode.detail}` : mode.name),
  };
}

function render() {
  const state = latest("state");
  const power = state?.power;
  card.hidden = !power;
  if (!power) return;
  const current = power.modes.find((mode) => mode.id === power.current);
  keepChildren(choice, power.modes, (mode) => String(mode.id), createMode);
  setText(
    currentMode,
    current ? `Now: ${current.name}${current.detail ? `, ${current.detail}` : ""}` : "The current mode is not known.",
  );
  if (!chosen && !busy) choice.value = current ? String(current.id) : "";
  if (!busy) {
    clocks.checked = power.clocks === true;
    clocks.indeterminate = power.clocks === null;
  }
  setEnabled(choice, power.settable);
  setEnabled(apply, power.settable && choice.value !== "" && Number(choice.value) !== power.current);
  setEnabled(clocks, power.settable && power.clocks !== null);
  setAttribute(card, "data-needs-reboot", power.needs_reboot);
  setSentence(problem, outcome.node.textContent === power.problem ? "" : power.problem);
}

export function startPower() {
  byId("board-cards").append(card);
  explainAccess([card]);
  choice.addEventListener("change", () => {
    chosen = true;
    render();
  });
  clocks.addEventListener("change", () => send(clocks, { clocks: clocks.checked }));
  listen("state", render);
}
