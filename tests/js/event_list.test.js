import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_FILTERS, readFilters } from "../../web/static/js/events/filters.js";
import { inTurn } from "../../web/static/js/events/in_turn.js";
import { askDay, EventList } from "../../web/static/js/events/list.js";
import { describeMoment } from "../../web/static/js/events/moments.js";
import { around, sequence } from "../../web/static/js/events/sequence.js";
import { readPlaces } from "../../web/static/js/player/overlay.js";
import { lastsText, usedBy } from "../../web/static/js/recordings/storage.js";

/** @import { EventRecord, Review } from "../../web/static/js/api.js" */
/** @import { Ask } from "../../web/static/js/events/list.js" */

const review = (/** @type {string} */ id, /** @type {number} */ start, more = {}) =>
  /** @type {Review} */ ({
    id,
    stream: "main",
    start,
    end: start + 10,
    severity: "alert",
    labels: ["person"],
    zones: [],
    events: [`e-${id}`],
    seen: false,
    ...more,
  });
const event = (/** @type {string} */ id, /** @type {string} */ of, /** @type {number} */ start) =>
  /** @type {EventRecord} */ (
    /** @type {unknown} */ ({
      id,
      stream: "main",
      label: "person",
      start,
      end: start + 5,
      zones: [],
      review: of,
      starred: true,
      severity: "alert",
    })
  );

/** Asks nobody: pages of two reviews each, and what was asked. */
function table(reviews = [review("c", 300), review("b", 200), review("a", 100)], events = [event("e-b", "b", 200)]) {
  /** @type {[string, any][]} */
  const asked = [];
  const ask = async (/** @type {string} */ name, /** @type {any} */ fields) => {
    asked.push([name, fields]);
    const unseen = reviews.filter((one) => !one.seen);
    if (name === "list_events") return { events, cursor: null };
    if (fields.unseen) return { reviews: unseen, cursor: null };
    const from = Number(fields.cursor || 0);
    return { reviews: reviews.slice(from, from + 2), cursor: from + 2 < reviews.length ? String(from + 2) : null };
  };
  return { ask: /** @type {Ask} */ (/** @type {unknown} */ (ask)), asked };
}

test("the list grows page by page until it is complete", async () => {
  const { ask, asked } = table();
  const list = new EventList(ask, () => {});
  await list.start({ ...NO_FILTERS, label: "person" });
  assert.deepEqual(
    list.cards.map((card) => card.id),
    ["c", "b"],
  );
  assert.deepEqual(
    list.cards.map((card) => card.starred),
    [false, true],
  );
  assert.ok(!list.isComplete);
  await list.more();
  await list.more();
  assert.deepEqual(
    list.cards.map((card) => card.id),
    ["c", "b", "a"],
  );
  assert.ok(list.isComplete);
  const pages = asked.filter(([name]) => name === "list_reviews");
  assert.equal(pages.length, 2, "nothing is asked for behind the end");
  assert.equal(pages[1][1].cursor, "2");
  assert.equal(pages[0][1].label, "person");
});

test("the list goes back to a time, and no further", async () => {
  const { ask, asked } = table([500, 400, 300, 200, 100].map((start) => review(`r${start}`, start)));
  const list = new EventList(ask, () => {});
  await list.start(NO_FILTERS);
  await list.reach(350);
  assert.deepEqual(
    list.cards.map((card) => card.start),
    [500, 400, 300, 200],
  );
  await list.reach(0);
  assert.ok(list.isComplete);
  assert.equal(asked.filter(([name]) => name === "list_reviews").length, 3);
});

test("an answer to older filters is not shown", async () => {
  /** @type {((page: any) => void)[]} */
  const waiting = [];
  const ask = /** @type {Ask} */ (
    /** @type {unknown} */ (
      (/** @type {string} */ name) =>
        name === "list_events" ? Promise.resolve({ events: [] }) : new Promise((resolve) => waiting.push(resolve))
    )
  );
  const list = new EventList(ask, () => {});
  const [first, second] = [list.start({ ...NO_FILTERS, label: "car" }), list.start({ ...NO_FILTERS, label: "dog" })];
  waiting[1]({ reviews: [review("dog", 200)], cursor: null });
  await second;
  waiting[0]({ reviews: [review("car", 300)], cursor: null });
  await first;
  assert.deepEqual(
    list.cards.map((card) => card.id),
    ["dog"],
  );
});

test("a failure is said, and ends with the next answer", async () => {
  let fails = true;
  const { ask } = table();
  const list = new EventList(
    /** @type {Ask} */ (
      /** @type {unknown} */ (
        async (/** @type {any} */ name, /** @type {any} */ fields) => {
          if (fails) throw new Error("The database is locked.");
          return ask(name, fields);
        }
      )
    ),
    () => {},
  );
  await list.start(NO_FILTERS);
  assert.equal(list.problem, "The database is locked.");
  fails = false;
  await list.start(NO_FILTERS);
  assert.equal(list.problem, "");
  assert.equal(list.cards.length, 2);
});

