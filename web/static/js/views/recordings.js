// The recordings.

import { startRecordings } from "../recordings.js";

/** @import { View } from "../router.js" */

let isStarted = false;

/** @type {View} */
export const recordings = {
  title: "Recordings",
  place: "recordings",
  mount() {
    if (!isStarted) startRecordings();
    isStarted = true;
  },
  leave() {},
};
