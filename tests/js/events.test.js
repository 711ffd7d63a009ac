import assert from "node:assert/strict";
import { test } from "node:test";

import { fileNameOf } from "../../web/static/js/events/addresses.js";
import { groupByHour, labelsTitle, mergeCards, titleOf, trackNumber } from "../../web/static/js/events/cards.js";
import {
  addDays,
  addMonths,
  countByDay,
  dayTitle,
  moment,
  rangeOfDay,
  readDay,
  span,
  weeksOfMonth,
} from "../../web/static/js/events/days.js";
import {
  admits,
  asksForEvents,
  chipsOf,
  fieldsOf,
  NO_FILTERS,
  readFilters,
  searchOf,
  without,
  withoutAll,
} from "../../web/static/js/events/filters.js";
import { layOut, nearest, neighbour, shareOf, ticks, timeAt } from "../../web/static/js/events/time_line.js";

const at = (/** @type {number} */ hour, minute = 0, date = 29) =>
  new Date(2026, 10, date, hour, minute).getTime() / 1000;
const card = (/** @type {string} */ id, /** @type {number} */ start) =>
  /** @type {import("../../web/static/js/events/cards.js").Card} */ ({
    id,
    start,
    end: start + 10,
    stream: "main",
    severity: "alert",
    events: [id],
    labels: ["person"],
    zones: [],
    review: id,
    event: id,
    seen: false,
    starred: false,
  });

test("filters survive the address", () => {
  const filters = readFilters(
    "?day=2026-11-28&severity=alert&label=red+car&zone=Porch&line=A&min_score=0.6&starred=1&unseen=1&text=17&stream=main",
  );
  assert.deepEqual(readFilters(searchOf(filters)), filters);
  assert.equal(filters.label, "red car");
  assert.equal(filters.min_score, 0.6);
  assert.equal(searchOf({ ...NO_FILTERS }), "");
});

test("what an address says wrongly filters nothing", () => {
  const wrong = readFilters(`?day=2026-02-30&severity=red&min_score=7&unseen=yes&text=${"x".repeat(5000)}`);
  assert.deepEqual({ ...wrong, text: "" }, NO_FILTERS);
  assert.equal(wrong.text.length, 100);
});

test("each filter that is set is a chip, which removes it alone", () => {
  const filters = readFilters("?label=person&min_score=0.6&starred=1&severity=alert&day=2026-11-28");
  assert.deepEqual(
    chipsOf(filters).map((chip) => chip.text),
    ["Label: person", "Score 0.6 or more", "Starred"],
  );
  assert.equal(searchOf(without(filters, "label")), "?day=2026-11-28&severity=alert&min_score=0.6&starred=1");
  assert.equal(searchOf(withoutAll(filters)), "?day=2026-11-28&severity=alert");
});

test("reviews are asked for, and single events for what only these have", () => {
  assert.deepEqual(fieldsOf(readFilters("?label=person&unseen=1")), { label: "person", unseen: true });
  assert.ok(!asksForEvents(readFilters("?label=person&unseen=1")));
  const each = readFilters("?single=1&zone=Porch");
  assert.ok(asksForEvents(each));
  assert.deepEqual(fieldsOf(each), { zone: "Porch" }, "the server is not asked for what it does not know");
  assert.equal(searchOf(without(each, "zone")), "?single=1");
  const search = readFilters("?label=person&text=red&unseen=1");
  assert.ok(asksForEvents(search));
  assert.deepEqual(fieldsOf(search), { label: "person", text: "red" });
});

test("a review that arrives enters the list only where the filters admit it", () => {
  const review = { stream: "main", severity: "alert", labels: ["person", "dog"], zones: ["Porch"], seen: false };
  for (const search of ["", "?label=dog", "?zone=Porch&severity=alert", "?unseen=1&stream=main"]) {
    assert.ok(admits(readFilters(search), review), search);
  }
  for (const search of ["?label=car", "?zone=Gate", "?severity=detection", "?stream=yard", "?text=dog"]) {
    assert.ok(!admits(readFilters(search), review), search);
  }
});

test("days are those of the browser's time zone", () => {
  assert.equal(readDay("2026-11-29"), "2026-11-29");
  assert.equal(readDay("2026-11-31"), "");
  assert.equal(readDay("29.11.2026"), "");
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addMonths("2026-01-31", -1), "2025-12-01");
  assert.deepEqual(rangeOfDay("2026-11-29"), { start: at(0), end: at(24) });
});

test("a day is named as people do", () => {
  const names = {
    "2026-11-29": "Today",
    "2026-11-28": "Yesterday",
    "2026-11-25": "Wednesday",
    "2026-11-20": "20 November",
    "2025-11-20": "20 November 2025",
  };
  for (const [day, title] of Object.entries(names)) assert.equal(dayTitle(day, "2026-11-29"), title);
  assert.equal(moment(at(14, 21), at(15)), "14:21");
  assert.equal(moment(at(14, 21, 27), at(15)), "Friday 14:21");
  assert.equal(span(18.2), "18 s");
  assert.equal(span(59.7), "1:00");
  assert.equal(span(72), "1:12");
});

test("a month is whole weeks from Monday on", () => {
  const weeks = weeksOfMonth("2026-11-29");
  assert.deepEqual(weeks[0], ["", "", "", "", "", "", "2026-11-01"]);
  assert.equal(weeks.at(-1)?.[0], "2026-11-30");
  assert.ok(weeks.every((week) => week.length === 7));
});

