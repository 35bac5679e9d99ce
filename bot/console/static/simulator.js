// The phone: whose it is, what it shows, and sending. Words of messages are only ever set as text.

import { text, token } from "./live.js";

const POLL = 700; // milliseconds while the page is seen
const HIDDEN_POLL = 5000;
const MOST_BYTES = 16 * 1024 * 1024;

const byId = (id) => document.getElementById(id);
const phone = document.querySelector(".phone");
const chat = byId("chat");
const box = byId("text");
const people = [...document.querySelectorAll('input[name="phone"]')];

let cursor = "";
let arrived = []; // what the server has
let pending = []; // what is on its way: {key, text, file, failed, body}
let attachment = null; // a chosen file, not uploaded yet
let timer = 0;
let drawn = new Map();

// Who

function newNumber() {
  const digits = crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000;
  return `+90500${String(digits).padStart(7, "0")}`;
}

function chosen() {
  return people.find((input) => input.checked) ?? people[0];
}

function number() {
  const input = chosen();
  if (input.value !== "new") return input.value;
  const kept = localStorage.getItem("destek.simulator.new") ?? newNumber();
  localStorage.setItem("destek.simulator.new", kept);
  return kept;
}

function switchTo() {
  const input = chosen();
  localStorage.setItem("destek.simulator.phone", input.value);
  byId("as").textContent = input.dataset.name || number();
  if (input.value === "new") byId("new-number").textContent = number();
  for (const list of document.querySelectorAll("[data-examples]")) {
    list.hidden = list.dataset.examples !== input.dataset.language;
  }
  box.lang = input.dataset.language;
  cursor = "";
  arrived = [];
  pending = [];
  draw(true);
  look();
}

for (const input of people) input.addEventListener("change", switchTo);
byId("another").addEventListener("click", (event) => {
  event.preventDefault();
  localStorage.setItem("destek.simulator.new", newNumber());
  people.find((input) => input.value === "new").checked = true;
  switchTo();
});

// What it shows

function make(tag, name, words) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (words !== undefined) made.textContent = words;
  return made;
}

