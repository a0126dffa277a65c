// The one place that turns text into HTML, by the Trusted Types policy "chat", and only text that
// our own server sent. Without this file nothing is inserted: pages are read by loading them.

const identity = { createHTML: (html) => html };
const policy = window.trustedTypes?.createPolicy("chat", identity) ?? identity;

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  addCodeButtons(template.content);
  return template.content;
}

export function htmlOf(event) {
  if (event.origin !== location.origin) throw new Error("not ours");
  return parse(event.data);
}

// Answers { status, ok, url, fragment }; status 0 where the server could not be reached.
export async function load(url, options = {}) {
  try {
    const response = await fetch(url, { mode: "same-origin", ...options });
    const isHtml = response.headers.get("Content-Type")?.startsWith("text/html");
    return {
      status: response.status,
      ok: response.ok && !response.redirected,
      url: response.headers.get("Location"),
      fragment: parse(isHtml ? await response.text() : ""),
    };
  } catch {
    return { status: 0, ok: false, url: null, fragment: parse("") };
  }
}

// A page left open over a new login has an old token: the answer brings a fresh one, once.
export async function post(url, fields, kind = "turn") {
  // Files need the other way of writing a form; an empty field for them is a file without a name.
  const hasFiles = fields instanceof FormData && [...fields.values()].some((value) => value.name);
  if (fields instanceof FormData && !hasFiles) fields.delete("files");
  const body = hasFiles ? fields : new URLSearchParams(fields);
  const tokens = [...document.getElementsByName("csrfmiddlewaretoken")];
  if (!body.has("csrfmiddlewaretoken")) body.set("csrfmiddlewaretoken", tokens[0].value);
  const options = { method: "POST", headers: { "X-Fragment": kind }, body };
  const answer = await load(url, options);
  const token = answer.status === 403 && answer.fragment.querySelector("[name=csrfmiddlewaretoken]");
  if (!token) return answer;
  for (const old of tokens) old.value = token.value;
  body.set("csrfmiddlewaretoken", token.value);
  return load(url, options);
}

export function addCodeButtons(root) {
  const buttons = document.getElementById("code-buttons")?.content;
  if (!buttons) return;
  for (const bar of root.querySelectorAll(".code__bar")) bar.append(buttons.cloneNode(true));
}

// Whether a click asks the browser for a new tab, a new window or a file.
export const isForBrowser = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;

// The files that a field, the clipboard or a drag brings; else null, as for cells that were copied,
// which come as text with a picture.
export function filesOf(event) {
  const data = event.clipboardData ?? event.dataTransfer;
  const files = [...((data ?? event.target).files ?? [])];
  if (!(data ? data.types.includes("Files") : files.length)) return null;
  if (!data) return files;
  if (event.type === "paste" && data.types.includes("text/plain") && files.every(({ name }) => name === "image.png")) return null;
  event.preventDefault();
  return files;
}
