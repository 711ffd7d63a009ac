// The preview of a card: its clip, without sound, in the place of its picture. One plays at a time.

import { make } from "../dom.js";
import { clipOf } from "./addresses.js";

const POINTER_MS = 250; // a pointer that only passes starts nothing
const PRESS_MS = 450;

/** @type {{ pic: HTMLElement, video: HTMLVideoElement } | null} */
let playing = null;

export function stopPreview() {
  if (!playing) return;
  const { pic, video } = playing;
  playing = null;
  video.removeAttribute("src");
  video.load(); // or the browser goes on fetching it
  video.remove();
  pic.classList.remove("plays");
}

/**
 * @param {HTMLElement} pic The place of the picture
 * @param {string} event
 */
export function startPreview(pic, event) {
  stopPreview();
  const video = make("video", {
    src: clipOf(event),
    loop: true,
    playsinline: true,
    "aria-hidden": "true",
    tabindex: -1,
  });
  video.muted = true;
  video.addEventListener("playing", () => pic.classList.add("plays"));
  video.addEventListener("error", () => playing?.video === video && stopPreview());
  playing = { pic, video };
  pic.append(video);
  video.play().catch(() => undefined); // stopped before it began
}

/** @param {HTMLElement} pic @param {string} event */
export function togglePreview(pic, event) {
  if (playing?.pic === pic) stopPreview();
  else startPreview(pic, event);
}

/**
 * Play while the mouse is over it, and after a long press of a finger until the next touch.
 * @param {HTMLElement} card
 * @param {HTMLElement} pic
 * @param {() => string} eventOf
 */
export function previewOnPointer(card, pic, eventOf) {
  /** @type {number | undefined} */
  let timer;
  let wasPressed = false;
  card.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") timer = setTimeout(() => startPreview(pic, eventOf()), POINTER_MS);
  });
  card.addEventListener("pointerleave", (event) => {
    clearTimeout(timer);
    if (event.pointerType === "mouse" && playing?.pic === pic) stopPreview();
  });
  card.addEventListener("pointerdown", (event) => {
    wasPressed = false;
    if (event.pointerType === "mouse") return;
    timer = setTimeout(() => {
      wasPressed = true;
      startPreview(pic, eventOf());
    }, PRESS_MS);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
    card.addEventListener(end, (event) => event.pointerType !== "mouse" && clearTimeout(timer));
  }
  card.addEventListener("contextmenu", (event) => wasPressed && event.preventDefault());
  card.addEventListener(
    "click",
    (event) => {
      if (!wasPressed) return;
      wasPressed = false; // the press has played it; opening it takes another tap
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
}