const PATHS = { sending: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4v5l3 2", stored: "m2 8.5 4 4L15 3", handled: "m2 8.5 4 4L15 3m-4.5 8.5 1 1L21 3" };

function ticks(state) {
  const shape = { sending: "sending", sent: "stored", delivered: "handled", read: "handled" }[state];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", shape === "sending" ? "0 0 24 24" : "0 0 24 16");
  svg.setAttribute("class", `tick tick-${state}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text({ sending: "sending", sent: "sending", delivered: "stored", read: "handled" }[state]));
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[shape]);
  svg.append(path);
  return svg;
}

function fileOf(file, local) {
  const address = local ?? `/simulator/api/files/${encodeURIComponent(file.uid)}`;
  if (file.kind === "image") {
    const image = make("img", "photo");
    image.src = address;
    image.alt = file.name || text("photo");
    image.addEventListener("load", () => end(false));
    return image;
  }
  if (file.kind === "voice") {
    const player = make("audio", "voice");
    player.controls = true;
    player.preload = "none";
    player.src = address;
    return player;
  }
  const link = make("a", "file", file.name || text("file"));
  link.href = address;
  link.download = "";
  return link;
}

// *bold*, _slanted_ and ~struck~ as WhatsApp shows them, and addresses as links.
const MARKS = /(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|https?:\/\/[^\s]+)/g;

function words(message) {
  const holder = make("p", "say");
  holder.dir = "auto";
  if (message.mine) {
    holder.textContent = message.text;
    return holder;
  }
  for (const part of message.text.split(MARKS)) {
    if (/^https?:\/\//.test(part)) {
      const link = make("a", "", part);
      link.href = part;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      holder.append(link);
    } else if (part.length > 2 && "*_~".includes(part[0]) && part[0] === part.at(-1)) {
      holder.append(make({ "*": "strong", _: "em", "~": "s" }[part[0]], "", part.slice(1, -1)));
    } else {
      holder.append(part);
    }
  }
  return holder;
}

function bubble(message) {
  const item = make("li", `line ${message.mine ? "line-mine" : "line-theirs"}`);
  const holder = make("div", "balloon");
  for (const file of message.files ?? []) holder.append(fileOf(file, message.local));
  if (message.text) holder.append(words(message));
  else if (!message.files?.length) holder.append(make("p", "say muted", text("empty")));
  const foot = make("p", "when");
  if (message.time) foot.append(make("time", "", message.time));
  if (message.mine) foot.append(ticks(message.ticks));
  holder.append(foot);
  item.append(holder);
  if (message.failed) {
    const again = make("button", "again", `${text("failed")} ${text("retry")}`);
    again.type = "button";
    again.addEventListener("click", () => deliver(message));
    item.append(again);
  }
  if (message.options?.length) {
    const row = make("div", "taps");
    for (const option of message.options) {
      const button = make("button", "tap", option.title);
      button.type = "button";
      button.disabled = option.used;
      button.addEventListener("click", () => {
        for (const other of row.children) other.disabled = true;
        post({ text: option.title, payload: option.payload });
      });
      row.append(button);
    }
    item.append(row);
  }
  return item;
}

function end(always) {
  const near = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 160;
  if (always || near) chat.scrollTop = chat.scrollHeight;
}

function draw(always = false) {
  const near = always || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 160;
  const kept = drawn;
  drawn = new Map();
  const order = [];
  let day = "";
  const add = (key, version, build) => {
    const old = kept.get(key);
    const entry = old?.version === version ? old : { version, item: build() };
    entry.item.dataset.key = key;
    drawn.set(key, entry);
    order.push(entry.item);
  };
  for (const message of [...arrived, ...pending]) {
    if (message.day && message.day !== day) {
      day = message.day;
      const label = day;
      add(`day ${label}`, label, () => {
        const item = make("li", "when-day");
        item.append(make("span", "", label));
        return item;
      });
    }
    add(message.key, JSON.stringify(message), () => bubble(message));
  }
  if (typing) add("typing", "typing", () => {
    const item = make("li", "line line-theirs");
    const dots = make("div", "balloon dots");
    dots.append(make("i"), make("i"), make("i"));
    item.setAttribute("aria-hidden", "true");
    item.append(dots);
    return item;
  });
  // Only what moved or is new touches the page: a screen reader hears each message once.
  order.forEach((item, place) => {
    if (chat.children[place] !== item) chat.insertBefore(item, chat.children[place] ?? null);
  });
  while (chat.children.length > order.length) chat.lastElementChild.remove();
  byId("chat-empty").hidden = order.length > 0;
  if (near) end(true);
}

let typing = false;

async function look() {
  clearTimeout(timer);
  const asked = number();
  try {
    const address = new URL(phone.dataset.messages, location.href);
    address.searchParams.set("phone", asked);
    address.searchParams.set("cursor", cursor);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const news = await answer.json();
    if (asked === number()) {
      cursor = news.cursor;
      if (news.changed) take(news);
    }
  } catch {
    cursor = "";
  }
  clearTimeout(timer);
  timer = setTimeout(look, document.hidden ? HIDDEN_POLL : POLL);
}

function take(news) {
  arrived = news.messages;
  typing = news.typing;
  // Ours that the server has by now are shown from there.
  pending = pending.filter((message) => !message.stored);
  byId("clock").textContent = news.clock;
  const presence = byId("presence");
  presence.textContent = typing ? presence.dataset.typing : presence.dataset.online;
  presence.classList.toggle("is-typing", typing);
  draw();
}

// Sending

function complain(words = "") {
  const note = byId("trouble");
  note.textContent = words;
  note.hidden = !words;
}

function post({ text: said = "", payload = "", file = null }) {
  const key = `web-${crypto.randomUUID?.() ?? String(Math.random()).slice(2)}`;
  pending.push({
    key, mine: true, text: said, ticks: "sending", file, payload,
    files: file ? [{ kind: file.type.startsWith("image/") ? "image" : "file", name: file.name }] : [],
    local: file ? URL.createObjectURL(file) : undefined,
  });
  draw(true);
  return deliver(pending.at(-1));
}

async function deliver(message) {
  message.failed = false;
  message.ticks = "sending";
  draw();
  try {
    const headers = { Accept: "application/json", "X-CSRFToken": token() };
    let sent = null;
    if (message.file) {
      const form = new FormData();
      form.append("file", message.file);
      const stored = await fetch(phone.dataset.upload, { method: "POST", headers, body: form });
      if (stored.status === 400) throw new RangeError(text("not_photo"));
      if (stored.status === 413) throw new RangeError(text("too_large"));
      if (!stored.ok) throw new Error(String(stored.status));
      sent = await stored.json();
    }
    const answer = await fetch(phone.dataset.send, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({
        message_id: message.key, phone: number(), name: chosen().dataset.name,
        text: message.text, payload: message.payload, attachment: sent,
      }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    message.ticks = "sent";
    message.stored = true;
    draw();
    look();
  } catch (error) {
    if (error instanceof RangeError) {
      pending = pending.filter((other) => other !== message);
      complain(error.message);
    } else {
      message.failed = true;
    }
    draw(true);
  }
}

function submit() {
  const said = box.value.trim();
  if (!said && !attachment) return;
  complain();
  post({ text: said, file: attachment });
  box.value = "";
  grow();
  choose(null);
  box.focus();
}

function grow() {
  box.rows = Math.min(5, Math.max(1, box.value.split("\n").length));
}

function choose(file) {
  attachment = file;
  byId("photo").value = "";
  const preview = byId("preview");
  const image = byId("preview-image");
  preview.hidden = !file;
  image.hidden = !file?.type.startsWith("image/");
  if (!image.hidden) image.src = URL.createObjectURL(file);
  byId("preview-name").textContent = file?.name ?? "";
}

byId("pen").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
box.addEventListener("input", grow);
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
byId("photo").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (!file) return;
  complain(file.size > MOST_BYTES ? text("too_large") : "");
  if (file.size <= MOST_BYTES) choose(file);
  box.focus();
});
byId("preview-remove").addEventListener("click", () => choose(null));
for (const button of document.querySelectorAll("[data-examples] button")) {
  button.addEventListener("click", () => {
    box.value = button.textContent;
    grow();
    if (window.matchMedia("(max-width: 860px)").matches) document.querySelector("[data-side]").open = false;
    box.focus();
  });
}
document.addEventListener("visibilitychange", () => document.hidden || look());

if (window.matchMedia("(max-width: 860px)").matches) document.querySelector("[data-side]").open = false;
const wanted = new URLSearchParams(location.search).get("phone") ?? localStorage.getItem("destek.simulator.phone");
(people.find((input) => input.value === wanted) ?? people[0]).checked = true;
switchTo();
