// The outcome of a command, shown beside its control: pending, done, or failed with the reason.

import { make, setText } from "./dom.js";

const DONE_SHOWN_SECONDS = 6;

/** @type {WeakSet<Element>} */
const busy = new WeakSet();

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

export class Outcome {
  /** @type {number | undefined} */
  #timer;

  /** @param {HTMLElement} node An element with role="status", made here if there is none. */
  constructor(node = make("p", { class: "outcome", role: "status" })) {
    this.node = node;
    this.clear();
  }

  clear() {
    clearTimeout(this.#timer);
    this.show("", "");
  }

  /**
   * @param {"" | "pending" | "done" | "failed"} kind
   * @param {string} text
   */
  show(kind, text) {
    this.node.classList.remove("pending", "done", "failed");
    if (kind) this.node.classList.add(kind);
    setText(this.node, text);
  }

  /** @param {string} text */
  fail(text) {
    clearTimeout(this.#timer);
    this.show("failed", text);
  }

  /**
   * Run an action and show how it goes.
   * @template Result
   * @param {Element} control Marked as busy meanwhile; while it is, another run of it does nothing.
   * @param {string} pending
   * @param {() => Promise<Result>} action
   * @param {string} done
   * @returns {Promise<Result | undefined>} The action's result, or undefined if it failed.
   */
  async run(control, pending, action, done = "Done.") {
    if (busy.has(control)) return undefined;
    clearTimeout(this.#timer);
    busy.add(control);
    control.setAttribute("aria-busy", "true");
    this.show("pending", pending);
    try {
      const result = await action();
      this.show(done ? "done" : "", done);
      this.#timer = setTimeout(() => this.clear(), DONE_SHOWN_SECONDS * 1000);
      return result;
    } catch (error) {
      this.fail(messageOf(error));
      return undefined;
    } finally {
      busy.delete(control);
      control.removeAttribute("aria-busy");
    }
  }
}
