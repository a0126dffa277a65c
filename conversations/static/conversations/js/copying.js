// Copying: a message as Markdown, a reply also as rich text, code as it stands. Fetched when a
// button for it is pointed at.

import { say } from "./thread.js";

export function copyFrom(button) {
  const code = button.closest(".code")?.querySelector("pre");
  const text = code ? Promise.resolve(code.textContent) : fetchText(button.href);
  const html = code ? "" : richText(button.closest("article"));
  copy(text, html).then(() => showDone(button), () => button.href && open(button.href));
}

async function fetchText(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(response.status);
  return response.text();
}

function richText(article) {
  const prose = article?.querySelector(".prose")?.cloneNode(true);
  prose?.querySelectorAll(".code__bar, [data-item]").forEach((bar) => bar.remove());
  prose?.querySelectorAll("table").forEach((table) => (table.border = "1"));
  return prose?.innerHTML ?? "";
}

// The item is made before the text is there: Safari copies only within the click itself.
async function copy(text, html) {
  if (!navigator.clipboard) return copyBySelection(await text);
  const kinds = { "text/plain": text.then((words) => new Blob([words], { type: "text/plain" })) };
  if (html) kinds["text/html"] = new Blob([html], { type: "text/html" });
  await navigator.clipboard.write([new ClipboardItem(kinds)]);
}

// Browsers offer no clipboard on plain http.
function copyBySelection(text) {
  const field = document.createElement("textarea");
  const held = document.activeElement;
  field.value = text;
  field.className = "for-screen-reader";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  held.focus();
  if (!copied) throw new Error("not copied");
}

function showDone(button) {
  const drawing = button.querySelector("use");
  drawing.setAttribute("href", "#icon-done");
  setTimeout(() => drawing.setAttribute("href", "#icon-copy"), 1500);
  say("copied");
}
