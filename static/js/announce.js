// Speaks politely to screen readers, at most once in 5 seconds; the newest word wins.
const GAP = 5000;
let last = -GAP;
let waiting = null;

export function announce(words) {
  if (!words) return;
  clearTimeout(waiting);
  const pause = Math.max(0, last + GAP - performance.now());
  waiting = setTimeout(() => {
    const line = document.getElementById("announce");
    if (!line) return;
    last = performance.now();
    line.textContent = words;
  }, pause);
}

// After a day is chosen: move focus to its heading, and say how much is free.
export function startAnnouncing() {
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const chosenBy = detail.requestConfig?.elt;
    const heading = document.getElementById("times");
    if (!heading || !chosenBy?.closest?.(".times") || !chosenBy.matches("a")) return;
    heading.focus({ preventScroll: true });
    const free = document.querySelector(".week [aria-current] .n")?.textContent;
    announce([heading.textContent, free].filter(Boolean).join(", "));
  });
}
