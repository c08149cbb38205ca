// Counts down the hold: silent each second, a polite word at 2 minutes and 30 seconds.
import { announce } from "./announce.js";
import { plan } from "./recheck.js";
import { text } from "./texts.js";

const WARNINGS = [[120, "twoMinutes"], [30, "thirtySeconds"]];
const LOW = 60; // seconds

const ends = new WeakMap(); // element → [its data-until, end on our monotonic clock]
let before = Infinity;
let endedHold = null;

export function startCountdowns() {
  tick();
  setInterval(tick, 1000);
}

function tick() {
  const hold = document.getElementById("my-hold");
  const timer = hold?.querySelector("[data-until]");
  const main = timer ? left(timer) : null;
  for (const element of document.querySelectorAll("[data-until]")) {
    const seconds = Math.floor(Math.max(0, main ?? left(element)));
    element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    element.toggleAttribute("data-low", seconds < LOW);
  }
  if (main === null) {
    before = Infinity;
    return;
  }
  const meter = hold.querySelector("progress");
  if (meter) meter.value = main;
  for (const [limit, words] of WARNINGS) {
    if (before > limit && main <= limit && main > limit - 5) announce(text(words));
  }
  before = main;
  if (main <= 0 && endedHold !== timer.dataset.until) end(hold, timer);
}

// Seconds. The server says how many whole ones are left (datetime="PT4M32S"), so a wrong
// clock here does no harm; the one it left out is added, so that we never end early.
function left(element) {
  const until = element.dataset.until;
  if (ends.get(element)?.[0] !== until) {
    const given = /^PT(?:(\d+)M)?(?:(\d+)S)?$/.exec(element.getAttribute("datetime") ?? "");
    const milliseconds = given
      ? (Number(given[1] ?? 0) * 60 + Number(given[2] ?? 0) + 1) * 1000
      : Date.parse(until) - Date.now();
    ends.set(element, [until, performance.now() + milliseconds]);
  }
  return (ends.get(element)[1] - performance.now()) / 1000;
}

// The held time is open to others again: say so in its place, nothing typed is lost.
function end(hold, timer) {
  endedHold = timer.dataset.until;
  const note = document.getElementById("hold-ended").content.firstElementChild.cloneNode(true);
  const time = hold.querySelector("time[datetime]:not([data-until])");
  const words = note.querySelector("[data-words]");
  words.textContent = words.textContent.replace("{time}", time?.textContent ?? "");
  const again = note.querySelector("a");
  again.href = hold.dataset.back || location.href;
  if (hold.matches(".hold")) {
    hold.replaceWith(note);
  } else { // a form is being filled in: sending it says whether the time is still free
    again.replaceWith(text("typed"));
    hold.before(note);
    for (const gone of [timer.parentElement.parentElement, hold.querySelector("progress")]) {
      gone?.remove();
    }
  }
  plan(0);
}