test("events that are searched for are not new where their review was seen", async () => {
  const reviews = [review("b", 200), review("a", 100, { seen: true })];
  const events = [event("e-b", "b", 200), event("e-a", "a", 100)];
  const { ask } = table(reviews, events);
  const list = new EventList(ask, () => {});
  await list.start(readFilters("?text=person"));
  assert.deepEqual(
    list.cards.map((card) => [card.id, card.seen]),
    [
      ["e-b", false],
      ["e-a", true],
    ],
  );
  await list.start(readFilters("?text=person&unseen=1"));
  assert.deepEqual(
    list.cards.map((card) => card.id),
    ["e-b"],
  );
});

test("a review that changes is shown in its place; one that is new is told", async () => {
  const list = new EventList(table().ask, () => {});
  await list.start({ ...NO_FILTERS });
  list.replace({ ...list.cards[0], seen: true });
  assert.ok(!list.take(review("c", 300, { end: 340, labels: ["person", "dog"] })));
  assert.deepEqual([list.cards[0].end, list.cards[0].labels, list.cards[0].seen], [340, ["person", "dog"], true]);
  assert.ok(list.take(review("d", 400)));
  assert.equal(list.cards.length, 2, "it does not enter by itself");
  await list.start({ ...NO_FILTERS, day: "2001-01-01" });
  assert.ok(!list.take(review("e", 500)), "the list of another day");
});

test("a day is read whole, whatever its severity", async () => {
  const { ask, asked } = table();
  const cards = await askDay(ask, readFilters("?severity=alert&label=person"), "2026-11-29");
  assert.equal(cards.length, 3);
  const [, fields] = asked.find(([name]) => name === "list_reviews") || ["", {}];
  assert.equal(fields.severity, undefined);
  assert.equal(fields.before - fields.after, 86400);
});

test("one goes from event to event over the reviews that have them", () => {
  const cards = /** @type {any[]} */ ([
    { id: "b", start: 200, events: ["3", "4"] },
    { id: "a", start: 100, events: ["1"] },
  ]);
  const all = sequence(cards, [cards[1]]);
  assert.deepEqual(
    all.map((one) => one.id),
    ["4", "3", "1"],
  );
  assert.deepEqual(around(all, "3"), { before: "1", next: "4" });
  assert.deepEqual(around(all, "4"), { before: "3", next: null });
  assert.deepEqual(around(all, "gone"), { before: null, next: null });
});

test("moments are told in words", () => {
  const moment = { stream: "main", time: 1, track: "1", label: "person" };
  const told = (/** @type {any} */ more) => describeMoment({ ...moment, ...more }).join("");
  assert.equal(told({ type: "entered", zone: "Porch" }), "Entered Porch");
  assert.equal(told({ type: "crossed", line: "A", direction: "in" }), "Crossed A, in");
  assert.equal(told({ type: "stationary" }), "Stands still");
});

test("zones are read as pairs and as Frigate's text; what is none is left out", () => {
  const { zones, lines } = readPlaces({
    zones: {
      Porch: {
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
      Gate: { polygon: "0.1,0.2,0.3,0.4" },
    },
    lines: { A: { from: [0, 0.5], to: [1, 0.5] } },
  });
  assert.deepEqual(zones, [
    [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    [
      [0.1, 0.2],
      [0.3, 0.4],
    ],
  ]);
  assert.deepEqual(lines, [
    [
      [0, 0.5],
      [1, 0.5],
    ],
  ]);
  assert.deepEqual(readPlaces(undefined), { zones: [], lines: [] });
});

test("storage is told as how long it lasts", () => {
  assert.equal(lastsText(9 * 86400 + 3000), "9 days");
  assert.equal(lastsText(30 * 3600), "30 h");
  assert.equal(lastsText(100), "1 h");
  assert.equal(lastsText(null), "–");
  const stream = { name: "main", continuous: 1, events: 2, alerts: 4, other: 8, snapshots: 16, a_day: 1, lasts: null };
  assert.equal(usedBy(stream), 31);
});

test("commands go one after another, and what fails ends them", async () => {
  /** @type {string[]} */
  const done = [];
  let running = 0;
  const act = async (/** @type {string} */ id) => {
    assert.equal(++running, 1, "one at a time");
    await Promise.resolve();
    running--;
    if (id === "14") throw new Error("no more");
    done.push(id);
  };
  const ids = Array.from({ length: 20 }, (_, number) => String(number));
  const began = performance.now();
  await assert.rejects(inTurn(ids, act), /no more/);
  assert.deepEqual(done, ids.slice(0, 14));
  assert.ok(performance.now() - began > 400, "slower than they come at once, after the first ten");
});
