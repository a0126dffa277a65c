// What is done with one conversation in the panel beside it, notes, more of the list, the sidebar's
// going and coming. Fetched with the first of them; without it links lead to pages that do the same.

import { load, post } from "./html.js";

const panel = document.getElementById("manage");
const notes = document.getElementById("notes");

export async function manage(link) {
  if (!panel.showPopover) return location.assign(link.href);
  const { ok, fragment } = await load(link.href, { headers: { "X-Fragment": "manage" } });
  if (!ok) return location.assign(link.href);
  panel.replaceChildren(fragment);
  panel.showPopover({ source: link });
  panel.querySelector("input[name=title]").select();
}

panel.addEventListener("submit", async (event) => {
  const form = event.target;
  const isHere = new URL(form.action).pathname.startsWith(location.pathname) && location.pathname !== "/";
  // What takes the shown conversation away leads to another page.
  if (form.dataset.keep === "away" && isHere) return;
  event.preventDefault();
  const answer = await post(form.action, new FormData(form, event.submitter), "note");
  if (answer.status === 422) return panel.replaceChildren(answer.fragment);
  if (!answer.ok) return form.submit();
  panel.hidePopover();
  notes.replaceChildren(answer.fragment);
  document.dispatchEvent(new Event("acted"));
});

export function dismiss(button) {
  button.closest(".toast").remove();
  (document.getElementById("message") ?? document.getElementById("content")).focus({ preventScroll: true });
}

// The server draws the next page as the sidebar is left here.
export function toggleSidebar() {
  const page = document.documentElement;
  const hidden = page.dataset.sidebar !== "hidden";
  document.cookie = `sidebar=${hidden ? "hidden" : ""}; path=/; max-age=31536000; SameSite=Lax`;
  document.getElementById("sidebar").hidePopover();
  if (hidden) page.dataset.sidebar = "hidden";
  else delete page.dataset.sidebar;
  document.querySelector(hidden ? ".bar [popovertarget=sidebar]" : ".sidebar__hide")?.focus();
}

export async function showOlder(end) {
  const { ok, fragment } = await load(end.href, { headers: { "X-Fragment": "list" } });
  if (!ok || !end.isConnected) return;
  const list = end.parentElement;
  const first = fragment.querySelector("li a");
  for (const group of fragment.querySelectorAll("section")) {
    const begun = list.querySelector(`[data-group="${group.dataset.group}"] ul`);
    if (begun) begun.append(...group.querySelectorAll("li"));
    else end.before(group);
  }
  if (document.activeElement === end) first?.focus({ preventScroll: true });
  end.replaceWith(...fragment.querySelectorAll("[data-older]"));
}
