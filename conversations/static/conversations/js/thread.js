// The thread: replies grow in it, the view follows, the focus stays, words are announced.
// Without this file the page reloads itself while a reply is written, and links load pages.

import { addCodeButtons } from "./html.js";

export const thread = document.getElementById("thread");
export const isTouch = matchMedia("(pointer: coarse)");
const announcer = document.getElementById("announcer");
const stopPlace = document.getElementById("stop");
const sendButton = document.getElementById("send");
const toEnd = document.getElementById("to-end");
const page = document.documentElement;
const isTiny = matchMedia("(max-height: 26rem)");

page.classList.add("js");

// Intl takes 30 ms to wake, more than all else here; where there is no Temporal it waits.
setTimeout(noteZone, window.Temporal ? 0 : 1_000);

function noteZone() {
  const zone = window.Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; SameSite=Lax`;
}

// What a screen reader says; `name` is a data attribute of #announcer.
export function say(name) {
  const words = announcer.dataset[name] ?? "";
  // The same text once more would be no change, and not be said.
  announcer.textContent = announcer.textContent === words ? `${words}\u00a0` : words;
}

// Does `change`; where that takes the focused control away or hides it, `next()` or the composer is
// focused.
export function keepFocus(change, next) {
  const wasHeld = document.activeElement !== document.body;
  change();
  const held = document.activeElement;
  if (wasHeld && (held === document.body || !held.checkVisibility())) focusOn(next?.());
}

// Without a `target`: the composer or, where that would raise a keyboard, the last message.
export function focusOn(target) {
  const wanted = target ?? (isTouch.matches ? thread.lastElementChild : null) ?? document.getElementById("message");
  if (wanted.matches("article")) wanted.tabIndex = -1;
  wanted.focus({ preventScroll: true });
}

export const lastMessage = () => [...thread.querySelectorAll("[data-message]")].at(-1);
export const findMessage = (id) => thread.querySelector(`article[data-message="${id}"]`);

// Following: the view stays at the end until the reader scrolls up.

let following = true;
let lastTop = scrollY;

// On a tiny screen the composer stands below the text.
const endOf = () => (isTiny.matches ? thread.getBoundingClientRect().bottom + scrollY : page.scrollHeight);
const belowView = () => endOf() - innerHeight - scrollY;
const isAtEnd = () => Math.abs(belowView()) < 48;

export function follow() {
  following = true;
  toEnd.hidden = true;
  scrollTo({ top: endOf() - innerHeight, behavior: "instant" });
}

export function holdView(change) {
  following = false;
  change();
}

function noteScroll() {
  const below = belowView();
  if (isAtEnd()) following = true;
  else if (scrollY < lastTop - 1 || below < 0) following = false;
  lastTop = scrollY;
  toEnd.hidden = below < Math.max(48, innerHeight / 3);
}

addEventListener("scroll", noteScroll, { passive: true });
toEnd.addEventListener("click", () => keepFocus(follow));
new ResizeObserver(() => (following ? follow() : noteScroll())).observe(thread);

// The reply that is being written, if there is one.

// The one Stop stands where Send was; what is sent meanwhile is queued, and the button says so.
// Without an `article` nothing is being written.
export function placeStop(article) {
  const stop = article?.querySelector("form[data-turn=stop]");
  const held = () => stopPlace.querySelector("button");
  if (stop) keepFocus(() => stopPlace.replaceChildren(stop), held);
  else if (!article) keepFocus(() => stopPlace.replaceChildren());
  sendButton.textContent = isWriting() ? sendButton.dataset.queue : sendButton.dataset.send;
}

export const isWriting = () => stopPlace.hasChildNodes();

// `writing` tells composer.js, which fetches what watches it.
export function watchOpenReply() {
  const article = thread.querySelector("article[data-events]");
  if (!article) return;
  placeStop(article);
  thread.dispatchEvent(new CustomEvent("writing", { detail: article }));
}

// The turn that a form ordered, in place of `first` and all below it, or after the last.
export function showTurn({ fragment, url }, first = null) {
  if (page.querySelector("#later")) return location.assign(url);
  const turn = [...fragment.querySelectorAll("article")];
  const old = findMessage(turn[0]?.dataset.message) ?? first;
  keepFocus(() => {
    while (old?.nextElementSibling) old.nextElementSibling.remove();
    old?.remove();
    thread.append(...turn);
  });
  document.getElementById("content").classList.remove("main--new");
  document.getElementById("left")?.replaceWith(fragment.querySelector("#left") ?? "");
  if (url && url !== location.pathname + location.search) history.replaceState(null, "", url);
  follow();
  watchOpenReply();
}

addCodeButtons(document);
if (!CSS.supports("scroll-initial-target: nearest") && !location.hash && !location.search) follow();
following = isAtEnd();
noteScroll();
