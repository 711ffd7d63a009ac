// The kinds of rows in a shape's form: a number, a text, a choice. Each shows what the shape has, and sets it.

import { setEnabled } from "../access.js";
import { make, newId } from "../dom.js";

/** @import { Editor } from "./editor.js" */
/** @import { Row } from "./shape_form.js" */
/** @import { Shape } from "./shapes.js" */

/**
 * What it is called at the left, its control at the right.
 * @param {string} title
 * @param {HTMLInputElement | HTMLSelectElement} control
 * @param {string} [hint]
 * @param {string} [unit]
 */
function makeRow(title, control, hint, unit) {
  control.id = newId("zone");
  setEnabled(control);
  return make(
    "div",
    { class: "setting inline" },
    make("div", {}, make("label", { for: control.id }, title), hint ? make("p", { class: "hint" }, hint) : null),
    make("div", { class: "control" }, control, unit ? make("span", { class: "muted small" }, unit) : null),
  );
}

/**
 * A text, by default the shape's option `key`, which is read and written by two functions.
 * @param {{ title: string, hint?: string, placeholder?: string, read: (shape: Shape) => string,
 *   write: (text: string) => void }} about
 * @returns {Row}
 */
export function textRow({ title, hint, placeholder, read, write }) {
  const input = make("input", { type: "text", class: "short", placeholder, spellcheck: "false", autocomplete: "off" });
  input.addEventListener("change", () => write(input.value.trim()));
  return {
    node: makeRow(title, input, hint),
    update(shape) {
      if (document.activeElement !== input || input.value === "") input.value = read(shape);
    },
  };
}

/**
 * @param {Editor} editor
 * @param {{ key: string, title: string, unit: string, hint?: string, usual: number | "", most: number }} about
 *   usual: what holds where the settings say nothing; "" for no limit.
 * @returns {Row}
 */
export function numberRow(editor, { key, title, unit, hint, usual, most }) {
  const input = make("input", { type: "number", min: 0, max: most, step: "any", inputmode: "decimal" });
  const shownValue = (/** @type {Shape | undefined} */ shape) => String(shape?.options[key] ?? usual);
  input.addEventListener("change", () => {
    if (input.value === "") editor.setOption(key, undefined);
    else if (input.checkValidity())
      editor.setOption(key, Number(input.value) === usual ? undefined : Number(input.value));
    input.value = shownValue(editor.shape);
  });
  return {
    node: makeRow(title, input, hint, unit),
    update(shape) {
      if (document.activeElement !== input) input.value = shownValue(shape);
    },
  };
}

/**
 * @param {string} title
 * @param {Record<string, string>} choices Words by value.
 * @param {(shape: Shape) => string} read
 * @param {(value: string) => void} write
 * @param {string} [hint]
 * @returns {Row}
 */
export function choiceRow(title, choices, read, write, hint) {
  const select = make(
    "select",
    {},
    ...Object.entries(choices).map(([value, words]) => make("option", { value }, words)),
  );
  select.addEventListener("change", () => write(select.value));
  return {
    node: makeRow(title, select, hint),
    update(shape) {
      select.value = read(shape);
    },
  };
}
