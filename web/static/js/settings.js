// The settings that can be changed while it runs, each with what the configuration says.

import { actionButton, setEnabled } from "./access.js";
import { createClassChoice } from "./classes.js";
import { command, latest, listen } from "./connection.js";
import { byId, hideControl, make, newId, setText } from "./dom.js";
import { Outcome } from "./outcome.js";

const SLIDER_PAUSE_MS = 300; // an arrow key held down is one change

/** A setting's frame: label, control, reset, outcome. send(value) sends it; null is the configuration's value. */
function createSetting(key, label, id, text) {
  const outcome = new Outcome();
  const configured = make("span", { class: "configured" });
  const reset = actionButton("Reset", () => setting.send(null), { class: "quiet", "aria-label": `Reset: ${label}` });
  const control = make("div", { class: "setting-control" });
  const setting = {
    outcome,
    control,
    node: make(
      "div",
      { class: "setting", "data-setting": key },
      make(
        "div",
        { class: "setting-head" },
        make(id ? "label" : "span", { class: "label", for: id }, label),
        configured,
        reset,
      ),
      control,
      outcome.node,
    ),
    editing: false,
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
    /** Say why a value is not sent, and go back to the one that holds. */
    refuse(sentence) {
      setting.editing = false;
      outcome.fail(sentence);
      setting.render();
    },
    /** Show the server's value, unless somebody is at the control. */
    render() {
      const state = latest("state");
      if (!state) return;
      const [value, original] = [state.settings[key], state.configured[key]];
      const differs = JSON.stringify(value) !== JSON.stringify(original);
      setText(configured, differs ? `configured: ${text(original)}` : "");
      hideControl(reset, !differs, control.querySelector("input, summary") || setting.node.querySelector("input"));
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
    if (Number(number.value) !== value || number.value === "") number.value = value;
    slider.value = value;
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
  setting.node.querySelector(".setting-head").append(number);
  setting.show = (value) => {
    if (Number(number.value) !== value || number.value === "") number.value = value;
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
  setting.node.querySelector(".setting-head").prepend(box);
  setting.show = (value) => {
    box.checked = value;
    setEnabled(box);
  };
  return setting;
}

function createClasses() {
  const words = (names) => (names === null ? "all" : names.length ? names.join(", ") : "none");
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
