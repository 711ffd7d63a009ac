// Building and updating elements. Nothing here writes HTML: all text goes in as text.

export const byId = (id) => document.getElementById(id);

/** Make an element. `on` has its event handlers; true gives an attribute without value; false, null and undefined leave one out. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    } else {
      setAttribute(node, name, value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set text only where it differs: selections and screen readers stay undisturbed. */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function setAttribute(node, name, value) {
  const wanted = value === true ? "" : value;
  if (wanted === false || wanted === null || wanted === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(wanted)) {
    node.setAttribute(name, wanted);
  }
}

/** Show a sentence, or hide its element where there is none. */
export function setSentence(node, text) {
  setText(node, text || "");
  node.hidden = !text;
}

/** Hide a control or show it; the focus does not get lost with it. */
export function hideControl(node, hidden, next) {
  if (hidden && node === document.activeElement) next.focus();
  node.hidden = hidden;
}

const kept = new WeakMap();

/**
 * Keep one child per item, in the items' order; children of items that are gone are removed.
 * create(item) gives {node, update(item), remove?()}; those that stay are updated, never made anew, so focus stays.
 */
export function keepChildren(parent, items, keyOf, create) {
  const old = kept.get(parent) || new Map();
  const now = new Map();
  for (const item of items) now.set(keyOf(item), old.get(keyOf(item)));
  for (const [key, child] of old) {
    if (now.has(key)) continue;
    if (child.remove) child.remove();
    child.node.remove(); // before others are placed: who moves loses the focus
  }
  let place = parent.firstChild;
  for (const item of items) {
    const child = now.get(keyOf(item)) || create(item);
    now.set(keyOf(item), child);
    child.update(item);
    if (child.node === place) {
      place = place.nextSibling;
    } else {
      parent.insertBefore(child.node, place);
    }
  }
  kept.set(parent, now);
}

/** Call back when an element's tab is shown again or hidden. */
export function onVisibility(handler) {
  document.addEventListener("visibilitychange", () => handler(!document.hidden));
}

let idCount = 0;

/** An id that no other element has, to tie a label to its field. */
export function newId(stem) {
  idCount += 1;
  return `${stem}-${idCount}`;
}
