// The recordings: list, play, download, delete.

import { actionButton, setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { closeButton, confirm, openDialog } from "./dialog.js";
import { byId, keepChildren, make, setSentence, setText } from "./dom.js";
import { bytes, date, duration, joinDetails } from "./format.js";
import { messageOf, Outcome } from "./outcome.js";
import { root } from "./root.js";

/** @import { Recording } from "./api.js" */

const BETWEEN_LISTINGS_MS = 1500;

const outcome = new Outcome(byId("recordings-outcome"));
const rows = make("tbody");
const empty = make("p", { class: "hint" }, "No recordings.");
const table = make(
  "table",
  { class: "recordings", hidden: true },
  make(
    "thead",
    {},
    make(
      "tr",
      {},
      ...["Stream", "Started", "Length", "Size"].map((text) => make("th", { scope: "col" }, text)),
      make("th", { scope: "col" }, make("span", { class: "unseen" }, "Actions")),
    ),
  ),
  rows,
);

const address = (/** @type {string} */ name) => `${root}recordings/${encodeURIComponent(name)}`;

/** @param {Recording} recording */
function play(recording) {
  const isMovie = recording.format !== "avi";
  const screen = isMovie
    ? make("video", {
        src: address(recording.name),
        controls: true,
        autoplay: true,
        playsinline: true,
        class: "player",
      })
    : make("img", { alt: `Playback of ${recording.name}`, class: "player" });
  const id = "play-speed";
  const speed = make(
    "select",
    { id },
    ...["0.5", "1", "2", "4"].map((value) => make("option", { value, selected: value === "1" }, `${value}×`)),
  );
  const start = () => {
    screen.src = `${address(recording.name)}.mjpeg?speed=${speed.value}&t=${Date.now()}`;
  };
  const problem = make("p", { class: "outcome failed", role: "status" });
  screen.addEventListener("error", () => setSentence(problem, "It cannot be played; download it instead."));
  speed.addEventListener("change", start);
  if (!isMovie) start();
  const tools = isMovie
    ? []
    : [
        make("label", { for: id }, "Speed"),
        speed,
        make("button", { type: "button", on: { click: start } }, "From the start"),
      ];
  openDialog(
    recording.name,
    [
      screen,
      problem,
      make(
        "div",
        { class: "buttons end" },
        ...tools,
        make("a", { class: "button", href: address(recording.name), download: recording.name }, "Download"),
        closeButton("Close"),
      ),
    ],
    () => screen.removeAttribute("src"),
  );
}

/** @param {Recording} first */
function createRow(first) {
  const name = first.name;
  const [stream, started, length, size] = ["", "", "number", "number"].map((kind) => make("td", { class: kind }));
  const remove = actionButton("Delete", removeRecording, { "aria-label": `Delete ${name}` });
  let recording = first;

  async function removeRecording() {
    const sure = await confirm(
      "Delete the recording",
      `${name} (${bytes(recording.bytes)}) cannot be brought back.`,
      "Delete",
    );
    if (!sure) return;
    const answer = await outcome.run(
      remove,
      `Deleting ${name}.`,
      () => command("delete_recording", { name }),
      `${name} is deleted.`,
    );
    if (answer?.recordings) render(answer.recordings);
    else list();
    byId("recordings-list").focus();
  }

  return {
    node: make(
      "tr",
      { "data-recording": name },
      stream,
      started,
      length,
      size,
      make(
        "td",
        { class: "row-tools" },
        make("button", { type: "button", "aria-label": `Play ${name}`, on: { click: () => play(recording) } }, "Play"),
        make(
          "a",
          { class: "button", href: address(name), download: name, "aria-label": `Download ${name}` },
          "Download",
        ),
        remove,
      ),
    ),
    /** @param {Recording} item */
    update(item) {
      recording = item;
      setText(stream, item.stream);
      setText(started, date(item.started));
      setText(length, item.recording ? "recording" : item.seconds === null ? "–" : duration(item.seconds));
      setText(size, bytes(item.bytes));
      setEnabled(remove, !item.recording);
    },
  };
}

/** @param {Recording[]} recordings */
function render(recordings) {
  keepChildren(rows, recordings, (item) => item.name, createRow);
  table.hidden = recordings.length === 0;
  empty.hidden = recordings.length > 0;
}

let requests = 0;

async function list() {
  requests += 1;
  const request = requests;
  try {
    const { recordings } = await command("list_recordings", {});
    if (request === requests) render(recordings); // an answer may arrive after that to a later request
  } catch (error) {
    if (latest("connection")?.up) outcome.fail(messageOf(error));
  }
}

/** Ask for the list again when the state shows that a recording started or ended, or that more space is used. */
function watch() {
  let listedFor = ""; // what the state said when the list was asked for last
  /** @type {number | undefined} */
  let timer;
  let listedAt = 0;
  listen("state", (state) => {
    const storage = state.storage;
    setText(
      byId("storage"),
      joinDetails(
        storage.limit
          ? `${bytes(storage.used)} of ${bytes(storage.limit)} used; beyond that the oldest are deleted`
          : `${bytes(storage.used)} used`,
        storage.keep_days ? `kept for ${storage.keep_days} ${storage.keep_days === 1 ? "day" : "days"}` : "",
        `${bytes(storage.free)} of the disk free, of which ${bytes(storage.floor)} stay free`,
      ),
    );
    const now = JSON.stringify([storage.used, state.streams.map((stream) => stream.recording?.name)]);
    if (now === listedFor) return;
    listedFor = now;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        listedAt = Date.now();
        list();
      },
      Math.max(0, listedAt + BETWEEN_LISTINGS_MS - Date.now()),
    );
  });
  listen("connection", (connection) => {
    if (connection.up) listedFor = "";
  });
}

export function startRecordings() {
  byId("recordings-list").append(table, empty);
  watch();
}
