// The places of a stream as a list of shapes that can be edited, made of what the daemon has and back again.

import { area, clamp, contains, crossingEdges } from "./geometry.js";

/** @import { Point } from "./geometry.js" */

/** @typedef {"zone" | "line" | "ignore" | "privacy"} Kind */

/**
 * @typedef {object} Shape
 * @property {number} id Of this page only.
 * @property {Kind} kind
 * @property {string} name Of masks, which have none in the settings, their kind and number.
 * @property {Point[]} points Corners; of a line its two ends.
 * @property {Record<string, unknown>} options What else the settings have of it, as they write it.
 */

/** @typedef {{ zones: Record<string, any>, lines: Record<string, any>, ignore: any[], privacy: any[] }} Places */

export const NAME = "[A-Za-z0-9][A-Za-z0-9_\\-]{0,31}";
const WORDS = { zone: "Zone", line: "Line", ignore: "Ignore", privacy: "Privacy" };
const LEAST = { zone: 3, line: 2, ignore: 3, privacy: 3 };

let last = 0;

const nextId = () => {
  last += 1;
  return last;
};

/** @param {Kind} kind */
export const isNamed = (kind) => kind === "zone" || kind === "line";

/** @param {Kind} kind The number of points below which it is none. */
export const leastPoints = (kind) => LEAST[kind];

/**
 * @param {Partial<Places>} places As the daemon has them.
 * @returns {Shape[]}
 */
export function shapesOf(places) {
  const polygons = (/** @type {Kind} */ kind, /** @type {[string, any][]} */ entries) =>
    entries.map(([name, { polygon, ...options }]) => ({ id: nextId(), kind, name, points: polygon, options }));
  const masks = (/** @type {Kind} */ kind, /** @type {any[]} */ list) =>
    polygons(
      kind,
      list.map((mask, index) => [`${WORDS[kind]} ${index + 1}`, mask]),
    );
  return [
    ...polygons("zone", Object.entries(places.zones || {})),
    ...Object.entries(places.lines || {}).map(([name, { from, to, ...options }]) => ({
      id: nextId(),
      kind: /** @type {Kind} */ ("line"),
      name,
      points: [from, to],
      options,
    })),
    ...masks("ignore", places.ignore || []),
    ...masks("privacy", places.privacy || []),
  ];
}

/**
 * @param {Shape[]} shapes
 * @returns {Places}
 */
export function placesOf(shapes) {
  const of = (/** @type {Kind} */ kind) => shapes.filter((shape) => shape.kind === kind);
  return {
    zones: Object.fromEntries(of("zone").map(({ name, points, options }) => [name, { polygon: points, ...options }])),
    lines: Object.fromEntries(
      of("line").map(({ name, points: [from, to], options }) => [name, { from, to, ...options }]),
    ),
    ignore: of("ignore").map(({ points, options }) => ({ polygon: points, ...options })),
    privacy: of("privacy").map(({ points }) => ({ polygon: points })),
  };
}

/**
 * A new shape, with a name that no other has.
 * @param {Shape[]} shapes
 * @param {Kind} kind
 * @param {Point[]} points
 * @returns {Shape}
 */
export function newShape(shapes, kind, points) {
  const names = new Set(shapes.map((shape) => shape.name));
  const nameOf = (/** @type {number} */ number) =>
    isNamed(kind) ? `${WORDS[kind].toLowerCase()}-${number}` : `${WORDS[kind]} ${number}`;
  let number = 1;
  while (names.has(nameOf(number))) number += 1;
  return { id: nextId(), kind, name: nameOf(number), points: points.map(clamp), options: {} };
}

/**
 * The list with one shape changed.
 * @param {Shape[]} shapes
 * @param {number} id
 * @param {Partial<Shape>} changes
 */
export const changeShape = (shapes, id, changes) =>
  shapes.map((shape) => (shape.id === id ? { ...shape, ...changes } : shape));

/**
 * The list with one option of a shape changed; undefined, null and "" take it away.
 * @param {Shape[]} shapes
 * @param {number} id
 * @param {string} key
 * @param {unknown} value
 */
export function changeOption(shapes, id, key, value) {
  return shapes.map((shape) => {
    if (shape.id !== id) return shape;
    const { [key]: _before, ...options } = shape.options;
    const isNothing = value === undefined || value === null || value === "";
    return { ...shape, options: isNothing ? options : { ...options, [key]: value } };
  });
}

/**
 * The shape at a point, without lines; of several the smallest, as the larger ones can be taken elsewhere.
 * @param {Shape[]} shapes
 * @param {Point} point
 */
export const shapeAt = (shapes, point) =>
  shapes
    .filter(({ kind, points }) => kind !== "line" && contains(points, point))
    .sort((a, b) => area(a.points) - area(b.points))[0];

/**
 * Why the shapes cannot be saved, or "".
 * @param {Shape[]} shapes
 */
export function problemOf(shapes) {
  for (const { kind, name, points } of shapes) {
    if (isNamed(kind) && !new RegExp(`^${NAME}$`).test(name))
      return `A name has 1 to 32 letters, digits, - and _, so "${name}" is none.`;
    if (isNamed(kind) && shapes.filter((other) => other.kind === kind && other.name === name).length > 1)
      return `There are two called ${name}; give one of them another name.`;
    const edges = kind === "line" ? null : crossingEdges(points);
    if (edges)
      return `${name} crosses itself, behind its points ${edges[0] + 1} and ${edges[1] + 1}. Move one of them.`;
  }
  return "";
}
