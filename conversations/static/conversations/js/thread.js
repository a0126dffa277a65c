// The thread: replies grow in it, the view follows, earlier messages and versions come in, copying.
// Without this file the page reloads itself while a reply is written, and links load pages.

import { addCopyButtons, htmlOf, load, morph } from "./html.js";

export const thread = document.getElementById("thread");
const reconnecting = document.getElementById("reconnecting");
const announcer = document.getElementById("announcer");
const stopPlace = document.getElementById("stop");
const toEnd = document.getElementById("to-end");
const page = document.documentElement;

page.classList.add("js");

// Intl takes 30 ms to wake, more than all else here; where there is no Temporal it waits.
setTimeout(noteZone, window.Temporal ? 0 : 1_000);

function noteZone() {
  const zone = window.Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; SameSite=Lax`;
}

// Following: the view stays at the end until the reader scrolls up.

let following = true;
let lastTop = scrollY;

const isAtEnd = () => page.scrollHeight - innerHeight - scrollY < 48;

export function follow() {
  following = true;
  toEnd.hidden = true;
  scrollTo({ top: page.scrollHeight, behavior: "instant" });
}

function noteScroll() {
  if (isAtEnd()) following = true;
  else if (scrollY < lastTop - 1) following = false;
  lastTop = scrollY;
  toEnd.hidden = isAtEnd() || page.scrollHeight - innerHeight - scrollY < innerHeight / 3;
}

addEventListener("scroll", noteScroll, { passive: true });
toEnd.addEventListener("click", follow);
new ResizeObserver(() => (following ? follow() : noteScroll())).observe(thread);

// Watching: one event stream for the reply that is being written.

export function watch(article) {
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
      announcer.textContent = announcer.dataset.finished;
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
    stopPlace.replaceChildren();
  }

  addEventListener("pagehide", disconnect, { signal: leave.signal });
  addEventListener("online", connect, { signal: leave.signal });
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()), {
    signal: leave.signal,
  });
  announcer.textContent = "";
  placeStop(article);
  connect();
}

function replace(article, event) {
  const fresh = htmlOf(event).querySelector("article");
  if (!fresh || !article.isConnected) return;
  morph(article, fresh);
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
  thinking.querySelector(".thinking__text").append(block);
}

// The one Stop stands where Send was, also when the reply's own end is out of sight.
function placeStop(article) {
  const stop = article.querySelector("form[data-turn=stop]");
  if (stop) stopPlace.replaceChildren(stop);
}

export const isWriting = () => stopPlace.hasChildNodes();

export function watchOpenReply() {
  const article = thread.querySelector("article[data-events]");
  if (article) watch(article);
}

// Links within the thread: earlier messages, other versions.

thread.addEventListener("click", (event) => {
  const link = event.target.closest?.("#earlier, .siblings a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || isWriting()) return;
  event.preventDefault();
  if (link.id === "earlier") showEarlier(link);
  else showVersion(link);
});

async function showEarlier(link) {
  const { ok, fragment } = await load(link.href);
  const older = fragment.getElementById("thread");
  if (!ok || !older) return location.assign(link.href);
  const below = page.scrollHeight - scrollY;
  following = false;
  link.replaceWith(...older.children);
  scrollTo({ top: page.scrollHeight - below, behavior: "instant" });
}

async function showVersion(link) {
  const { ok, fragment } = await load(link.href);
  const other = fragment.getElementById("thread");
  const target = other?.querySelector(new URL(link.href).hash || "#none");
  if (!ok || !target) return location.assign(link.href);
  const top = link.closest(".siblings").getBoundingClientRect().top;
  following = false;
  thread.replaceChildren(...other.children);
  scrollBy({ top: target.getBoundingClientRect().top - top, behavior: "instant" });
  (target.querySelector("a") ?? target).focus({ preventScroll: true });
  history.replaceState(null, "", link.href.split("#")[0]);
  watchOpenReply();
}

// Copying: a message as Markdown, code as it stands.

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const code = button.closest(".code")?.querySelector("pre");
  const text = code ? Promise.resolve(code.textContent) : fetchText(button.href);
  copy(text).then(() => showDone(button), () => button.href && open(button.href));
});

async function fetchText(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(response.status);
  return response.text();
}

// The item is made before the text is there: Safari copies only within the click itself.
async function copy(text) {
  if (!navigator.clipboard) return copyBySelection(await text);
  const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

// Browsers offer no clipboard on plain http.
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "for-screen-reader";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}

function showDone(button) {
  const drawing = button.querySelector("use");
  const before = drawing.getAttribute("href");
  drawing.setAttribute("href", "#icon-done");
  setTimeout(() => drawing.setAttribute("href", before), 1500);
}

addCopyButtons(document);
if (!CSS.supports("scroll-initial-target: nearest") && !location.hash && !location.search) follow();
following = isAtEnd();
noteScroll();
watchOpenReply();
