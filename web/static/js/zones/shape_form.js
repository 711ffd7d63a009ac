// The properties of the chosen shape. They are applied to the drawing at once, and saved with it.

import { actionButton } from "../access.js";
import { make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { createLabelChoice } from "./label_choice.js";
import { choiceRow, numberRow, textRow } from "./shape_rows.js";

/** @import { Editor } from "./editor.js" */
/** @import { Kind, Shape } from "./shapes.js" */

/** @typedef {{ node: HTMLElement, update: (shape: Shape) => void }} Row */

const ANCHORS = { bottom_center: "bottom centre", center: "centre", corners: "all four corners" };
const SEVERITIES = { detection: "a detection", alert: "an alert" };
const PRIVACY = "Black in everything from the moment it is saved: live picture, recordings, snapshots, detection.";
const IGNORE = "What stands here, by the bottom centre of its box, is dropped: it is no track and no event.";
const ALERT = "Once a zone of a stream makes alerts, nothing else there is one but what enters such a zone.";
const ARROW = "The arrow points to “in”.";

const listed = (/** @type {unknown} */ value) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

/**
 * @param {Editor} editor
 * @param {Kind} kind
 * @returns {Row[]}
 */
function makeRows(editor, kind) {
  const hint = (/** @type {string} */ text) => ({ node: make("p", { class: "hint" }, text), update() {} });
  const labels = createLabelChoice(editor);
  if (kind === "privacy") return [hint(PRIVACY)];
  if (kind === "ignore") return [hint(IGNORE), labels];
  const name = textRow({
    title: "Name",
    read: (shape) => shape.name,
    write: (text) => text && editor.rename(text),
  });
  if (kind === "line") {
    const turn = actionButton("Turn round", () => editor.turn());
    return [
      name,
      labels,
      choiceRow(
        "What has to cross",
        ANCHORS,
        ({ options }) => String(options.anchor ?? "bottom_center"),
        (value) => editor.setOption("anchor", value === "bottom_center" ? undefined : value),
      ),
      numberRow(editor, {
        key: "hold",
        title: "Hold",
        unit: "s",
        hint: "It has crossed when it stayed beyond for this long.",
        usual: 0.3,
        most: 60,
      }),
      { node: make("div", { class: "setting inline" }, make("p", { class: "hint" }, ARROW), turn), update() {} },
    ];
  }
  const more = [
    textRow({
      title: "Times of day",
      hint: "Such as 22:00-06:00.",
      placeholder: "always",
      read: ({ options }) => listed(options.active),
      write(text) {
        const hours = text.split(/\s*,\s*/).filter(Boolean);
        editor.setOption("active", hours.length > 1 ? hours : hours[0]);
      },
    }),
    textRow({
      title: "Sides",
      hint: "On the ground, in metres, from the first point on; of a zone with four points.",
      placeholder: "10, 12, 11, 13.5",
      read: ({ options }) => listed(options.sides),
      write(text) {
        const sides = text.split(/[\s,;]+/).filter(Boolean);
        editor.setOption("sides", sides.length ? sides.map(Number) : undefined);
      },
    }),
    numberRow(editor, {
      key: "min_speed",
      title: "Lowest speed",
      unit: "km/h",
      hint: "Needs the sides.",
      usual: "",
      most: 1000,
    }),
  ];
  const fold = make("details", {}, make("summary", {}, "More: times of day, speed"), ...more.map((row) => row.node));
  return [
    name,
    labels,
    choiceRow(
      "An event here is",
      SEVERITIES,
      ({ options }) => (options.alert === true ? "alert" : "detection"),
      (value) => editor.setOption("alert", value === "alert" ? true : undefined),
      ALERT,
    ),
    numberRow(editor, {
      key: "loiter",
      title: "Loiter",
      unit: "s",
      hint: "Told when something stays this long. 0: never.",
      usual: 0,
      most: 86400,
    }),
    numberRow(editor, {
      key: "inertia",
      title: "Inertia",
      unit: "s",
      hint: "So long inside, it has entered; so long outside, it has left.",
      usual: 0.5,
      most: 86400,
    }),
    {
      node: fold,
      update(shape) {
        for (const row of more) row.update(shape);
      },
    },
  ];
}

/** @param {Editor} editor */
export function createShapeForm(editor) {
  const title = make("h2", { id: "zones-form-title" });
  const remove = actionButton("", () => editor.remove(), { class: "ink" });
  remove.append(icon("trash"));
  const box = make("div", {});
  /** @type {Row[]} */
  let rows = [];
  /** @type {number | undefined} */
  let shown; // id of the shape that the rows are of
  const node = make(
    "section",
    { class: "card shape-form", "aria-labelledby": title.id },
    make("header", {}, title, remove),
    box,
  );
  return {
    node,
    render() {
      const { shape } = editor;
      node.hidden = !shape;
      if (shape && shape.id !== shown) {
        rows = makeRows(editor, shape.kind);
        box.replaceChildren(...rows.map((row) => row.node));
      }
      shown = shape?.id;
      if (!shape) return;
      setText(title, shape.name);
      setAttribute(remove, "aria-label", `Delete ${shape.name}`);
      for (const row of rows) row.update(shape);
    },
  };
}
