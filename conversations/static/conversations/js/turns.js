// The forms of a turn (retry, edit, continue, stop, thumbs, the queued message), sent without
// leaving the page. Fetched with the first of them; `composer` is what composer.js lends.

import { load, post } from "./html.js";
import { keepFocus, say, showTurn, thread } from "./thread.js";

const queued = document.getElementById("queued");

export async function take(form, submitter, composer) {
  if (form.dataset.busy) return;
  if (form.dataset.turn === "models") return offerModels(form, submitter);
  const article = form.closest("article");
  const fields = new FormData(form, submitter);
  if (ASKING.includes(form.dataset.turn)) addTools(fields);
  form.querySelectorAll(":popover-open").forEach((menu) => menu.hidePopover());
  form.dataset.busy = "true";
  const answer = await post(form.getAttribute("action"), fields);
  delete form.dataset.busy;
  if (!answer.ok) return composer.complain(answer, form.querySelector("[role=alert]") ?? undefined);
  composer.complain();
  const kind = form.dataset.turn;
  if (kind === "feedback") showFeedback(form, submitter, answer.fragment);
  else if (kind === "queued" && answer.status !== 201) leaveQueue(fields.get("action"), composer);
  else if (answer.status === 201) {
    if (kind === "queued") queued.replaceChildren();
    say("sent");
    showTurn(answer, kind === "continue" ? article.nextElementSibling : article);
  }
}

// What is switched on beside the message field is meant for these, too.
const ASKING = ["retry", "edit", "continue"];

function addTools(fields) {
  const now = new FormData(document.getElementById("composer"));
  for (const name of ["tools", "tools_shown"]) {
    for (const value of now.getAll(name)) fields.append(name, value);
  }
}

// The menu becomes part of the form before it, which retries.
async function offerModels(form, button) {
  const { ok, fragment } = await load(form.action, { headers: { "X-Fragment": "models" } });
  const menu = fragment.querySelector(".menu");
  if (!ok || !menu?.showPopover) return form.submit();
  const retry = form.previousElementSibling;
  retry.querySelector(".menu")?.remove();
  retry.append(menu);
  menu.showPopover({ source: button });
  menu.querySelector("button").focus();
}

function showFeedback(form, submitter, fragment) {
  const fresh = fragment.querySelector(".feedback");
  const wanted = submitter.title ? `[title="${CSS.escape(submitter.title)}"]` : "[aria-pressed=true]";
  keepFocus(() => form.closest(".feedback").replaceWith(fresh), () => fresh.querySelector(wanted));
}

// Removed; or asked for and not possible now, which the page then says.
function leaveQueue(action, composer) {
  if (action === "send") composer.catchUp();
  else keepFocus(() => queued.replaceChildren());
}

export async function takeBack(link, composer) {
  const form = link.closest("form");
  const text = queued.querySelector("p").textContent;
  const fields = new FormData(form);
  fields.set("action", "take_back");
  const answer = await post(form.getAttribute("action"), fields);
  if (!answer.ok) return composer.complain(answer);
  queued.replaceChildren();
  const list = document.querySelector("#composer [data-files]");
  list.append(...answer.fragment.querySelectorAll("li"));
  list.hidden = !list.childElementCount;
  composer.giveBack(text);
}

export async function edit(link) {
  const { ok, fragment } = await load(link.href, { headers: { "X-Fragment": "edit" } });
  const editor = fragment.querySelector("form");
  if (!ok || !editor) return location.assign(link.href);
  const article = link.closest("article");
  const parts = [...article.children];
  const restore = () => {
    editor.dispatchEvent(new Event("discard", { bubbles: true }));
    article.classList.remove("message--editing");
    keepFocus(() => article.replaceChildren(...parts), () => article.querySelector("[data-edit]"));
  };
  article.classList.add("message--editing");
  article.replaceChildren(editor);
  editor.querySelector("[data-cancel]").addEventListener("click", (event) => {
    event.preventDefault();
    restore();
  });
  editor.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") restore();
    else if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    else editor.requestSubmit();
    event.preventDefault();
    event.stopPropagation();
  });
  editor.elements.text.focus();
  editor.elements.text.setSelectionRange(-1, -1);
}

export const editLast = () => {
  const mine = [...thread.querySelectorAll("[data-edit]")].at(-1);
  if (mine) edit(mine);
};
