// Makes an element like a fresh one and leaves alone what is equal, so that focus,
// scroll and a reader's place stay where they are.
const OURS = new Set(["data-changed", "data-mine", "data-low"]); // set by scripts
const KEPT = "#announce, #live"; // written by scripts
const STAYS = "[role=alert]"; // said to the viewer; a re-check does not unsay it

export function morph(old, fresh) {
  if (old.matches(KEPT)) return;
  copyAttributes(old, fresh);
  const byId = new Map([...old.children].filter((c) => c.id).map((c) => [c.id, c]));
  let here = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    while (here?.matches?.(STAYS) && !node.matches?.(STAYS)) here = here.nextSibling;
    const known = byId.get(node.id) ?? (fits(here, node) ? here : null);
    if (!known) {
      old.insertBefore(node, here);
      continue;
    }
    if (known === here) here = here.nextSibling;
    else old.insertBefore(known, here);
    if (known.nodeType === Node.ELEMENT_NODE) morph(known, node);
    else if (known.data !== node.data) known.data = node.data;
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    if (!gone.matches?.(STAYS)) gone.remove();
  }
}

function fits(known, fresh) {
  if (!known || known.nodeName !== fresh.nodeName) return false;
  return (known.id ?? "") === (fresh.id ?? "");
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
