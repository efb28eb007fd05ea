"""What the review does in the browser: rows that open, keys that decide, and what is kept in sight."""

from ui.page import clickable

# A click anywhere in a row opens it; letters decide while nobody types. The row that is open stays in sight.
LIST_SCRIPT = (
    clickable.SCRIPT
    + """
const tell = (what, of) => trigger("click", {do: what, of: of || "", ticked: []});
element.addEventListener("click", (event) => {
  if (event.target.closest("button, a") || String(getSelection())) return;
  const button = event.target.closest("tr")?.querySelector("button.open");
  if (button) tell("open", button.dataset.of);
});
// Keys wait for each other: the next one is about the sample that the one before has opened.
const waiting = [];
let free_at = 0;
function next_key() {
  if (!waiting.length || Date.now() < free_at) return;
  free_at = Date.now() + 1500;
  setTimeout(next_key, 1510);
  tell(waiting.shift());
}
const letters = {a: "accept_next", r: "reject_next", n: "next", u: "undo"};
const typing = "input, textarea, select, [contenteditable], [role=listbox]";
function press(event) {
  if (!element.isConnected) { document.removeEventListener("keydown", press); return; }
  if (!element.offsetParent || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const opened = document.querySelector("#sample-head [data-open]");
  const field = event.target.closest(typing);
  if (field) {
    if (event.key === "Escape" && field.closest("#sample-boxes")) { field.blur(); opened?.focus(); }
    return;
  }
  const rows = [...element.querySelectorAll("button.open")], at = rows.indexOf(event.target);
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (at >= 0 && step) { event.preventDefault(); rows[at + step]?.focus(); return; }
  const key = event.key.toLowerCase();
  if (key === "e" && opened) {
    event.preventDefault();
    document.querySelector("#sample-output textarea")?.focus();
  } else if (letters[key] && (opened || "nu".includes(key))) {
    event.preventDefault();
    if (waiting.length < 5) waiting.push(letters[key]);
    next_key();
  }
}
document.addEventListener("keydown", press);
let shown = null;
function follow() {
  free_at = 0;
  next_key();
  const button = element.querySelector("button.open[aria-current=true]");
  if (button && shown !== button.dataset.of && !matchMedia("(max-width: 900px)").matches)
    button.closest("tr").scrollIntoView({block: "nearest"});
  shown = button?.dataset.of;
}
watch("value", follow);
follow();
"""
)
# Another sample is brought into view; the same one, drawn anew, stays where it is.
HEAD_SCRIPT = (
    clickable.SCRIPT
    + """
let before = null;
watch("value", () => {
  const now = element.querySelector("[data-open]")?.dataset.open || null;
  const narrow = matchMedia("(max-width: 900px)").matches;
  if (now && now !== before) element.scrollIntoView({block: narrow ? "start" : "nearest"});
  before = now;
});
"""
)
SOURCE_SCRIPT = (
    clickable.SCRIPT
    + """
function show_mark() {
  const mark = element.querySelector(".chunk-text mark"), box = mark?.closest(".chunk-text");
  if (box) box.scrollTop = mark.offsetTop - box.offsetTop - 40;
}
watch("value", show_mark);
show_mark();
"""
)
