// The details of the stream that is enlarged: its figures, and where to go on from here.

import { latest, listen } from "./connection.js";
import { byId, make, setSentence, setText } from "./dom.js";
import { joinDetails } from "./format.js";
import { icon } from "./icons.js";
import { addressOf } from "./router.js";
import { createStreamFigures } from "./stream_figures.js";

/** @import { Stream } from "./api.js" */

/** @typedef {ReturnType<typeof createDetails>} Details */

/** @type {Details | null} */
let shown = null;
/** @type {Stream | undefined} */
let current;

/** @param {Stream} stream */
function createDetails(stream) {
  const figures = createStreamFigures({ stream, statistics: undefined });
  const source = make("p", { class: "details" });
  const problem = make("p", { class: "outcome failed", hidden: true });
  const name = encodeURIComponent(stream.name);
  const link = (/** @type {string} */ path, /** @type {string} */ picture, /** @type {string} */ text) =>
    make("a", { class: "button", href: addressOf(path) }, icon(picture), text);
  const node = make(
    "aside",
    { class: "card live-details", "aria-label": `Details of ${stream.name}` },
    figures.node,
    source,
    problem,
    make(
      "div",
      { class: "toolbar" },
      link(`streams/${name}/zones`, "zone", "Zones and lines"),
      link(`events?stream=${name}`, "events", "Events"),
      link(`recordings?stream=${name}`, "recordings", "Recordings"),
    ),
  );
  return {
    name: stream.name,
    node,
    /** @param {Stream} item */
    update(item) {
      figures.update({ stream: item, statistics: latest("statistics")?.streams[item.name] });
      const size = item.width && item.height ? `${item.width}×${item.height}` : "";
      setText(source, joinDetails(item.source, size, item.model && `model ${item.model}`));
      setSentence(problem, item.problem);
    },
  };
}

/** @param {Stream | undefined} stream The one that is enlarged; undefined: the wall is shown. */
export function updateDetails(stream) {
  current = stream;
  if (!shown || shown.name !== stream?.name) {
    shown?.node.remove();
    shown = stream ? createDetails(stream) : null;
    if (shown) byId("live").append(shown.node);
  }
  if (stream) shown?.update(stream);
}

listen("statistics", () => {
  if (current && !document.hidden) shown?.update(current);
});
