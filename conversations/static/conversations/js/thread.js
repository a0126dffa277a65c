// The thread: replies grow in it, the view follows, the focus stays, words are announced.
// Without this file the page reloads itself while a reply is written, and links load pages.

import { addCodeButtons, htmlOf, morph } from "./html.js";

export const thread = document.getElementById("thread");
export const isTouch = matchMedia("(pointer: coarse)");
const reconnecting = document.getElementById("reconnecting");
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

// What a screen reader says; `name` is that of a data attribute of #announcer.
export function say(name) {
  const words = announcer.dataset[name] ?? "";
  // The same text once more would not be a change, and not be said.
  announcer.textContent = announcer.textContent === words ? `${words}\u00a0` : words;
}

// Does `change`; where that takes the focused control away, `next()` or the composer is focused.
export function keepFocus(change, next) {
  const wasHeld = document.activeElement !== document.body;
  change();
  if (wasHeld && document.activeElement === document.body) focusOn(next?.());
}

// Without a `target`: the composer or, where that would raise a keyboard, the last message.
export function focusOn(target) {
  const wanted = target ?? (isTouch.matches ? thread.lastElementChild : null) ?? document.getElementById("message");
  if (wanted.matches("article")) wanted.tabIndex = -1;
  wanted.focus({ preventScroll: true });
}

export const lastMessage = () => [...thread.querySelectorAll("article[data-message]")].at(-1);
export const findMessage = (id) => thread.querySelector(`article[data-message="${id}"]`);

// Following: the view stays at the end until the reader scrolls up.

let following = true;
let lastTop = scrollY;

// On a tiny screen the composer stands below the text instead of over it.
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

// Watching: one event stream for the reply that is being written.

const watched = new WeakSet();

function watch(article) {
  const leave = new AbortController();
  let source = null;
  let pause = 500;
  let timer = 0;

  function connect() {
    clearTimeout(timer);
    if (!article.isConnected) return end();
    if (source || document.hidden || leave.signal.aborted) return;
    source = new EventSource(article.dataset.events);
    source.addEventListener("open", () => {
      pause = 500;
      reconnecting.hidden = true;
    });
    source.addEventListener("reply", (event) => replace(article, event));
    source.addEventListener("block", (event) => article.isConnected ? grow(article, event) : end());
    source.addEventListener("done", (event) => {
      end();
      replace(article, event);
      say(article.dataset.status);
      thread.dispatchEvent(new Event("finished"));
    });
    source.addEventListener("error", () => {
      reconnecting.hidden = false;
      // After an answer other than 200 the browser itself never tries again.
      if (source.readyState === EventSource.CLOSED) tryLater();
    });
  }

  function disconnect() {
    source?.close();
    source = null;
  }

  function tryLater() {
    disconnect();
    pause = Math.min(pause * 2, 30_000);
    timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
  }

  function end() {
    leave.abort();
    clearTimeout(timer);
    disconnect();
    reconnecting.hidden = true;
    keepFocus(() => placeStop(null));
  }

  addEventListener("pagehide", disconnect, { signal: leave.signal });
  addEventListener("online", connect, { signal: leave.signal });
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()), {
    signal: leave.signal,
  });
  watched.add(article);
  placeStop(article);
  thread.dispatchEvent(new Event("writing"));
  connect();
}

function replace(article, event) {
  const fresh = htmlOf(event).querySelector("article");
  if (!fresh || !article.isConnected) return;
  keepFocus(() => morph(article, fresh));
  placeStop(article);
}

function grow(article, event) {
  for (const block of [...htmlOf(event).children]) {
    const old = article.querySelector(`[data-block="${CSS.escape(block.dataset.block)}"]`);
    if (old) morph(old, block);
    else if (block.dataset.block.startsWith("reasoning-")) think(article, block);
    else article.querySelector(".prose").append(block);
  }
}

function think(article, block) {
  const thinking = article.querySelector(".thinking");
  thinking.hidden = false;
  thinking.querySelector("[data-thoughts]").append(block);
}

// The one Stop stands where Send was, also when the reply's own end is out of sight; what is sent
// meanwhile is queued, and the button says so. Without an `article` nothing is being written.
function placeStop(article) {
  const stop = article?.querySelector("form[data-turn=stop]");
  if (stop) stopPlace.replaceChildren(stop);
  else if (!article) stopPlace.replaceChildren();
  sendButton.textContent = isWriting() ? sendButton.dataset.queue : sendButton.dataset.send;
}

export const isWriting = () => stopPlace.hasChildNodes();

export function watchOpenReply() {
  const article = thread.querySelector("article[data-events]");
  if (article && !watched.has(article)) watch(article);
}

// The turn that a form ordered, in place of `first` and all below it, or after the last.
export function showTurn({ fragment, url }, first = null) {
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
watchOpenReply();
