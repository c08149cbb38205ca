// What the script says is translated by the server: data attributes of #live-texts.
export function text(name) {
  return document.getElementById("live-texts")?.dataset[name] ?? "";
}
