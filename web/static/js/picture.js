// The picture of one stream in an <img>: as MJPEG, or as snapshots one after the other.

import { root } from "./root.js";

const RETRY_SECONDS = 2;
const BETWEEN_SNAPSHOTS_SECONDS = 0.3;

/** @typedef {"mjpeg" | "snapshots" | null} Mode null: no picture is shown, and the server draws none for this page. */

export class Picture {
  /** @type {Mode} */
  mode = null;
  startedAt = 0;
  #image;
  #address;
  #onProblem;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {HTMLImageElement} image
   * @param {string} stream
   * @param {(text: string) => void} onProblem Called with why there is no picture, or "" when there is one.
   */
  constructor(image, stream, onProblem) {
    this.#image = image;
    this.#address = `${root}streams/${encodeURIComponent(stream)}`;
    this.#onProblem = onProblem;
    image.addEventListener("load", () => this.#loaded());
    image.addEventListener("error", () => this.#failed());
  }

  /** @param {Mode} mode Snapshots hold no connection open. */
  show(mode) {
    if (mode !== this.mode) {
      this.mode = mode;
      this.restart();
    }
  }

  restart() {
    clearTimeout(this.#timer);
    this.startedAt = Date.now();
    if (this.mode) {
      this.#image.src = `${this.#address}.${this.mode === "mjpeg" ? "mjpeg" : "jpg"}?${this.startedAt}`;
    } else {
      this.#image.removeAttribute("src");
    }
  }

  #loaded() {
    this.#onProblem("");
    if (this.mode === "snapshots") this.#restartIn(BETWEEN_SNAPSHOTS_SECONDS);
  }

  #failed() {
    if (!this.mode) return;
    this.#onProblem("No picture yet.");
    this.#restartIn(RETRY_SECONDS);
    this.#askWhy();
  }

  /** Fetch the same address for the reason, which an <img> does not get. */
  async #askWhy() {
    const answer = await fetch(`${this.#address}.jpg`).catch(() => null);
    const body = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    if (body?.error) this.#onProblem(body.error);
  }

  /** @param {number} seconds */
  #restartIn(seconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.restart(), seconds * 1000);
  }
}
