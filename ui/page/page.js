/* What the page does in the browser: it shows what the server pushes, and tells it what somebody clicks or types.
   The server draws each place (`data-place`); figures that move come as numbers, so that nothing is drawn for them. */
"use strict";
const LANGUAGE = document.documentElement.lang;
const asked = new URLSearchParams(location.search);
const SCRIPT = document.currentScript.getAttribute("src");
const PAGE = crypto.randomUUID?.() || String(Math.random());
const look = {project: asked.get("project") || "", tab: asked.get("tab") || ""};
const places = {};   // what each place shows, also before it is there
const waiting = new Map();   // what was asked and not answered yet, by its number
let socket = null, number = 0, moving = {}, retry = 0, silent = 0, outdated = false, met = false, kept = false;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

/* ---- the connection ---- */
function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/${LANGUAGE}`);
  socket.onopen = () => {
    retry = 0;
    document.documentElement.classList.remove("disconnected");
    send({page: PAGE, look, visible: !document.hidden});
    for (const asking of waiting.values()) send(asking);
  };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = (event) => {
    document.documentElement.classList.add("disconnected", "ready");
    if (event.code === 4403) { location.reload(); return; }   // let in no longer
    if (event.code === 1009 || event.code === 4400) give_up();
    setTimeout(connect, Math.min(250 * 2 ** retry++, 5000));
  };
}
function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
/* What the app cannot take, it could not take once more either. */
function give_up() {
  for (const asking of waiting.values()) asking.undo?.();
  waiting.clear();
  all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  show_notice(one("#not-taken").innerHTML);
}
/* After a sleep a connection may look open and be dead: whatever is said on it is answered at once, or never. */
function renew() {
  socket.onclose = socket.onmessage = null;
  socket.close();
  connect();
}
document.addEventListener("visibilitychange", () => {
  send({visible: !document.hidden});
  clearTimeout(silent);
  if (!document.hidden) silent = setTimeout(renew, 10000);
  if (!document.hidden) document.title = document.title.replace(/^[✓✗] [^·]*· /, "");
});

function receive(message) {
  clearTimeout(silent);
  if (message.script !== undefined) {
    outdated = message.script !== SCRIPT;   // another version of the app answers
    kept = met && !message.known;   // one that was started anew knows no open form, so what is typed there stays
    met = true;
  }
  if (message.look) follow(message.look);
  if (message.moving) moving = message.moving;   // first: what is drawn now is not to be overwritten by older figures
  for (const [name, html] of Object.entries(message.places || {})) { places[name] = html; draw(name); }
  if (message.moving) move();
  show_when_ready();
  if (message.done !== undefined) finish(message);
  document.dispatchEvent(new CustomEvent("shown", {detail: message}));
  if (outdated && !waiting.size && !typed()) location.reload();
}
function finish(message) {
  const asking = waiting.get(message.done);
  waiting.delete(message.done);
  all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  if (message.notice !== undefined) show_notice(message.notice);
  for (const name of message.empty || []) all(`[name="${CSS.escape(name)}"]`).forEach(empty);
  if (message.refused) { asking?.undo?.(); return; }
  if (kept && asking && !asking.undo && Object.keys(asking.values).length) { kept = false; Object.keys(places).forEach(draw); }
  asking?.afterwards?.();
  if (message.download) fetch_file(message.download);
  if (message.focus) requestAnimationFrame(() => one(message.focus)?.focus());
}
function show_when_ready() {
  if (places.project !== undefined && one("#main")) document.documentElement.classList.add("ready");
}
function typed(root = document) {
  const fields = all("input[name], input[data-set], textarea", root);
  return fields.some((field) => !/range|checkbox|radio/.test(field.type) && field.value !== field.defaultValue);
}
function empty(field) { field.value = field.defaultValue ?? ""; }
function fetch_file(address) {
  const link = Object.assign(document.createElement("a"), {href: address, download: ""});
  document.body.append(link);
  link.click();
  link.remove();
}
function show_notice(html) {
  const notice = one("#notice");
  if (!notice) return;
  notice.innerHTML = html;
  if (html) notice.scrollIntoView({block: "nearest"});
}

/* ---- where somebody looks: project and tab stand in the address, so back, forward and bookmarks work ---- */
function follow(now) {
  const changed = now.project !== look.project || now.tab !== look.tab;
  Object.assign(look, now);
  document.documentElement.dataset.tab = look.tab;
  const address = new URL(location);
  for (const name of ["project", "tab"]) look[name] ? address.searchParams.set(name, look[name]) : address.searchParams.delete(name);
  if (address.href !== location.href) history[changed && history.state ? "pushState" : "replaceState"]({...look}, "", address);
  else if (!history.state) history.replaceState({...look}, "");
}
function go(to) {
  show_notice("");
  kept = false;
  send({look: {...look, ...to}});
}
window.addEventListener("popstate", () => {
  const address = new URLSearchParams(location.search);
  go({project: address.get("project") || "", tab: address.get("tab") || ""});
});

/* ---- drawing: what is already right stays untouched, so that focus, drafts and open parts are kept ---- */
function draw(name) {
  const place = one(`[data-place="${name}"]`);
  if (!place || places[name] === undefined || (kept && typed(place))) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = places[name];
  morph(place, fresh.content);
  restore(place);
  move(place);
}
const key_of = (node) => node.nodeType === 1 ? node.id || node.dataset.key || "" : "";
const alike = (old, fresh) => old.nodeName === fresh.nodeName && key_of(old) === key_of(fresh);
function morph(old, fresh) {
  let at = old.firstChild;
  for (const want of [...fresh.childNodes]) {
    const key = key_of(want);
    const match = key ? [...old.childNodes].find((node) => alike(node, want)) : at;
    if (!match || !alike(match, want)) { old.insertBefore(want, at); continue; }
    if (match !== at) old.insertBefore(match, at);
    if (match.nodeType === 1) patch(match, want);
    else if (match.nodeValue !== want.nodeValue) match.nodeValue = want.nodeValue;
    at = match.nextSibling;
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}
const KEPT = new Set(["aria-busy", "data-drawn", "data-last", "data-typed", "aria-invalid"]);   // written by scripts
function patch(old, fresh) {
  const before = {value: old.getAttribute("value"), checked: old.hasAttribute("checked"), text: old.defaultValue,
    draft: old.name && old.value !== old.defaultValue};
  for (const {name, value} of [...fresh.attributes]) if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const {name} of [...old.attributes])
    if (!fresh.hasAttribute(name) && !KEPT.has(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  if (old.dataset.own !== undefined) return;   // drawn by a script
  if (old.nodeName === "TEXTAREA") {
    if (before.text !== fresh.defaultValue) { old.defaultValue = fresh.defaultValue; if (free(old, before)) old.value = fresh.defaultValue; }
    return;
  }
  morph(old, fresh);
  if (old.nodeName === "SELECT" && before.value !== old.getAttribute("value")) old.value = old.getAttribute("value");
  if (old.nodeName === "INPUT") {
    if (before.value !== old.getAttribute("value") && free(old, before)) old.value = old.getAttribute("value") || "";
    if (before.checked !== old.hasAttribute("checked")) old.checked = old.hasAttribute("checked");
  }
}
/* What is typed into a form stays until it is sent or taken back; a setting follows as soon as nobody is in it. */
const free = (field, before) => field.name ? !before.draft : field !== document.activeElement || field.dataset.typed === undefined;
/* Gradio puts a part of the page there when it likes to; whatever has come for it until then is shown at once. */
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.nodeType !== 1) continue;
    for (const place of [node.matches("[data-place]") ? node : null, ...all("[data-place]", node)])
      if (place && !place.firstChild) draw(place.dataset.place);
  }
  show_when_ready();
}).observe(document, {childList: true, subtree: true});

/* ---- asking ---- */
function ask(action, {of = "", ticked = [], values = {}, uploads = [], undo = null} = {}) {
  const asking = {act: action, of, ticked, values, uploads, number: ++number};
  waiting.set(number, asking);
  send(asking);
  asking.undo = undo;
  Object.defineProperty(asking, "undo", {enumerable: false});
  return asking;
}
function values_in(root) {
  const values = {};
  for (const field of all("[name]", root)) {
    if (field.type === "radio") { if (field.checked) values[field.name] = field.value; }
    else if (field.dataset.many !== undefined) { (values[field.name] ||= []); if (field.checked) values[field.name].push(field.value); }
    else values[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  return values;
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-tab]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); go({tab: link.dataset.tab}); return; }
  const button = event.target.closest("button[data-do]");
  if (!button || button.disabled) return;
  event.preventDefault();
  press(button);
});
function press(button) {
  if (button.getAttribute("aria-busy")) return;
  const wrong = button.matches(".primary") && all("[aria-invalid]", button.closest(".screen") || document).find((field) => field.value !== field.defaultValue);
  if (wrong) { wrong.closest("details")?.setAttribute("open", ""); wrong.focus(); return; }
  const list = button.closest("[data-round]"), form = button.closest("[data-form]");
  const files = form && one("input[type=file]", form);
  if (files) { send_files(button, files, one("progress", form)); return; }
  button.setAttribute("aria-busy", "true");
  setTimeout(() => button.removeAttribute("aria-busy"), 4000);
  const work = () => ask(button.dataset.do, {of: button.dataset.of || "", ticked: list ? ticked_in(list) : [], values: form ? values_in(form) : {}});
  const setting = [...waiting.values()].findLast((asking) => asking.undo);   // what was just typed comes first
  if (setting) setting.afterwards = work; else work();
}
/* Files go up one after the other; what the server calls them goes along with the click. */
async function send_files(button, field, bar) {
  const files = [...field.files], uploads = [], whole = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let sent = 0;
  button.disabled = true;
  bar.hidden = !files.length;
  try {
    for (const file of files) {
      uploads.push(await upload(file, (bytes) => { bar.value = (sent + bytes) / whole; }));
      sent += file.size;
    }
    ask(button.dataset.do, {uploads}).afterwards = () => { field.value = ""; name_files(field); };
  } catch (refused) {
    show_notice(refused || one("#upload-failed").innerHTML);
  }
  bar.hidden = true;
  button.disabled = false;
}
function upload(file, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/upload/${LANGUAGE}?name=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => request.status === 200 ? resolve(request.responseText) : reject(request.status === 413 && request.responseText);
    request.onerror = () => reject("");
    request.send(file);
  });
}
function name_files(field) {
  one("output", field.parentElement).textContent = [...field.files].map((file) => file.name).join(", ");
}
document.addEventListener("change", (event) => { if (event.target.type === "file") name_files(event.target); });
/* Enter in a field of a form presses the form's button. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  const field = event.target.closest("input[name]:not([type=checkbox]):not([type=radio]), textarea[data-enter]");
  const button = field?.closest("[data-form]")?.querySelector("button[data-main]:not([disabled])");
  if (button) { event.preventDefault(); press(button); }
});
document.addEventListener("input", (event) => {
  const field = event.target;
  field.dataset.typed = "";
  const other = field.closest("[data-pair]")?.querySelectorAll("input");   // a slider and its number
  if (other) for (const twin of other) if (twin !== field) twin.value = field.value;
});
/* A setting is kept as soon as it is set. */
document.addEventListener("change", (event) => {
  const field = event.target, name = field.dataset.set;
  if (!name) return;
  delete field.dataset.typed;
  all(`[data-set="${CSS.escape(name)}"]`).forEach((twin) => twin.removeAttribute("aria-invalid"));
  let value = field.type === "checkbox" ? field.checked : field.value;
  if (field.dataset.many !== undefined)
    value = all(`[data-set="${CSS.escape(name)}"]`, field.closest("fieldset")).filter((box) => box.checked).map((box) => box.value);
  const undo = () => {
    if (field.type === "checkbox" || field.type === "radio") field.checked = field.hasAttribute("checked");
    else if (field.nodeName === "SELECT") field.value = field.getAttribute("value");
    else field.setAttribute("aria-invalid", "true");   // what was typed stays, and no work begins with what was there before
  };
  // A choice of what to look at names it as what was clicked.
  const chosen = field.dataset.do;
  ask(chosen, chosen === "project.open" ? {of: value} : {of: name, values: {value}, undo});
});

/* ---- ticks: they live here until a button tells the server, so that a list drawn anew unticks nothing ---- */
const ticks = new Map();   // of each list by its name
function ticks_of(list) {
  const round = list.dataset.round;
  if (ticks.get(list.dataset.list)?.round !== round)
    ticks.set(list.dataset.list, {round, every: false, ticked: new Set(), spared: new Set()});
  return ticks.get(list.dataset.list);
}
function ticked_in(list) {
  const {every, ticked, spared} = ticks_of(list);
  return every ? ["*", ...spared] : [...ticked];
}
function restore(root) {
  const lists = root.matches("[data-round]") ? [root] : all("[data-round]", root);
  for (const list of lists) {
    const {every, ticked, spared} = ticks_of(list);
    all("input[data-row]", list).forEach((box) => { box.checked = every ? !spared.has(box.dataset.row) : ticked.has(box.dataset.row); });
    all("input[data-every]", list).forEach((box) => { box.checked = every && !spared.size; });
    all("button[data-needs-tick]", list).forEach((button) => { button.disabled = !every && !ticked.size; });
    all("[data-count]", list).forEach((place) => {
      const count = every ? place.dataset.all - spared.size : ticked.size;
      place.textContent = place.dataset.count.replace("#", count.toLocaleString(LANGUAGE));
    });
  }
}
document.addEventListener("change", (event) => {
  const box = event.target, list = box.closest("[data-round]");
  if (!list || !box.matches("input[data-row], input[data-every]")) return;
  const kept = ticks_of(list);
  if (box.matches("[data-every]")) { kept.every = box.checked; kept.ticked.clear(); kept.spared.clear(); }
  else {
    box.checked === kept.every ? kept.spared.delete(box.dataset.row) : kept.spared.add(box.dataset.row);
    box.checked ? kept.ticked.add(box.dataset.row) : kept.ticked.delete(box.dataset.row);
    if (!kept.every) kept.spared.clear();
  }
  restore(list);
});

/* ---- what moves: bars, figures, log and curves of the jobs ---- */
const seen = {};   // the last state of each job
function move(root = document) {
  for (const [id, job] of Object.entries(moving.jobs || {})) {
    all(`[data-job="${id}"]`, root).forEach((panel) => show_job(panel, job));
    if (root === document) { tell_end(id, job); }
  }
  for (const figure of all("[data-curve]", root)) {
    const live = figure.dataset.curve && moving.curve;
    draw_curve(figure, live || JSON.parse(figure.dataset.points));
  }
}
function show_job(panel, job) {
  const bar = one("[role=progressbar]", panel);
  if (bar && job.percent !== undefined) {
    bar.classList.remove("unknown");
    bar.setAttribute("aria-valuenow", job.percent);
    bar.firstElementChild.style.width = `${job.percent}%`;
  }
  for (const part of ["words", "doing", "percent_words", "sentence"]) {
    const place = one(`[data-part=${part}]`, panel);
    if (place && job[part] !== undefined && place.textContent !== job[part]) place.textContent = job[part];
  }
  for (const [name, words] of Object.entries(job.figures || {})) {
    const place = one(`[data-figure=${name}]`, panel);
    if (place && place.textContent !== words) place.textContent = words;
  }
  const log = one("ol[data-own]", panel);
  if (log && job.log) for (const [line, words] of job.log) {
    if (line <= Number(log.dataset.last || 0)) continue;
    log.dataset.last = line;
    const item = document.createElement("li");
    item.textContent = words;
    log.prepend(item);
    while (log.children.length > 200) log.lastChild.remove();
  }
}
/* Work that ends while nobody looks says so: in the title, and as a notification where that was allowed. */
function tell_end(id, job) {
  const before = seen[id];
  seen[id] = job.state;
  const said = one("#announced");
  if (said && job.announce && said.textContent !== job.announce) said.textContent = job.announce;
  if (before !== "running" || !job.ended) return;
  if (!document.hidden) return;
  document.title = `${job.state === "done" ? "✓" : "✗"} ${job.ended} · ${document.title.replace(/^[✓✗] [^·]*· /, "")}`;
  if (window.Notification?.permission === "granted") new Notification(job.ended);
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("#shade")) return;
  const dark = document.body.classList.toggle("dark");
  localStorage.setItem("shade", dark ? "dark" : "light");
});
connect();
