// The wall: a tile for each stream, or one stream enlarged with its details beside it.

import { liveness } from "./banners.js";
import { latest, listen } from "./connection.js";
import { byId, keepChildren, onVisibility } from "./dom.js";
import { updateDetails } from "./live_details.js";
import { chosenColumns, setLiveTools } from "./live_tools.js";
import { setTitle } from "./router.js";
import { createTile } from "./tile.js";
import { bestColumns, wideTiles } from "./wall.js";

/** @import { Stream } from "./api.js" */
/** @import { Tile } from "./tile.js" */

// A browser opens six connections to a server, for all its tabs together; MJPEG, which holds one, must leave some.
const MAX_MJPEG = 2;
const PHONE = matchMedia("(max-width: 40rem)");
const UPRIGHT = matchMedia("(max-aspect-ratio: 1/1)");

const section = byId("live");
const tiles = byId("tiles");
/** @type {Map<string, Tile>} */
const shownTiles = new Map(); // by the stream's name
let isShown = false;
/** @type {string | undefined} */
let chosen; // the stream that is enlarged

/** @param {Stream} stream */
function addTile(stream) {
  const tile = createTile(stream);
  shownTiles.set(stream.name, tile);
  return {
    ...tile,
    remove() {
      tile.remove?.();
      shownTiles.delete(stream.name);
    },
  };
}

/** Choose how many columns there are, and how many tiles take two. */
function arrange() {
  const count = shownTiles.size;
  if (!count) return;
  const fits = !chosen && !UPRIGHT.matches && !PHONE.matches;
  tiles.classList.toggle("fit", fits);
  const onPhone = count > 6 ? 2 : 1;
  const best = fits ? bestColumns(count, tiles.clientWidth, tiles.clientHeight) : onPhone;
  const columns = chosen ? 1 : chosenColumns() || best;
  tiles.style.setProperty("--cols", String(columns));
  const wide = fits ? wideTiles(count, columns) : 0;
  [...tiles.children].forEach((tile, index) => {
    tile.classList.toggle("wide", index < wide);
    tile.classList.toggle("alone", count === 1);
  });
}

function render() {
  const state = latest("state");
  if (!state) return;
  const one = state.streams.filter((stream) => stream.name === chosen);
  const streams = !isShown ? [] : one.length ? one : state.streams;
  section.classList.toggle("alone-view", one.length > 0);
  keepChildren(tiles, streams, (stream) => stream.name, addTile);
  arrange();
  const mode = document.hidden ? null : streams.length > MAX_MJPEG ? "snapshots" : "mjpeg";
  for (const tile of shownTiles.values()) tile.show(mode);
  updateDetails(isShown ? one[0] : undefined);
}

/** @param {string} [name] The stream to enlarge. */
export function showLive(name) {
  isShown = true;
  chosen = name;
  setTitle(name || "Live");
  setLiveTools(arrange, name);
  render();
}

export function hideLive() {
  isShown = false;
  render();
}

export function startLive() {
  listen("state", render);
  let wasLive = true;
  const refresh = () => {
    const isLive = liveness().live;
    if (isLive && !wasLive) for (const tile of shownTiles.values()) tile.restart();
    wasLive = isLive;
    for (const tile of shownTiles.values()) tile.tick();
  };
  listen("connection", refresh);
  listen("daemon", refresh);
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 500);
  onVisibility(render);
  new ResizeObserver(arrange).observe(section);
}
