// What is edited: the shapes, which of them is chosen, the tool, and the shape that is being drawn.

import { clamp, movePoints, withoutDoubles } from "./geometry.js";
import { changeOption, changeShape, leastPoints, newShape, placesOf, problemOf, shapesOf } from "./shapes.js";
import { Undo } from "./undo.js";

/** @import { Point } from "./geometry.js" */
/** @import { Kind, Places, Shape } from "./shapes.js" */

/** @typedef {"move" | Kind} Tool */

const MOST_POINTS = 100;
const MOST_BYTES = 45_000; // what the connection of a page takes at once, less what else is in the message
const TOO_MUCH = "Too many points for the page: remove some, or write them in the config file.";
/** @type {Point[]} */
const MIDDLE = [
  [0.35, 0.35],
  [0.65, 0.35],
  [0.65, 0.65],
  [0.35, 0.65],
];

export class Editor {
  /** @type {Tool} */
  tool = "move";
  /** @type {number | null} */
  chosen = null; // a shape's id
  /** @type {Point[]} */
  draft = []; // the points of the shape that is being drawn
  #undo = new Undo(/** @type {Shape[]} */ ([]));
  #saved = "";
  #changed;

  /** @param {() => void} changed Called after every change. */
  constructor(changed) {
    this.#changed = changed;
  }

  get shapes() {
    return this.#undo.value;
  }

  get canUndo() {
    return this.#undo.canUndo || this.draft.length > 0;
  }

  get canRedo() {
    return this.#undo.canRedo;
  }

  /** The shape that is chosen, or undefined. */
  get shape() {
    return this.shapes.find((shape) => shape.id === this.chosen);
  }

  get places() {
    return placesOf(this.shapes);
  }

  get problem() {
    const length = new TextEncoder().encode(JSON.stringify(this.places)).length;
    return problemOf(this.shapes) || (length > MOST_BYTES ? TOO_MUCH : "");
  }

  /** Whether anything is not as it was saved. */
  get isChanged() {
    return JSON.stringify(this.places) !== this.#saved;
  }

  /**
   * Begin with what is saved.
   * @param {Partial<Places>} places
   */
  load(places) {
    const before = this.shape;
    this.#undo = new Undo(shapesOf(places));
    this.#saved = JSON.stringify(this.places);
    this.draft = [];
    const again = this.shapes.find((shape) => shape.kind === before?.kind && shape.name === before?.name);
    this.chosen = again?.id ?? this.shapes[0]?.id ?? null;
    this.#changed();
  }

  /**
   * Go on with what was drawn before, and not saved.
   * @param {Places} places
   */
  restore(places) {
    this.#change(shapesOf(places));
    this.#chooseAny();
  }

  /** @param {number | null} id */
  choose(id) {
    this.chosen = id;
    this.#changed();
  }

  /** @param {Tool} tool */
  use(tool) {
    this.tool = tool;
    this.draft = [];
    this.#changed();
  }

  // Drawing

  /**
   * Add a point to what is being drawn; a line is done with its second one.
   * @param {Point} point
   */
  draw(point) {
    if (this.tool === "move" || this.draft.length >= MOST_POINTS) return;
    this.draft = [...this.draft, clamp(point)];
    if (this.tool === "line" && this.draft.length === 2) this.finish();
    else this.#changed();
  }

  /** Make a shape of what was drawn, if it has enough points. */
  finish() {
    const points = withoutDoubles(this.draft); // a double click ends it with two
    if (this.tool === "move" || points.length < leastPoints(this.tool)) return;
    this.#add(this.tool, points);
  }

  /** Put a shape of the tool's kind into the middle of the picture: what the keyboard begins with. */
  addInMiddle() {
    if (this.tool === "move") return;
    this.#add(this.tool, this.tool === "line" ? [MIDDLE[0], MIDDLE[1]] : MIDDLE);
  }

  /** Take back the last point that was drawn, or lay the tool down. Returns whether there was anything to take back. */
  cancel() {
    if (this.draft.length) this.draft = this.draft.slice(0, -1);
    else if (this.tool !== "move") this.tool = "move";
    else return false;
    this.#changed();
    return true;
  }

  /**
   * @param {Kind} kind
   * @param {Point[]} points
   */
  #add(kind, points) {
    const shape = newShape(this.shapes, kind, points);
    this.tool = "move";
    this.draft = [];
    this.chosen = shape.id;
    this.#change([...this.shapes, shape]);
  }

  // The chosen shape

  /**
   * @param {number} index
   * @param {Point} point
   * @param {unknown} [step] As in `Undo.change`.
   */
  movePoint(index, point, step) {
    const moved = clamp(point);
    this.#changePoints((points) => points.map((one, at) => (at === index ? moved : one)), step);
  }

  /**
   * Add a point behind the one with this number.
   * @param {number} index
   * @param {Point} point
   * @param {unknown} [step]
   */
  insertPoint(index, point, step) {
    if ((this.shape?.points.length || 0) >= MOST_POINTS) return;
    this.#changePoints((points) => [...points.slice(0, index + 1), clamp(point), ...points.slice(index + 1)], step);
  }

  /**
   * Returns whether the shape could spare the point.
   * @param {number} index
   */
  removePoint(index) {
    const { shape } = this;
    if (!shape || shape.points.length <= leastPoints(shape.kind)) return false;
    this.#changePoints((points) => points.filter((_, at) => at !== index));
    return true;
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @param {unknown} [step]
   */
  moveShape(dx, dy, step) {
    this.#changePoints((points) => movePoints(points, dx, dy), step);
  }

  /** Exchange the ends of a line: its arrow points to the other side. */
  turn() {
    this.#changePoints((points) => [...points].reverse());
  }

  remove() {
    const index = this.shapes.findIndex((shape) => shape.id === this.chosen);
    if (index < 0) return;
    const rest = this.shapes.filter((shape) => shape.id !== this.chosen);
    this.chosen = rest[Math.min(index, rest.length - 1)]?.id ?? null;
    this.#change(rest);
  }

  /** @param {string} name */
  rename(name) {
    if (this.shape && this.shape.name !== name) this.#change(changeShape(this.shapes, this.shape.id, { name }));
  }

  /**
   * @param {string} key
   * @param {unknown} value undefined, null or "": as by default.
   */
  setOption(key, value) {
    if (this.shape && JSON.stringify(this.shape.options[key]) !== JSON.stringify(value))
      this.#change(changeOption(this.shapes, this.shape.id, key, value));
  }

  // Undo

  undo() {
    if (this.cancelDraft()) return;
    this.#undo.undo();
    this.#chooseAny();
  }

  redo() {
    this.#undo.redo();
    this.#chooseAny();
  }

  cancelDraft() {
    return this.draft.length > 0 && this.cancel();
  }

  #chooseAny() {
    if (!this.shape) this.chosen = this.shapes[this.shapes.length - 1]?.id ?? null;
    this.#changed();
  }

  /**
   * @param {(points: Point[]) => Point[]} change
   * @param {unknown} [step]
   */
  #changePoints(change, step) {
    const { shape } = this;
    if (!shape) return;
    const points = change(shape.points);
    if (JSON.stringify(points) !== JSON.stringify(shape.points))
      this.#change(changeShape(this.shapes, shape.id, { points }), step);
  }

  /**
   * @param {Shape[]} shapes
   * @param {unknown} [step]
   */
  #change(shapes, step) {
    this.#undo.change(shapes, step);
    this.#changed();
  }
}
