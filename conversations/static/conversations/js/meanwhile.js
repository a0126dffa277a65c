// What happened while one looked elsewhere: new turns come in when the tab comes back; a reply that
// ends in a hidden tab marks its title and, where the person allowed it, gives a notice.

import { load } from "./html.js";
import { findMessage, focusOn, keepFocus, lastMessage, thread, watchOpenReply } from "./thread.js";

const form = document.getElementById("composer");
const queued = document.getElementById("queued");
const offer = document.getElementById("notify");
const MARK = "● ";
const PAUSE = 10_000; // milliseconds between two questions whether a reply has ended
let timer = 0;
let hiddenAt = 0;

export function noteVisibility() {
  clearTimeout(timer);
  if (document.hidden) {
    hiddenAt = performance.now();
    const writing = thread.querySelector("article[data-events]");
    if (writing) timer = setTimeout(ask, PAUSE, writing);
  } else {
    if (document.title.startsWith(MARK)) document.title = document.title.slice(MARK.length);
    const last = lastMessage();
    if (last) catchUp(last.dataset.message);
  }
}

// A hidden tab has no event stream open.
async function ask(article) {
  const address = article.dataset.events.replace(/events\/$/, "status/");
  const answer = await fetch(address).catch(() => null);
  const status = answer?.ok ? await answer.text() : "";
  if (!document.hidden) return;
  if (!status || ["queued", "in_progress"].includes(status)) timer = setTimeout(ask, PAUSE, article);
  else noteEnd(status);
}

function noteEnd(status) {
  const title = document.getElementById("title").textContent;
  const words = document.getElementById("announcer").dataset[status];
  document.title = MARK + document.title;
  if (window.Notification?.permission !== "granted" || performance.now() - hiddenAt < PAUSE / 2) return;
  try {
    const notice = new Notification(title, { body: words, tag: location.pathname });
    notice.addEventListener("click", () => window.focus());
  } catch {
    // Phones give notices only through a service worker: there the title is all.
  }
}

// Asked for once, after a reply that takes long has shown what it is good for.
export function offerNotice() {
  if (window.Notification?.permission !== "default" || !window.isSecureContext) return;
  offer.hidden = false;
  thread.addEventListener("finished", () => keepFocus(() => (offer.hidden = true)), { once: true });
  offer.addEventListener(
    "click",
    async () => {
      await Notification.requestPermission();
      keepFocus(() => (offer.hidden = true));
      if (document.activeElement === document.body) focusOn();
    },
    { once: true },
  );
}

// Brings in what is new, if the path no longer ends in the message `leaf`; without one, anyway.
export async function catchUp(leaf) {
  const address = new URL(form.action);
  if (location.search) address.search = location.search;
  if (leaf) address.searchParams.set("leaf", leaf);
  const { status, fragment } = await load(address, { headers: { "X-Fragment": "thread" } });
  const fresh = [...fragment.querySelectorAll("#thread > article")];
  if (status !== 200 || !fresh.length || thread.querySelector(".message--sending")) return;
  keepFocus(() => merge(fresh, fragment));
  watchOpenReply();
}

function merge(fresh, fragment) {
  const shared = fresh.findLast((article) => findMessage(article.dataset.message));
  const last = shared ? findMessage(shared.dataset.message) : null;
  while (last?.nextElementSibling) last.nextElementSibling.remove();
  if (last) thread.append(...fresh.slice(fresh.indexOf(shared) + 1));
  else thread.replaceChildren(...fresh);
  for (const article of fresh) showVersions(findMessage(article.dataset.message), article);
  queued.replaceChildren(...fragment.getElementById("queued").childNodes);
}

function showVersions(old, fresh) {
  const [before, now] = [old, fresh].map((article) => article.querySelector(".siblings"));
  if (old === fresh || !now || before?.isEqualNode(now)) return;
  if (before) before.replaceWith(now);
  else old.querySelector(".message__actions")?.prepend(now);
}
