// The socket: opens one for what the page shows, puts in what comes, comes back when cut.
import { announce } from "./announce.js";
import { plan, region, startRechecks } from "./recheck.js";
import { markMine, putSlot } from "./slots.js";
import { text } from "./texts.js";

const FIRST_PAUSE = 500; // ms; doubles up to the longest
const LONGEST_PAUSE = 30000;
const PATIENCE = 2000; // ms without a socket before the page says so
const REFUSED = new Set([4400, 4404]); // asking again would be answered the same

let socket = null;
let watched = null; // the query of the open socket
let pause = FIRST_PAUSE;
let retry = null;
let complaint = null;
let snapshots = 0;
let state = null; // what the viewer was told: "on" or "retry"

export function startLive() {
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("slotwell:shown", follow);
  document.addEventListener("visibilitychange", () => document.hidden || comeBack());
  window.addEventListener("online", comeBack);
  window.addEventListener("pagehide", () => close());
  window.addEventListener("pageshow", (event) => event.persisted && (follow(), plan(0)));
  follow();
  startRechecks();
}

// Watch what the page shows now.
function follow() {
  markMine();
  if (state) showState(state); // a swap brought the server's words back
  const query = region()?.dataset.live ?? null;
  if (query === watched && (socket || retry)) return;
  close();
  watched = query;
  snapshots = 0;
  if (query !== null) open();
}

function comeBack() {
  if (watched === null || (socket && socket.readyState <= WebSocket.OPEN)) return;
  clearTimeout(retry);
  open();
}

function open() {
  retry = null;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const asked = new URLSearchParams(watched);
  asked.set("lang", document.documentElement.lang);
  complaint ??= setTimeout(() => showState("retry"), PATIENCE);
  let mine;
  try {
    mine = new WebSocket(`${scheme}://${location.host}/ws/slots/?${asked}`);
  } catch {
    return openLater(0);
  }
  socket = mine;
  mine.onmessage = ({ data }) => mine === socket && take(data);
  mine.onclose = ({ code }) => mine === socket && openLater(code);
}

function openLater(code) {
  socket = null;
  complaint ??= setTimeout(() => showState("retry"), PATIENCE);
  if (REFUSED.has(code)) pause = LONGEST_PAUSE;
  retry = setTimeout(open, pause * (0.5 + Math.random() / 2));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

function close() {
  clearTimeout(retry);
  retry = null;
  const old = socket;
  socket = null;
  old?.close();
}

function take(frame) {
  const parsed = document.createElement("template");
  parsed.innerHTML = frame;
  const beat = parsed.content.querySelector("[data-beat]");
  if (beat) {
    pause = FIRST_PAUSE;
    clearTimeout(complaint);
    complaint = null;
    showState(beat.dataset.state);
  }
  const isSnapshot = beat?.hasAttribute("data-snapshot");
  const isChanged = putIn([...parsed.content.querySelectorAll("li.slot")]);
  if (isSnapshot) snapshots += 1;
  const isMissed = isSnapshot && snapshots > 1 && beat.dataset.snapshot === "partial";
  // Counts, and starts that depend on their neighbours, are the server's to say.
  if (isChanged || isMissed || (!isSnapshot && parsed.content.querySelector("[data-day]"))) plan();
}

// A page of one kind of visit is judged by the server: frames tell it only that.
function putIn(slots) {
  if (!region()?.hasAttribute("data-filtered")) return slots.map(putSlot).includes(true);
  return slots.some((fresh) => {
    const old = document.getElementById(fresh.id);
    return old && Number(fresh.dataset.version) > Number(old.dataset.version);
  });
}

function showState(now) {
  const before = state;
  state = now;
  const live = document.getElementById("live");
  if (live) {
    live.dataset.state = now;
    live.textContent = text(now);
  }
  if (now === before) return;
  if (now === "retry") announce(text("lost"));
  else if (before === "retry") {
    announce(text("again"));
    plan(2000);
  }
}
