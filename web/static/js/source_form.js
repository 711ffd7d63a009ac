// The form for a stream's source, which can be tested with one frame before it is applied.

import { actionButton, setEnabled } from "./access.js";
import { command, latest } from "./connection.js";
import { make, newId, setAttribute, setSentence, setText } from "./dom.js";
import { Outcome } from "./outcome.js";
import { describeKinds, parseSource } from "./source.js";

/** @import { Stream } from "./api.js" */

const TEST_SECONDS = 35;
const NAME = "[a-z0-9][a-z0-9_\\-]{0,31}";

/**
 * @param {Stream | null} stream The one to edit, or null for a new one.
 * @param {() => void} close Called when the form is done with.
 */
export function createSourceForm(stream, close) {
  const ids = { name: newId("name"), source: newId("source"), model: newId("model"), hint: newId("hint") };
  const nameInput = make("input", {
    id: ids.name,
    type: "text",
    required: true,
    pattern: NAME,
    maxlength: 32,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    title: "1 to 32 small letters, digits, _ and -",
  });
  const source = make("input", {
    id: ids.source,
    type: "text",
    required: true,
    maxlength: 2000,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    class: "mono",
    "aria-describedby": ids.hint,
  });
  const model = make("select", { id: ids.model });
  const outcome = new Outcome();
  const testFrame = make("img", { class: "test-frame", alt: "One frame of the source", hidden: true });
  const apply = make("button", { type: "submit", class: "primary" }, stream ? "Apply" : "Add");
  const test = actionButton("Test", testSource);
  const cancel = make("button", { type: "button", on: { click: close } }, "Cancel");
  const changedElsewhere = make("p", { class: "hint", role: "status", hidden: true });
  const before = stream?.source;

  /** @param {string | null | undefined} chosen */
  function fillModels(chosen) {
    const installed = (latest("state")?.models || []).filter((item) => item.installed).map((item) => item.name);
    model.replaceChildren(
      make("option", { value: "" }, "the appliance's model"),
      ...installed.map((item) => make("option", { value: item }, item)),
    );
    model.value = chosen || "";
  }

  async function testSource() {
    if (!source.reportValidity()) return;
    testFrame.hidden = true;
    const answer = await outcome.run(
      test,
      "Opening the source; this may take up to 25 seconds.",
      () => command("test_source", { source: parseSource(source.value) }, TEST_SECONDS),
      "",
    );
    if (!answer) return;
    testFrame.src = `data:image/jpeg;base64,${answer.jpeg}`;
    testFrame.hidden = false;
    outcome.show("done", `It works: ${answer.width}×${answer.height}. Nothing is changed until you apply it.`);
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const fields = {
      stream: stream ? stream.name : nameInput.value,
      source: parseSource(source.value),
      model: model.value || null,
    };
    if (!stream && latest("state")?.streams.some((item) => item.name === fields.stream)) {
      outcome.fail(`There is a stream ${fields.stream} already; edit that one or choose another name.`);
    } else if (await outcome.run(apply, "Applying.", () => command("set_stream", fields, TEST_SECONDS), "")) {
      close();
    }
  }

  source.addEventListener("input", () => {
    testFrame.hidden = true;
    outcome.clear();
  });
  source.value = before || "";
  fillModels(stream?.model);
  for (const control of [nameInput, source, model, apply]) setEnabled(control);

  /**
   * @param {string} id
   * @param {string} text
   * @param {...Node} content The control, and what stands below it.
   */
  const field = (id, text, ...content) => make("div", { class: "field" }, make("label", { for: id }, text), ...content);
  const node = make(
    "form",
    { class: "source-form stack", on: { submit }, "aria-label": stream ? `Source of ${stream.name}` : "A new stream" },
    stream ? null : field(ids.name, "Name", nameInput),
    field(
      ids.source,
      "Source",
      source,
      make(
        "p",
        { class: "hint", id: ids.hint },
        `${describeKinds(latest("state")?.source_kinds || [])} `,
        before?.includes("***") ? "If it is left as it is, the hidden name and password are kept." : "",
      ),
    ),
    field(ids.model, "Model", model),
    testFrame,
    outcome.node,
    changedElsewhere,
    make("div", { class: "buttons" }, test, apply, cancel),
  );

  return {
    node,
    focus: () => (stream ? source : nameInput).focus(),
    /**
     * What is typed stays; that the source was changed elsewhere meanwhile is said.
     * @param {Stream} now
     */
    update(now) {
      setSentence(changedElsewhere, now.source !== before && `Meanwhile it was changed elsewhere, to ${now.source}`);
      setAttribute(node, "data-stream", now.name);
      setText(apply, now.source === before ? "Apply" : "Apply over it");
    },
  };
}
