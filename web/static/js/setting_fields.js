// The field of a setting, made from the daemon's description of the setting: one function for each kind of value.

import { actionButton, setEnabled } from "./access.js";
import { createClassChoice } from "./classes.js";
import { command, latest } from "./connection.js";
import { hideControl, make, newId, setText } from "./dom.js";
import { Outcome } from "./outcome.js";

/** @import { LiveSetting, Settings, State } from "./api.js" */
/** @import { Child } from "./dom.js" */

/**
 * The field of a setting with values of type T.
 * @template T
 * @typedef {object} Field
 * @property {HTMLElement} node
 * @property {HTMLElement} control
 * @property {boolean} editing Somebody is at the control: it does not follow the server.
 * @property {boolean} busy A change is on its way.
 * @property {{ value: T | null }} [next] The newest change that waits until that one is answered.
 * @property {number} [timer]
 * @property {(value: T | null) => Promise<void>} send null is the configuration's value.
 * @property {() => void} refuse Say what the setting takes, and go back to the value in force.
 * @property {() => void} update Show the server's value, unless somebody is at the control.
 * @property {(value: T, state: State) => void} show Put a value into the control.
 */

const SLIDER_PAUSE_MS = 300; // an arrow key held down is one change
const SLIDER_STEPS = 100;

const BY_KIND = {
  number: createNumber,
  integer: createNumber,
  boolean: createCheckbox,
  text: createText,
  labels: createClasses,
};

/**
 * The field of a setting; to be updated with every state.
 * @param {LiveSetting} setting
 * @returns {Child<LiveSetting>}
 */
export const createSettingField = (setting) => BY_KIND[setting.kind](setting);

/**
 * A setting's label, box for the control, reset button and outcome.
 * @template T
 * @param {LiveSetting} setting
 * @param {string | null} id Of the control that the label is for.
 * @param {(value: T) => string} text The configured value in words.
 * @returns {Field<T>}
 */
function createField(setting, id, text) {
  const { key, title } = setting;
  const outcome = new Outcome();
  const configured = make("span", { class: "configured" });
  const reset = actionButton("Reset", () => field.send(null), { class: "quiet", "aria-label": `Reset: ${title}` });
  const control = make("div", { class: "control" });
  const label = make(id ? "label" : "span", { class: "label", for: id }, title);
  const head = make("div", {}, label, make("p", { class: "hint" }, setting.help));
  const origin = make("div", { class: "origin" }, configured, reset);
  /** @type {Field<T>} */
  const field = {
    control,
    node: make("div", { class: "setting", "data-setting": key }, head, control, origin, outcome.node),
    editing: false,
    busy: false,
    show() {},
    async send(value) {
      clearTimeout(field.timer);
      field.editing = false;
      field.next = { value };
      if (field.busy) return;
      field.busy = true;
      let applied;
      while (field.next) {
        const { value: newest } = field.next;
        field.next = undefined;
        applied = await outcome.run(
          reset,
          "Applying.",
          () => command("change_settings", { settings: { [key]: newest } }),
          newest === null ? "As the configuration says." : "Applied.",
        );
      }
      field.busy = false;
      // What was applied is in the next state, which may come after the answer: until then the control would go back.
      if (!applied) field.update();
    },
    refuse() {
      field.editing = false;
      outcome.fail(`${title} must be ${setting.takes}.`);
      field.update();
    },
    update() {
      const state = latest("state");
      if (!state) return;
      const valueIn = (/** @type {Settings} */ settings) => /** @type {T} */ (settings[key]); // as `kind` says
      const value = valueIn(state.settings);
      const original = valueIn(state.configured);
      const differs = JSON.stringify(value) !== JSON.stringify(original);
      setText(configured, differs ? `Configured: ${text(original)}` : "");
      /** @type {HTMLElement | null} */
      const input = control.querySelector("input, select, summary");
      if (input) hideControl(reset, !differs, input);
      if (!field.editing && !field.busy) field.show(value, state);
    },
  };
  return field;
}

/**
 * A number; with a slider, if its range is as narrow as that of a share.
 * @param {LiveSetting} setting
 * @returns {Field<number>}
 */
function createNumber(setting) {
  const { minimum, maximum, title } = setting;
  const id = newId(setting.key);
  /** @type {Field<number>} */
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
    field.control.append(number);
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

/**
 * @param {LiveSetting} setting
 * @returns {Field<boolean>}
 */
function createCheckbox(setting) {
  const id = newId(setting.key);
  /** @type {Field<boolean>} */
  const field = createField(setting, id, (value) => (value ? "on" : "off"));
  const box = make("input", { id, type: "checkbox" });
  box.addEventListener("change", () => field.send(box.checked));
  field.node.classList.add("inline");
  field.control.append(box);
  field.show = (value) => {
    box.checked = value;
    setEnabled(box);
  };
  return field;
}

/**
 * A text, or one of the setting's choices.
 * @param {LiveSetting} setting
 * @returns {Field<string | null>}
 */
function createText(setting) {
  const id = newId(setting.key);
  /** @type {Field<string | null>} */
  const field = createField(setting, id, (value) => value || "none");
  const options = setting.choices.map((choice) => make("option", { value: choice }, choice));
  const control = options.length ? make("select", { id }, ...options) : make("input", { id, type: "text" });
  control.addEventListener("input", () => {
    field.editing = true;
  });
  control.addEventListener("change", () => field.send(control.value));
  field.control.append(control);
  field.show = (value) => {
    if (control.value !== value) control.value = value || "";
    setEnabled(control);
  };
  return field;
}

/**
 * @param {LiveSetting} setting
 * @returns {Field<string[] | null>}
 */
function createClasses(setting) {
  const words = (/** @type {string[] | null} */ names) =>
    names === null ? "all" : names.length ? names.join(", ") : "none";
  /** @type {Field<string[] | null>} */
  const field = createField(setting, null, words);
  const summary = make("span", {});
  const choice = createClassChoice(
    (names, isAll) => field.send(isAll && latest("state")?.configured[setting.key] === null ? null : names),
    () => {
      field.editing = choice.isChanged();
      field.update();
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
