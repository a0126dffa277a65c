// A long paste, set as a whole, which takes a blink. What a script sets, the browser does not undo:
// that is done here, while the text is as the paste left it. Fetched with the first long paste.

let pasted = null;

export function paste(field, text) {
  if (!pasted) field.addEventListener("keydown", takeBack);
  const before = stateOf(field);
  field.setRangeText(text, before.start, before.end, "end");
  pasted = { before, after: stateOf(field) };
  field.dispatchEvent(new Event("input"));
}

const stateOf = ({ value, selectionStart, selectionEnd }) => ({ value, start: selectionStart, end: selectionEnd });

function takeBack(event) {
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
  const field = event.target;
  const [from, to] = event.shiftKey ? [pasted.before, pasted.after] : [pasted.after, pasted.before];
  if (field.value !== from.value) return;
  event.preventDefault();
  field.value = to.value;
  field.setSelectionRange(to.start, to.end);
  field.dispatchEvent(new Event("input"));
}
