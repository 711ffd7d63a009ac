// The files of a day: play, download, delete, select.

import { actionButton, setEnabled } from "../access.js";
import { keepChildren, make, setText } from "../dom.js";
import { bytes, date, duration } from "../format.js";
import { addressOfFile } from "./files.js";

/** @import { Recording } from "../api.js" */

/**
 * @typedef {object} Actions
 * @property {(recording: Recording) => void} play
 * @property {(recordings: Recording[], control: HTMLElement) => void} remove
 * @property {(name: string, chosen: boolean) => void} choose
 */

const KEPT_AS = /** @type {Record<string, string>} */ ({ events: "event", alerts: "alert" });

export class FileTable {
  #rows = make("tbody");
  #empty = make("p", { class: "hint" }, "No recordings.");
  #table;
  #actions;
  /** Names of the selected files; null while none can be. @type {Set<string> | null} */
  chosen = null;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    const unseen = (/** @type {string} */ text) =>
      make("th", { scope: "col" }, make("span", { class: "unseen" }, text));
    const head = ["Stream", "Started", "Length", "Size"].map((text) => make("th", { scope: "col" }, text));
    this.#table = make(
      "table",
      { class: "recordings", hidden: true },
      make("thead", {}, make("tr", {}, unseen("Selected"), ...head, unseen("Actions"))),
      this.#rows,
    );
    this.nodes = [this.#table, this.#empty];
  }

  /** @param {Recording[]} recordings */
  show(recordings) {
    keepChildren(
      this.#rows,
      recordings,
      (item) => item.name,
      (item) => this.#createRow(item),
    );
    this.#table.hidden = recordings.length === 0;
    this.#empty.hidden = recordings.length > 0;
  }

  /** @param {Recording} first */
  #createRow(first) {
    const name = first.name;
    let recording = first;
    const [stream, started, length, size] = ["", "", "number", "number"].map((kind) => make("td", { class: kind }));
    const box = make("input", { type: "checkbox", "aria-label": `Select ${name}` });
    box.addEventListener("change", () => this.#actions.choose(name, box.checked));
    const pick = make("label", { class: "tick" }, box);
    const play = make("button", { type: "button", "aria-label": `Play ${name}` }, "Play");
    play.addEventListener("click", () => this.#actions.play(recording));
    const more = { download: name, "aria-label": `Download ${name}` };
    const download = make("a", { class: "button", href: addressOfFile(name), ...more }, "Download");
    const label = { "aria-label": `Delete ${name}` };
    const remove = actionButton("Delete", () => this.#actions.remove([recording], remove), label);
    return {
      node: make(
        "tr",
        { "data-recording": name },
        make("td", { class: "pick-cell" }, pick),
        stream,
        started,
        length,
        size,
        make("td", { class: "row-tools" }, play, download, remove),
      ),
      /** @param {Recording} item */
      update: (item) => {
        recording = item;
        setText(stream, item.stream);
        setText(started, date(item.started));
        setText(length, item.recording ? "recording" : item.seconds === null ? "–" : duration(item.seconds));
        setText(size, [bytes(item.bytes), KEPT_AS[item.kept_as || ""]].filter(Boolean).join(" · "));
        setEnabled(remove, !item.recording);
        pick.hidden = !this.chosen || item.recording;
        box.checked = Boolean(this.chosen?.has(name));
      },
    };
  }
}
