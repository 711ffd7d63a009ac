// From a time of capture to a place in the files of a stream's recording, and back.

/**
 * @typedef {object} Segment
 * @property {string} name
 * @property {number} started Unix time
 * @property {number | null} seconds
 * @property {boolean} recording Whether it is being written
 * @property {string} format
 * @property {string} stream
 */
/** @typedef {{ start: number, end: number }} Span Unix times */

/** Shorter breaks between two files are none: the camera's next frame goes into the next file. */
const BREAK_SECONDS = 2;

/**
 * @param {Segment} segment
 * @param {number} now
 */
export const endOf = (segment, now) =>
  segment.started + (segment.seconds ?? (segment.recording ? Math.max(0, now - segment.started) : 0));

/**
 * The segments of one stream, the oldest first.
 * @template {Segment} T
 * @param {T[]} segments
 * @param {string} stream
 * @returns {T[]}
 */
export const segmentsOf = (segments, stream) =>
  segments.filter((segment) => segment.stream === stream).sort((one, other) => one.started - other.started);

/**
 * The segment that has this time, and the seconds from its start; of two that overlap, the later one.
 * @template {Segment} T
 * @param {T[]} segments Of one stream, the oldest first
 * @param {number} time
 * @param {number} now
 * @returns {{ segment: T, offset: number } | null}
 */
export function locate(segments, time, now) {
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index];
    if (segment.started <= time && time < endOf(segment, now)) return { segment, offset: time - segment.started };
  }
  return null;
}

/**
 * The first segment that begins at a time or later.
 * @template {Segment} T
 * @param {T[]} segments Of one stream, the oldest first
 * @param {number} time
 * @returns {T | undefined}
 */
export const firstFrom = (segments, time) => segments.find((segment) => segment.started >= time);

/**
 * What is recorded, without the breaks that nobody would notice.
 * @param {Segment[]} segments Of one stream, the oldest first
 * @param {number} now
 * @returns {Span[]}
 */
export function spansOf(segments, now) {
  /** @type {Span[]} */
  const spans = [];
  for (const segment of segments) {
    const end = endOf(segment, now);
    const last = spans.at(-1);
    if (last && segment.started - last.end <= BREAK_SECONDS) last.end = Math.max(last.end, end);
    else spans.push({ start: segment.started, end });
  }
  return spans;
}

/**
 * The gap that a time lies in: null at either side where nothing was recorded before or after it.
 * @param {Span[]} spans
 * @param {number} time
 * @returns {{ start: number | null, end: number | null } | null} null if it is recorded
 */
export function gapAt(spans, time) {
  if (spans.some((span) => span.start <= time && time < span.end)) return null;
  const before = spans.filter((span) => span.end <= time).at(-1);
  const after = spans.find((span) => span.start > time);
  return { start: before ? before.end : null, end: after ? after.start : null };
}

/**
 * The segments that are touched by a stretch of time.
 * @template {Segment} T
 * @param {T[]} segments
 * @param {Span} span
 * @param {number} now
 * @returns {T[]}
 */
export const touched = (segments, span, now) =>
  segments.filter((segment) => segment.started < span.end && endOf(segment, now) > span.start);
