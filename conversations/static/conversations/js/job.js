// The page of a background job: fetches how far it is, with pauses, until it has ended.

import { load } from "./html.js";

const PAUSE = 1500;

async function look() {
  const answer = document.hidden
    ? { ok: false, status: 0 }
    : await load(location.pathname, { headers: { "X-Fragment": "job" } });
  const fresh = answer.ok && answer.fragment.getElementById("job");
  const shown = document.getElementById("job");
  if (fresh) {
    // A button that has the focus stays: only the numbers change while it is under way.
    const bar = shown.querySelector("progress");
    const next = fresh.querySelector("progress");
    if (bar && next && shown.dataset.state === fresh.dataset.state) {
      bar.parentElement.replaceWith(next.parentElement);
    } else {
      shown.replaceWith(fresh);
    }
  }
  if (document.getElementById("job").hasAttribute("aria-busy")) setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
