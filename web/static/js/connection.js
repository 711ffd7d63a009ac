// The one connection to the dashboard's server: what it tells is passed on to the cards, and commands go out by it.

import { io } from "../vendor/socket.io.js";
import { root } from "./root.js";

const SILENCE_SECONDS = 3; // the heartbeat comes five times a second

const csrf = document.querySelector('meta[name="csrf-token"]').content;
const socket = io({
  path: `${root}socket.io/`,
  auth: { csrf },
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelay: 500,
  reconnectionDelayMax: 3000,
});

const handlers = new Map();
const newest = new Map();
let heardAt = Date.now();
let clockOffset = 0;

/** Call back with every message of a topic: state, statistics, log, logs, daemon (as the server sends them), link (below). */
export function listen(topic, handler) {
  if (!handlers.has(topic)) handlers.set(topic, new Set());
  handlers.get(topic).add(handler);
  if (newest.has(topic)) handler(newest.get(topic));
}

/** The newest message of a topic, or undefined. */
export const latest = (topic) => newest.get(topic);

/** The server's clock, as far as it was heard; boards without a battery have their own idea of time. */
export const serverTime = () => Date.now() / 1000 + clockOffset;

function publish(topic, message) {
  newest.set(topic, message);
  for (const handler of handlers.get(topic) || []) {
    try {
      handler(message);
    } catch (error) {
      console.error(error); // one card's mistake must not silence the others
    }
  }
}

/** link: {up, since (this machine's clock, seconds), why}. Told when it changes. */
function setLink(up, why) {
  const link = newest.get("link");
  if (!link || link.up !== up || link.why !== why) {
    const since = link && link.up === up ? link.since : (up ? Date.now() : heardAt) / 1000;
    publish("link", { up, since, why });
  }
}

for (const topic of ["state", "statistics", "log", "logs", "daemon"]) {
  socket.on(topic, (message) => {
    heardAt = Date.now();
    if (topic === "statistics") clockOffset = message.time - heardAt / 1000;
    if (topic === "daemon" || topic === "statistics") setLink(true, "");
    publish(topic, message);
  });
}

socket.on("connect", () => {
  heardAt = Date.now();
  setLink(true, "");
});

socket.on("disconnect", (reason) => {
  setLink(false, "the connection broke");
  if (reason === "io server disconnect") retry();
});

socket.on("connect_error", (error) => {
  setLink(false, refusal(error) || "nothing answers at its address");
  signInAgainIfAsked();
  if (!socket.active) {
    setLink(false, error.message);
    retry();
  }
});

/** What the dashboard said where it refused the connection itself. */
function refusal(error) {
  try {
    return JSON.parse(error.context.responseText).error;
  } catch {
    return "";
  }
}

// Socket.IO does not come back by itself where the server said no.
const retry = () => setTimeout(() => socket.connect(), 3000);

async function signInAgainIfAsked() {
  const answer = await fetch(`${root}api/v1/state`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer && answer.status === 401) location.assign(`${root}login`);
}

setInterval(() => {
  const daemon = newest.get("daemon");
  if (socket.connected && daemon?.up && Date.now() - heardAt > SILENCE_SECONDS * 1000) {
    setLink(false, "nothing is heard from it");
  }
}, 500);

/** Send a command. Returns its answer; throws an Error with the sentence that says why it was not done. */
export async function command(name, fields, seconds = 15) {
  if (!socket.connected) throw new Error("The dashboard cannot be reached, so nothing was changed.");
  let answer;
  try {
    answer = await socket.timeout(seconds * 1000).emitWithAck(name, fields);
  } catch {
    throw new Error(`No answer came within ${seconds} seconds; whether it took effect will show here.`);
  }
  if (!answer?.ok) throw new Error(answer?.error || "It was refused, and no reason was given.");
  return answer;
}

/** GET JSON from the server. path: below its root. */
export async function getJson(path) {
  const answer = await fetch(root + path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.assign(`${root}login`);
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Error(body.error || `The dashboard answered with ${answer.status}.`);
  }
  return answer.json();
}
