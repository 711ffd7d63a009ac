// The addresses of an event's files.

import { date } from "../format.js";
import { root } from "../root.js";

const base = (/** @type {string} */ event) => `${root}api/v1/events/${encodeURIComponent(event)}`;

/** @param {string} event */
export const clipOf = (event) => `${base(event)}/clip.mp4`;

/** The whole picture, as a file to keep. @param {string} event */
export const snapshotOf = (event) => `${base(event)}/snapshot.jpg`;

/** What was seen, for a card. @param {string} event @param {number} [height] Pixels */
export const pictureOf = (event, height = 270) => `${base(event)}/snapshot.jpg?crop=1&height=${height}`;

/**
 * The name of a file to keep, as recordings are called: door_20261130-001613_person.mp4
 * @param {{ stream: string, start: number, label: string }} event
 * @param {string} kind mp4 or jpg
 */
export const fileNameOf = ({ stream, start, label }, kind) =>
  `${stream}_${date(start).replaceAll(/[-:]/g, "").replace(" ", "-")}_${label.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.${kind}`;

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
