// One event stream for the reply that is being written: the article grows in place. Fetched when
// there is one, or one is being asked for.

import { awaitFiles } from "./fetching.js";
import { htmlOf } from "./html.js";
import { morph } from "./morph.js";
import { keepFocus, placeStop, say, thread } from "./thread.js";

const reconnecting = document.getElementById("reconnecting");
const watched = new WeakSet();

export function watch(article) {
  if (watched.has(article)) return;
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
      say(article.querySelector("form[data-turn=approval]") ? "asks" : article.dataset.status);
      thread.dispatchEvent(new Event("finished"));
      if (article.dataset.fetching) awaitFiles(article);
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
    // The Stop of a reply that was begun since is not this one's to take away.
    if (article.isConnected || !thread.querySelector("article[data-events]")) placeStop(null);
  }

  addEventListener("pagehide", disconnect, { signal: leave.signal });
  addEventListener("online", connect, { signal: leave.signal });
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()), {
    signal: leave.signal,
  });
  watched.add(article);
  connect();
}

function replace(article, event) {
  const fresh = htmlOf(event).querySelector("article");
  if (!fresh || !article.isConnected) return;
  keepFocus(() => morph(article, fresh));
  placeStop(article);
}

// Each piece is an item of the reply, or a block of the text of one.
function grow(article, event) {
  for (const piece of [...htmlOf(event).children]) {
    const { item, block } = piece.dataset;
    const old = article.querySelector(`[data-item="${CSS.escape(item)}"]`);
    if (block === undefined) place(article, old, piece);
    else placeBlock(article, old, piece);
  }
}

// An item stands ahead of the answer until that has text.
function place(article, old, item) {
  const answer = article.querySelector("[data-answer]");
  if (old?.nodeName === item.nodeName) morph(old, item);
  else if (old) old.replaceWith(item);
  else if (answer.hasChildNodes()) answer.append(item);
  else answer.before(item);
}

function placeBlock(article, item, block) {
  // Whose it is only matters on the way.
  delete block.dataset.item;
  const old = article.querySelector(`[data-block="${CSS.escape(block.dataset.block)}"]`);
  const text = item?.querySelector(".rich") ?? article.querySelector("[data-answer]");
  if (old) morph(old, block);
  else text.append(block);
}
