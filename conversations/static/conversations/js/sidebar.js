// The list of conversations, kept true and loaded further; the panel of one conversation.
// Without this file the list is as the page was loaded, its end and the dots lead to pages.

import { load, morph } from "./html.js";

// The list, while the page is shown: dots, spinners, titles; more often while a reply is written.

const list = document.getElementById("conversations");
const panel = document.getElementById("manage");
const notes = document.getElementById("notes");
const listHeaders = { headers: { "X-Fragment": "list" } };
let timer = 0;

function refreshLater(pause) {
  clearTimeout(timer);
  pause ??= list.querySelector("[data-state=writing]") ? 3_000 : 15_000;
  if (!document.hidden) timer = setTimeout(refresh, pause);
}

async function refresh(afterAct = false) {
  clearTimeout(timer);
  const length = Math.max(list.querySelectorAll("section:not([data-group=pinned]) li").length, 50);
  const { ok, fragment } = await load(`${list.dataset.list}?length=${length}`, listHeaders);
  if (ok) showList(fragment, afterAct);
  refreshLater(ok ? undefined : 60_000);
}

function showList(fragment, afterAct) {
  const current = fragment.querySelector(`li a[href="${location.pathname}"]`);
  const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
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
    if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
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
  const { status } = await post(`${location.pathname}seen/`, new URLSearchParams());
  if (status === 204) mine.querySelector(".state")?.remove();
}

function post(url, body) {
  body.set("csrfmiddlewaretoken", document.getElementsByName("csrfmiddlewaretoken")[0].value);
  return load(url, { method: "POST", headers: { "X-Fragment": "note" }, body });
}

// More of the list as its end comes into sight.

const endInSight = new IntersectionObserver(([end]) => end.isIntersecting && showOlder(end.target));

function watchEnd() {
  endInSight.disconnect();
  const end = list.querySelector("[data-older]");
  if (end) endInSight.observe(end);
}

async function showOlder(end) {
  endInSight.disconnect();
  const { ok, fragment } = await load(end.href, listHeaders);
  if (!ok || !end.isConnected) return;
  for (const group of fragment.querySelectorAll("section")) {
    const begun = list.querySelector(`[data-group="${group.dataset.group}"] ul`);
    if (begun) begun.append(...group.querySelectorAll("li"));
    else end.before(group);
  }
  end.replaceWith(...fragment.querySelectorAll("[data-older]"));
  watchEnd();
}

// What can be done with one conversation: its page, as a panel beside it.

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-manage]");
  if (!link || !panel?.showPopover || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const { ok, fragment } = await load(link.href, { headers: { "X-Fragment": "manage" } });
  if (!ok) return location.assign(link.href);
  panel.replaceChildren(fragment);
  panel.showPopover({ source: link });
  panel.querySelector("input[name=title]").select();
});

panel?.addEventListener("submit", async (event) => {
  const form = event.target;
  const isHere = new URL(form.action).pathname.startsWith(location.pathname) && location.pathname !== "/";
  // What takes the shown conversation away leads to another page.
  if (form.dataset.keep === "away" && isHere) return;
  event.preventDefault();
  const answer = await post(form.action, new URLSearchParams(new FormData(form, event.submitter)));
  if (answer.status === 422) return panel.replaceChildren(answer.fragment);
  if (!answer.ok) return form.submit();
  panel.hidePopover();
  notes.replaceChildren(answer.fragment);
  refresh(true);
});

const refreshNow = () => refresh();

if (list) {
  noteSeen();
  watchEnd();
  refreshLater();
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
  document.addEventListener("listed", refreshNow);
  document.getElementById("thread")?.addEventListener("finished", refreshNow);
}
