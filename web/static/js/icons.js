// Icons and other elements of SVG. The icons themselves are in templates/icons.html.

import { setAttribute } from "./dom.js";

/** @import { AttributeValue } from "./dom.js" */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element of SVG.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, AttributeValue>} attributes
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/**
 * An icon, which says nothing to screen readers: its control has words of its own.
 * @param {string} name
 * @param {"" | "s"} size s: small, beside small letters.
 */
export const icon = (name, size = "") =>
  makeSvg("svg", { class: `icon ${size}`.trim(), "aria-hidden": "true" }, makeSvg("use", { href: `#i-${name}` }));
