// A conversation: live thread, kept draft, answering without leaving the page.

import { Live, text, token } from "./live.js";

const pane = document.querySelector(".pane-talk");
const thread = pane.querySelector("[data-list]");
const NEAR = 120; // pixels from the end that still count as reading the latest

let atEnd = true;
let ticked = new Map(); // which tickets are to be solved, kept when the part around them is drawn anew

const ticks = () => pane.querySelectorAll('.head-tickets input[type="checkbox"]');

function box() {
  return pane.querySelector("textarea");
}

const draftKey = (area) => `destek.draft.${area.closest("[data-reply]").dataset.reply}`;

function takeUpDraft() {
  const area = box();
  if (!area || area.dataset.ready) return;
  area.dataset.ready = "1";
  area.value ||= localStorage.getItem(draftKey(area)) ?? ""; // words typed before this ran stay
  grow(area);
}

function grow(area) {
  area.rows = Math.min(8, Math.max(2, area.value.split("\n").length));
}

function toEnd() {
  thread.scrollTop = thread.scrollHeight;
}

const uid = new URL(pane.dataset.live, location.href).pathname.split("/").pop();
const live = new Live(pane, `conversation:${uid}`, {
  before() {
    atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR;
    ticked = new Map([...ticks()].map((tick) => [tick.value, tick.checked]));
  },
  after() {
    for (const tick of ticks()) tick.checked = ticked.get(tick.value) ?? tick.checked;
    takeUpDraft();
    if (atEnd) toEnd();
  },
});

function trouble(words) {
  const note = pane.querySelector(".composer .note");
  note.textContent = words;
  note.hidden = !words;
}

// An answer that is sent again after a broken connection carries the same key, and is sent once.
let answer = { words: "", key: "" };

function keyOf(words) {
  if (answer.words !== words) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    answer = { words, key: [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("") };
  }
  return answer.key;
}

async function send(button) {
  const area = box();
  if (!area.value.trim()) return area.focus();
  button.disabled = true;
  trouble("");
  try {
    const reply = await fetch(button.formAction, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token() },
      body: new URLSearchParams({ text: area.value, key: keyOf(area.value) }),
    });
    if (!reply.ok) {
      const problem = await reply.json().catch(() => ({}));
      throw new Error(problem.detail || text("failed"));
    }
    localStorage.removeItem(draftKey(area));
    area.value = "";
    answer = { words: "", key: "" };
    grow(area);
    live.now().then(toEnd);
  } catch (error) {
    trouble(error instanceof TypeError ? text("failed") : error.message);
  } finally {
    button.disabled = false;
    area.focus();
  }
}

pane.addEventListener("click", (event) => {
  const button = event.target.closest(".composer button");
  if (!button) return;
  event.preventDefault();
  send(button);
});

pane.addEventListener("input", (event) => {
  if (event.target !== box()) return;
  localStorage.setItem(draftKey(event.target), event.target.value);
  grow(event.target);
});

pane.addEventListener("keydown", (event) => {
  if (event.target === box() && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    send(pane.querySelector(".composer button"));
  }
});

thread.addEventListener("load", () => atEnd && toEnd(), true); // a photo that arrives moves the end

for (const panel of document.querySelectorAll("[data-panel]")) {
  if (window.matchMedia("(max-width: 1199px)").matches) panel.open = false;
}

takeUpDraft();
toEnd();
