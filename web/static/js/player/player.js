// A player: the picture, and its controls under it, so that they never hide feet, paths and lines at its lower edge.

import { make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { PicturesMedia, VideoMedia } from "./media.js";

/** @import { Media } from "./media.js" */

/** @typedef {{ at: number, title: string }} Moment `at`: seconds from the start of the file */

/**
 * @typedef {object} Hooks
 * @property {(seconds: number) => string} clock The time that is shown for a place in the file.
 * @property {(canvas: HTMLCanvasElement, seconds: number) => void} [draw] Draw over the picture.
 * @property {(step: 1 | -1) => void} [step] What the two buttons beside Play do; without it they go from moment to moment.
 * @property {string} thing What these buttons go to: "moment", "event".
 * @property {() => void} [moved]
 * @property {() => void} [ended]
 * @property {() => void} failed
 */

const RATES = [1, 2, 4, 8, 0.5];
const STEP_SECONDS = 1;
const LARGE_STEP_SECONDS = 10;

/** @param {string} label @param {string} name @param {() => void} handler */
function button(label, name, handler) {
  return make("button", { type: "button", class: "button", "aria-label": label, on: { click: handler } }, icon(name));
}

export class Player {
  #hooks;
  /** @type {Media} */
  #media;
  #video;
  /** @type {PicturesMedia | null} */
  #pictures = null;
  #canvas = make("canvas", { class: "over", "aria-hidden": "true" });
  #frame = make("div", { class: "frame" });
  #note = make("div", { class: "say", hidden: true });
  #screen;
  #past = make("i");
  #head = make("b");
  #scrub;
  #playButton;
  #rateButton = make("button", { type: "button", class: "button words" });
  #time = make("span", { class: "time" });
  #rate = 1;
  /** @type {Moment[]} */
  #moments = [];
  #drawing = 0;

  /**
   * @param {Hooks} hooks
   * @param {...HTMLElement} tools More controls, at the right.
   */
  constructor(hooks, ...tools) {
    this.#hooks = hooks;
    this.#video = this.#media = new VideoMedia(this.#listener());
    this.#frame.append(this.#video.node, this.#canvas);
    this.#screen = make("div", { class: "screen" }, this.#frame, this.#note);
    this.#screen.addEventListener("click", (event) => event.target !== this.#note && this.isReady && this.toggle());
    this.#scrub = make(
      "div",
      { class: "scrub", role: "slider", tabindex: 0, "aria-label": "Position" },
      this.#past,
      this.#head,
    );
    this.#scrub.addEventListener("keydown", (event) => this.#press(event));
    for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) {
      this.#scrub.addEventListener(name, (event) => this.#drag(event));
    }
    const step = (/** @type {1 | -1} */ direction) => (hooks.step ? hooks.step(direction) : this.#toMoment(direction));
    this.#playButton = button("Play", "play", () => this.toggle());
    this.playButton = this.#playButton;
    this.#rateButton.addEventListener("click", () =>
      this.#setRate(RATES[(RATES.indexOf(this.#rate) + 1) % RATES.length]),
    );
    const full = button("Full screen", "full", () => this.#toggleFull());
    const row = make(
      "div",
      { class: "row" },
      button(`The ${hooks.thing} before`, "prev", () => step(-1)),
      this.#playButton,
      button(`The next ${hooks.thing}`, "next", () => step(1)),
      this.#time,
      make("span", { class: "grow" }),
      ...tools,
      this.#rateButton,
      full,
    );
    this.node = make("div", { class: "player on-pic" }, this.#screen, make("div", { class: "ctl" }, this.#scrub, row));
    this.#setRate(1);
    new ResizeObserver(() => this.draw()).observe(this.#screen);
    this.#show();
  }

  /** @returns {import("./media.js").Listener} */
  #listener() {
    return {
      changed: () => this.#show(),
      moved: () => this.#move(),
      ended: () => this.#hooks.ended?.(),
      failed: () => this.#hooks.failed(),
    };
  }

  get isReady() {
    return this.#note.hidden;
  }

  get isPaused() {
    return this.#media.isPaused;
  }

  get time() {
    return this.#media.time;
  }

  /**
   * @param {string} address
   * @param {{ at?: number, plays?: boolean, isAvi?: boolean, duration?: number }} [options] duration: of an AVI.
   */
  load(address, { at = 0, plays = false, isAvi = false, duration = 0 } = {}) {
    this.say(null);
    const before = this.#media;
    if (isAvi) {
      if (!this.#pictures) this.#pictures = new PicturesMedia(this.#listener());
      this.#pictures.duration = duration;
      this.#media = this.#pictures;
    } else {
      this.#media = this.#video;
    }
    if (before !== this.#media) {
      before.close();
      before.node.replaceWith(this.#media.node);
    }
    this.#media.setRate(this.#rate);
    this.#media.load(address, at, plays);
    this.#move();
  }

  /** Say something in the picture's place; null shows the picture. @param {HTMLElement[] | null} nodes */
  say(nodes) {
    this.#note.hidden = !nodes;
    this.#frame.hidden = Boolean(nodes);
    this.#note.replaceChildren(...(nodes || []));
    if (nodes) this.close();
  }

  close() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    this.#media.close();
    this.#show();
  }

  toggle() {
    if (this.#media.isPaused) this.#media.play();
    else this.#media.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.#media.seek(Math.max(0, Math.min(seconds, this.#media.duration || seconds)));
    this.#move();
  }

  /** @param {Moment[]} moments */
  setMoments(moments) {
    this.#moments = moments;
    this.#show();
  }

  /** Draw over the picture, for what is shown now. */
  draw() {
    this.#hooks.draw?.(this.#canvas, this.#media.time);
  }

  /** @param {1 | -1} direction */
  #toMoment(direction) {
    const now = this.#media.time;
    const after = this.#moments.map((moment) => moment.at).filter((at) => (at - now) * direction > 0.3);
    if (after.length) this.seek(direction > 0 ? Math.min(...after) : Math.max(...after));
    else this.seek(direction > 0 ? this.#media.duration : 0);
  }

  /** @param {number} rate */
  #setRate(rate) {
    this.#rate = rate;
    this.#media.setRate(rate);
    setText(this.#rateButton, `${rate}×`);
    setAttribute(this.#rateButton, "aria-label", `${rate}×, speed`);
  }

  #toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.node.requestFullscreen?.().catch(() => undefined);
  }

  #show() {
    const paused = this.#media.isPaused;
    this.#playButton.replaceChildren(icon(paused ? "play" : "pause"));
    setAttribute(this.#playButton, "aria-label", paused ? "Play" : "Pause");
    if (this.#media.ratio) this.#frame.style.setProperty("--ratio", String(this.#media.ratio));
    const length = this.#media.duration;
    for (const mark of this.#scrub.querySelectorAll("u")) mark.remove();
    for (const { at, title } of length ? this.#moments : []) {
      const mark = make("u", { title });
      mark.style.left = `${Math.min(100, Math.max(0, (at / length) * 100))}%`;
      this.#head.before(mark);
    }
    this.#move();
    if (!paused && this.#hooks.draw && !this.#drawing) this.#animate();
  }

  #animate() {
    this.draw();
    this.#drawing = this.#media.isPaused ? 0 : requestAnimationFrame(() => this.#animate());
  }

  #move() {
    const [now, length] = [this.#media.time, this.#media.duration];
    const share = `${length ? Math.min(100, (now / length) * 100) : 0}%`;
    this.#past.style.width = share;
    this.#head.style.left = share;
    setText(this.#time, this.#hooks.clock(now));
    setAttribute(this.#scrub, "aria-valuemin", 0);
    setAttribute(this.#scrub, "aria-valuemax", Math.round(length));
    setAttribute(this.#scrub, "aria-valuenow", Math.round(now));
    setAttribute(this.#scrub, "aria-valuetext", `${Math.round(now)} of ${Math.round(length)} seconds`);
    if (!this.#drawing) this.draw();
    this.#hooks.moved?.();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const step = event.shiftKey ? LARGE_STEP_SECONDS : STEP_SECONDS;
    const to = {
      ArrowRight: this.time + step,
      ArrowUp: this.time + step,
      ArrowLeft: this.time - step,
      ArrowDown: this.time - step,
      Home: 0,
      End: this.#media.duration,
    }[event.key];
    if (event.key === " ") this.toggle();
    else if (to !== undefined) this.seek(to);
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!(event.buttons & 1)) return;
    this.#scrub.setPointerCapture(event.pointerId);
    const box = this.#scrub.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.#media.duration);
  }
}
