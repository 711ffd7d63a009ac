// The picture that is drawn on: shapes over it, and handles that are moved by mouse, finger or keys.

import { isOperator } from "../access.js";
import { keepChildren, make, setAttribute, setText } from "../dom.js";
import { makeSvg } from "../icons.js";
import { drawShapes } from "./drawing.js";
import { middle, snap } from "./geometry.js";
import { shapeAt } from "./shapes.js";

/** @import { Editor } from "./editor.js" */
/** @import { Point } from "./geometry.js" */

const STEP = 0.01;
const LARGE_STEP = 0.05;
const REACH_PIXELS = 10;
const CLOSE_PIXELS = 14;

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @typedef {{ key: string, kind: "point" | "mid" | "all", index: number, at: Point, label: string, text: string }} Handle */

const percent = (/** @type {number} */ share) => `${Math.round(share * 1000) / 10} %`;

/**
 * @param {Editor} editor
 * @param {HTMLImageElement} image
 * @param {HTMLImageElement} layer Lies between picture and shapes: the heat map.
 */
export function createCanvas(editor, image, layer) {
  const svg = makeSvg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
  const handles = make("div", { class: "handles" });
  const node = make("div", { class: "frame on-pic editing", tabindex: 0, role: "group" }, image, layer, svg, handles);
  // Takes clicks a little beside the picture, too: its very corners and edges could hardly be hit.
  const surface = make("div", { class: "zone-picture" }, node);
  let ratio = 16 / 9;
  let drags = 0;
  /** @type {Point | null} */
  let next = null; // where the pointer would put a point
  /** @type {Point[][]} */
  let paths = [];

  /**
   * Where a pointer is.
   * @param {MouseEvent} event
   * @returns {Point}
   */
  function pointOf(event) {
    const box = node.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  /**
   * Where a point comes to lie that the pointer moves. With Alt it stays where it is.
   * @param {MouseEvent} event
   * @param {Point} point
   */
  function place(event, point) {
    if (event.altKey) return point;
    const others = editor.shapes
      .filter((shape) => shape.id !== editor.chosen || editor.draft.length)
      .map((shape) => shape.points);
    return snap(point, others, REACH_PIXELS / node.clientHeight, ratio);
  }

  /**
   * Follow a pointer from its press to its release; all of that is one step for undo.
   * @param {PointerEvent} event
   * @param {(event: PointerEvent, step: number) => void} moved
   */
  function drag(event, moved) {
    if (event.button || !isOperator) return;
    event.preventDefault();
    event.stopPropagation();
    drags += 1;
    const step = drags;
    const move = (/** @type {PointerEvent} */ next) => next.pointerId === event.pointerId && moved(next, step);
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  /** @param {PointerEvent} event */
  function press(event) {
    if (event.button) return;
    if (editor.tool !== "move") {
      event.preventDefault();
      node.focus({ preventScroll: true });
      const point = pointOf(event);
      const [first] = editor.draft;
      const isFirst =
        editor.draft.length > 2 &&
        Math.hypot((first[0] - point[0]) * node.clientWidth, (first[1] - point[1]) * node.clientHeight) <= CLOSE_PIXELS;
      if (isFirst) editor.finish();
      else editor.draw(place(event, point));
      return;
    }
    const hit = shapeAt(editor.shapes, pointOf(event));
    if (hit) editor.choose(hit.id);
  }

  /** @param {KeyboardEvent} event */
  function type(event) {
    if (event.target !== node || !isOperator) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (editor.draft.length) editor.finish();
      else if (editor.tool !== "move") {
        editor.addInMiddle();
        handles.querySelector("button")?.focus();
      }
    }
  }

  /** @param {Handle} first */
  function createHandle(first) {
    let handle = first;
    let wasDragged = false; // what follows is no click
    const text = make("span", {});
    const button = make("button", {
      type: "button",
      class: { point: "handle", mid: "handle mid", all: "handle all tag" }[first.kind],
    });
    button.append(text);

    /**
     * @param {Point} by
     * @param {unknown} step
     */
    function move([dx, dy], step) {
      const [x, y] = handle.at;
      if (handle.kind === "all") editor.moveShape(dx, dy, step);
      else if (handle.kind === "point") editor.movePoint(handle.index, [x + dx, y + dy], step);
    }

    button.addEventListener("pointerdown", (event) => {
      const from = pointOf(event);
      const { kind, index } = handle;
      wasDragged = false;
      const start = editor.shape?.points || [];
      let isAdded = false;
      drag(event, (next, step) => {
        const now = pointOf(next);
        wasDragged = true;
        if (kind === "all") {
          // From where the drag began: at an edge the shape waits for the pointer to come back.
          const [x, y] = editor.shape?.points[0] || [0, 0];
          const wanted = [start[0][0] + now[0] - from[0], start[0][1] + now[1] - from[1]];
          editor.moveShape(wanted[0] - x, wanted[1] - y, step);
        } else if (kind === "mid" && !isAdded) {
          isAdded = true;
          editor.insertPoint(index, place(next, now), step);
        } else {
          editor.movePoint(kind === "mid" ? index + 1 : index, place(next, now), step);
        }
      });
    });
    button.addEventListener("click", () => {
      if (handle.kind === "mid" && isOperator && !wasDragged) addPoint();
    });
    button.addEventListener("keydown", (event) => {
      if (!isOperator) return;
      const arrow = ARROWS[event.key];
      if (arrow && handle.kind !== "mid") {
        event.preventDefault();
        const size = event.shiftKey ? LARGE_STEP : STEP;
        move([arrow[0] * size, arrow[1] * size], undefined);
      } else if ((event.key === "Delete" || event.key === "Backspace") && handle.kind === "point") {
        event.preventDefault();
        const { index } = handle;
        if (editor.removePoint(index)) focusPoint(Math.max(0, index - 1));
      }
    });

    function addPoint() {
      const { index, at } = handle;
      editor.insertPoint(index, at);
      focusPoint(index + 1);
    }

    return {
      node: button,
      /** @param {Handle} next */
      update(next) {
        handle = next;
        button.style.left = `${next.at[0] * 100}%`;
        button.style.top = `${next.at[1] * 100}%`;
        setAttribute(button, "aria-label", next.label);
        setText(text, next.text);
      },
    };
  }

  /** @param {number} index */
  function focusPoint(index) {
    /** @type {HTMLElement | null} */ (
      handles.querySelector(`.handle:not(.mid, .all):nth-of-type(${index + 1})`)
    )?.focus();
  }

  /** @returns {Handle[]} */
  function handlesOf() {
    const { shape } = editor;
    if (!shape || !isOperator || editor.tool !== "move") return [];
    const { id, kind, name, points } = shape;
    const at = ([x, y] = /** @type {Point} */ ([0, 0])) => `${percent(x)}, ${percent(y)}`;
    const word = (/** @type {number} */ index) => (kind === "line" ? ["Start", "End"][index] : `Point ${index + 1}`);
    /** @type {Handle[]} */
    const found = points.map((point, index) => ({
      key: `${id} ${index}`,
      kind: "point",
      index,
      at: point,
      label: `${word(index)} of ${name}: ${at(point)}`,
      text: "",
    }));
    const count = points.length;
    if (kind !== "line")
      points.forEach((point, index) => {
        const between = middle(point, points[(index + 1) % count]);
        const label = `Add a point to ${name} at ${at(between)}`;
        found.push({ key: `${id} mid ${index}`, kind: "mid", index, at: between, label, text: "" });
      });
    const sum = points.reduce(([x, y], [px, py]) => /** @type {Point} */ ([x + px / count, y + py / count]), [0, 0]);
    found.push({ key: `${id} all`, kind: "all", index: 0, at: sum, label: `${name}: move all of it`, text: name });
    return found;
  }

  surface.addEventListener("pointerdown", press);
  surface.addEventListener("dblclick", () => editor.finish());
  surface.addEventListener("pointermove", (event) => preview(event.pointerType === "mouse" ? event : null));
  surface.addEventListener("pointerleave", () => preview(null));
  node.addEventListener("keydown", type);

  /**
   * Show how what is being drawn would go on.
   * @param {MouseEvent | null} event
   */
  function preview(event) {
    if (!editor.draft.length && !next) return;
    next = event && editor.draft.length ? place(event, pointOf(event)) : null;
    draw();
  }

  const draw = () => drawShapes(svg, editor, ratio, paths, next);

  function render() {
    if (!editor.draft.length) next = null;
    draw();
    keepChildren(handles, handlesOf(), (handle) => handle.key, createHandle);
    surface.classList.toggle("drawing", editor.tool !== "move");
    const word = { move: "", zone: "zone", line: "line", ignore: "ignore mask", privacy: "privacy mask" }[editor.tool];
    const hint = word
      ? `Click the corners of the ${word}, or press Enter for one in the middle.`
      : "Shapes on the picture";
    setAttribute(node, "aria-label", hint);
  }

  return {
    node: surface,
    render,
    /** @param {number} value Width divided by height of the picture. */
    setRatio(value) {
      ratio = value;
      node.style.setProperty("--ratio", String(value));
      render();
    },
    /** @param {Point[][]} value The paths of tracks, shown lightly. */
    setPaths(value) {
      paths = value;
      render();
    },
  };
}
