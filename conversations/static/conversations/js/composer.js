// Sending without leaving the page, keys, drafts and limits; retry, edit, continue and stop.
// Without this file the same forms are sent by the browser and answered with pages.

import { load } from "./html.js";
import { follow, isWriting, thread, watchOpenReply } from "./thread.js";

const form = document.getElementById("composer");
const field = form.elements.text;
const queued = document.getElementById("queued");
const complaint = form.querySelector("[role=alert]");
const limit = Number(form.dataset.limit);
const isTouch = matchMedia("(pointer: coarse)");
const count = (number) => number.toLocaleString(document.documentElement.lang);
let sending = false;

// Sending

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

async function send() {
  const text = field.value;
  if (sending || !text.trim()) return field.focus();
  form.elements.parent.value = lastMessage()?.dataset.message ?? "";
  const fields = new URLSearchParams(new FormData(form));
  if (isWriting()) fields.set("queue", "1");
  const body = fields.toString();
  const fault = tooLong() || (body.length > Number(form.dataset.maxBody) && form.dataset.tooLarge);
  if (fault) return complain(fault);
  complain();
  setText("");
  sending = true;
  const placeholders = isWriting() ? [] : showPlaceholders(text);
  const answer = await post(form.action, body);
  sending = false;
  placeholders.forEach((placeholder) => placeholder.remove());
  if (answer.status && answer.status < 500) form.elements.submission.value = newId();
  if (!answer.ok) {
    setText(field.value ? `${text}\n${field.value}` : text);
    return complain(answer);
  }
  saveDraft();
  if (answer.status === 202) queued.replaceChildren(answer.fragment);
  else showTurn(answer);
}

// A page left open over a new login has an old token: the answer brings a fresh one, once.
async function post(url, body) {
  const options = { method: "POST", headers: { "X-Fragment": "turn" }, body: new URLSearchParams(body) };
  const answer = await load(url, options);
  const token = answer.status === 403 && answer.fragment.querySelector("[name=csrfmiddlewaretoken]");
  if (!token) return answer;
  for (const old of document.getElementsByName("csrfmiddlewaretoken")) old.value = token.value;
  options.body.set("csrfmiddlewaretoken", token.value);
  return load(url, options);
}

function complain(fault, place = complaint) {
  const { status, fragment } = fault?.fragment ? fault : {};
  if (!fault) place.replaceChildren();
  else if (!fragment) place.textContent = fault;
  else if (fragment.querySelector("p") && !fragment.querySelector("title")) place.replaceChildren(fragment);
  else place.textContent = { 0: form.dataset.offline, 413: form.dataset.tooLarge }[status] ?? form.dataset.failed;
}

// Until the server's own articles come, within the frame of the key press.
function showPlaceholders(text) {
  const question = placeholder("user", "completed", "message__text");
  question.firstChild.textContent = text;
  const reply = placeholder("assistant", "queued", "prose");
  reply.setAttribute("aria-busy", "true");
  form.closest(".main").classList.remove("main--new");
  thread.append(question, reply);
  follow();
  return [question, reply];
}

function placeholder(role, status, part) {
  const article = document.createElement("article");
  article.className = `message message--${role} message--sending`;
  Object.assign(article.dataset, { role, status });
  article.append(document.createElement("div"));
  article.firstChild.className = part;
  return article;
}

// The new turn takes the place of `first` and all below it, or comes after the last.
function showTurn({ fragment, url }, first = null) {
  const turn = [...fragment.querySelectorAll("article")];
  const listed = fragment.querySelector("[data-conversation]");
  first = findMessage(turn[0]?.dataset.message) ?? first;
  while (first) {
    const next = first.nextElementSibling;
    first.remove();
    first = next;
  }
  form.closest(".main").classList.remove("main--new");
  thread.append(...turn);
  document.getElementById("left")?.replaceWith(fragment.querySelector("#left") ?? "");
  if (listed) showListed(listed, url);
  if (url && url !== location.pathname + location.search) history.replaceState(null, "", url);
  follow();
  watchOpenReply();
}

function showListed(listed, url) {
  const title = listed.textContent.trim();
  document.getElementById("title").textContent = title;
  document.title = `${title} · ${form.dataset.site}`;
  form.action = url;
  form.dataset.draft = form.dataset.draft.replace(/:.*/, `:${listed.dataset.conversation}`);
  document.dispatchEvent(new Event("listed"));
}

const lastMessage = () => [...thread.querySelectorAll("article[data-message]")].at(-1);
const findMessage = (id) => thread.querySelector(`article[data-message="${id}"]`);

// randomUUID exists only on https.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// The other forms of a turn

