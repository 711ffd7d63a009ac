// The streams and where their frames come from.

import { actionButton, isOperator, setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { confirm } from "./dialog.js";
import { byId, hideControl, keepChildren, make, setAttribute, setSentence, setText } from "./dom.js";
import { joinDetails } from "./format.js";
import { Outcome } from "./outcome.js";
import { addressOf } from "./router.js";
import { createSourceForm } from "./source_form.js";
import { describeStream } from "./states.js";

/** @import { Stream } from "./api.js" */

/** @param {string} name Of a kind of source. */
const titleOf = (name) => latest("state")?.source_kinds.find((kind) => kind.name === name)?.title || name;

/** @param {Stream} first */
function createStream(first) {
  const name = first.name;
  const status = make("span", { class: "chip" });
  const details = make("span", { class: "details" });
  const source = make("code", { class: "source" });
  const problem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const changed = make("p", { class: "hint", hidden: true });
  const outcome = new Outcome();
  const formBox = make("div", {});
  const edit = actionButton("Edit", () => (form ? close() : open()), {
    "aria-label": `Edit the source of ${name}`,
    "aria-expanded": "false",
  });
  const reset = actionButton(
    "Reset",
    () =>
      outcome.run(
        reset,
        "Going back to the configuration.",
        () => command("reset_stream", { stream: name }, 35),
        "As the configuration says.",
      ),
    { "aria-label": `Reset ${name} to the configuration` },
  );
  const remove = actionButton("Remove", removeStream, { "aria-label": `Remove ${name}` });
  const zones = make(
    "a",
    {
      class: "button quiet",
      href: addressOf(`streams/${encodeURIComponent(name)}/zones`),
      "aria-label": `Zones of ${name}`,
    },
    "Zones",
  );
  let stream = first;
  /** @type {ReturnType<typeof createSourceForm> | null} */
  let form = null;

  function open() {
    form = createSourceForm(stream, close);
    formBox.replaceChildren(form.node);
    setAttribute(edit, "aria-expanded", "true");
    form.focus();
  }

  function close() {
    form = null;
    formBox.replaceChildren();
    setAttribute(edit, "aria-expanded", "false");
    edit.focus();
  }

  async function removeStream() {
    if (
      await confirm(
        "Remove the stream",
        `${name} (${stream.source}) is no longer detected or shown. Its recordings stay.`,
        "Remove",
      )
    ) {
      if (await outcome.run(remove, "Removing.", () => command("remove_stream", { stream: name }), ""))
        byId("add-stream").focus();
    }
  }

  return {
    node: make(
      "li",
      { class: "entry", "data-stream": name },
      make("div", { class: "entry-main" }, make("span", { class: "entry-name" }, name, " ", status), details),
      make("div", { class: "entry-tools" }, zones, edit, reset, remove),
      source,
      problem,
      changed,
      outcome.node,
      formBox,
    ),
    /** @param {Stream} item */
    update(item) {
      stream = item;
      const [text, chipClass] = describeStream(stream.status);
      setText(status, text);
      status.className = `chip ${chipClass}`;
      setText(
        details,
        joinDetails(
          titleOf(stream.kind),
          stream.width && `${stream.width}×${stream.height}`,
          stream.model && `model ${stream.model}`,
          ...Object.entries(stream.settings).map(([key, value]) => `${key} ${value}`),
        ),
      );
      setText(source, stream.source);
      setSentence(problem, stream.problem);
      const added = stream.configured_source === null || stream.configured_source === undefined;
      setSentence(
        changed,
        added
          ? "Added here; it is not in the configuration."
          : stream.is_configured
            ? ""
            : `Changed here. The configuration says ${stream.configured_source}`,
      );
      hideControl(reset, stream.is_configured || added, edit);
      remove.hidden = !added;
      if (form) form.update(stream);
    },
  };
}

export function startSources() {
  const add = /** @type {HTMLButtonElement} */ (byId("add-stream"));
  const formBox = byId("new-stream");
  const close = () => {
    formBox.replaceChildren();
    setAttribute(add, "aria-expanded", "false");
    add.focus();
  };
  add.addEventListener("click", () => {
    if (formBox.firstChild) return close();
    const form = createSourceForm(null, close);
    formBox.replaceChildren(form.node);
    setAttribute(add, "aria-expanded", "true");
    return form.focus();
  });
  setEnabled(add, false);
  listen("state", (state) => {
    setEnabled(add, isOperator);
    keepChildren(byId("streams"), state.streams, (stream) => stream.name, createStream);
  });
}
