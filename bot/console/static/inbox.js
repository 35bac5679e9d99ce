// The list: live rows, what is unread, which row is open.

import { Live } from "./live.js";

const pane = document.querySelector(".pane-list");
const list = pane.querySelector("[data-list]");
const memory = `destek.seen.${pane.dataset.user}`;

function read() {
  try {
    return JSON.parse(localStorage.getItem(memory)) ?? {};
  } catch {
    return {};
  }
}

function mark() {
  const seen = read();
  const current = list.dataset.current;
  let unread = 0;
  for (const link of list.querySelectorAll(".row-link")) {
    const { uid } = link.dataset;
    const last = Number(link.dataset.seen);
    if (uid === current) {
      if (last > (seen[uid] ?? 0)) {
        seen[uid] = last;
        localStorage.setItem(memory, JSON.stringify(seen));
      }
      link.setAttribute("aria-current", "true");
    }
    const fresh = uid !== current && last > (seen[uid] ?? 0);
    link.querySelector(".unread").hidden = !fresh;
    link.classList.toggle("is-unread", fresh);
    unread += fresh ? 1 : 0;
  }
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = unread ? `(${unread}) ${title}` : title;
}

mark();
new Live(pane, "inbox", { after: mark });
