// The list of tickets, live.

import { Live } from "./live.js";

new Live(document.querySelector(".pane-list"), "tickets");