document.addEventListener("submit", async (event) => {
  const turn = event.target;
  const article = turn.closest("article");
  if (!turn.dataset.turn) return;
  event.preventDefault();
  turn.querySelectorAll(":popover-open").forEach((menu) => menu.hidePopover());
  const buttons = [...turn.querySelectorAll("button")].filter((button) => !button.disabled);
  const body = new URLSearchParams(new FormData(turn, event.submitter)).toString();
  buttons.forEach((button) => (button.disabled = true));
  const answer = await post(turn.getAttribute("action"), body);
  buttons.forEach((button) => (button.disabled = false));
  if (!answer.ok) return complain(answer, turn.querySelector("[role=alert]") ?? complaint);
  complain();
  if (turn.dataset.turn === "feedback") {
    return turn.closest(".feedback").replaceWith(answer.fragment);
  }
  if (turn.dataset.turn === "queued") queued.replaceChildren();
  if (answer.status !== 201) return;
  if (turn.dataset.turn === "queued") showTurn(answer);
  else if (turn.dataset.turn === "continue") showTurn(answer, article.nextElementSibling);
  else showTurn(answer, article);
});

// The queued message: sent by the server when the reply has ended; taken back into the field

thread.addEventListener("finished", async () => {
  if (!queued.childElementCount) return;
  const { ok, fragment } = await load(form.action);
  if (!ok) return;
  queued.replaceChildren(...fragment.getElementById("queued").childNodes);
  const fresh = [...fragment.querySelectorAll("#thread > article")];
  thread.append(...fresh.filter((article) => !findMessage(article.dataset.message)));
  watchOpenReply();
});

queued.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-take-back]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const text = queued.querySelector("p").textContent;
  const body = new URLSearchParams(new FormData(link.closest("form")));
  body.set("action", "remove");
  const answer = await post(link.closest("form").getAttribute("action"), body);
  if (!answer.ok) return complain(answer);
  queued.replaceChildren();
  setText(field.value ? `${text}\n\n${field.value}` : text);
  field.focus();
});

// Editing in place

thread.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-edit]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  edit(link);
});

async function edit(link) {
  const { ok, fragment } = await load(link.href, { headers: { "X-Fragment": "edit" } });
  const editor = fragment.querySelector("form");
  if (!ok || !editor) return location.assign(link.href);
  const article = link.closest("article");
  const parts = [...article.children];
  const restore = () => {
    article.classList.remove("message--editing");
    article.replaceChildren(...parts);
    article.querySelector("[data-edit]").focus();
  };
  article.classList.add("message--editing");
  article.replaceChildren(editor);
  editor.querySelector("[data-cancel]").addEventListener("click", (event) => {
    event.preventDefault();
    restore();
  });
  editor.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && restore());
  editor.elements.text.focus();
  editor.elements.text.setSelectionRange(-1, -1);
}

// Keys: not while a word is being composed; 229 is what Safari says for the Enter that ends one.

field.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && sends(event)) {
    event.preventDefault();
    form.requestSubmit(document.getElementById("send"));
  } else if (event.key === "ArrowUp" && !field.value) {
    const mine = [...thread.querySelectorAll("[data-edit]")].at(-1);
    if (mine && !isWriting()) {
      event.preventDefault();
      edit(mine);
    }
  }
});

function sends(event) {
  if (event.ctrlKey || event.metaKey) return true;
  return !event.shiftKey && !event.altKey && !isTouch.matches;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || document.querySelector(":popover-open")) return;
  document.querySelector("#stop form")?.requestSubmit();
});

// Limits and drafts

function tooLong() {
  if (field.value.length <= limit) return "";
  let length = field.value.length;
  for (const _pair of field.value.matchAll(/[\ud800-\udbff]/g)) length -= 1;
  if (length <= limit) return "";
  return sayOver(length - limit);
}

function sayOver(over) {
  return form.dataset.over.replace("{n}", count(over)).replace("{limit}", count(limit));
}

function setText(text) {
  field.value = text;
  noteInput();
}

let wasOver = false;
let draftTimer = 0;

function noteInput() {
  const over = tooLong();
  form.classList.toggle("composer--over", Boolean(over));
  if (over || wasOver) complain(over);
  wasOver = Boolean(over);
  growField();
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDraft, 300);
}

// Where the field does not grow by itself.
function growField() {
  if (CSS.supports("field-sizing: content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function saveDraft() {
  const key = `draft:${form.dataset.draft}`;
  try {
    if (field.value) localStorage.setItem(key, field.value);
    else localStorage.removeItem(key);
  } catch {
    // Full or forbidden: the text is still in the field.
  }
}

function restoreDraft() {
  if (field.value) return;
  try {
    field.value = localStorage.getItem(`draft:${form.dataset.draft}`) ?? "";
  } catch {
    return;
  }
}

// Browsers insert a long paste line by line, a million characters in minutes; set as a whole it
// takes a blink, and the word about its length is painted before.
field.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
  if (text.length < 20_000) return;
  event.preventDefault();
  const kept = field.value.length - (field.selectionEnd - field.selectionStart);
  const over = kept + text.length - limit;
  if (over > 0) complain(sayOver(over));
  setTimeout(() => {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    noteInput();
  }, 50);
});
field.addEventListener("input", noteInput);
addEventListener("pagehide", saveDraft);
restoreDraft();
growField();

// What the chosen model offers

form.elements.model?.addEventListener("change", (event) => {
  const efforts = event.target.selectedOptions[0].dataset.efforts.split(",").filter(Boolean);
  const choice = form.elements.effort;
  choice.replaceChildren(choice.options[0], ...efforts.map((effort) => new Option(effort, effort)));
  choice.hidden = choice.disabled = !efforts.length;
});
