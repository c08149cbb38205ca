// The sign-up's small services. The form works without them.
startOnce();
startErrors();
const name = document.querySelector("#id_name");
const slug = document.querySelector("#id_slug");
const zone = document.querySelector("#id_timezone");
if (name && slug) proposeAddress();
if (zone && !zone.value) guessZone();

// A form that is on its way is not sent a second time.
function startOnce() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      form.querySelector("button").setAttribute("aria-busy", "true");
    });
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // Back shows how things are now
  });
}

function startErrors() {
  document.querySelector(".summary")?.focus();
}

// The address follows the name until somebody types one.
function proposeAddress() {
  let isOwn = slug.value !== "" && slug.value !== proposal(name.value);
  slug.addEventListener("input", (event) => {
    if (event.isTrusted) isOwn = slug.value !== "";
  });
  name.addEventListener("input", () => {
    if (isOwn) return;
    slug.value = proposal(name.value);
    slug.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function proposal(text) {
  const plain = text.normalize("NFKD").replace(/[^\x20-\x7e]|'/g, "").toLowerCase();
  const words = plain.replace(/[^a-z0-9]+/g, "-").replace(/^[-0-9]+/, "");
  const cut = words.slice(0, 40).replace(/-+$/, "");
  return cut.length >= 3 ? cut : "";
}

function guessZone() {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (zone.selectedIndex < 0) zone.value = "";
}
