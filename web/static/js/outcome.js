// What became of a command, beside the control that sent it: pending, done, or failed with the reason.

import { make, setText } from "./dom.js";

const DONE_SHOWN_SECONDS = 6;

const busy = new WeakSet();

export class Outcome {
  /** node: an element with role="status", made here if there is none. */
  constructor(node = make("p", { class: "outcome", role: "status" })) {
    this.node = node;
    this.clear();
  }

  clear() {
    clearTimeout(this.timer);
    this.show("", "");
  }

  show(kind, text) {
    this.node.classList.remove("pending", "done", "failed");
    if (kind) this.node.classList.add(kind);
    setText(this.node, text);
  }

  fail(text) {
    clearTimeout(this.timer);
    this.show("failed", text);
  }

  /**
   * Run an action and show how it goes. control: is marked busy meanwhile, and asked twice does nothing.
   * Returns the action's result, or undefined if it failed.
   */
  async run(control, pending, action, done = "Done.") {
    if (busy.has(control)) return undefined;
    clearTimeout(this.timer);
    busy.add(control);
    control.setAttribute("aria-busy", "true");
    this.show("pending", pending);
    try {
      const result = await action();
      this.show(done ? "done" : "", done);
      this.timer = setTimeout(() => this.clear(), DONE_SHOWN_SECONDS * 1000);
      return result === undefined ? true : result;
    } catch (error) {
      this.fail(error.message);
      return undefined;
    } finally {
      busy.delete(control);
      control.removeAttribute("aria-busy");
    }
  }
}
