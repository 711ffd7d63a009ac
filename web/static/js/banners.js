// Banners and the chip for what concerns the whole page: a lost connection, the daemon's problems, a disk that is nearly full.

import { latest, listen, serverTime } from "./connection.js";
import { byId, keepChildren, make, setText } from "./dom.js";
import { ago, clock } from "./format.js";
import { findLiveness } from "./liveness.js";
import { describeAppliance } from "./states.js";

/** @import { State } from "./api.js" */
/** @import { Topic } from "./types.js" */

/** @typedef {{ id: string, level: "bad" | "warn", text: string, seconds?: number }} Banner */

const box = byId("banners");
const chip = byId("appliance-status");

/** Whether what the page shows is current; if not, since when and why. */
export const liveness = () => findLiveness(latest("connection"), latest("daemon"), Date.now() / 1000, serverTime());

/** @returns {Banner[]} */
function currentBanners() {
  const now = liveness();
  if (now.missing === "dashboard") {
    const text = `The dashboard has been unreachable since ${clock(now.since)}: ${now.why}. This page keeps trying; until then it shows the last values that it received.`;
    return [{ id: "connection", level: "bad", seconds: now.seconds, text }];
  }
  if (now.missing === "daemon") {
    const text = `The daemon has not answered since ${clock(now.since)}: ${now.why}`;
    return [{ id: "daemon", level: "bad", seconds: now.seconds, text }];
  }
  const state = latest("state");
  /** @type {Banner[]} */
  const banners = [];
  if (state?.daemon.problem) banners.push({ id: "problem", level: "warn", text: state.daemon.problem });
  const storage = state && (state.storage.alarm || state.storage.warning);
  if (storage) banners.push({ id: "storage", level: "warn", text: storage });
  return banners;
}

function createBanner() {
  const text = make("span", { role: "alert" });
  const time = make("span", { class: "banner-time" }); // outside the alert, or every second would be read out
  const node = make("p", { class: "banner" }, make("span", {}, text, " ", time));
  return {
    node,
    /** @param {Banner} banner */
    update(banner) {
      node.className = `banner ${banner.level}`;
      setText(text, banner.text);
      setText(time, banner.seconds === undefined ? "" : `For ${ago(banner.seconds)}.`);
    },
  };
}

/**
 * The state of all streams in a few words.
 * @param {State} state
 */
function describeSum(state) {
  const [text, chipClass] = describeAppliance(state.daemon.status);
  const well = state.streams.filter((stream) => stream.status === "live").length;
  return [state.daemon.status === "degraded" ? `${well} of ${state.streams.length} live` : text, chipClass];
}

function render() {
  const now = liveness();
  const state = latest("state");
  keepChildren(box, currentBanners(), (banner) => banner.id, createBanner);
  document.body.classList.toggle("not-live", !now.live);
  const [text, chipClass] = state ? describeSum(state) : ["connecting", "busy"];
  setText(chip, now.live ? text : now.missing ? `no ${now.missing}` : "connecting");
  chip.className = `chip ${now.live ? chipClass : now.missing ? "bad" : "busy"}`;
}

export function startBanners() {
  byId("boot").remove();
  for (const topic of /** @type {Topic[]} */ (["connection", "daemon", "state"])) listen(topic, render);
  listen("state", (state) => setText(byId("board"), state.board.name));
  setInterval(render, 1000);
}
