// Choosing the classes that are shown: ticked first, applied together.

import { actionButton, setEnabled } from "./access.js";
import { keepChildren, make, newId } from "./dom.js";

/** apply(names): gets the list, or null for all. changed(): is called when the ticks differ from what holds, and when no more. */
export function createClassChoice(apply, changed) {
  const id = newId("class-filter");
  const filter = make("input", { id, type: "search", autocomplete: "off", spellcheck: "false" });
  const list = make("ul", { class: "ticks" });
  const save = actionButton("Apply", send, { class: "primary" });
  const all = actionButton("All", () => tick(labels));
  const none = actionButton("None", () => tick([]));
  const undo = actionButton("Undo", () => tick(held));
  let labels = [];
  let held = [];
  let ticked = new Set();

  const isChanged = () => ticked.size !== held.length || held.some((label) => !ticked.has(label));

  function send() {
    const names = labels.filter((label) => ticked.has(label));
    held = names; // until the server says what holds
    apply(names.length === labels.length ? null : names);
    render();
  }

  function tick(names) {
    ticked = new Set(names);
    render();
    changed();
  }

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
    show(names, known) {
      labels = [...new Set(known)];
      held = names === null ? labels : labels.filter((label) => names.includes(label)); // others are of another model
      ticked = new Set(held);
      render();
    },
  };
}
