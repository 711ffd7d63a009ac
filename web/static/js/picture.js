// The picture of one stream in an <img>: as a running stream, or as single pictures one after the other.

import { root } from "./root.js";

const AGAIN_SECONDS = 2;
const BETWEEN_SNAPSHOTS_SECONDS = 0.3;

export class Picture {
  /** image: the <img>. told(text): is called with why there is no picture, or "" when there is one. */
  constructor(image, stream, told) {
    this.image = image;
    this.address = `${root}streams/${encodeURIComponent(stream)}`;
    this.told = told;
    this.mode = null;
    this.startedAt = 0;
    image.addEventListener("load", () => this.loaded());
    image.addEventListener("error", () => this.failed());
  }

  /** mode: "mjpeg", "snapshots" (which hold no connection open), or null to end: then nothing is drawn for this page. */
  show(mode) {
    if (mode !== this.mode) {
      this.mode = mode;
      this.restart();
    }
  }

  restart() {
    clearTimeout(this.timer);
    this.startedAt = Date.now();
    if (this.mode) {
      this.image.src = `${this.address}.${this.mode === "mjpeg" ? "mjpeg" : "jpg"}?${this.startedAt}`;
    } else {
      this.image.removeAttribute("src");
    }
  }

  loaded() {
    this.told("");
    if (this.mode === "snapshots") this.later(BETWEEN_SNAPSHOTS_SECONDS);
  }

  failed() {
    if (!this.mode) return;
    this.told("No picture yet.");
    this.later(AGAIN_SECONDS);
    this.askWhy();
  }

  /** An <img> is not told why; the same address by fetch is. */
  async askWhy() {
    const answer = await fetch(`${this.address}.jpg`).catch(() => null);
    const body = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    if (body?.error) this.told(body.error);
  }

  later(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.restart(), seconds * 1000);
  }
}
