// Small things of every page: the browser's time zone, and copying.
// Without this file times are the server's, and Copy opens the text by itself.

document.documentElement.classList.add("js");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; SameSite=Lax`;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const code = button.closest(".code")?.querySelector("pre");
  const text = code ? Promise.resolve(code.textContent) : fetchText(button.href);
  copy(text).then(() => showDone(button), () => button.href && open(button.href));
});

async function fetchText(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(response.status);
  return response.text();
}

// The item is made before the text is there: Safari copies only within the click itself.
async function copy(text) {
  if (!navigator.clipboard) return copyBySelection(await text);
  const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

// Browsers offer no clipboard on plain http.
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "for-screen-reader";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}

function showDone(button) {
  const drawing = button.querySelector("use");
  const before = drawing.getAttribute("href");
  drawing.setAttribute("href", "#icon-done");
  setTimeout(() => drawing.setAttribute("href", before), 1500);
}
