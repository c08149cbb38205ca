// Small services of every page: the viewer's time zone, printing, where focus starts.
export function startPage() {
  rememberZone();
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  const first = document.querySelector(".summary, h1#done");
  if (first) {
    if (!first.hasAttribute("tabindex")) first.tabIndex = -1;
    first.focus();
  }
}

// The server shows both clocks when asked to; it knows ours from this cookie.
function rememberZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = `tz=${encodeURIComponent(zone)}`;
  if (!document.cookie.split("; ").includes(kept)) {
    document.cookie = `${kept}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
}
