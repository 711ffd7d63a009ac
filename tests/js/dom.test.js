import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { keepChildren } from "../../web/static/js/dom.js";

/** The part of an element that keepChildren uses; it counts how often a child is inserted, which costs it the focus. */
class Element {
  /** @type {Element[]} */
  children = [];
  /** @type {Element | null} */
  parent = null;
  insertions = 0;

  get firstChild() {
    return this.children[0] || null;
  }

  get nextSibling() {
    const siblings = this.parent?.children || [];
    return siblings[siblings.indexOf(this) + 1] || null;
  }

  /**
   * @param {Element} child
   * @param {Element | null} before
   */
  insertBefore(child, before) {
    child.remove();
    this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, child);
    child.parent = this;
    child.insertions += 1;
  }

  remove() {
    if (this.parent) this.parent.children.splice(this.parent.children.indexOf(this), 1);
    this.parent = null;
  }
}

/** @typedef {{ key: string, value: number }} Item */

let list = new Element();
/** @type {Map<string, Element>} */
let made = new Map();
/** @type {string[]} */
let events = [];

beforeEach(() => {
  list = new Element();
  made = new Map();
  events = [];
});

/** @param {Item} first */
function create(first) {
  const { key } = first;
  const node = new Element();
  events.push(`create ${key}`);
  made.set(key, node);
  return /** @type {any} */ ({
    node,
    update: (/** @type {Item} */ item) => events.push(`update ${key} to ${item.value}`),
    remove: () => events.push(`remove ${key}`),
  });
}

/** @param {string} keys One letter for each item. */
function show(keys, value = 0) {
  events = [];
  const items = [...keys].map((key) => ({ key, value }));
  keepChildren(/** @type {any} */ (list), items, (item) => item.key, create);
  return list.children.map((node) => [...made].find(([, one]) => one === node)?.[0]).join("");
}

test("each item gets a child, which is made once and then updated", () => {
  assert.equal(show("ab", 1), "ab");
  assert.deepEqual(events, ["create a", "update a to 1", "create b", "update b to 1"]);
  assert.equal(show("ab", 2), "ab");
  assert.deepEqual(events, ["update a to 2", "update b to 2"]);
});

test("the child of an item that is gone is told, and removed", () => {
  show("abc");
  assert.equal(show("ac"), "ac");
  assert.equal(events[0], "remove b");
  assert.equal(show("abc"), "abc");
  assert.ok(events.includes("create b"));
});

test("children stand in the items' order", () => {
  show("abc");
  assert.equal(show("cab"), "cab");
  assert.equal(show("dbxa"), "dbxa");
  assert.equal(show(""), "");
});

test("a child stays where it is when others come or go before it, so that it keeps the focus", () => {
  show("abc");
  show("xbcy");
  assert.equal(made.get("b")?.insertions, 1);
  show("xyzbc");
  show("bc");
  assert.equal(made.get("b")?.insertions, 1);
  assert.equal(made.get("c")?.insertions, 1);
});

test("lists do not share their children", () => {
  const other = list;
  show("a");
  list = new Element();
  show("a");
  assert.equal(other.children.length, 1);
  assert.equal(list.children.length, 1);
  assert.notEqual(other.children[0], list.children[0]);
});
