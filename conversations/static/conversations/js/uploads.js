// Files of a form, uploaded as soon as they are chosen, pasted or dropped. Fetched with the first
// of them; without this file the form itself carries those that were chosen.

import { filesOf, post } from "./html.js";

const AT_ONCE = 2;
const DROP_ENDS = 400; // milliseconds without a dragover; browsers send one at least every 350
const THUMBNAIL = 96; // pixels
const MOST_PIXELS = 2_048; // of a longer side: the server keeps no more
const FORMS = "form:has([data-files])";

const waiting = []; // uploads that have not begun
const held = new Map(); // forms that are sent when their files are there, with the button
let running = 0;
let ends = 0;

// What an event of the page (change, paste, dragenter, dragover, drop) brings to a form.
export function note({ type, target }, files) {
  const form = target.closest?.(FORMS) ?? document.getElementById("composer") ?? document.querySelector(FORMS);
  if (!form) return;
  if (type.startsWith("drag")) return showDrop(form);
  hideDrop();
  if (type === "change") {
    // The form was sent with them meanwhile.
    if (!target.value) return;
    target.value = "";
  }
  files.forEach((file) => add(form, file));
}

function showDrop(form) {
  if (!form.classList.contains("form--drop")) hideDrop();
  form.classList.add("form--drop");
  clearTimeout(ends);
  ends = setTimeout(hideDrop, DROP_ENDS);
}

function hideDrop() {
  document.querySelector(".form--drop")?.classList.remove("form--drop");
}

// Entries of the list

const listOf = (form) => form.querySelector("[data-files]");
const isComing = (form) => form.querySelector("[data-coming]");

function add(form, file) {
  const list = listOf(form);
  const entry = form.querySelector("template[data-upload]").content.firstElementChild.cloneNode(true);
  entry.querySelectorAll("[data-name]").forEach((place) => (place.textContent = file.name));
  const taken = list.querySelectorAll("[name=attachments], [data-coming]").length;
  list.append(entry);
  list.hidden = false;
  entry.scrollIntoView({ block: "nearest" });
  const upload = { form, file, entry, request: null };
  entry.addEventListener("click", (event) => event.target.closest("[data-cancel-upload]") && end(upload));
  if (taken >= Number(list.dataset.most)) return refuse(upload, list.dataset.tooMany);
  if (file.size > Number(list.dataset.mostBytes)) return refuse(upload, list.dataset.tooLarge);
  entry.dataset.coming = "";
  drawThumbnail(file, entry.querySelector("canvas"));
  waiting.push(upload);
  next();
}

// Drawn, for the policy of the page lets no picture be shown that is not from the server.
async function drawThumbnail(file, canvas) {
  if (!file.type.startsWith("image/")) return;
  const picture = await createImageBitmap(file, { resizeHeight: THUMBNAIL }).catch(() => null);
  if (!picture) return;
  Object.assign(canvas, { width: picture.width, height: picture.height, hidden: false });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
}

// Cancelled, or a refusal that was read.
function end(upload) {
  const wasComing = "coming" in upload.entry.dataset;
  const at = waiting.indexOf(upload);
  if (at >= 0) waiting.splice(at, 1);
  delete upload.entry.dataset.coming;
  upload.request?.abort();
  takeOut(upload.form, upload.entry);
  if (wasComing) {
    announce(upload.form, "cancelled", upload.file.name);
    held.delete(upload.form);
  }
}

function takeOut(form, entry) {
  const list = listOf(form);
  const hadFocus = entry.contains(document.activeElement);
  const beside = entry.nextElementSibling ?? entry.previousElementSibling;
  entry.remove();
  list.hidden = !list.childElementCount;
  if (hadFocus) (beside?.querySelector("button") ?? form.elements.files).focus();
}

function refuse({ form, file, entry }, sentence) {
  delete entry.dataset.coming;
  entry.classList.add("file--refused");
  entry.querySelector("progress").remove();
  entry.querySelector("canvas").remove();
  entry.querySelector("[data-progress]").textContent = sentence;
  entry.querySelector("[data-cancel-upload]").firstChild.textContent = listOf(form).dataset.remove;
  // The sentence is read before anything is sent.
  held.delete(form);
  announce(form, "refused", file.name, sentence);
}

function announce(form, kind, name, sentence = "") {
  const words = listOf(form).dataset[kind].replace("{name}", name).replace("{sentence}", sentence);
  const place = form.querySelector("[data-files-status]");
  // The same text once more would not be a change, and not be said.
  place.textContent = place.textContent === words ? `${words}\u00a0` : words;
}

// Uploading

