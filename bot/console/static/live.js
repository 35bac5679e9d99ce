// Keeps server-rendered parts fresh: asks with the cursor it has, swaps what has another version.

const SECONDS = 2;
const HIDDEN_SECONDS = 10;
const LONGEST_PAUSE = 15;

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

export class Live {
  // root: element with data-live (address), [data-list] and [data-block] inside.
  constructor(root, hooks = {}) {
    this.root = root;
    this.hooks = hooks;
    this.cursor = "";
    this.failures = 0;
    this.timer = 0;
    this.asking = false;
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
    window.addEventListener("online", () => this.now());
    this.now();
  }

  plan() {
    clearTimeout(this.timer);
    const pause = this.failures
      ? Math.min(SECONDS * 2 ** this.failures, LONGEST_PAUSE)
      : document.hidden ? HIDDEN_SECONDS : SECONDS;
    this.timer = setTimeout(() => this.now(), pause * 1000);
  }

  async now() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    this.again = false;
    try {
      const address = new URL(this.root.dataset.live, location.href);
      address.searchParams.set("cursor", this.cursor);
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      this.failures = 0;
      this.cursor = news.cursor;
      if (news.changed) this.apply(news);
    } catch {
      this.failures += 1;
    } finally {
      this.asking = false;
      const note = document.getElementById("offline");
      if (note) note.hidden = this.failures < 2;
      if (this.again) this.now();
      else this.plan();
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
