// Fetches the shown times anew: now and then, and when something near them changed.
import { morph } from "./morph.js";
import { keepingFocus, markChanged, markMine } from "./slots.js";

const AT_MOST = 1000; // ms between two fetches
const SLOW = 20; // seconds between two slow ones, unless the page says otherwise
const SLOWEST = 28; // a page is never wrong for more than 30

let etag = { url: "", value: "" };
let last = -AT_MOST;
let planned = null;
let isFetching = false;

// The element that holds live times; it says in data-live what it shows.
export const region = () => document.querySelector("[data-live]");

export function startRechecks() {
  const again = () => {
    const seconds = Math.min(Number(region()?.dataset.recheck) || SLOW, SLOWEST);
    setTimeout(() => recheck().finally(again), seconds * 1000 * (0.8 + Math.random() / 5));
  };
  again();
  document.addEventListener("visibilitychange", () => document.hidden || plan(0));
}

// Fetch soon, once for all changes until then. Viewers spread out over `within` ms.
export function plan(within = 300) {
  if (planned !== null) return;
  const pause = Math.max(last + AT_MOST - performance.now(), 0) + Math.random() * within;
  planned = setTimeout(() => {
    planned = null;
    recheck();
  }, pause);
}

export async function recheck() {
  const shown = region();
  if (!shown || document.hidden) return;
  if (isFetching) return plan();
  const url = shown.dataset.liveUrl || location.href;
  isFetching = true;
  last = performance.now();
  try {
    const answer = await fetch(url, { headers: headersFor(url), cache: "no-store",
      redirect: "error", signal: AbortSignal.timeout(10000) });
    if (answer.status !== 200) return;
    const html = await answer.text();
    if (shown === region() && url === (shown.dataset.liveUrl || location.href)) {
      etag = { url, value: answer.headers.get("ETag") ?? "" };
      show(shown, html);
    }
  } catch {
    // Offline, or the server is away: the next re-check tells.
  } finally {
    isFetching = false;
  }
}

function headersFor(url) {
  const headers = { "HX-Request": "true", "X-Recheck": "true" };
  if (etag.value && etag.url === url) headers["If-None-Match"] = etag.value;
  return headers;
}

function show(shown, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const found = fresh.content.querySelector("[data-live]");
  const versions = new Map(slotsIn(shown).map((each) => [each.id, each.dataset.version]));
  if (found && found.matches(".times") === shown.matches(".times")) {
    keepNewer(shown, found);
    keepingFocus(() => morph(shown, found));
  } else {
    const copy = shown.cloneNode(false);
    copy.append(fresh.content);
    keepNewer(shown, copy);
    keepingFocus(() => morph(shown, copy));
  }
  window.htmx?.process(shown);
  for (const slot of slotsIn(shown)) {
    const before = versions.get(slot.id);
    if (before && before !== slot.dataset.version) markChanged(slot);
  }
  markMine();
  document.dispatchEvent(new Event("slotwell:shown"));
}

// A frame may have been quicker than the fetch: never go back to an older version.
function keepNewer(shown, fresh) {
  for (const slot of slotsIn(fresh)) {
    const now = document.getElementById(slot.id);
    if (now && shown.contains(now) && Number(now.dataset.version) > Number(slot.dataset.version)) {
      slot.replaceWith(now.cloneNode(true));
    }
  }
}

const slotsIn = (element) => [...element.querySelectorAll("li.slot")];
