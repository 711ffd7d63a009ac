// The tools that draw, undo and redo, and the heat map as a layer.

import { isOperator } from "../access.js";
import { make, setAttribute } from "../dom.js";
import { icon } from "../icons.js";

/** @import { Editor, Tool } from "./editor.js" */

/** @type {[tool: Tool, text: string, picture: string, key: string][]} */
const TOOLS = [
  ["move", "Move", "pointer", "V"],
  ["zone", "Zone", "zone", "Z"],
  ["line", "Line", "line", "L"],
  ["ignore", "Ignore", "ignore", "I"],
  ["privacy", "Privacy", "privacy", "P"],
];

/**
 * @param {Editor} editor
 * @param {(on: boolean) => void} showHeat
 */
export function createToolbar(editor, showHeat) {
  const buttons = TOOLS.map(([tool, text, picture, key]) => {
    const button = make(
      "button",
      { type: "button", "aria-keyshortcuts": key, disabled: !isOperator, on: { click: () => editor.use(tool) } },
      icon(picture),
      make("span", {}, text),
    );
    return { tool, button };
  });
  const action = (/** @type {string} */ text, /** @type {string} */ picture, /** @type {() => void} */ run) =>
    make("button", { type: "button", class: "ink", "aria-label": text, on: { click: run } }, icon(picture));
  const undo = action("Undo", "undo", () => editor.undo());
  const redo = action("Redo", "redo", () => editor.redo());
  const heat = make("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Heat map");
  heat.addEventListener("click", () => {
    const on = heat.getAttribute("aria-pressed") !== "true";
    setAttribute(heat, "aria-pressed", String(on));
    showHeat(on);
  });

  /**
   * The keys of the tools and of undo, wherever the focus is but in a field.
   * @param {KeyboardEvent} event
   */
  function type(event) {
    const isField = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (isField || !isOperator || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z" && event.shiftKey) editor.redo();
      else if (key === "z") editor.undo();
      else if (key === "y") editor.redo();
      else return;
    } else if (event.key === "Escape") {
      if (!editor.cancel()) return;
    } else {
      const found = TOOLS.find(([, , , key]) => key === event.key.toUpperCase());
      if (!found) return;
      editor.use(found[0]);
    }
    event.preventDefault();
  }

  return {
    node: make(
      "div",
      { class: "toolbar drawing-tools", role: "toolbar", "aria-label": "Drawing" },
      ...buttons.map(({ button }) => button),
      make("span", { class: "sep" }),
      heat,
      undo,
      redo,
    ),
    type,
    render() {
      for (const { tool, button } of buttons) setAttribute(button, "aria-pressed", String(tool === editor.tool));
      undo.disabled = !isOperator || !editor.canUndo;
      redo.disabled = !isOperator || !editor.canRedo;
    },
  };
}