async function next() {
  if (running >= AT_ONCE || !waiting.length) return;
  const upload = waiting.shift();
  running += 1;
  try {
    const file = await converted(upload.file);
    let answer = await request(upload, file);
    // A page left open over a new login has an old token: the answer brings a fresh one, once.
    const token = answer.status === 403 && answer.page?.querySelector("[name=csrfmiddlewaretoken]");
    if (token) {
      for (const old of document.getElementsByName("csrfmiddlewaretoken")) old.value = token.value;
      answer = await request(upload, file);
    }
    if (upload.entry.isConnected) show(upload, answer);
  } finally {
    running -= 1;
    next();
  }
}

// HEIC, where this browser can read it: the server takes JPEG.
async function converted(file) {
  if (!/\.hei[cf]$/i.test(file.name)) return file;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, MOST_PIXELS / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: picture.width * scale, height: picture.height * scale });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const content = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return content ? new File([content], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" }) : file;
}

// fetch says nothing of how far an upload is. Resolves to { status, page }; status 0 where the
// server could not be reached, or the upload was cancelled.
function request(upload, file) {
  const { form, entry } = upload;
  const fields = new FormData();
  fields.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  fields.set("conversation", (form.dataset.draft ?? listOf(form).dataset.conversation).replace(/.*:/, ""));
  fields.set("file", file, file.name);
  return new Promise((resolve) => {
    if (!entry.isConnected) return resolve({ status: 0, page: null });
    const sent = new XMLHttpRequest();
    upload.request = sent;
    sent.upload.onprogress = ({ loaded, total }) => showProgress(form, entry, loaded / total);
    sent.onloadend = () => resolve({ status: sent.status, page: sent.responseXML });
    sent.open("POST", listOf(form).dataset.url);
    sent.setRequestHeader("X-Fragment", "file");
    sent.responseType = "document";
    sent.send(fields);
  });
}

function showProgress(form, entry, share) {
  const isRead = share >= 1;
  const bar = entry.querySelector("progress");
  if (isRead) bar.removeAttribute("value");
  else bar.value = share;
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  entry.querySelector("[data-progress]").textContent = isRead ? listOf(form).dataset.reading : percent.format(share);
}

function show(upload, { status, page }) {
  const { form, entry, file } = upload;
  const stored = status === 201 && page?.querySelector("[data-file]");
  const sentence = page?.querySelector("title") ? "" : page?.querySelector("p")?.textContent;
  if (!stored) {
    refuse(upload, { 413: listOf(form).dataset.tooLarge }[status] ?? (sentence || listOf(form).dataset.failed));
    return;
  }
  const fresh = document.importNode(stored, true);
  fresh.dataset.fresh = "";
  const hadFocus = entry.contains(document.activeElement);
  entry.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("[data-remove]").focus();
  announce(form, "added", file.name);
  if (held.has(form) && !isComing(form)) {
    const button = held.get(form);
    held.delete(form);
    form.requestSubmit(button?.isConnected ? button : null);
  }
}

// A form waits for its files, whoever sends it.
document.addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    if (!form.querySelector("[data-files]")) return;
    if (!isComing(form)) return form.querySelector("[data-files-status]").replaceChildren();
    event.preventDefault();
    event.stopImmediatePropagation();
    held.set(form, submitter);
    announce(form, "waits");
  },
  true,
);

// Removing

export async function remove(button) {
  const form = button.form;
  const entry = button.closest("[data-file]");
  button.disabled = true;
  const gone = await forget(entry);
  button.disabled = false;
  if (!gone) return announce(form, "failed");
  const name = entry.querySelector(".file__name").textContent;
  takeOut(form, entry);
  announce(form, "removed", name);
}

// A file that was sent before is no draft (404): an edited message just goes without it.
async function forget(entry) {
  const { status } = await post(`${entry.dataset.url}remove/`, {}, "file");
  return status === 204 || status === 404;
}

// An edit that was cancelled.
document.addEventListener("discard", ({ target: form }) => {
  for (const upload of waiting.filter((each) => each.form === form)) waiting.splice(waiting.indexOf(upload), 1);
  form.querySelectorAll("[data-fresh]").forEach(forget);
  form.querySelectorAll("[data-cancel-upload]").forEach((button) => button.click());
});

// On the page of a single form nothing else listens.
if (!document.getElementById("composer")) {
  document.documentElement.classList.add("js");
  for (const name of ["change", "paste", "dragenter", "dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      const files = filesOf(event);
      if (files) note(event, files);
    });
  }
  document.addEventListener("click", ({ target }) => target.closest("[data-remove]") && remove(target.closest("[data-remove]")));
}
