// The labels that a zone, line or mask is about: those of the model, each added and taken away by a button.

import { isOperator, setEnabled } from "../access.js";
import { latest } from "../connection.js";
import { keepChildren, make, newId } from "../dom.js";
import { icon } from "../icons.js";

/** @import { Editor } from "./editor.js" */
/** @import { Row } from "./shape_form.js" */

/**
 * @param {Editor} editor
 * @returns {Row}
 */
export function createLabelChoice(editor) {
  const id = newId("zone-label");
  const add = make("select", { id, class: "filter" });
  const chips = make("ul", { class: "row" });
  const all = make("span", { class: "muted small" }, "All");
  /** @type {string[]} */
  let chosen = [];
  const set = (/** @type {string[]} */ labels) => editor.setOption("labels", labels.length ? labels : undefined);
  add.addEventListener("change", () => add.value && set([...chosen, add.value]));

  /** @param {string} label */
  function createChip(label) {
    const remove = () => {
      add.focus();
      set(chosen.filter((other) => other !== label));
    };
    const chip = make(
      "button",
      { type: "button", class: "filter on", "aria-label": `${label}: remove`, disabled: !isOperator },
      label,
      icon("x", "s"),
    );
    chip.addEventListener("click", remove);
    return { node: make("li", {}, chip), update() {} };
  }

  return {
    node: make(
      "div",
      { class: "setting labels" },
      make("label", { for: id }, "Labels"),
      make("div", { class: "control" }, chips, all, add),
    ),
    update({ options }) {
      chosen = Array.isArray(options.labels) ? options.labels : [];
      const known = [...new Set(latest("state")?.model.labels || [])].filter((label) => !chosen.includes(label));
      add.replaceChildren(
        make("option", { value: "" }, "Add"),
        ...known.map((label) => make("option", { value: label }, label)),
      );
      setEnabled(add, known.length > 0);
      keepChildren(chips, chosen, (label) => label, createChip);
      all.hidden = chosen.length > 0;
      chips.hidden = chosen.length === 0;
    },
  };
}
