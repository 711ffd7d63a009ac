import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ago,
  bytes,
  clock,
  count,
  date,
  duration,
  figure,
  joinDetails,
  milliseconds,
  minute,
  oneDecimal,
  rate,
  zone,
} from "../../web/static/js/format.js";

test("bytes are told in the unit that gives at most three digits before the point", () => {
  const expected = { 0: "0 B", 999: "999 B", 1000: "1.0 kB", 99499: "99.5 kB", 99500: "100 kB", 999499: "999 kB" };
  for (const [size, text] of Object.entries(expected)) assert.equal(bytes(Number(size)), text);
  assert.equal(bytes(999500), "1.0 MB");
  assert.equal(bytes(12.3e9), "12.3 GB");
  assert.equal(bytes(4.2e15), "4200 TB");
});

test("a size that is not known is no text", () => {
  assert.equal(bytes(null), "");
  assert.equal(bytes(undefined), "");
});

test("a duration is minutes and seconds, with hours only where there are some", () => {
  assert.equal(duration(12.9), "0:12");
  assert.equal(duration(61), "1:01");
  assert.equal(duration(3600), "1:00:00");
  assert.equal(duration(36061), "10:01:01");
});

test("a clock that was set back gives no negative time", () => {
  assert.equal(duration(-3), "0:00");
  assert.equal(ago(-3), "0 s");
});

test("how long ago is told the more roughly the longer it is", () => {
  assert.equal(ago(59.4), "59 s");
  assert.equal(ago(59.6), "1 min 0 s");
  assert.equal(ago(3599), "59 min 59 s");
  assert.equal(ago(3600), "1 h 0 min");
  assert.equal(ago(172799), "47 h 59 min");
  assert.equal(ago(172800), "2 days");
});

test("times are those of the browser's time zone, with hours from 0 to 23", () => {
  const time = new Date(2026, 0, 2, 0, 4, 5).getTime() / 1000;
  assert.equal(clock(time), "00:04:05");
  assert.equal(minute(time), "00:04");
  assert.equal(date(time), "2026-01-02 00:04:05");
});

test("a figure has three digits", () => {
  assert.equal(figure(0.423), "0.42");
  assert.equal(figure(9.949), "9.95");
  assert.equal(figure(9.95), "9.9"); // which is 9.9499… in binary
  assert.equal(figure(42), "42.0");
  assert.equal(figure(99.5), "100");
  assert.equal(figure(4200.4), "4200");
});

test("what was not measured is a dash", () => {
  for (const value of [null, undefined, Number.NaN]) assert.equal(figure(value), "–");
  assert.equal(oneDecimal(null), "–");
  assert.equal(oneDecimal(undefined), "–");
});

test("milliseconds are told with their unit", () => {
  assert.equal(milliseconds(0.0312), "31.2 ms");
});

test("a short name of a sensor is an abbreviation", () => {
  assert.equal(zone("cpu"), "CPU");
  assert.equal(zone("soc0"), "SOC0");
  assert.equal(zone("thermal-fan"), "thermal-fan");
  assert.equal(zone("total"), "total");
});

test("the source's rate is told only where less than half of its frames are detected", () => {
  assert.equal(rate({ fps: 10, source_fps: 30 }), "10.0 of 30.0");
  assert.equal(rate({ fps: 15, source_fps: 30 }), "15.0");
  assert.equal(rate({ fps: 0, source_fps: 0 }), "0.0");
});

test("thousands are set apart by narrow spaces", () => {
  assert.equal(count(999), "999");
  assert.equal(count(1234567), "1\u202f234\u202f567");
});

test("details that are not known are left out of the line", () => {
  assert.equal(joinDetails("camera", null, undefined, "", false, "model x"), "camera · model x");
  assert.equal(joinDetails(), "");
});
