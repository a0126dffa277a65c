// The switches of tools: those of the selected model, and what of them was switched and not sent
// yet, which like a draft is there again after a reload. Fetched where a model has tools.

const form = document.getElementById("composer");
const box = document.getElementById("tools");
const key = () => `tools:${form.dataset.draft}`;
// As the person set them, by name: another model may have the same tool.
const wanted = new Map(stored());

function stored() {
  try {
    return JSON.parse(localStorage.getItem(key())) ?? [];
  } catch {
    return [];
  }
}

function store() {
  try {
    localStorage.setItem(key(), JSON.stringify([...wanted]));
  } catch {
    // Full or forbidden: the switches are still as they were set.
  }
}

function draw(tools) {
  box.replaceChildren(box.firstElementChild, ...tools.map(([name, label, isOn]) => {
    const line = document.createElement("label");
    const shown = Object.assign(document.createElement("input"), { type: "hidden", name: "tools_shown", value: name });
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", name: "tools", value: name });
    const words = Object.assign(document.createElement("span"), { textContent: label, dir: "auto" });
    tick.checked = tick.defaultChecked = wanted.get(name) ?? isOn;
    line.append(shown, tick, words);
    return line;
  }));
  box.hidden = !tools.length;
}

const ticks = () => box.querySelectorAll("[name=tools]");

for (const tick of ticks()) tick.checked = wanted.get(tick.value) ?? tick.checked;

box.addEventListener("change", ({ target }) => {
  wanted.set(target.value, target.checked);
  store();
});

form.elements.model?.addEventListener("change", ({ target }) => {
  for (const tick of ticks()) wanted.set(tick.value, tick.checked);
  draw(JSON.parse(target.selectedOptions[0].dataset.tools ?? "[]"));
});

// From now on the conversation remembers them.
form.addEventListener("sent", () => {
  for (const tick of ticks()) wanted.set(tick.value, tick.checked);
  try {
    localStorage.removeItem(key());
  } catch {
    // Forbidden, so nothing was kept.
  }
});
