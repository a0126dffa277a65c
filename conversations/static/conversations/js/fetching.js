// Files that code of a reply made are fetched after its end: its article is asked for until they are
// there. Fetched when there are such files.

import { htmlOf } from "./html.js";
import { morph } from "./morph.js";
import { keepFocus } from "./thread.js";

const LONGEST_PAUSE = 15_000;
const awaited = new WeakSet();

export function awaitFiles(article) {
  if (awaited.has(article)) return;
  awaited.add(article);
  let pause = 1_000;

  function later() {
    if (!article.dataset.fetching) return awaited.delete(article);
    setTimeout(ask, pause);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
  }

  function ask() {
    if (!article.isConnected) return;
    if (document.hidden) return later();
    const source = new EventSource(article.dataset.fetching);
    source.addEventListener("done", (event) => {
      source.close();
      const fresh = htmlOf(event).querySelector("article");
      if (fresh && article.isConnected) keepFocus(() => morph(article, fresh));
      later();
    });
    source.addEventListener("error", () => {
      source.close();
      later();
    });
  }

  later();
}
