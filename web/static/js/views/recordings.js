// The recordings: a player, the line of a day over all streams, the files, what they take.

import { latest, listen, serverTime } from "../connection.js";
import { confirm } from "../dialog.js";
import { byId, make, setAttribute, setText } from "../dom.js";
import { ask } from "../events/ask.js";
import { cardOfReview, mergeCards } from "../events/cards.js";
import { DayTools } from "../events/day_tools.js";
import { dayOf, dayTitle, rangeOfDay, readDay } from "../events/days.js";
import { NO_FILTERS, searchOf } from "../events/filters.js";
import { askDay } from "../events/list.js";
import { MonthCounts } from "../events/month_counts.js";
import { neighbour } from "../events/time_line.js";
import { bytes } from "../format.js";
import { Outcome } from "../outcome.js";
import { segmentsOf, spansOf, touched } from "../player/segments.js";
import { DayLine } from "../recordings/day_line.js";
import { EventRows } from "../recordings/event_rows.js";
import { Files } from "../recordings/files.js";
import { Screen } from "../recordings/screen.js";
import { Selection } from "../recordings/selection.js";
import { StorageCard } from "../recordings/storage_card.js";
import { FileTable } from "../recordings/table.js";
import { addressOf, go, setTools } from "../router.js";
import { toast } from "../toast.js";

/** @import { Recording } from "../api.js" */
/** @import { Card } from "../events/cards.js" */
/** @import { View } from "../router.js" */
/** @import { Route } from "../routes.js" */

const ZOOMS = /** @type {[text: string, seconds: number][]} */ ([
  ["Day", 0],
  ["6 h", 6 * 3600],
  ["1 h", 3600],
]);
const ADDRESS_MS = 500;

