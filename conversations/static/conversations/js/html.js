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
  const body = new URLSearchParams(fields);
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

// Makes `old` like `fresh` and touches only what differs, so that selections and places survive.
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE) return morphText(old, fresh);
  for (const { name } of [...old.attributes]) {
    const byReader = name === "open" && old.localName === "details";
    if (!fresh.hasAttribute(name) && !byReader) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  let here = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = findAlike(here, next);
    while (here && here !== match && match) here = removed(here);
    if (match) {
      morph(match, next);
      here = match.nextSibling;
    } else {
      old.insertBefore(next, here);
    }
  }
  while (here) here = removed(here);
}

function morphText(old, fresh) {
  if (fresh.data.startsWith(old.data)) old.appendData(fresh.data.slice(old.length));
  else old.data = fresh.data;
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function findAlike(node, fresh) {
  while (node && !isAlike(node, fresh)) node = node.nextSibling;
  return node;
}

function isAlike(node, fresh) {
  return (
    node.nodeName === fresh.nodeName &&
    node.dataset?.block === fresh.dataset?.block &&
    node.classList?.[0] === fresh.classList?.[0]
  );
}
