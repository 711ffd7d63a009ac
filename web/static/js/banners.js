// What concerns the whole page: no connection, no daemon, its problems, a disk that fills.

import { latest, listen, serverTime } from "./connection.js";
import { byId, keepChildren, make, setText } from "./dom.js";
import { ago, clock } from "./format.js";
import { ofAppliance } from "./states.js";

const box = byId("banners");
const chip = byId("link");

/** Whether what the page shows is of now; and if not, since when and why. */
export function liveness() {
  const [link, daemon] = [latest("link"), latest("daemon")];
  if (link && !link.up) {
    return {
      live: false,
      what: "dashboard",
      since: link.since,
      seconds: Date.now() / 1000 - link.since,
      why: link.why,
    };
  }
  if (daemon && !daemon.up) {
    return { live: false, what: "daemon", since: daemon.since, seconds: serverTime() - daemon.since, why: daemon.why };
  }
  return { live: Boolean(link && daemon), what: null };
}

function sentences() {
  const state = latest("state");
  const now = liveness();
  const found = [];
  if (now.what === "dashboard") {
    found.push({
      id: "link",
      level: "bad",
      seconds: now.seconds,
      text: `The dashboard cannot be reached since ${clock(now.since)}: ${now.why}. This page tries again by itself; it shows what it heard last.`,
    });
  } else if (now.what === "daemon") {
    found.push({
      id: "daemon",
      level: "bad",
      seconds: now.seconds,
      text: `The daemon does not answer since ${clock(now.since)}: ${now.why}`,
    });
  } else if (state) {
    if (state.daemon.problem) found.push({ id: "problem", level: "warn", text: state.daemon.problem });
    const storage = state.storage.alarm || state.storage.warning;
    if (storage) found.push({ id: "storage", level: "warn", text: storage });
  }
  return found;
}

function createBanner() {
  const text = make("span", { role: "alert" });
  const time = make("span", { class: "banner-time" }); // outside the alert, or every second would be read out
  return {
    node: make("p", { class: "banner" }, text, " ", time),
    update(banner) {
      this.node.className = `banner ${banner.level}`;
      setText(text, banner.text);
      setText(time, banner.seconds === undefined ? "" : `For ${ago(banner.seconds)}.`);
    },
  };
}

function render() {
  const now = liveness();
  const state = latest("state");
  keepChildren(box, sentences(), (banner) => banner.id, createBanner);
  document.body.classList.toggle("not-live", !now.live);
  const [word, look] = state ? ofAppliance(state.daemon.status) : ["connecting", "busy"];
  setText(chip, now.live ? word : now.what ? `no ${now.what}` : "connecting");
  chip.className = `chip ${now.live ? look : now.what ? "bad" : "busy"}`;
}

export function startBanners() {
  byId("boot").remove();
  for (const topic of ["link", "daemon", "state"]) listen(topic, render);
  listen("state", (state) => setText(byId("board"), state.board.name));
  setInterval(render, 1000);
}
