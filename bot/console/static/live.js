// Keeps server-rendered parts fresh: asks with the cursor it has, swaps what has another version.
// A stream says when there is something to ask for; where there is none, it asks every two seconds.

const SECONDS = 2; // between two looks without a stream
const STREAM_SECONDS = 25; // and beside one: words such as "3 min" grow old by themselves
const HIDDEN_SECONDS = 10;
const LONGEST_PAUSE = 15;
const PATIENCE = 20; // seconds for one answer
const CLOSE = 1000; // milliseconds at least between two looks that a stream asks for
const SPREAD = 300; // milliseconds over which those who see the same list look at it
const SHARE = 10; // a look that took long is followed by a pause of so many times as long
const SILENCE = 40; // seconds; the server says something every 15
const REFUSED = 30; // seconds, and up to as many again, until a stream is asked for anew

const texts = JSON.parse(document.getElementById("texts").textContent);
export const text = (key) => texts[key] ?? key;
export const token = () => document.querySelector('meta[name="csrf-token"]').content;

function element(key, part) {
  const item = document.createElement("li");
  item.dataset.key = key;
  fill(item, part);
  return item;
}

function fill(target, part) {
  // The HTML is our own server's; every word of a customer in it is escaped there.
  target.innerHTML = part.html;
  target.dataset.version = part.version;
}

function patchList(list, parts) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let before = list.firstElementChild;
  for (const part of parts) {
    let child = present.get(part.key);
    present.delete(part.key);
    if (!child) {
      child = element(part.key, part);
    } else if (child.dataset.version !== part.version) {
      const focused = child.contains(document.activeElement);
      fill(child, part);
      if (focused) child.querySelector("a, button")?.focus();
    }
    if (child === before) {
      before = before.nextElementSibling;
    } else {
      list.insertBefore(child, before);
    }
  }
  for (const gone of present.values()) gone.remove();
}

// The page's one stream. It closes while nobody sees the page, for browsers hold few connections.
const feed = {
  lives: [],
  source: null,
  connected: false,
  mark: "", // up to which this page was told everything
  timer: 0,

  add(live) {
    this.lives.push(live);
    // Once every script of the page has said what it shows.
    if (document.readyState === "complete") this.open();
  },

  open() {
    this.shut();
    if (document.hidden || !this.lives.length) return;
    const address = new URL("../api/events", import.meta.url);
    for (const live of this.lives) address.searchParams.append("topic", live.topic);
    if (this.mark) address.searchParams.set("last", this.mark);
    const source = new EventSource(address);
    source.addEventListener("beat", (event) => this.heard(event));
    source.addEventListener("changed", (event) => {
      this.heard(event);
      const topics = JSON.parse(event.data);
      for (const live of this.lives) if (topics.includes(live.topic)) live.told();
    });
    source.addEventListener("error", () => {
      // A browser tries again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) this.later();
      this.lost();
    });
    this.source = source;
  },

  shut() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.connected = false;
  },

  heard(event) {
    this.mark = event.lastEventId || this.mark;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.lost();
      this.open();
    }, SILENCE * 1000);
    if (this.connected) return;
    this.connected = true;
    for (const live of this.lives) live.plan();
  },

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), REFUSED * 1000 * (1 + Math.random()));
  },

  lost() {
    if (!this.connected) return; // the browser tries every second: a look that is planned stays so
    this.connected = false;
    for (const live of this.lives) live.told();
  },
};

document.addEventListener("DOMContentLoaded", () => feed.open());
document.addEventListener("visibilitychange", () => (document.hidden ? feed.shut() : feed.open()));
window.addEventListener("pagehide", () => feed.shut());
window.addEventListener("pageshow", (event) => event.persisted && feed.open());
window.addEventListener("online", () => feed.open());

export class Live {
  // root: element with data-live (address), [data-list] and [data-block] inside.
  // topic: what the stream calls it; see bot/console/views/events.py.
  constructor(root, topic, hooks = {}) {
    this.root = root;
    this.topic = topic;
    this.hooks = hooks;
    this.cursor = "";
    this.failures = 0;
    this.timer = 0;
    this.asking = false;
    this.asked = -Infinity; // when the last look began, and how long it took
    this.took = 0;
    this.soonest = Infinity; // when the look is planned that the stream asked for
    document.addEventListener("visibilitychange", () => (document.hidden ? this.plan() : this.now()));
    window.addEventListener("online", () => this.now());
    feed.add(this);
    this.now();
  }

  after(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), milliseconds);
  }

  plan() {
    if (this.asking || this.soonest < Infinity) return; // it plans when it is done
    const usual = document.hidden ? HIDDEN_SECONDS : feed.connected ? STREAM_SECONDS : SECONDS;
    const pause = this.failures ? SECONDS * 2 ** (this.failures - 1) : usual;
    const cap = Math.max(LONGEST_PAUSE, usual);
    this.after(Math.min(Math.max(pause * 1000, this.took * SHARE), cap * 1000));
  }

  // The stream says that something changed: look, but not more often than the server bears.
  told() {
    if (this.asking) {
      this.toldMeanwhile = true;
      return;
    }
    const space = Math.min(Math.max(CLOSE, this.took * SHARE), LONGEST_PAUSE * 1000);
    const spread = this.topic.includes(":") ? 0 : Math.random() * SPREAD;
    const at = Math.max(performance.now() + spread, this.asked + space);
    if (at >= this.soonest) return; // an earlier one is planned
    this.soonest = at;
    this.after(at - performance.now());
  }

  async now() {
    if (this.asking) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.asking = true;
    this.again = this.toldMeanwhile = false;
    this.soonest = Infinity;
    this.asked = performance.now();
    try {
      const address = new URL(this.root.dataset.live, location.href);
      address.searchParams.set("cursor", this.cursor);
      const answer = await fetch(address, {
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout?.(PATIENCE * 1000),
      });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      this.failures = 0;
      this.cursor = news.cursor;
      if (news.changed) this.apply(news);
    } catch {
      this.failures += 1;
    } finally {
      this.took = performance.now() - this.asked;
      this.asking = false;
      const note = document.getElementById("offline");
      if (note) note.hidden = this.failures < 2;
      if (this.again) this.now();
      else {
        this.plan();
        if (this.toldMeanwhile) this.told();
      }
    }
  }

  apply(news) {
    this.hooks.before?.();
    for (const [name, parts] of Object.entries(news.lists)) {
      const list = this.root.querySelector(`[data-list="${name}"]`);
      if (list) patchList(list, parts);
    }
    for (const [name, part] of Object.entries(news.blocks)) {
      const block = this.root.querySelector(`[data-block="${name}"]`);
      if (block && block.dataset.version !== part.version) fill(block, part);
    }
    this.hooks.after?.();
  }
}
