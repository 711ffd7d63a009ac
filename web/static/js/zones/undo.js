// The changes of a value, to be undone and done again. Values are never changed in place.

const MOST = 200;

/** @template T */
export class Undo {
  /** @type {T} */
  value;
  /** @type {T[]} */
  #before = [];
  /** @type {T[]} */
  #after = [];
  /** @type {unknown} */
  #step;

  /** @param {T} value */
  constructor(value) {
    this.value = value;
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  get canRedo() {
    return this.#after.length > 0;
  }

  /**
   * @param {T} value
   * @param {unknown} [step] Changes that follow each other with the same step, such as those of one drag, are undone
   *   together.
   */
  change(value, step) {
    if (step === undefined || step !== this.#step || !this.canUndo) {
      this.#before.push(this.value);
      if (this.#before.length > MOST) this.#before.shift();
    }
    this.#step = step;
    this.#after = [];
    this.value = value;
  }

  undo() {
    this.#swap(this.#before, this.#after);
  }

  redo() {
    this.#swap(this.#after, this.#before);
  }

  /**
   * @param {T[]} from
   * @param {T[]} to
   */
  #swap(from, to) {
    if (!from.length) return;
    to.push(this.value);
    this.value = /** @type {T} */ (from.pop());
    this.#step = undefined;
  }
}
