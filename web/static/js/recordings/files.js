// The files of recordings: the list is asked for again when the state shows that something was recorded or deleted.

import { command, latest, listen } from "../connection.js";
import { messageOf } from "../outcome.js";
import { root } from "../root.js";

/** @import { Recording } from "../api.js" */

const BETWEEN_LISTINGS_MS = 1500;

/** @param {string} name */
export const addressOfFile = (name) => `${root}recordings/${encodeURIComponent(name)}`;

export class Files {
  /** Newest first. @type {Recording[]} */
  recordings = [];
  /** Whether the list has come once. */
  isKnown = false;
  #changed;
  #failed;
  #requests = 0;
  #listedFor = ""; // what the state said when the list was asked for last
  #listedAt = 0;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {() => void} changed
   * @param {(sentence: string) => void} failed
   */
  constructor(changed, failed) {
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Follow the state from now on. */
  watch() {
    listen("state", (state) => {
      const now = JSON.stringify([state.storage.used, state.streams.map((stream) => stream.recording?.name)]);
      if (now === this.#listedFor) return;
      this.#listedFor = now;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.list(), Math.max(0, this.#listedAt + BETWEEN_LISTINGS_MS - Date.now()));
    });
    listen("connection", ({ up }) => {
      if (up) this.#listedFor = "";
    });
  }

  async list() {
    this.#listedAt = Date.now();
    this.#requests += 1;
    const request = this.#requests;
    try {
      const { recordings } = await command("list_recordings", {});
      if (request === this.#requests) this.take(recordings); // an answer may arrive after that to a later request
    } catch (error) {
      if (latest("connection")?.up) this.#failed(messageOf(error));
    }
  }

  /** @param {Recording[]} recordings */
  take(recordings) {
    this.recordings = recordings;
    this.isKnown = true;
    this.#changed();
  }

  /**
   * Delete files, one after the other.
   * @param {string[]} names
   * @throws {Error} with the sentence that says why the rest was not deleted.
   */
  async remove(names) {
    try {
      for (const name of names) this.take((await command("delete_recording", { name })).recordings);
    } catch (error) {
      this.list();
      throw error;
    }
  }
}
