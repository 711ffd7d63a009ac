// The list of what is on the picture, in which one is chosen.

import { latest } from "../connection.js";
import { keepChildren, make, setAttribute, setText } from "../dom.js";
import { joinDetails } from "../format.js";

/** @import { Editor } from "./editor.js" */
/** @import { Shape } from "./shapes.js" */

/**
 * What a shape is, in a few words.
 * @param {Shape} shape
 * @param {string} stream
 */
function describe({ kind, name, options }, stream) {
  const labels = Array.isArray(options.labels) ? options.labels.join(", ") : "";
  if (kind === "privacy") return "Privacy · black in every picture";
  if (kind === "ignore") return joinDetails("Ignored", labels || "all labels", "detections are dropped");
  if (kind === "zone") return joinDetails("Zone", labels || "all labels", options.alert === true && "alert");
  const today = latest("statistics")?.streams[stream]?.counts?.lines[name];
  return joinDetails("Line", labels || "all labels", today && `in ${today.entered}, out ${today.left} today`);
}

/**
 * @param {Editor} editor
 * @param {string} stream
 */
export function createShapeList(editor, stream) {
  const list = make("ul", { class: "stack tight" });
  const none = make("p", { class: "hint" }, "Nothing yet. Choose Zone or Line, and click its corners on the picture.");

  /** @param {Shape} first */
  function createEntry(first) {
    const name = make("span", { class: "strong" });
    const details = make("span", { class: "muted small" });
    const button = make(
      "button",
      { type: "button", class: "pickable", on: { click: () => editor.choose(first.id) } },
      make("span", { class: `kind ${first.kind}-on`, "aria-hidden": "true" }),
      make("span", { class: "grow" }, name, details),
    );
    return {
      node: make("li", {}, button),
      /** @param {Shape} shape */
      update(shape) {
        setText(name, shape.name);
        setText(details, describe(shape, stream));
        setAttribute(button, "aria-pressed", String(shape.id === editor.chosen));
      },
    };
  }

  return {
    node: make(
      "section",
      { class: "card", "aria-labelledby": "zones-list-title" },
      make("header", {}, make("h2", { id: "zones-list-title" }, "On this picture")),
      list,
      none,
    ),
    render() {
      keepChildren(list, editor.shapes, (shape) => shape.id, createEntry);
      none.hidden = editor.shapes.length > 0;
    },
  };
}
