// What was seen: a grid of reviews, the time line of a day, filters, and one event in a dialog.

import { latest, listen, serverTime } from "../connection.js";
import { make } from "../dom.js";
import { ask } from "../events/ask.js";
import { cardOfReview, groupByHour, mergeCards } from "../events/cards.js";
import { Changes } from "../events/changes.js";
import { describeList } from "../events/conditions.js";
import { DayTools } from "../events/day_tools.js";
import { dayOf } from "../events/days.js";
import { choicesOf, FilterBar } from "../events/filter_bar.js";
import { NO_FILTERS, readFilters, searchOf, withoutAll } from "../events/filters.js";
import { Grid } from "../events/grid.js";
import { askDay, EventList } from "../events/list.js";
import { MonthCounts } from "../events/month_counts.js";
import { OpenedEvent } from "../events/opened.js";
import { stopPreview } from "../events/preview.js";
import { SidePanel } from "../events/side_panel.js";
import { Toolbar } from "../events/toolbar.js";
import { addressOf, go, setTools } from "../router.js";

/** @import { Card } from "../events/cards.js" */
/** @import { Filters } from "../events/filters.js" */
/** @import { View } from "../router.js" */
/** @import { Route } from "../routes.js" */

const MINUTE_MS = 60000;

class EventsView {
  /** @type {Filters} */
  #filters = { ...NO_FILTERS };
  #isShown = false;
  /** Everything of the day at the side. @type {Card[]} */
  #dayCards = [];
  #dayNumber = 0;
  #loadedDay = "";
  /** Reviews that came since the list was read. @type {Set<string>} */
  #pending = new Set();
  #counts = new MonthCounts(() => this.#show());
  #list = new EventList(ask, () => this.#show());
  #changes = new Changes((review, event, change) => this.#change(review, event, change));
  #grid = new Grid(
    {
      addressOf: (card) => addressOf(this.#path(card.event)),
      see: (card) => card.review && this.#changes.see([card.review], !card.seen),
      star: (card) => this.#changes.starCard(card),
      download: (card) => this.#changes.download([card]),
      choose: (card, isChosen) => this.#choose(card, isChosen),
    },
    serverTime,
  );
  #toolbar = new Toolbar({
    choose: (severity) => this.#filter({ ...this.#filters, severity }),
    showPane: (isTimeLine) => this.#showPane(isTimeLine),
    select: (on) => this.#select(on),
    seeAll: () => this.#changes.seeAll(mergeCards(this.#dayCards, this.#list.cards)),
    seeChosen: () => this.#withChosen((cards) => this.#changes.seeAll(cards)),
    starChosen: () =>
      this.#withChosen((cards) =>
        this.#changes.star(
          cards.map((card) => card.event),
          true,
        ),
      ),
    downloadChosen: () => this.#withChosen((cards) => this.#changes.download(cards)),
  });
  #filterBar = new FilterBar((filters, options) => this.#filter(filters, options));
  #dayTools = new DayTools(
    (day) => this.#pickDay(day),
    (month) => this.#counts.need(month),
    "calendar-dialog-title",
  );
  #side = new SidePanel({
    pickDay: (day) => this.#pickDay(day),
    needs: (month) => this.#counts.need(month),
    pick: (time, card) => this.#goTo(time, card),
    open: (card) => go(this.#path(card.event)),
  });
  #opened = new OpenedEvent({
    changes: new Changes((review, event, change) => this.#change(review, event, change)),
    lists: () => [this.#list.cards, this.#dayCards],
    pathOf: (event) => this.#path(event),
    focus: (card) => this.#grid.linkOf(card.id)?.focus({ preventScroll: true }),
  });
  #newButton = make("button", { type: "button", class: "button primary", hidden: true });
  #condition = make("div");
  #end = make("div", { class: "list-end" });
  #watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#list.more(), {
    rootMargin: "600px",
  });
  #node = make(
    "div",
    { class: "split" },
    make(
      "div",
      { class: "stack wide results" },
      make("div", { class: "stack" }, this.#toolbar.node, this.#filterBar.node, this.#changes.outcome.node),
      make("div", { class: "arrivals", role: "status" }, this.#newButton),
      this.#grid.node,
      this.#condition,
      this.#end,
    ),
    this.#side.node,
  );
  /** @type {HTMLElement | null} */
  #section = null;

  constructor() {
    this.#newButton.addEventListener("click", () => {
      this.#load();
      scrollTo(0, 0);
    });
    addEventListener("scroll", () => this.#isShown && requestAnimationFrame(() => this.#followScroll()), {
      passive: true,
    });
    listen("review", ({ review }) => this.#isShown && this.#take(review));
    setInterval(() => this.#isShown && this.#goOn(), MINUTE_MS);
    listen("connection", ({ up }) => up && this.#isShown && this.#list.problem && this.#load());
  }

  /** @param {HTMLElement} section @param {Route} route */
  mount(section, route) {
    this.#section = section;
    if (!section.contains(this.#node)) section.replaceChildren(this.#node, this.#opened.node);
    setTools(this.#dayTools.node);
    this.#isShown = true;
    this.#opened.begin();
    this.#filters = readFilters(route.query.toString());
    this.#load();
    stopPreview();
    this.#opened.show(route);
  }

  /** @param {Route} route */
  change(route) {
    const filters = readFilters(route.query.toString());
    if (searchOf(filters) !== searchOf(this.#filters)) {
      this.#filters = filters;
      this.#load();
    }
    stopPreview();
    this.#opened.show(route);
  }

  leave() {
    this.#isShown = false;
    this.#select(false);
    stopPreview();
    this.#opened.hide();
  }

  get #day() {
    return this.#filters.day || dayOf(serverTime());
  }

  /** @param {string} event */
  #path(event) {
    return `events${event && `/${encodeURIComponent(event)}`}${searchOf(this.#filters)}`;
  }

  // What is listed

  #load() {
    this.#pending.clear();
    this.#list.start(this.#filters);
    this.#loadDay();
    this.#show();
  }

  /** The day's time line grows; at midnight the next one begins. */
  #goOn() {
    if (this.#loadedDay !== this.#day) this.#loadDay();
    this.#show();
  }

  async #loadDay() {
    this.#dayNumber += 1;
    this.#loadedDay = this.#day;
    const number = this.#dayNumber;
    try {
      const cards = await askDay(ask, this.#filters, this.#day);
      if (number === this.#dayNumber) this.#dayCards = cards;
    } catch {
      if (number === this.#dayNumber) this.#dayCards = []; // the list says why
    }
    if (number === this.#dayNumber) this.#show();
  }

  /** @param {Filters} filters @param {{ replace: boolean }} [options] */
  #filter(filters, options) {
    go(`events${searchOf(filters)}`, options);
  }

  /** @param {string} day */
  #pickDay(day) {
    this.#filter({ ...this.#filters, day: day === dayOf(serverTime()) ? "" : day });
  }

  /** @param {import("../api.js").Review} review */
  #take(review) {
    const isNew = this.#list.take(review);
    const known = this.#dayCards.find((card) => card.id === review.id);
    if (known || isNew) {
      const { seen, starred } = known || { seen: false, starred: false };
      this.#dayCards = mergeCards(this.#dayCards, [{ ...cardOfReview(review), seen, starred }]);
    }
    if (isNew && !this.#list.cards.length && !this.#list.isLoading) this.#load();
    else if (isNew) this.#pending.add(review.id);
    this.#show();
  }

  /** @param {string | null} review @param {string | null} event @param {Partial<Card>} change */
  #change(review, event, change) {
    const concerns = (/** @type {Card} */ card) =>
      review ? card.review === review : Boolean(event && card.events.includes(event));
    for (const card of this.#list.cards.filter(concerns)) this.#list.replace({ ...card, ...change });
    this.#dayCards = this.#dayCards.map((card) => (concerns(card) ? { ...card, ...change } : card));
    this.#show();
  }

  #show() {
    if (!this.#section) return; // the parts of this view are still being made
    const now = serverTime();
    const today = dayOf(now);
    const streams = latest("state")?.streams.map((stream) => stream.name) || [];
    const { rows, byDay } = this.#counts;
    this.#dayTools.show(this.#day, today);
    this.#dayTools.setCounts(byDay);
    this.#side.show(this.#day, now, this.#filters.severity, this.#dayCards, streams, byDay);
    this.#toolbar.show(this.#filters.severity, this.#dayCards);
    this.#filterBar.show(this.#filters, choicesOf(streams, rows));
    this.#grid.show(groupByHour(this.#list.cards, this.#day, now));
    this.#newButton.hidden = this.#pending.size === 0;
    this.#newButton.textContent = `${this.#pending.size} new`;
    const clear = () => this.#filter({ ...withoutAll(this.#filters), severity: "" });
    this.#condition.replaceChildren(...describeList(this.#list, clear));
    this.#watcher.disconnect(); // an end that stays in sight is noticed again
    if (this.#isShown) this.#watcher.observe(this.#end);
  }

  // Moving in the list

  #followScroll() {
    const top = 120;
    const shown = this.#list.cards.find(
      (card) => (this.#grid.linkOf(card.id)?.getBoundingClientRect().bottom || 0) > top,
    );
    if (shown && dayOf(shown.start) === this.#day) this.#side.time = shown.start;
  }

  /** @param {number} time @param {Card | undefined} card */
  async #goTo(time, card) {
    if (this.#section?.classList.contains("pane-tl")) {
      if (card) go(this.#path(card.event));
      return;
    }
    await this.#list.reach(time);
    const wanted = card || this.#list.cards.find((one) => one.start <= time);
    const article = wanted && this.#grid.linkOf(wanted.id)?.closest("article");
    article?.scrollIntoView({ block: "center" });
  }

  /** @param {boolean} isTimeLine */
  #showPane(isTimeLine) {
    this.#section?.classList.toggle("pane-tl", isTimeLine);
    this.#toolbar.showPane(isTimeLine);
  }

  /** @param {boolean} on */
  #select(on) {
    this.#grid.chosen = on ? new Set() : null;
    this.#toolbar.showChosen(on ? 0 : null);
    this.#show();
  }

  /** @param {Card} card @param {boolean} isChosen */
  #choose(card, isChosen) {
    if (isChosen) this.#grid.chosen?.add(card.id);
    else this.#grid.chosen?.delete(card.id);
    this.#toolbar.showChosen(this.#grid.chosen?.size ?? null);
  }

  /** @param {(cards: Card[]) => void} act */
  #withChosen(act) {
    const chosen = this.#grid.chosen;
    const cards = this.#list.cards.filter((card) => chosen?.has(card.id));
    this.#select(false);
    act(cards);
  }
}

const view = new EventsView();

/** @type {View} */
export const events = {
  title: "Events",
  place: "events",
  keepsPlace: true,
  mount: (section, route) => view.mount(section, route),
  change: (route) => view.change(route),
  leave: () => view.leave(),
};
