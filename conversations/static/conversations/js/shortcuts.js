// What the keyboard shortcuts do; sidebar.js says which keys they are. Fetched with the first.

import { load } from "./html.js";

const at = (selector) => [...document.querySelectorAll(selector)];

function search() {
  const field = at(".search")[0];
  const sidebar = document.getElementById("sidebar");
  if (!field.checkVisibility()) sidebar.showPopover();
  field.focus();
  field.select();
}

const start = () => at(".sidebar__top [href='/']")[0].click();
const copy = () => at("article[data-role=assistant] .message__actions [data-copy]").at(-1)?.click();
const previous = () => goTo(-1);
const next = () => goTo(1);

function goTo(step) {
  const rows = at("#conversations li > a:first-child");
  const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const row = here < 0 ? rows[0] : rows[here + step];
  if (row) location.assign(row.href);
}

async function list() {
  const open = document.getElementById("shortcuts");
  if (open) return open.close();
  const { ok, fragment } = await load("/shortcuts/", { headers: { "X-Fragment": "shortcuts" } });
  if (!ok) return location.assign("/shortcuts/");
  const dialog = document.createElement("dialog");
  dialog.id = "shortcuts";
  dialog.className = "dialog";
  dialog.append(fragment);
  dialog.setAttribute("aria-labelledby", dialog.querySelector("h2").id);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

export { copy, list, next, previous, search, start as new };
