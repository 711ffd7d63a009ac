// Several files at once: chosen one by one, or as a stretch of the day line over all streams.

import { setEnabled } from "../access.js";
import { make, setText } from "../dom.js";
import { download } from "../events/addresses.js";
import { bytes, minute } from "../format.js";
import { icon } from "../icons.js";
import { touched } from "../player/segments.js";
import { toast } from "../toast.js";
import { addressOfFile } from "./files.js";

/** @import { Recording } from "../api.js" */
/** @import { Span } from "../player/segments.js" */

const MOST_DOWNLOADS = 10;

export class Selection {
  /** Names of the chosen files; null while nothing can be chosen. @type {Set<string> | null} */
  names = null;
  /** @type {Span | null} */
  #span = null;
  /** @type {Recording[]} */
  #recordings = [];
  #changed;
  #text = make("b", { class: "small", role: "status" });
  #download = make("button", { type: "button", class: "button" }, icon("download"), "Download");
  #remove = make("button", { type: "button", class: "button danger" }, icon("trash"), "Delete");

  /**
   * @param {() => void} changed
   * @param {(recordings: Recording[], control: HTMLElement) => void} remove
   */
  constructor(changed, remove) {
    this.#changed = changed;
    const cancel = make("button", { type: "button", class: "button quiet" }, "Cancel");
    this.button = make("button", { type: "button", class: "button" }, "Select");
    this.node = make(
      "div",
      { class: "toolbar", hidden: true },
      this.#text,
      make("span", { class: "sep" }),
      this.#download,
      this.#remove,
      cancel,
    );
    this.button.addEventListener("click", () => this.#start(new Set()));
    cancel.addEventListener("click", () => this.end());
    this.#remove.addEventListener("click", () => remove(this.chosen, this.#remove));
    this.#download.addEventListener("click", () => this.#fetch());
  }

  get chosen() {
    return this.#recordings.filter((recording) => this.names?.has(recording.name));
  }

  /** @param {Set<string> | null} names */
  #start(names) {
    this.names = names;
    this.#span = null;
    this.button.hidden = names !== null;
    this.node.hidden = names === null;
    this.#changed();
  }

  end() {
    if (this.names) this.#start(null);
  }

  /** @param {string} name @param {boolean} on */
  choose(name, on) {
    this.#span = null;
    if (on) this.names?.add(name);
    else this.names?.delete(name);
    this.#changed();
  }

  /** All files that have a part of it. @param {Span} span @param {number} now */
  chooseSpan(span, now) {
    const found = touched(this.#recordings, span, now).filter((recording) => !recording.recording);
    this.names = new Set(found.map((recording) => recording.name));
    this.#span = span;
    this.#changed();
  }

  /** @param {Recording[]} recordings Of the day */
  show(recordings) {
    this.#recordings = recordings;
    const { chosen } = this;
    const size = chosen.reduce((sum, recording) => sum + recording.bytes, 0);
    const span = this.#span ? `${minute(this.#span.start)} to ${minute(this.#span.end)}, ` : "";
    const count = `${chosen.length} ${chosen.length === 1 ? "file" : "files"}, ${bytes(size)}`;
    setText(this.#text, chosen.length ? span + count : "Choose files in the list, or draw over the line.");
    this.#download.disabled = chosen.length === 0;
    setEnabled(this.#remove, chosen.length > 0);
  }

  #fetch() {
    for (const { name } of this.chosen.slice(0, MOST_DOWNLOADS)) download(addressOfFile(name), name);
    if (this.chosen.length > MOST_DOWNLOADS)
      toast(`${MOST_DOWNLOADS} files at once are the most; the others are left.`);
  }
}
