// The addresses of an event's files.

import { root } from "../root.js";

const base = (/** @type {string} */ event) => `${root}api/v1/events/${encodeURIComponent(event)}`;

/** @param {string} event */
export const clipOf = (event) => `${base(event)}/clip.mp4`;

/** The whole picture, as a file to keep. @param {string} event */
export const snapshotOf = (event) => `${base(event)}/snapshot.jpg`;

/** What was seen, for a card. @param {string} event @param {number} [height] Pixels */
export const pictureOf = (event, height = 270) => `${base(event)}/snapshot.jpg?crop=1&height=${height}`;

/**
 * Let the browser fetch a file.
 * @param {string} address
 * @param {string} name
 */
export function download(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