test("a day counts each event once, whatever its zones and lines", () => {
  const rows = [
    { time: at(0), events: 4, zone: null, line: null },
    { time: at(0), events: 3, zone: "Porch" },
    { time: at(0), events: 2, line: "A" },
    { time: at(0), events: 5 },
    { time: at(0, 0, 28), events: 1 },
  ];
  assert.deepEqual(
    [...countByDay(rows)],
    [
      ["2026-11-29", 9],
      ["2026-11-28", 1],
    ],
  );
});

test("cards are grouped by hour, hours with few of them together, and other days than the list's are named", () => {
  const busy = [50, 40, 30, 20].map((minute) => card(`n${minute}`, at(14, minute)));
  const cards = [...busy, card("c", at(13, 59)), card("b", at(11)), card("a", at(14, 3, 28))];
  const groups = groupByHour(cards, "2026-11-29", at(14, 55));
  assert.deepEqual(
    groups.map((group) => [group.title, group.cards.length]),
    [
      ["14:00 to now", 4],
      ["11:00 to 14:00", 2],
      ["Yesterday, 14:00", 1],
    ],
  );
});

test("cards that come again are replaced in their place", () => {
  const cards = mergeCards([card("b", 20), card("a", 10)], [{ ...card("a", 10), seen: true }, card("c", 30)]);
  assert.deepEqual(
    cards.map((one) => [one.id, one.seen]),
    [
      ["c", false],
      ["b", false],
      ["a", true],
    ],
  );
});

test("a card's title says what was seen and where", () => {
  assert.equal(titleOf({ labels: ["person"], zones: ["Porch"], events: ["1"] }), "Person · Porch");
  assert.equal(titleOf({ labels: ["car", "person"], zones: [], events: ["1", "2"] }), "Car, person");
  assert.equal(labelsTitle({ labels: ["person"], events: ["1", "2"] }), "2 people");
  assert.equal(labelsTitle({ labels: ["car"], events: ["1", "2", "3"] }), "3 cars");
  assert.equal(trackNumber("1764426062.120000-000017"), 17);
  assert.equal(trackNumber("review"), null);
});

const ITEMS = [
  { id: "a", stream: "main", severity: "alert", start: at(6), end: at(7) },
  { id: "b", stream: "yard", severity: "detection", start: at(12), end: null },
  { id: "c", stream: "main", severity: "detection", start: at(6, 30), end: at(6, 31) },
];

test("the day's marks stand where they happened, alerts above the others", () => {
  const lanes = layOut(ITEMS, ["main", "yard"], { start: at(0), end: at(24) }, at(18));
  assert.deepEqual(
    lanes.get("main")?.map((mark) => mark.id),
    ["c", "a"],
  );
  assert.deepEqual(lanes.get("yard"), [{ id: "b", isAlert: false, from: 0.5, size: 0.25 }]);
  const [turned] = layOut(ITEMS, ["yard"], { start: at(0), end: at(24) }, at(18), true).get("yard") || [];
  assert.equal(turned.from, 0.25);
});

test("what lies outside the range has no mark, and what reaches into it is cut", () => {
  const range = { start: at(6, 30), end: at(6, 45) };
  const lanes = layOut(ITEMS, ["main", "yard"], range, at(18));
  assert.deepEqual(lanes.get("yard"), []);
  assert.deepEqual(
    lanes.get("main")?.find((mark) => mark.id === "a"),
    { id: "a", isAlert: true, from: 0, size: 1 },
  );
});

test("a place on the line is a time, and back", () => {
  const range = { start: at(0), end: at(24) };
  assert.equal(timeAt(shareOf(at(9), range), range), at(9));
  assert.equal(shareOf(at(26), range), 1);
  assert.equal(timeAt(-3, range), at(0));
});

test("the scale has full hours", () => {
  assert.deepEqual(
    ticks({ start: at(0), end: at(24) }, 5),
    [0, 6, 12, 18, 24].map((hour) => at(hour)),
  );
  assert.deepEqual(ticks({ start: at(13, 50), end: at(14, 50) }, 5), [at(14), at(14, 15), at(14, 30), at(14, 45)]);
});

test("the nearest event is the one that goes on, or the next best in time", () => {
  assert.equal(nearest(ITEMS, at(6, 30), at(18))?.id, "c");
  assert.equal(nearest(ITEMS, at(8), at(18))?.id, "a");
  assert.equal(nearest([], at(8), at(18)), undefined);
});

test("from event to event it goes in order of time, to both sides", () => {
  assert.equal(neighbour(ITEMS, at(6), 1)?.id, "c");
  assert.equal(neighbour(ITEMS, at(6, 30), -1)?.id, "a");
  assert.equal(neighbour(ITEMS, at(12), 1), undefined);
});

test("a file to keep is called as recordings are", () => {
  const start = new Date(2026, 10, 30, 0, 16, 13).getTime() / 1000;
  assert.equal(fileNameOf({ stream: "door", start, label: "person" }, "mp4"), "door_20261130-001613_person.mp4");
  assert.equal(
    fileNameOf({ stream: "door", start, label: "cell phone/2" }, "jpg"),
    "door_20261130-001613_cell-phone-2.jpg",
  );
});
