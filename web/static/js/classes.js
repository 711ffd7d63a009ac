// The choice of the classes that are shown; changes take effect together, by Apply.

import { actionButton, setEnabled } from "./access.js";
import { keepChildren, make, newId } from "./dom.js";

/**
 * @param {(names: string[], isAll: boolean) => void} apply Called with the classes to show, and whether those are all.
 * @param {() => void} changed Called when the ticks begin to differ from what the server says, and when they no longer do.
 */
export function createClassChoice(apply, changed) {
  const id = newId("class-filter");
  const filter = make("input", { id, type: "search", autocomplete: "off", spellcheck: "false" });
  const list = make("ul", { class: "ticks" });
  const save = actionButton("Apply", send, { class: "primary" });
  const all = actionButton("All", () => tick(labels));
  const none = actionButton("None", () => tick([]));
  const undo = actionButton("Undo", () => tick(current));
  /** @type {string[]} */
  let labels = [];
  /** @type {string[]} */
  let current = []; // the classes in force
  /** @type {Set<string>} */
  let ticked = new Set();

  const isChanged = () => ticked.size !== current.length || current.some((label) => !ticked.has(label));

  function send() {
    const names = labels.filter((label) => ticked.has(label));
    current = names; // until the next state
    apply(names, names.length === labels.length);
    render();
  }

  /** @param {string[]} names */
  function tick(names) {
    ticked = new Set(names);
    render();
    changed();
  }

  /** @param {string} label */
  function createTick(label) {
    const box = make("input", {
      type: "checkbox",
      on: {
        change: () => {
          if (box.checked) ticked.add(label);
          else ticked.delete(label);
          render();
          changed();
        },
      },
    });
    return {
      node: make("li", {}, make("label", {}, setEnabled(box), " ", label)),
      update: () => {
        box.checked = ticked.has(label);
      },
    };
  }

  function render() {
    const wanted = filter.value.trim().toLowerCase();
    keepChildren(
      list,
      labels.filter((label) => label.toLowerCase().includes(wanted)),
      (label) => label,
      createTick,
    );
    setEnabled(save, isChanged());
    undo.hidden = !isChanged();
  }

  filter.addEventListener("input", render);
  return {
    node: make(
      "div",
      { class: "stack" },
      make("div", { class: "field" }, make("label", { for: id }, "Filter"), filter),
      list,
      make("div", { class: "buttons" }, save, all, none, undo),
    ),
    isChanged,
    /**
     * @param {string[] | null} names Those that are shown; null is all.
     * @param {string[]} known The labels of the model.
     */
    show(names, known) {
      labels = [...new Set(known)];
      current = names === null ? labels : labels.filter((label) => names.includes(label)); // the others belong to another model
      ticked = new Set(current);
      render();
    },
  };
}
