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
  const hold = document.getElementById("my-hold");
  if (!hold?.dataset.slots) return;
  const mine = new Set(hold.dataset.slots.split(" "));
  for (const slot of document.querySelectorAll("li.slot")) {
    const isMine = mine.has(idOf(slot)) && slot.dataset.status === "held";
    slot.toggleAttribute("data-mine", isMine);
    if (isMine) showAsMine(slot, hold);
  }
}

function showAsMine(slot, hold) {
  if (!slot.querySelector("[name=continue]")) {
    const mine = document.getElementById("mine").content.cloneNode(true);
    const button = mine.querySelector("button");
    button.value = idOf(slot);
    button.prepend(slot.querySelector("time"));
    keepingFocus(() => slot.replaceChildren(mine), slot);
  }
  const words = slot.querySelector("small");
  const timer = hold.querySelector("[data-until]");
  if (!words || !timer || words.querySelector("[data-until]")) return;
  const left = document.createElement("span");
  left.className = "num";
  left.dataset.until = timer.dataset.until;
  left.textContent = timer.textContent;
  words.append(" · ", left);
}

const idOf = (slot) => slot.id.slice("slot-".length);

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
