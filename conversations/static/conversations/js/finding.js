// What the search finds as one types, in place of the list. Fetched when its field is entered;
// without it the field's form leads to the page of the search.

import { load } from "./html.js";

const list = document.getElementById("conversations");
const place = document.getElementById("found");
const field = document.querySelector(".search");
const PAUSE = 150; // milliseconds
let number = 0;
let timer = 0;

async function find() {
  const mine = ++number;
  const words = field.value.trim();
  if (!words) return show(null);
  const address = `${field.form.action}?q=${encodeURIComponent(words)}`;
  const { ok, fragment } = await load(address, { headers: { "X-Fragment": "rows" } });
  if (ok && mine === number) show(fragment);
}

function show(fragment) {
  list.hidden = Boolean(fragment);
  place.hidden = !fragment;
  place.replaceChildren(...(fragment?.children ?? []));
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE);
});

field.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "ArrowDown" && !place.hidden) step(event, 0);
  else if (event.key === "Escape" && field.value) {
    // The first one only empties the field: a drawer around it stays open.
    event.preventDefault();
    field.value = "";
    find();
  }
});

place.addEventListener("keydown", (event) => {
  const at = [...place.querySelectorAll("a")].indexOf(event.target);
  if (event.key === "ArrowDown") step(event, at + 1);
  else if (event.key === "ArrowUp") step(event, at - 1);
});

function step(event, at) {
  const links = [...place.querySelectorAll("a")];
  event.preventDefault();
  (at < 0 ? field : (links[at] ?? links.at(-1)))?.focus();
}

if (field.value) find();
