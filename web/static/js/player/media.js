// What the player plays: a file that the browser understands, or the pictures of an AVI, which the server sends one by one.

import { make } from "../dom.js";

/**
 * @typedef {object} Listener
 * @property {() => void} changed It plays or pauses, its length or shape is known.
 * @property {() => void} moved Another moment is shown.
 * @property {() => void} ended
 * @property {() => void} failed
 */

/**
 * @typedef {object} Media
 * @property {HTMLElement} node
 * @property {number} time Seconds from the start of the file
 * @property {number} duration Seconds; 0 while unknown
 * @property {number} ratio Width to height; 0 while unknown
 * @property {boolean} isPaused
 * @property {(address: string, time: number, plays: boolean) => void} load
 * @property {() => void} play
 * @property {() => void} pause
 * @property {(time: number) => void} seek
 * @property {(rate: number) => void} setRate
 * @property {() => void} close
 */

/** @implements {Media} */
export class VideoMedia {
  node = make("video", { playsinline: true, preload: "auto", tabindex: -1 });
  #rate = 1;
  /** A moment to go to once the file can be sought in. */
  #wanted = 0;

  /** @param {Listener} listener */
  constructor(listener) {
    const video = this.node;
    video.muted = true;
    for (const event of ["play", "pause", "durationchange"]) video.addEventListener(event, listener.changed);
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, listener.moved);
    video.addEventListener("loadedmetadata", () => {
      video.playbackRate = this.#rate;
      if (this.#wanted) video.currentTime = this.#wanted;
      this.#wanted = 0;
      listener.changed();
    });
    video.addEventListener("ended", listener.ended);
    video.addEventListener("error", () => video.hasAttribute("src") && listener.failed());
  }

  get time() {
    return this.#wanted || this.node.currentTime;
  }

  get duration() {
    return Number.isFinite(this.node.duration) ? this.node.duration : 0;
  }

  get ratio() {
    return this.node.videoHeight ? this.node.videoWidth / this.node.videoHeight : 0;
  }

  get isPaused() {
    return this.node.paused;
  }

  /** @param {string} address @param {number} time @param {boolean} plays */
  load(address, time, plays) {
    this.#wanted = time;
    this.node.src = address;
    if (plays) this.play();
  }

  play() {
    this.node.play().catch(() => undefined); // it says why by its event, or was paused before it began
  }

  pause() {
    this.node.pause();
  }

  /** @param {number} time */
  seek(time) {
    if (this.node.readyState) this.node.currentTime = time;
    else this.#wanted = time;
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#rate = rate;
    this.node.playbackRate = rate;
  }

  close() {
    this.node.removeAttribute("src");
    this.node.load(); // or the browser goes on fetching it
  }
}

const TICK_MS = 200;

/** @implements {Media} */
export class PicturesMedia {
  #img = make("img", { alt: "Playback" });
  #still = make("canvas", { hidden: true });
  node = make("div", { class: "pictures" }, this.#img, this.#still);
  duration = 0;
  #address = "";
  #listener;
  #rate = 1;
  /** The moment at which it began to play, or stands. */
  #from = 0;
  /** When it began to play, in milliseconds; null while it stands. @type {number | null} */
  #since = null;
  /** @type {number | undefined} */
  #timer;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#img.addEventListener("load", () => this.#see());
    this.#img.addEventListener("error", () => this.#img.hasAttribute("src") && listener.failed());
  }

  get ratio() {
    return this.#img.naturalHeight ? this.#img.naturalWidth / this.#img.naturalHeight : 0;
  }

  get isPaused() {
    return this.#since === null;
  }

  get time() {
    const passed = this.#since === null ? 0 : ((performance.now() - this.#since) / 1000) * this.#rate;
    return Math.min(this.duration || Number.POSITIVE_INFINITY, this.#from + passed);
  }

  #see() {
    this.#still.hidden = true;
    this.#listener.changed();
  }

  /** @param {string} address @param {number} time @param {boolean} plays */
  load(address, time, plays) {
    this.#address = address;
    this.#from = time;
    this.#since = null;
    this.play();
    if (!plays) this.#img.addEventListener("load", () => this.pause(), { once: true });
  }

  play() {
    this.#from = this.time;
    this.#since = performance.now();
    this.#img.src = `${this.#address}.mjpeg?speed=${this.#rate}&start=${this.#from.toFixed(2)}`;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#listener.changed();
  }

  #tick() {
    if (this.ratio) this.#see();
    this.#listener.moved();
    if (!this.duration || this.time < this.duration) return;
    this.pause();
    this.#listener.ended();
  }

  pause() {
    this.#from = this.time;
    this.#since = null;
    clearInterval(this.#timer);
    if (this.ratio) {
      // The picture would vanish with the stream that it comes from.
      [this.#still.width, this.#still.height] = [this.#img.naturalWidth, this.#img.naturalHeight];
      this.#still.getContext("2d")?.drawImage(this.#img, 0, 0);
      this.#still.hidden = false;
    }
    this.#img.removeAttribute("src");
    this.#listener.changed();
  }

  /** @param {number} time */
  seek(time) {
    const plays = !this.isPaused;
    this.load(this.#address, time, plays);
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#from = this.time;
    this.#rate = rate;
    if (this.#since !== null) this.play();
  }

  close() {
    clearInterval(this.#timer);
    this.#since = null;
    this.#img.removeAttribute("src");
    this.#still.hidden = true;
  }
}
