// The one connection to the dashboard's server: passes its messages on to the cards, and sends commands.

import { io } from "../vendor/socket.io.js";
import { root } from "./root.js";

/** @import { Commands } from "./api.js" */
/** @import { Topic, Topics } from "./types.js" */

const SILENCE_SECONDS = 3; // the heartbeat comes five times a second

const csrf = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="csrf-token"]')).content;
const socket = io({
  path: `${root}socket.io/`,
  auth: { csrf },
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelay: 500,
  reconnectionDelayMax: 3000,
});

/** @type {Map<Topic, Set<(message: any) => void>>} */
const handlers = new Map();
/** @type {Partial<Topics>} */
const newest = {};
let lastMessageAt = Date.now();
let clockOffset = 0;

/**
 * Call back with every message of a topic, and at once with the newest, if there is one.
 * @template {Topic} T
 * @param {T} topic
 * @param {(message: Topics[T]) => void} handler
 */
export function listen(topic, handler) {
  const known = handlers.get(topic) || new Set();
  handlers.set(topic, known.add(handler));
  const message = latest(topic);
  if (message !== undefined) handler(message);
}

/**
 * The newest message of a topic, or undefined.
 * @template {Topic} T
 * @param {T} topic
 * @returns {Topics[T] | undefined}
 */
export const latest = (topic) => newest[topic];

/** The server's Unix time, as far as it is known; the clock of a board without a battery may be wrong. */
export const serverTime = () => Date.now() / 1000 + clockOffset;

/**
 * @template {Topic} T
 * @param {T} topic
 * @param {Topics[T]} message
 */
function publish(topic, message) {
  newest[topic] = message;
  for (const handler of handlers.get(topic) || []) {
    try {
      handler(message);
    } catch (error) {
      console.error(error); // one card's mistake must not silence the others
    }
  }
}

/**
 * Publish whether the connection is up, when that changes.
 * @param {boolean} up
 * @param {string} why
 */
function setConnection(up, why) {
  const before = latest("connection");
  if (!before || before.up !== up || before.why !== why) {
    const since = before && before.up === up ? before.since : (up ? Date.now() : lastMessageAt) / 1000;
    publish("connection", { up, since, why });
  }
}

for (const topic of /** @type {Topic[]} */ (["state", "statistics", "log", "logs", "daemon", "event", "review"])) {
  socket.on(topic, (message) => {
    lastMessageAt = Date.now();
    if (topic === "statistics") clockOffset = message.time - lastMessageAt / 1000;
    if (topic === "daemon" || topic === "statistics") setConnection(true, "");
    publish(topic, message);
  });
}

socket.on("connect", () => {
  lastMessageAt = Date.now();
  setConnection(true, "");
});

socket.on("disconnect", (reason) => {
  setConnection(false, "the connection broke");
  if (reason === "io server disconnect") retry();
});

socket.on("connect_error", (error) => {
  setConnection(false, refusal(error) || "nothing answers at its address");
  signInAgainIfAsked();
  if (!socket.active) {
    setConnection(false, error.message);
    retry();
  }
});

/**
 * The dashboard's reason for refusing the connection, or "".
 * @param {any} error
 * @returns {string}
 */
function refusal(error) {
  try {
    return JSON.parse(error.context.responseText).error;
  } catch {
    return "";
  }
}

// Socket.IO does not reconnect by itself after a refusal.
const retry = () => setTimeout(() => socket.connect(), 3000);

async function signInAgainIfAsked() {
  const answer = await fetch(`${root}api/v1/state`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer && answer.status === 401) signInAgain();
}

/** Ask to sign in; after that, this address is shown again. */
function signInAgain() {
  const here = `/${(location.pathname + location.search).slice(root.length)}`;
  location.assign(`${root}login?next=${encodeURIComponent(here)}`);
}

setInterval(() => {
  if (socket.connected && latest("daemon")?.up && Date.now() - lastMessageAt > SILENCE_SECONDS * 1000) {
    setConnection(false, "nothing is heard from it");
  }
}, 500);

/**
 * Send a command.
 * @template {keyof Commands} Name
 * @param {Name} name
 * @param {Commands[Name]["fields"]} fields
 * @param {number} [seconds] How long to wait for the answer.
 * @returns {Promise<Commands[Name]["answer"]>}
 * @throws {Error} with the sentence that says why it was not done.
 */
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

/**
 * GET JSON from the server.
 * @param {string} path Below the dashboard's root.
 * @returns {Promise<any>}
 * @throws {Error} with the sentence that says why there is none.
 */
export async function getJson(path) {
  const answer = await fetch(root + path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) signInAgain();
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Error(body.error || `The dashboard answered with ${answer.status}.`);
  }
  return answer.json();
}
