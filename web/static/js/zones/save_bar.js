// Save and Discard, with what stands in the way.

import { actionButton, isOperator, setEnabled } from "../access.js";
import { command } from "../connection.js";
import { make, setText } from "../dom.js";
import { Outcome } from "../outcome.js";

/** @import { Editor } from "./editor.js" */
/** @import { Places } from "./shapes.js" */

const OPEN = "What you are drawing is not done: Enter closes it, Escape takes it back.";

/**
 * @param {Editor} editor
 * @param {string} stream
 * @param {() => Partial<Places>} saved Returns what is saved.
 * @param {(places: Partial<Places>) => void} wasSaved Called with what is saved from now on.
 */
export function createSaveBar(editor, stream, saved, wasSaved) {
  const state = make("span", { class: "muted small grow", role: "status" });
  const outcome = new Outcome();
  const save = actionButton("Save", send, { class: "primary" });
  const discard = actionButton("Discard", () => {
    outcome.clear();
    editor.load(saved());
  });
  discard.classList.add("quiet");

  let wasChanged = false;

  async function send() {
    const answer = await outcome.run(
      save,
      "Saving.",
      () => command("set_zones", { stream, ...editor.places }),
      "Saved. It applies from the next frame on.",
    );
    if (answer) wasSaved(/** @type {Partial<Places>} */ (answer.streams[stream]));
  }

  return {
    node: make("div", { class: "save-bar" }, outcome.node, make("div", { class: "actions" }, state, discard, save)),
    render() {
      const { isChanged } = editor;
      const problem = editor.problem || (editor.draft.length ? OPEN : "");
      if (isChanged && !wasChanged) outcome.clear(); // "Saved." is said of what was drawn before
      wasChanged = isChanged;
      setEnabled(save, isChanged && !problem);
      setEnabled(discard, isChanged);
      const role = "You are signed in as a viewer, who may only look; an operator may change things.";
      setText(state, !isOperator ? role : problem || (isChanged ? "Not saved" : "As saved"));
      state.classList.toggle("error", Boolean(editor.problem));
    },
  };
}
