// What the recordings take, by stream and class, and how long they will last.

import { keepChildren, make, setText } from "../dom.js";
import { bytes, joinDetails } from "../format.js";
import { CLASSES, lastsText, usedBy } from "./storage.js";

/** @import { State } from "../api.js" */
/** @import { StreamStorage } from "./storage.js" */

export class StorageCard {
  #sum = make("span", { class: "muted small" });
  #fill = make("i");
  #meter = make("span", { class: "meter", role: "img" }, this.#fill);
  #rows = make("tbody");
  #table;
  #rules = make("p", { class: "small muted", id: "storage" });

  constructor() {
    const title = (/** @type {string} */ text, name = "") => make("th", { scope: "col", class: name }, text);
    const head = make("tr", {}, title("Stream"), title("Used", "num"), title("Lasts", "num"));
    const caption = make("caption", { class: "unseen" }, "Storage by stream");
    this.#table = make("table", { class: "table" }, caption, make("thead", {}, head), this.#rows);
    this.node = make(
      "section",
      { class: "card", "aria-labelledby": "storage-title" },
      make("header", {}, make("h2", { id: "storage-title" }, "Storage"), this.#sum),
      this.#meter,
      this.#table,
      this.#rules,
    );
  }

  /** @param {State["storage"]} storage */
  show(storage) {
    const most = storage.limit || storage.used + Math.max(0, storage.free - storage.floor);
    const share = most ? Math.min(100, Math.round((storage.used / most) * 100)) : 0;
    setText(this.#sum, `${bytes(storage.used)} of ${bytes(most)}`);
    this.#fill.style.width = `${share}%`;
    this.#meter.classList.toggle("bad", Boolean(storage.alarm));
    this.#meter.classList.toggle("busy", Boolean(storage.warning) && !storage.alarm);
    this.#meter.setAttribute("aria-label", `${share} percent used`);
    const streams = storage.streams || [];
    this.#table.hidden = streams.length === 0;
    keepChildren(this.#rows, streams, (stream) => stream.name, createRow);
    const days = `${storage.keep_days} ${storage.keep_days === 1 ? "day" : "days"}`;
    setText(
      this.#rules,
      joinDetails(
        storage.limit ? "Beyond that the oldest are deleted" : "",
        storage.keep_days ? `kept for ${days} at most` : "",
        `${bytes(storage.free)} of the disk free, of which ${bytes(storage.floor)} stay free`,
      ),
    );
  }
}

function createRow() {
  const [name, classes] = [make("span"), make("span", { class: "by-class" })];
  const [used, lasts] = [make("td", { class: "num" }), make("td", { class: "num nowrap" })];
  return {
    node: make("tr", {}, make("th", { scope: "row" }, name, classes), used, lasts),
    /** @param {StreamStorage} stream */
    update(stream) {
      setText(name, stream.name);
      const parts = CLASSES.filter(([key]) => stream[key]).map(([key, title]) => `${title} ${bytes(stream[key])}`);
      setText(classes, parts.join(" · "));
      setText(used, bytes(usedBy(stream)));
      setText(lasts, lastsText(stream.lasts));
    },
  };
}
