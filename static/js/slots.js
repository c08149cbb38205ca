// Puts newer markup of a time in the place of the older, quietly.
import { announce } from "./announce.js";
import { morph } from "./morph.js";
import { text } from "./texts.js";

const SETTLE = 1000; // ms that a change is marked

// Returns whether the page's slot was older than the fresh one.
export function putSlot(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old || Number(fresh.dataset.version) <= Number(old.dataset.version)) return false;
  if (fresh.dataset.status === "blocked") {
    keepingFocus(() => old.remove());
    return true;
  }
  keepingFocus(() => morph(old, fresh), old);
  markChanged(old);
  markMine();
  return true;
}

export function markChanged(slot) {
  slot.dataset.changed = "";
  setTimeout(() => delete slot.dataset.changed, SETTLE);
}

// Frames are the same for everybody, so only the page knows which hold is ours.
export function markMine() {
  const held = document.getElementById("my-hold")?.dataset.slots;
  if (!held) return;
  const mine = new Set(held.split(" "));
  for (const slot of document.querySelectorAll("li.slot")) {
    const isMine = mine.has(slot.id.slice("slot-".length));
    slot.toggleAttribute("data-mine", isMine && slot.dataset.status === "held");
    if (slot.hasAttribute("data-mine")) showAsMine(slot);
  }
}

function showAsMine(slot) {
  const pattern = document.getElementById("mine");
  const time = slot.querySelector("time");
  if (!pattern || !time || slot.querySelector("[name=continue]")) return;
  const mine = pattern.content.cloneNode(true);
  const button = mine.querySelector("button");
  button.value = slot.id.slice("slot-".length);
  button.prepend(time);
  keepingFocus(() => slot.replaceChildren(mine), slot);
}

// If the slot that has focus changes under it, focus goes to its new button, else to
// the next free one; only then is somebody else's doing announced.
export function keepingFocus(change, changing = document.activeElement?.closest(".slot")) {
  const focused = document.activeElement;
  const slot = focused?.closest(".slot");
  const all = slot ? [...document.querySelectorAll(".slot")] : [];
  const status = slot?.dataset.status;
  change();
  if (!slot || focused.isConnected) return;
  const place = all.indexOf(slot);
  const next = [slot, ...all.slice(place + 1), ...all.slice(0, place).reverse()]
    .map((each) => each.isConnected && each.querySelector("button"))
    .find(Boolean);
  next?.focus();
  if (slot === changing && slot.dataset.status !== status) sayWhatHappened(slot);
}

function sayWhatHappened(slot) {
  const words = { held: text("nowHeld"), booked: text("nowTaken") }[slot.dataset.status];
  const time = slot.querySelector("time")?.textContent;
  if (words && time && !slot.hasAttribute("data-mine")) {
    announce(words.replace("{time}", time));
  }
}
