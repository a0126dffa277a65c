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
