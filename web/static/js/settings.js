// The settings that can be changed at run time, each with its configured value.

import { actionButton, setEnabled } from "./access.js";
import { createClassChoice } from "./classes.js";
import { command, latest, listen } from "./connection.js";
import { byId, hideControl, make, newId, setText } from "./dom.js";
import { Outcome } from "./outcome.js";

/** @import { Settings, State } from "./api.js" */

/**
 * @template {keyof Settings} Key
 * @typedef {object} Setting
 * @property {HTMLElement} node
 * @property {HTMLElement} head
 * @property {HTMLElement} control
 * @property {boolean} editing Somebody is at the control: it does not follow the server.
 * @property {boolean} busy A change is on its way.
 * @property {number} [timer]
 * @property {(value: Settings[Key] | null) => Promise<void>} send null is the configuration's value.
 * @property {(sentence: string) => void} refuse Say why a value is not sent, and go back to the one in force.
 * @property {() => void} render Show the server's value, unless somebody is at the control.
 * @property {(value: Settings[Key], state: State) => void} show Put a value into the control.
 */

const SLIDER_PAUSE_MS = 300; // an arrow key held down is one change

/**
 * A setting's label, box for the control, reset button and outcome.
 * @template {keyof Settings} Key
 * @param {Key} key
 * @param {string} label
 * @param {string | null} id Of the control that the label is for.
 * @param {(value: Settings[Key]) => string} text The configured value in words.
 * @returns {Setting<Key>}
 */
function createSetting(key, label, id, text) {
  const outcome = new Outcome();
  const configured = make("span", { class: "configured" });
  const reset = actionButton("Reset", () => setting.send(null), { class: "quiet", "aria-label": `Reset: ${label}` });
  const control = make("div", { class: "setting-control" });
  const title = make(id ? "label" : "span", { class: "label", for: id }, label);
  const head = make("div", { class: "setting-head" }, title, configured, reset);
  /** @type {Setting<Key>} */
  const setting = {
    head,
    control,
    node: make("div", { class: "setting", "data-setting": key }, head, control, outcome.node),
    editing: false,
    busy: false,
    show() {},
    async send(value) {
      clearTimeout(setting.timer);
      setting.editing = false;
      setting.busy = true;
      await outcome.run(
        reset,
        "Applying.",
        () => command("change_settings", { settings: { [key]: value } }),
        value === null ? "As the configuration says." : "Applied.",
      );
      setting.busy = false;
      setting.render();
    },
    refuse(sentence) {
      setting.editing = false;
      outcome.fail(sentence);
      setting.render();
    },
    render() {
      const state = latest("state");
      if (!state) return;
      const value = state.settings[key];
      const original = state.configured[key];
      const differs = JSON.stringify(value) !== JSON.stringify(original);
      setText(configured, differs ? `configured: ${text(original)}` : "");
      /** @type {HTMLElement | null} */
      const field = control.querySelector("input, summary") || head.querySelector("input");
      if (field) hideControl(reset, !differs, field);
      if (!setting.editing && !setting.busy) setting.show(value, state);
    },
  };
  return setting;
}

function createThreshold() {
  const id = newId("threshold");
  const setting = createSetting("det_th", "Threshold (lowest score)", id, String);
  const number = make("input", { id, type: "number", min: 0, max: 1, step: "any", inputmode: "decimal" });
  const slider = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Threshold" });
  const send = () => {
    if (number.value === "" || !number.checkValidity()) return setting.refuse("The threshold is a number from 0 to 1.");
    return setting.send(Number(number.value));
  };
  slider.addEventListener("input", () => {
    setting.editing = true;
    number.value = slider.value;
  });
  slider.addEventListener("change", () => {
    clearTimeout(setting.timer);
    setting.timer = setTimeout(send, SLIDER_PAUSE_MS);
  });
  number.addEventListener("input", () => {
    setting.editing = true;
  });
  number.addEventListener("change", send);
  setting.control.append(slider, number);
  setting.show = (value) => {
    if (Number(number.value) !== value || number.value === "") number.value = String(value);
    slider.value = String(value);
    setEnabled(number);
    setEnabled(slider);
  };
  return setting;
}

function createRate() {
  const id = newId("rate");
  const setting = createSetting("max_vis_fps", "Pictures a second, at most (0: any)", id, (value) =>
    value ? String(value) : "no limit",
  );
  const number = make("input", { id, type: "number", min: 0, max: 1000, step: "any", inputmode: "decimal" });
  number.addEventListener("input", () => {
    setting.editing = true;
  });
  number.addEventListener("change", () => {
    if (number.value === "" || !number.checkValidity())
      setting.refuse("The limit is a number from 0 to 1000; 0 sets none.");
    else setting.send(Number(number.value));
  });
  setting.head.append(number);
  setting.show = (value) => {
    if (Number(number.value) !== value || number.value === "") number.value = String(value);
    setEnabled(number);
  };
  return setting;
}

function createText() {
  const id = newId("text");
  const setting = createSetting("vis_text", "Write the figures into the picture", id, (value) =>
    value ? "on" : "off",
  );
  const box = make("input", { id, type: "checkbox" });
  box.addEventListener("change", () => setting.send(box.checked));
  setting.node.classList.add("with-box");
  setting.head.prepend(box);
  setting.show = (value) => {
    box.checked = value;
    setEnabled(box);
  };
  return setting;
}

function createClasses() {
  const words = (/** @type {string[] | null} */ names) =>
    names === null ? "all" : names.length ? names.join(", ") : "none";
  const setting = createSetting("shown_classes", "Classes shown", null, words);
  const summary = make("span", {});
  const choice = createClassChoice(
    (names) => setting.send(names),
    () => {
      setting.editing = choice.isChanged();
      setting.render();
    },
  );
  const fold = make("details", { class: "fold" }, make("summary", {}, summary), choice.node);
  setting.control.append(fold);
  setting.show = (value, state) => {
    const labels = state.model.labels || [];
    setText(summary, value === null ? `All ${labels.length || ""}`.trim() : value.length ? value.join(", ") : "None");
    choice.show(value, labels);
  };
  return setting;
}

export function startSettings() {
  const settings = [createThreshold(), createClasses(), createRate(), createText()];
  byId("setting-fields").append(...settings.map((setting) => setting.node));
  listen("state", () => {
    for (const setting of settings) setting.render();
  });
}
