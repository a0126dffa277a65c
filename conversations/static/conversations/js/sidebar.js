// The list of conversations, kept true and loaded further, and the keyboard shortcuts.
// Without this file the list is as the page was loaded, its end and the dots lead to pages.

import { isForBrowser, load, post } from "./html.js";

// The list, while the page is shown: dots, spinners, titles; more often while a reply is written.

const list = document.getElementById("conversations");
const search = document.querySelector(".search");
const listHeaders = { headers: { "X-Fragment": "list" } };
const lengthOf = () => list.querySelectorAll("section:not([data-group=pinned]) li").length;
let timer = 0;

function refreshLater(pause) {
  clearTimeout(timer);
  pause ??= list.querySelector("[data-state=writing]") ? 3_000 : 15_000;
  if (!document.hidden) timer = setTimeout(refresh, pause);
}

async function refresh(afterAct = false, least = 50) {
  clearTimeout(timer);
  const length = Math.max(lengthOf(), least);
  const { ok, fragment } = await load(`${list.dataset.list}?length=${length}`, listHeaders);
  if (ok) showList((await import("./morph.js")).morph, fragment, afterAct);
  refreshLater(ok ? undefined : 60_000);
}

function showList(morph, fragment, afterAct) {
  const current = fragment.querySelector(`li a[href="${location.pathname}"]`);
  const rows = () => [...list.querySelectorAll("li > a:first-child")];
  const held = list.contains(document.activeElement) && document.activeElement;
  const focused = held && held.getAttribute("href");
  const place = held && rows().indexOf(held.closest("li")?.firstElementChild);
  current?.setAttribute("aria-current", "page");
  if (focused && !afterAct) {
    // Under the reader's fingers nothing changes its place by itself.
    for (const fresh of fragment.querySelectorAll("li")) {
      const old = list.querySelector(`[data-conversation="${fresh.dataset.conversation}"]`);
      if (old) morph(old, fresh);
    }
  } else {
    const fresh = list.cloneNode(false);
    fresh.append(fragment);
    morph(list, fresh);
    const next = () => rows()[place] ?? rows().at(-1) ?? search;
    if (focused) (list.querySelector(`a[href="${focused}"]`) ?? next()).focus({ preventScroll: true });
  }
  if (current) showTitle(current.textContent);
  noteSeen();
  watchEnd();
}

function showTitle(title) {
  const heading = document.getElementById("title");
  if (!heading || heading.textContent === title) return;
  document.title = document.title.replace(heading.textContent, title);
  heading.textContent = title;
}

// A prefetched page is not a seen one, so the page says so itself.
async function noteSeen() {
  const mine = list.querySelector("[aria-current]")?.closest("[data-state=unseen]");
  if (!mine || document.hidden) return;
  delete mine.dataset.state;
  const { status } = await post(`${location.pathname}seen/`, {}, "note");
  if (status === 204) mine.querySelector(".state")?.remove();
}

// Its place is that of the page before, as long as that, and the shown conversation is in sight.

const PLACE = "sidebar";

function keepPlace() {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify({ top: list.scrollTop, length: lengthOf() }));
  } catch {
    // Forbidden: the list begins at its top.
  }
}

async function findPlace() {
  let place = null;
  try {
    place = JSON.parse(sessionStorage.getItem(PLACE));
  } catch {
    return;
  }
  if (place?.length > lengthOf() && list.querySelector("[data-older]")) await refresh(false, place.length);
  list.scrollTop = place?.top ?? 0;
  list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

// More of the list as its end comes into sight.

const endInSight = new IntersectionObserver(([end]) => {
  if (!end.isIntersecting) return;
  endInSight.disconnect();
  sidebarActions(({ showOlder }) => showOlder(end.target).then(watchEnd));
});

function watchEnd() {
  endInSight.disconnect();
  const end = list.querySelector("[data-older]");
  if (end) endInSight.observe(end);
}

// What can be done with one conversation, and a note that is dismissed.

const sidebarActions = (use) => import("./sidebar_actions.js").then(use, () => {});

document.addEventListener("click", (event) => {
  const control = event.target.closest?.("[data-manage], [data-dismiss], a[data-sidebar]");
  if (!control || isForBrowser(event)) return;
  event.preventDefault();
  if (control.dataset.dismiss != null) sidebarActions(({ dismiss }) => dismiss(control));
  else if (control.dataset.sidebar != null) sidebarActions(({ toggleSidebar }) => toggleSidebar());
  else import("./sidebar_actions.js").then(({ manage }) => manage(control), () => location.assign(control.href));
});

document.addEventListener("acted", () => refresh(true));

// Shortcuts: none is a bare letter, and none the browser's or a screen reader's own: on a Mac those
// have Option, elsewhere Control and Insert.

const isMac = /mac|iphone|ipad/i.test(navigator.platform);
const NAMES = { N: "new", C: "copy", S: "sidebar", ArrowUp: "previous", ArrowDown: "next" };

function shortcutOf({ key, code, ctrlKey, metaKey, altKey, shiftKey, target }) {
  const isTyping = target.closest?.("input, select, textarea, [contenteditable]");
  if (key === "?" && !isTyping && !ctrlKey && !metaKey && !altKey) return "list";
  const command = !altKey && !shiftKey && (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey);
  if (command && "k/".includes(key.toLowerCase())) return key === "/" ? "list" : "search";
  const chord = shiftKey && !metaKey && (isMac ? ctrlKey && !altKey : altKey && !ctrlKey);
  // Where letters are not Latin, those of the keys.
  return chord && NAMES[/^[a-z]$/i.test(key) ? key.toUpperCase() : code.replace("Key", "")];
}

document.addEventListener("keydown", (event) => {
  const name = !event.isComposing && !event.defaultPrevented && shortcutOf(event);
  if (!name) return;
  event.preventDefault();
  if (name === "sidebar") sidebarActions(({ toggleSidebar }) => toggleSidebar());
  else import("./shortcuts.js").then((shortcuts) => shortcuts[name](), () => {});
});

search?.addEventListener("focus", () => import("./finding.js").catch(() => {}), { once: true });

const refreshNow = () => refresh();

if (list) {
  findPlace();
  noteSeen();
  watchEnd();
  refreshLater();
  addEventListener("pagehide", keepPlace);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
  document.addEventListener("listed", refreshNow);
  document.getElementById("thread")?.addEventListener("finished", refreshNow);
}