class RecordingsView {
  #isShown = false;
  #isStarted = false;
  #day = "";
  #stream = "";
  /** A moment of the address, until the files are known. @type {number | null} */
  #wanted = null;
  /** @type {Card[]} */
  #cards = [];
  #cardsNumber = 0;
  /** @type {number | undefined} */
  #addressTimer;
  #outcome = new Outcome(byId("recordings-outcome"));
  #files = new Files(
    () => this.#show(),
    (sentence) => this.#outcome.fail(sentence),
  );
  #counts = new MonthCounts(() => this.#show());
  #dayTools = new DayTools(
    (day) => go(`recordings?day=${day}`),
    (month) => this.#counts.need(month),
    "recordings-calendar-title",
  );
  #screen = new Screen({
    now: serverTime,
    recordings: () => segmentsOf(this.#files.recordings, this.#stream),
    cards: () => this.#cards.filter((card) => card.stream === this.#stream),
    jump: (direction) => this.#jump(direction),
    moved: (time) => this.#line?.moveTo(time, this.#stream),
  });
  #line = new DayLine({
    pick: (time, stream) => this.#pick(time, stream),
    jump: (direction) => this.#jump(direction),
    toggle: () => this.#screen.toggle(),
    choose: (span) => this.#selection.chooseSpan(span, serverTime()),
  });
  #table = new FileTable({
    play: (recording) => this.#pick(recording.started, recording.stream),
    remove: (recordings, control) => this.#remove(recordings, control),
    choose: (name, on) => this.#selection.choose(name, on),
  });
  #selection = new Selection(
    () => this.#show(),
    (recordings, control) => this.#remove(recordings, control),
  );
  #rows = new EventRows((card) => this.#pick(card.start, card.stream));
  #storage = new StorageCard();
  #title = make("h2", { id: "day-line-title" });
  #zooms = ZOOMS.map(([text, seconds], index) =>
    make(
      "button",
      { type: "button", "aria-pressed": String(index === 0), on: { click: () => this.#zoom(seconds) } },
      text,
    ),
  );

  #start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    byId("recordings-list").append(...this.#table.nodes);
    const key = make(
      "p",
      { class: "key" },
      make("span", {}, make("i", { class: "alert" }), "Alert"),
      make("span", {}, make("i", { class: "detection" }), "Detection"),
      make("span", {}, make("i", { class: "recorded" }), "Recorded"),
      make("span", { class: "wide-only" }, "Arrow keys: 10 s · with Shift: the next event · Space: play"),
    );
    const tools = make(
      "div",
      { class: "toolbar" },
      make("div", { class: "segmented", role: "group", "aria-label": "Zoom" }, ...this.#zooms),
      this.#selection.button,
    );
    const card = make(
      "section",
      { class: "card", "aria-labelledby": "day-line-title" },
      make("header", {}, this.#title, tools),
      this.#line.node,
      key,
      this.#selection.node,
    );
    byId("recordings").append(
      make(
        "div",
        { class: "rec" },
        make("div", { class: "stack" }, this.#screen.node, card, byId("recordings-files")),
        make("div", { class: "stack wide" }, this.#rows.node, this.#storage.node),
      ),
    );
    this.#files.watch();
    listen("state", (state) => this.#storage.show(state.storage));
    listen("review", ({ review }) => {
      if (!this.#isShown || dayOf(review.start) !== this.#day) return;
      this.#cards = mergeCards(this.#cards, [cardOfReview(review)]);
      this.#show();
    });
  }

  /** @param {Route} route */
  mount(route) {
    this.#isShown = true;
    setTools(this.#dayTools.node);
    this.#start();
    this.#files.list();
    this.#apply(route);
  }

  /** @param {Route} route */
  change(route) {
    this.#apply(route);
  }

  leave() {
    this.#isShown = false;
    clearTimeout(this.#addressTimer);
    this.#selection.end();
    this.#screen.close();
  }

  /** @param {Route} route */
  #apply({ query }) {
    const at = Number(query.get("at"));
    const today = dayOf(serverTime());
    const day = at > 0 ? dayOf(at) : readDay(query.get("day")) || today;
    this.#stream = query.get("stream") || this.#stream;
    this.#wanted = at > 0 ? at : null;
    if (day !== this.#day) {
      this.#selection.end();
      this.#line.clear();
    }
    this.#day = day;
    this.#counts.forget();
    this.#loadCards();
    this.#show();
  }

  async #loadCards() {
    this.#cardsNumber += 1;
    const number = this.#cardsNumber;
    const cards = await askDay(ask, NO_FILTERS, this.#day).catch(() => []); // recordings do without a database
    if (number !== this.#cardsNumber) return;
    this.#cards = cards;
    this.#show();
  }

  get #ofDay() {
    const found = touched(this.#files.recordings, rangeOfDay(this.#day), serverTime());
    return found.sort((one, other) => other.started - one.started);
  }

  get #streams() {
    const known = latest("state")?.streams.map((stream) => stream.name) || [];
    return [...new Set([...known, ...this.#ofDay.map((recording) => recording.stream)])];
  }

  #show() {
    if (!this.#isShown) return;
    const now = serverTime();
    const today = dayOf(now);
    const [streams, ofDay] = [this.#streams, this.#ofDay];
    if (!streams.includes(this.#stream)) this.#stream = ofDay[0]?.stream || streams[0] || "";
    this.#dayTools.show(this.#day, today);
    this.#dayTools.setCounts(this.#counts.byDay);
    setText(this.#title, dayTitle(this.#day, today));
    setText(byId("recordings-title"), `Files: ${dayTitle(this.#day, today).toLowerCase()}`);
    const spans = new Map(streams.map((stream) => [stream, spansOf(segmentsOf(ofDay, stream), now)]));
    this.#line.isChoosing = this.#selection.names !== null;
    if (!this.#line.isChoosing) this.#line.clear();
    this.#line.show(this.#day, streams, spans, this.#cards, now);
    this.#table.chosen = this.#selection.names;
    this.#table.show(ofDay);
    this.#selection.show(ofDay);
    this.#rows.show(this.#cards, searchOf({ ...NO_FILTERS, day: this.#day === today ? "" : this.#day }));
    if (this.#files.isKnown) this.#begin(ofDay);
  }

  /** The moment of the address; without one the newest file that is whole, standing still. @param {Recording[]} ofDay */
  #begin(ofDay) {
    if (this.#wanted !== null) {
      const time = this.#wanted;
      this.#wanted = null;
      this.#screen.show(time, true);
    } else if (this.#screen.file && !this.#files.recordings.some((file) => file.name === this.#screen.file?.name)) {
      this.#screen.close(); // it has been deleted
    }
    if (!this.#screen.time || dayOf(this.#screen.time) !== this.#day) {
      const newest = ofDay.find((recording) => recording.stream === this.#stream && !recording.recording);
      this.#line.moveTo(newest ? newest.started : rangeOfDay(this.#day).start, this.#stream);
    }
  }

  /** @param {number} time @param {string} stream */
  #pick(time, stream) {
    this.#stream = stream;
    this.#line.moveTo(time, stream);
    this.#screen.show(time, true);
    clearTimeout(this.#addressTimer);
    // Not with every step: browsers take some changes of the address a second.
    const path = `recordings?at=${time.toFixed(1)}&stream=${encodeURIComponent(stream)}`;
    this.#addressTimer = setTimeout(() => history.replaceState(null, "", addressOf(path)), ADDRESS_MS);
  }

  /** @param {1 | -1} direction */
  #jump(direction) {
    const cards = this.#cards.filter((card) => card.stream === this.#stream);
    const card = neighbour(cards, this.#screen.time || rangeOfDay(this.#day).start, direction);
    if (card) this.#pick(card.start, card.stream);
    else toast(direction > 0 ? "No later event on this day." : "No earlier event on this day.");
  }

  /** @param {number} seconds */
  #zoom(seconds) {
    for (const [index, button] of this.#zooms.entries()) {
      setAttribute(button, "aria-pressed", String(ZOOMS[index][1] === seconds));
    }
    this.#line.zoom = seconds;
  }

  /** @param {Recording[]} recordings @param {HTMLElement} control */
  async #remove(recordings, control) {
    const names = recordings.map((recording) => recording.name);
    const size = bytes(recordings.reduce((sum, recording) => sum + recording.bytes, 0));
    const isOne = names.length === 1;
    const title = isOne ? "Delete the recording" : `Delete ${names.length} recordings`;
    const what = isOne ? `${names[0]} (${size})` : `${names.length} files (${size})`;
    if (!(await confirm(title, `${what} cannot be brought back.`, "Delete"))) return;
    const thing = isOne ? names[0] : `${names.length} files`;
    const done = `${thing} ${isOne ? "is" : "are"} deleted.`;
    await this.#outcome.run(control, `Deleting ${thing}.`, () => this.#files.remove(names), done);
    this.#selection.end();
    byId("recordings-list").focus();
  }
}

/** @type {RecordingsView | null} */
let view = null;

/** @type {View} */
export const recordings = {
  title: "Recordings",
  place: "recordings",
  keepsPlace: true,
  mount: (_section, route) => {
    view ||= new RecordingsView();
    view.mount(route);
  },
  change: (route) => view?.change(route),
  leave: () => view?.leave(),
};
