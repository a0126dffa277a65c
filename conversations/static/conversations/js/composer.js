// Sending without leaving the page, keys, drafts and limits; what is rarely asked for is fetched
// when it is. Without this file the same forms are sent by the browser and answered with pages.

import { filesOf, isForBrowser, post } from "./html.js";
import { follow, focusOn, isTouch, isWriting, lastMessage, say, showTurn, thread, watchOpenReply } from "./thread.js";

const form = document.getElementById("composer");
const field = form.elements.text;
const queued = document.getElementById("queued");
const complaint = form.querySelector("[role=alert]");
const limit = Number(form.dataset.limit);
const count = (number) => number.toLocaleString(document.documentElement.lang);
let sending = false;

// Sending

form.addEventListener("submit", (event) => {
  // The pages of a scanned document: the browser loads the form anew with them.
  if (event.submitter?.name === "pages") return;
  event.preventDefault();
  send();
});

async function send() {
  const text = field.value;
  const files = form.elements.files;
  const hasFiles = files.value || form.querySelector("[name=attachments]");
  if (sending || (!text.trim() && !hasFiles)) return field.focus();
  form.elements.parent.value = lastMessage()?.dataset.message ?? "";
  const fields = new FormData(form);
  const listed = [...form.querySelector("[data-files]").children];
  const writes = isWriting();
  if (writes) fields.set("queue", "1");
  const length = new URLSearchParams({ text }).toString().length;
  const fault = tooLong() || (length > Number(form.dataset.maxBody) && form.dataset.tooLarge);
  if (fault) return complain(fault);
  complain();
  setText("");
  sending = true;
  const placeholders = writes ? [] : showPlaceholders(text);
  const answer = await post(form.action, fields);
  sending = false;
  placeholders.forEach((placeholder) => placeholder.remove());
  if (answer.status && answer.status < 500) form.elements.submission.value = newId();
  if (!answer.ok) {
    setText(field.value ? `${text}\n${field.value}` : text);
    // The conversation went on elsewhere: what came there is shown before anything is sent.
    if (answer.status === 409) catchUp();
    return complain(answer);
  }
  saveDraft();
  files.value = "";
  // Others came meanwhile.
  listed.forEach((entry) => entry.remove());
  form.querySelector("[data-files]").hidden = !form.querySelector("[data-files] li");
  say(answer.status === 202 ? "queued" : "sent");
  if (answer.status === 202) queued.replaceChildren(answer.fragment);
  else show(answer);
  // Stop, Retry and the like are next.
  turns(() => {});
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

// The server's turn, and what a conversation that has just begun gets with it.
function show(answer) {
  const listed = answer.fragment.querySelector("[data-conversation]");
  if (listed) {
    const link = listed.querySelector("a");
    const title = link.textContent.trim();
    const menu = document.getElementById("menu");
    document.getElementById("title").textContent = title;
    document.title = `${title} · ${form.dataset.site}`;
    form.action = link.getAttribute("href");
    form.dataset.draft = form.dataset.draft.replace(/:.*/, `:${listed.dataset.conversation}`);
    menu.href = listed.querySelector("[data-manage]").href;
    menu.hidden = document.getElementById("messages").hidden = false;
    document.dispatchEvent(new Event("listed"));
  }
  showTurn(answer);
}

// randomUUID exists only on https.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// What is fetched when it is wanted

const offline = () => complain(form.dataset.offline);
const watching = () => import("./watching.js");
const copying = () => import("./copying.js");
const uploads = (use) => import("./uploads.js").then(use, () => {});
const turns = (use, otherwise = offline) => import("./turns.js").then(use, otherwise);
const meanwhile = (use) => import("./meanwhile.js").then(use, () => {});
const catchUp = (leaf) => meanwhile((it) => it.catchUp(leaf));
const lent = { complain, catchUp, giveBack };

function giveBack(text) {
  setText(field.value ? `${text}\n\n${field.value}` : text);
  field.focus();
}

document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (!target.dataset.turn || submitter?.name === "pages") return;
  event.preventDefault();
  turns(({ take }) => take(target, submitter, lent));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#earlier, .siblings a, [data-edit], [data-take-back], [data-copy], [data-save], [data-remove]");
  if (!link || isForBrowser(event)) return;
  const leave = () => location.assign(link.href);
  // A version that is shown in place would take the reply that is being written out of the page.
  const isPath = link.matches("#earlier, .siblings a");
  if (isPath && isWriting()) return;
  event.preventDefault();
  if (isPath) import("./paths.js").then(({ take }) => take(link), leave);
  else if (link.matches("[data-copy]")) copying().then(({ copyFrom }) => copyFrom(link), offline);
  else if (link.matches("[data-save]")) import("./code_download.js").then(({ save }) => save(link), offline);
  else if (link.matches("[data-remove]")) uploads(({ remove }) => remove(link));
  else if (link.matches("[data-edit]")) turns(({ edit }) => edit(link), leave);
  else turns(({ takeBack }) => takeBack(link, lent), leave);
});

