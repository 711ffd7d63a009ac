// The settings that can be changed at run time, each with its configured value.

import { actionButton, setEnabled } from "./access.js";
import { createClassChoice } from "./classes.js";
import { command, latest, listen } from "./connection.js";
import { byId, hideControl, make, newId, setText } from "./dom.js";
import { Outcome } from "./outcome.js";

/** @import { LiveSetting, Settings, State } from "./api.js" */

/** @typedef {Settings[keyof Settings]} Value */

/**
 * @typedef {object} Field
 * @property {HTMLElement} node
 * @property {HTMLElement} head
 * @property {HTMLElement} control
 * @property {boolean} editing Somebody is at the control: it does not follow the server.
 * @property {boolean} busy A change is on its way.
 * @property {number} [timer]
 * @property {(value: Value) => Promise<void>} send null is the configuration's value.
 * @property {() => void} refuse Say what the setting takes, and go back to the value in force.
 * @property {() => void} render Show the server's value, unless somebody is at the control.
 * @property {(value: any, state: State) => void} show Put a value, of the setting's kind, into the control.
 */

const SLIDER_PAUSE_MS = 300; // an arrow key held down is one change
const SLIDER_STEPS = 100;

/** @type {Partial<Record<LiveSetting["kind"], (setting: LiveSetting) => Field>>} */
const KINDS = { number: createNumber, integer: createNumber, boolean: createBox, labels: createClasses };

/**
 * A setting's label, box for the control, reset button and outcome.
 * @param {LiveSetting} setting
 * @param {string | null} id Of the control that the label is for.
 * @param {(value: any) => string} text The configured value in words.
 * @returns {Field}
 */
function createField(setting, id, text) {
  const { key, title } = setting;
  const outcome = new Outcome();
  const configured = make("span", { class: "configured" });
  const reset = actionButton("Reset", () => field.send(null), { class: "quiet", "aria-label": `Reset: ${title}` });
  const control = make("div", { class: "setting-control" });
  const label = make(id ? "label" : "span", { class: "label", for: id, title: setting.help }, title);
  const head = make("div", { class: "setting-head" }, label, configured, reset);
  /** @type {Field} */
  const field = {
    head,
    control,
    node: make("div", { class: "setting", "data-setting": key }, head, control, outcome.node),
    editing: false,
    busy: false,
    show() {},
    async send(value) {
      clearTimeout(field.timer);
      field.editing = false;
      field.busy = true;
      const applied = await outcome.run(
        reset,
        "Applying.",
        () => command("change_settings", { settings: { [key]: value } }),
        value === null ? "As the configuration says." : "Applied.",
      );
      field.busy = false;
      // What was applied is in the next state, which may come after the answer: until then the control would go back.
      if (!applied) field.render();
    },
    refuse() {
      field.editing = false;
      outcome.fail(`${title} must be ${setting.takes}.`);
      field.render();
    },
    render() {
      const state = latest("state");
      if (!state) return;
      const value = state.settings[key];
      const original = state.configured[key];
      const differs = JSON.stringify(value) !== JSON.stringify(original);
      setText(configured, differs ? `configured: ${text(original)}` : "");
      /** @type {HTMLElement | null} */
      const input = control.querySelector("input, summary") || head.querySelector("input");
      if (input) hideControl(reset, !differs, input);
      if (!field.editing && !field.busy) field.show(value, state);
    },
  };
  return field;
}

/**
 * A number; a fraction has a slider too.
 * @param {LiveSetting} setting
 */
function createNumber(setting) {
  const { minimum, maximum, title } = setting;
  const id = newId(setting.key);
  const field = createField(setting, id, (value) => (value === 0 && setting.zero ? setting.zero : String(value)));
  const step = setting.kind === "integer" ? 1 : "any";
  const number = make("input", { id, type: "number", min: minimum, max: maximum, step, inputmode: "decimal" });
  const send = () => {
    if (number.value === "" || !number.checkValidity()) field.refuse();
    else field.send(Number(number.value));
  };
  number.addEventListener("input", () => {
    field.editing = true;
  });
  number.addEventListener("change", send);
  /** @type {HTMLInputElement | null} */
  let slider = null;
  if (minimum !== null && maximum !== null && maximum - minimum <= 1) {
    const range = { min: minimum, max: maximum, step: (maximum - minimum) / SLIDER_STEPS };
    slider = make("input", { type: "range", ...range, "aria-label": `${title}: slider` });
    slider.addEventListener("input", () => {
      field.editing = true;
      number.value = slider?.value ?? "";
    });
    slider.addEventListener("change", () => {
      clearTimeout(field.timer);
      field.timer = setTimeout(send, SLIDER_PAUSE_MS);
    });
    field.control.append(slider, number);
  } else {
    field.head.append(number);
  }
  field.show = (value) => {
    if (Number(number.value) !== value || number.value === "") number.value = String(value);
    setEnabled(number);
    if (slider) {
      slider.value = String(value);
      setEnabled(slider);
    }
  };
  return field;
}

/** @param {LiveSetting} setting */
function createBox(setting) {
  const id = newId(setting.key);
  const field = createField(setting, id, (value) => (value ? "on" : "off"));
  const box = make("input", { id, type: "checkbox" });
  box.addEventListener("change", () => field.send(box.checked));
  field.node.classList.add("with-box");
  field.head.prepend(box);
  field.show = (value) => {
    box.checked = value;
    setEnabled(box);
  };
  return field;
}

/** @param {LiveSetting} setting */
function createClasses(setting) {
  const words = (/** @type {string[] | null} */ names) =>
    names === null ? "all" : names.length ? names.join(", ") : "none";
  const field = createField(setting, null, words);
  const summary = make("span", {});
  const choice = createClassChoice(
    (names, isAll) => field.send(isAll && latest("state")?.configured[setting.key] === null ? null : names),
    () => {
      field.editing = choice.isChanged();
      field.render();
    },
  );
  const fold = make("details", { class: "fold" }, make("summary", {}, summary), choice.node);
  field.control.append(fold);
  field.show = (value, state) => {
    const labels = state.model.labels || [];
    setText(summary, value === null ? `All ${labels.length || ""}`.trim() : value.length ? value.join(", ") : "None");
    choice.show(value, labels);
  };
  return field;
}

export function startSettings() {
  /** @type {Field[] | null} */
  let fields = null;
  listen("state", (state) => {
    if (!fields) {
      fields = state.live_settings.flatMap((setting) => KINDS[setting.kind]?.(setting) ?? []);
      byId("setting-fields").append(...fields.map((field) => field.node));
    }
    for (const field of fields) field.render();
  });
}
