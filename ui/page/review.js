/* Reviewing samples: letters decide about the sample in sight while nobody types, and a click in a row opens it. */
const LETTERS = {a: "accept", r: "reject", n: "next", u: "undo"};
const letters_waiting = [];   // the next one is about the sample that the one before has opened
let sample_in_sight;
const in_review = (selector) => one(`#review ${selector}`);
function press_letters() {
  if (!letters_waiting.length || in_review("[aria-busy]")) return;
  const button = in_review(`[data-do="review.${LETTERS[letters_waiting.shift()]}"]`);
  if (button) press(button);
}
document.addEventListener("keydown", (event) => {
  const review = one("#review");
  if (!review?.offsetParent || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  if (field) {
    if (event.key === "Escape" && review.contains(field)) { field.blur(); in_review(".sample-head").focus(); }
    return;
  }
  const rows = all("#review button.open"), step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const letter = event.key.toLowerCase(), answer = in_review("[name='review.output']");
  if (step && rows.includes(event.target)) { event.preventDefault(); rows[rows.indexOf(event.target) + step]?.focus(); }
  else if (letter === "e" && answer) { event.preventDefault(); answer.focus(); }
  else if (LETTERS[letter] && letters_waiting.length < 5) { letters_waiting.push(letter); press_letters(); }
});
document.addEventListener("click", (event) => {
  const row = event.target.closest("#review tbody tr");
  if (row && !event.target.closest("button") && !String(getSelection())) one("button.open", row).click();
});
document.addEventListener("change", (event) => { if (event.target.matches("#review select")) press(in_review("[data-main]")); });
/* Whoever begins to write has opened the sample, and then no change of anybody else puts another one in its place. */
document.addEventListener("focusin", (event) => {
  const sample = event.target.matches("textarea") && event.target.closest("#sample[data-by-itself]");
  if (sample) ask("review.open", {of: sample.dataset.open});
});
document.addEventListener("shown", ({detail}) => {
  const now = one("#sample")?.dataset.open, mark = in_review(".chunk-text mark");
  if (now !== sample_in_sight) {
    if (mark) mark.parentElement.scrollTop = mark.offsetTop - mark.parentElement.offsetTop - 40;
    if (now && detail.done !== undefined) in_review(".sample-head").scrollIntoView({block: "nearest"});
    sample_in_sight = now;
  }
  // Tab reaches one row, arrows the others.
  const rows = all("#review button.open"), reached = rows.find((row) => row.ariaCurrent === "true") || rows[0];
  for (const row of rows) row.tabIndex = row === reached ? 0 : -1;
  press_letters();
});
