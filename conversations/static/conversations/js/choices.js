// What the selected model offers: efforts of reasoning, and switches of tools. What was switched and
// not sent yet is, like a draft, there again after a reload. Fetched with the first change of the
// model, or with the page where a model has tools.

const form = document.getElementById("composer");
const { model, effort } = form.elements;
const box = document.getElementById("tools");
const key = () => `tools:${form.dataset.draft}`;
// As the person set them, by name: another model may have the same tool.
const wanted = stored();

function stored() {
  try {
    return new Map(JSON.parse(localStorage.getItem(key())));
  } catch {
    return new Map();
  }
}

function store() {
  try {
    localStorage.setItem(key(), JSON.stringify([...wanted]));
  } catch {
    // Full or forbidden: the switches are still as they were set.
  }
}

const ticks = () => box?.querySelectorAll("[name=tools]") ?? [];

// The model was changed.
export function follow() {
  const { efforts, tools } = model.selectedOptions[0].dataset;
  const offered = efforts.split(",").filter(Boolean);
  effort.replaceChildren(effort.options[0], ...offered.map((each) => new Option(each, each)));
  effort.hidden = effort.disabled = !offered.length;
  if (!box) return;
  for (const tick of ticks()) wanted.set(tick.value, tick.checked);
  draw(JSON.parse(tools ?? "[]"));
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

for (const tick of ticks()) tick.checked = wanted.get(tick.value) ?? tick.checked;

box?.addEventListener("change", ({ target }) => {
  wanted.set(target.value, target.checked);
  store();
});

// The conversation remembers what was sent with; a message that was not taken stands in the field
// again, and these with it.
form.addEventListener("submit", () => {
  for (const tick of ticks()) wanted.set(tick.value, tick.checked);
  try {
    localStorage.removeItem(key());
  } catch {
    // Forbidden, so nothing was kept.
  }
});

addEventListener("pagehide", () => form.elements.text.value && wanted.size && store());