// Before the click: Safari copies only within it, and would not wait for the file.
for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, ({ target }) => target.closest?.("[data-copy]") && copying().catch(() => {}));
}

document.addEventListener("visibilitychange", () => meanwhile((it) => it.noteVisibility()));
thread.addEventListener("finished", () => queued.childElementCount && catchUp());

// Keys: not while a word is being composed; 229 is what Safari says for the Enter that ends one.

const isComposing = (event) => event.isComposing || event.keyCode === 229;

field.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  if (event.key === "Enter" && sends(event)) {
    event.preventDefault();
    form.requestSubmit(document.getElementById("send"));
  } else if (event.key === "ArrowUp" && !field.value && !isWriting() && thread.querySelector("[data-edit]")) {
    event.preventDefault();
    turns(({ editLast }) => editLast());
  }
});

function sends(event) {
  if (event.ctrlKey || event.metaKey) return true;
  return !event.shiftKey && !event.altKey && !isTouch.matches;
}

// Escape stops the reply only where it has nothing nearer to end; what one types, with nothing to
// type it in, goes into the field.
document.addEventListener("keydown", (event) => {
  if (isComposing(event) || event.defaultPrevented) return;
  if (document.querySelector(":popover-open, dialog[open]")) return;
  if (event.target !== field && event.target.closest?.("input, select, textarea, [contenteditable]")) return;
  if (event.key === "Escape") document.querySelector("#stop form")?.requestSubmit();
  else if (event.target !== field && isText(event)) field.focus();
});

const isText = ({ key, ctrlKey, metaKey, altKey }) =>
  key.length === 1 && key !== " " && key !== "?" && !ctrlKey && !metaKey && !altKey;

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

for (const name of ["change", "paste", "dragenter", "dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    const files = filesOf(event);
    if (files) uploads(({ note }) => note(event, files));
  });
}

// Browsers insert a long paste line by line, a million characters in minutes.
field.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
  if (text.length < 20_000) return;
  event.preventDefault();
  const kept = field.value.length - (field.selectionEnd - field.selectionStart);
  const over = kept + text.length - limit;
  // Painted before what takes a moment.
  if (over > 0) complain(sayOver(over));
  const otherwise = () => giveBack(text);
  setTimeout(() => import("./paste.js").then(({ paste }) => paste(field, text), otherwise), 50);
});

field.addEventListener("input", noteInput);
// A reply will be asked for.
field.addEventListener("input", () => watching().catch(() => {}), { once: true });
addEventListener("pagehide", saveDraft);
restoreDraft();
growField();
if (!isTouch.matches && !location.hash && document.activeElement === document.body) focusOn(field);

// Whoever waits long may want to look at something else meanwhile.

const LONG = 8_000; // milliseconds
let offer = 0;

for (const article of thread.querySelectorAll("article[data-fetching]")) {
  import("./fetching.js").then(({ awaitFiles }) => awaitFiles(article));
}

thread.addEventListener("writing", ({ detail: article }) => {
  watching().then(({ watch }) => watch(article), () => location.reload());
  clearTimeout(offer);
  offer = setTimeout(() => isWriting() && meanwhile((it) => it.offerNotice()), LONG);
});
watchOpenReply();

// What the chosen model offers

const choices = (use) => import("./choices.js").then(use, () => {});
if (form.elements.tools) choices();
form.elements.model?.addEventListener("change", () => choices(({ follow }) => follow()));
