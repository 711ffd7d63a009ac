// Building and updating elements. Nothing here writes HTML: all text goes in as text.

/** @typedef {string | number | boolean | null | undefined} AttributeValue */

/**
 * Event handlers by the event's name.
 * @typedef {{ [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }} EventHandlers
 */

/**
 * The element that shows one item of a list.
 * @template Item
 * @typedef {object} Child
 * @property {HTMLElement} node
 * @property {(item: Item) => void} update Show what the item is now.
 * @property {() => void} [remove] Called before the element is removed.
 */

/**
 * The element with this id, which is part of the page.
 * @param {string} id
 */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, AttributeValue | EventHandlers> & { on?: EventHandlers }} attributes `on` has the event handlers;
 *   true gives an attribute without value; false, null and undefined leave it out.
 * @param {...(Node | string | null | undefined)} children null and undefined are left out.
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  const { on = {}, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) setAttribute(node, name, /** @type {AttributeValue} */ (value));
  for (const [event, handler] of Object.entries(on)) {
    node.addEventListener(event, /** @type {EventListener} */ (handler));
  }
  node.append(...children.filter(isChild));
  return node;
}

/**
 * @param {Node | string | null | undefined} child
 * @returns {child is Node | string}
 */
const isChild = (child) => child !== null && child !== undefined;

/**
 * Set text only where it differs: selections and screen readers stay undisturbed.
 * @param {Node} node
 * @param {string | number} text
 */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/**
 * Set an attribute, where it differs; true gives one without value; false, null and undefined remove it.
 * @param {Element} node
 * @param {string} name
 * @param {AttributeValue} value
 */
export function setAttribute(node, name, value) {
  const wanted = value === true ? "" : value;
  if (wanted === false || wanted === null || wanted === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(wanted)) {
    node.setAttribute(name, String(wanted));
  }
}

/**
 * Show a sentence, or hide its element where there is none.
 * @param {HTMLElement} node
 * @param {string | false | null | undefined} text
 */
export function setSentence(node, text) {
  setText(node, text || "");
  node.hidden = !text;
}

/**
 * Hide a control or show it. A focus that it had goes to `next`, so that it does not get lost.
 * @param {HTMLElement} node
 * @param {boolean} hidden
 * @param {HTMLElement} next
 */
export function hideControl(node, hidden, next) {
  if (hidden && node === document.activeElement) next.focus();
  node.hidden = hidden;
}

/** @type {WeakMap<Node, Map<unknown, Child<any>>>} */
const childrenOf = new WeakMap();

/**
 * Keep one child per item, in the items' order; children of items that are gone are removed. Those that stay are
 * updated and never made anew, so that the focus stays.
 * @template Item
 * @param {HTMLElement} parent
 * @param {Item[]} items
 * @param {(item: Item) => unknown} keyOf
 * @param {(item: Item) => Child<Item>} create
 */
export function keepChildren(parent, items, keyOf, create) {
  const before = childrenOf.get(parent) || new Map();
  /** @type {Map<unknown, Child<Item>>} */
  const after = new Map();
  const keys = new Set(items.map(keyOf));
  for (const [key, child] of before) {
    if (keys.has(key)) continue;
    child.remove?.();
    child.node.remove(); // before others are inserted: an element that moves loses the focus
  }
  let next = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const child = after.get(key) || before.get(key) || create(item);
    after.set(key, child);
    child.update(item);
    if (child.node === next) {
      next = child.node.nextSibling;
    } else {
      parent.insertBefore(child.node, next);
    }
  }
  childrenOf.set(parent, after);
}

/**
 * Call back when the browser's tab is shown again or hidden.
 * @param {(visible: boolean) => void} handler
 */
export function onVisibility(handler) {
  document.addEventListener("visibilitychange", () => handler(!document.hidden));
}

let idCount = 0;

/**
 * An id that no other element has, to tie a label to its field.
 * @param {string} stem
 */
export function newId(stem) {
  idCount += 1;
  return `${stem}-${idCount}`;
}
