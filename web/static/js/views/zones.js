// Zones, lines and masks of a stream, drawn on its picture.

import { command, latest, listen } from "../connection.js";
import { make, setSentence, setText } from "../dom.js";
import { messageOf } from "../outcome.js";
import { Picture } from "../picture.js";
import { root } from "../root.js";
import { go, setTitle, setTools } from "../router.js";
import { createCanvas } from "../zones/canvas.js";
import { Editor } from "../zones/editor.js";
import { createReplay } from "../zones/replay.js";
import { createSaveBar } from "../zones/save_bar.js";
import { createShapeForm } from "../zones/shape_form.js";
import { createShapeList } from "../zones/shape_list.js";
import { createToolbar } from "../zones/toolbar.js";
import { yamlOf } from "../zones/yaml.js";

/** @import { View } from "../router.js" */
/** @import { Places } from "../zones/shapes.js" */

const SNAP = "Points snap to the picture's edges and to other shapes, with Alt they do not.";
const MOVING =
  "Drag a point, or choose it with Tab and move it with the arrow keys (1 %, with Shift 5 %). Delete removes it; Enter " +
  `on a small point adds one. ${SNAP} Thin white outlines in the picture itself are those that are saved.`;
const LINE = `Click the two ends of the line; the arrow then shows which way is “in”. Escape takes back. ${SNAP}`;
const POLYGON = `Click the corners. The first corner, a double click or Enter closes it; Escape takes the last one back. ${SNAP}`;

/** @type {Map<string, Places>} */
const drafts = new Map(); // by stream: what was drawn and not saved before another view was shown

/** @type {ReturnType<typeof createEditorView> | null} */
let shown = null;

/**
 * @param {HTMLElement} section
 * @param {string} stream
 */
function createEditorView(section, stream) {
  const editor = new Editor(render);
  /** @type {Partial<Places>} */
  let saved = {};
  let isLoaded = false;
  const image = make("img", { class: "live-image", alt: `Live picture of ${stream}` });
  const missing = make("p", { class: "hint" }, "Waiting for the picture.");
  const layer = make("img", { class: "heat-map", alt: "", hidden: true });
  const heatProblem = make("p", { class: "outcome failed", role: "status", hidden: true });
  const picture = new Picture(image, stream, (text) => {
    setSentence(missing, text);
    if (!text) image.classList.add("has-picture");
  });
  const canvas = createCanvas(editor, image, layer);
  const toolbar = createToolbar(editor, showHeat);
  const list = createShapeList(editor, stream);
  const form = createShapeForm(editor);
  const replay = createReplay(editor, stream, () => saved, canvas.setPaths);
  const yaml = make("pre", { class: "yaml", tabindex: 0, role: "region", "aria-label": "YAML" });
  const copied = make("span", { class: "hint", role: "status" });
  const copy = make("button", { type: "button", on: { click: copyYaml } }, "Copy");
  const hint = make("p", { class: "hint" });
  const problem = make("p", { class: "banner bad", role: "alert", hidden: true });
  const bar = createSaveBar(
    editor,
    stream,
    () => saved,
    (places) => {
      saved = places;
      editor.load(places);
    },
  );

  function render() {
    toolbar.render();
    canvas.render();
    list.render();
    form.render();
    bar.render();
    setText(yaml, yamlOf(stream, editor.places));
    setText(copied, "");
    setText(hint, editor.tool === "move" ? MOVING : editor.tool === "line" ? LINE : POLYGON);
    if (isLoaded) replay.changed();
  }

  async function copyYaml() {
    try {
      await navigator.clipboard.writeText(yaml.textContent || "");
      setText(copied, "Copied.");
    } catch {
      getSelection()?.selectAllChildren(yaml); // a page without TLS may not copy by itself
      setText(copied, "It is selected: copy it with Ctrl+C.");
    }
  }

  /** @param {boolean} on */
  function showHeat(on) {
    layer.hidden = !on;
    setSentence(heatProblem, "");
    layer.removeAttribute("src"); // what is shown again is fetched again
    if (on) layer.src = `${root}api/v1/heatmap.png?stream=${encodeURIComponent(stream)}`;
  }

  layer.addEventListener("error", () => {
    layer.hidden = true;
    setSentence(heatProblem, "There is no heat map of the last 24 hours.");
  });
  image.addEventListener("load", () => {
    if (image.naturalHeight) canvas.setRatio(image.naturalWidth / image.naturalHeight);
  });

  async function load() {
    setSentence(problem, "");
    try {
      const answer = await command("get_zones", { stream });
      saved = /** @type {Partial<Places>} */ (answer.streams[stream] || {});
      isLoaded = true;
      editor.load(saved);
      const draft = drafts.get(stream);
      drafts.delete(stream);
      if (draft) editor.restore(draft);
    } catch (error) {
      setSentence(problem, messageOf(error));
    }
  }

  section.replaceChildren(
    problem,
    make(
      "div",
      { class: "editor" },
      make(
        "div",
        { class: "stack" },
        toolbar.node,
        canvas.node,
        missing,
        heatProblem,
        hint,
        replay.node,
        make(
          "details",
          { class: "card later" },
          make("summary", {}, "As YAML"),
          make("div", { class: "fold-body stack" }, yaml, make("div", { class: "buttons" }, copy, copied)),
        ),
      ),
      make("div", { class: "stack" }, list.node, form.node, bar.node),
    ),
  );
  section.addEventListener("keydown", toolbar.type);
  picture.show("snapshots");
  render();
  return {
    stream,
    load() {
      if (!isLoaded) load();
    },
    isUnsaved: () => isLoaded && editor.isChanged,
    leave() {
      if (isLoaded && editor.isChanged) drafts.set(stream, editor.places);
      picture.show(null);
      replay.leave();
      section.removeEventListener("keydown", toolbar.type);
    },
  };
}

/** @param {string} stream */
function createStreamChoice(stream) {
  const names = latest("state")?.streams.map(({ name }) => name) || [];
  const select = make(
    "select",
    { "aria-label": "Stream" },
    ...[...new Set([stream, ...names])].map((name) => make("option", { value: name, selected: name === stream }, name)),
  );
  select.addEventListener("change", () => go(`streams/${encodeURIComponent(select.value)}/zones`));
  return select;
}

listen("connection", ({ up }) => {
  if (up) shown?.load();
});
listen("state", () => {
  const choice = document.querySelector("#view-tools select");
  if (shown && choice && choice.childElementCount < (latest("state")?.streams.length || 0))
    setTools(createStreamChoice(shown.stream));
});
addEventListener("beforeunload", (event) => {
  if (shown?.isUnsaved()) event.preventDefault();
});

/** @type {View} */
export const zones = {
  title: "Zones",
  place: "settings",
  mount(section, route) {
    const stream = route.parameters.name;
    setTitle(`Zones: ${stream}`);
    setTools(createStreamChoice(stream));
    shown = createEditorView(section, stream);
    if (latest("connection")?.up) shown.load();
  },
  leave() {
    shown?.leave();
    shown = null;
  },
};
