// Links within the thread: earlier messages, other versions. Fetched with the first click on one.

import { load } from "./html.js";
import { focusOn, holdView, keepFocus, thread, watchOpenReply } from "./thread.js";

const page = document.documentElement;

export const take = (link) => (link.id === "earlier" ? showEarlier(link) : showVersion(link));

async function showEarlier(link) {
  const { ok, fragment } = await load(link.href);
  const older = fragment.getElementById("thread");
  if (!ok || !older) return location.assign(link.href);
  const below = page.scrollHeight - scrollY;
  // What is later is here.
  older.querySelector("#later")?.remove();
  const first = older.firstElementChild;
  holdView(() => keepFocus(() => link.replaceWith(...older.children), () => first));
  scrollTo({ top: page.scrollHeight - below, behavior: "instant" });
}

async function showVersion(link) {
  const { ok, fragment } = await load(link.href);
  const other = fragment.getElementById("thread");
  const target = other?.querySelector(new URL(link.href).hash || "#none");
  if (!ok || !target) return location.assign(link.href);
  const top = link.closest(".siblings").getBoundingClientRect().top;
  holdView(() => thread.replaceChildren(...other.children));
  scrollBy({ top: target.getBoundingClientRect().top - top, behavior: "instant" });
  focusOn(target.querySelector("a") ?? target);
  history.replaceState(null, "", link.href.split("#")[0]);
  watchOpenReply();
}
