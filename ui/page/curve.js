/* Curves over steps: smoothed above their raw points, with the values at the pointer, and a part of it larger. */
"use strict";
const SVG = "http://www.w3.org/2000/svg", H = 260, L = 46, R = 12, T = 10, B = 36;
const looks = new WeakMap();   // of each figure: the steps that it shows, where somebody points, where a drag began
const resized = new ResizeObserver((entries) => { for (const {target} of entries) if (target.curve && target.wide !== width_of(target)) paint(target); });
const width_of = (figure) => Math.max(280, figure.clientWidth ? figure.clientWidth - 20 : 640);
function draw_curve(figure, data) {
  const text = JSON.stringify(data);
  if (figure.dataset.drawn === text) return;
  figure.dataset.drawn = text;
  if (!figure.curve) resized.observe(figure);
  figure.curve = data;
  paint(figure);
}
function svg(kind, attributes, words) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (words !== undefined) made.textContent = words;
  return made;
}
/* Round values that enclose low and high. */
function round_ticks(low, high, wanted = 5) {
  const rough = (high - low || Math.abs(high) || 1) / (wanted - 1), size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = Math.floor(low / step); at <= Math.ceil(high / step); at++) found.push(Number((at * step).toPrecision(10)));
  return found;
}
/* The course of a curve without its noise: an average whose weights halve every few points. */
function smooth(points) {
  if (points.length < 12) return points;
  const keep = 0.5 ** (1 / (points.length / 30));
  let sum = 0, weight = 0;
  return points.map(([x, y]) => { sum = sum * keep + y; weight = weight * keep + 1; return [x, sum / weight]; });
}
/* The values that the picture has room for: of noise all but its outliers, which are cut off. */
function heights(line) {
  const all = line.points.map(([, y]) => y).sort((a, b) => a - b), last = all.length - 1;
  return line.noisy ? [all[Math.ceil(last * 0.03)], all[Math.floor(last * 0.97)], ...line.smoothed.map(([, y]) => y)] : all;
}
function paint(figure) {
  const look = looks.get(figure) || looks.set(figure, {zoom: null, at: null, from: null}).get(figure);
  if (look.from !== null) return;   // somebody draws a part; the next data come soon
  const {x, y, lines, numbered, larger, whole} = figure.curve, W = figure.wide = width_of(figure);
  const inside = ([at]) => !look.zoom || (at >= look.zoom[0] && at <= look.zoom[1]);
  const drawn = lines.map((line, number) => {
    const smoothed = smooth(line.points);
    return {...line, number, noisy: smoothed !== line.points, points: line.points.filter(inside), smoothed: smoothed.filter(inside)};
  }).filter((line) => line.points.length);
  if (!drawn.length) { figure.replaceChildren(); return; }
  const xs = drawn.flatMap((line) => line.points.map(([at]) => at)), ys = drawn.flatMap(heights);
  const y_ticks = round_ticks(Math.min(...ys), Math.max(...ys)), low = Math.min(...xs), high = Math.max(...xs);
  const x_of = (at) => L + (at - low) / (high - low || 1) * (W - L - R);
  const y_of = (value) => H - B - (value - y_ticks[0]) / (y_ticks.at(-1) - y_ticks[0] || 1) * (H - T - B);
  const format = (value) => value.toLocaleString(document.documentElement.lang, {maximumSignificantDigits: 4});
  const picture = svg("svg", {viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${y}: ${drawn.map((line) => `${line.name} ${format(line.points.at(-1)[1])}`).join(", ")}`});
  for (const tick of y_ticks) picture.append(svg("line", {class: "grid", x1: L, x2: W - R, y1: y_of(tick), y2: y_of(tick)}), svg("text", {class: "axis", x: L - 6, y: y_of(tick) + 4, "text-anchor": "end"}, format(tick)));
  for (const tick of round_ticks(low, high).filter((one) => one >= low && one <= high && Number.isInteger(one))) picture.append(svg("text", {class: "axis", x: x_of(tick), y: H - B + 16, "text-anchor": "middle"}, format(tick)));
  picture.append(svg("text", {class: "axis", x: (W + L) / 2, y: H - 4, "text-anchor": "middle"}, x));
  const path = (points) => points.map(([at, value]) => `${x_of(at).toFixed(1)},${y_of(value).toFixed(1)}`).join(" ");
  const noise = svg("svg", {x: L, y: T, width: W - L - R, height: H - T - B, viewBox: `${L} ${T} ${W - L - R} ${H - T - B}`});
  picture.append(noise);
  for (const line of drawn) {
    const kind = `line-${line.number}${numbered ? ` stroke-${line.number}` : ""}`;
    if (line.noisy) noise.append(svg("polyline", {class: `raw ${kind}`, points: path(line.points)}));
    picture.append(svg("polyline", {class: `line ${kind}`, points: path(line.smoothed)}));
    if (line.points.length < 30) for (const [at, value] of line.points) picture.append(svg("circle", {class: kind, cx: x_of(at), cy: y_of(value), r: 3}));
  }
  const caption = document.createElement("figcaption"), said = Object.assign(document.createElement("output"), {ariaLive: "off"}), legend = document.createElement("span");
  legend.className = "legend";
  for (const line of drawn) legend.append(Object.assign(document.createElement("span"), {className: `line-${line.number}`, textContent: numbered ? `${line.number + 1} · ${line.name}` : line.name}));
  caption.append(y, legend);
  const zoom = (part) => { look.zoom = part; paint(figure); };
  const button = (sign, words, part) => { caption.append(Object.assign(document.createElement("button"), {type: "button", className: "small", textContent: sign, title: words, ariaLabel: words, onclick: () => zoom(part)})); };
  if (larger && high - low > 8) button("+", larger, half_around(look.at ?? high, low, high));
  if (look.zoom) button("↺", whole || "1:1", null);
  const part = svg("rect", {class: "part", y: T, height: H - T - B, width: 0}), mark = svg("g", {visibility: "hidden"});
  picture.append(part, mark);
  const point_at = (at) => {
    look.at = at;
    if (at === null) { mark.setAttribute("visibility", "hidden"); said.textContent = ""; return; }
    const near = drawn.map((line) => [line, line.smoothed.reduce((best, point) => Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best)]);
    mark.replaceChildren(svg("line", {class: "pointer", x1: x_of(at), x2: x_of(at), y1: T, y2: H - B}), ...near.map(([line, [step, value]]) => svg("circle", {class: `line-${line.number}`, cx: x_of(step), cy: y_of(value), r: 4})));
    mark.setAttribute("visibility", "visible");
    said.textContent = `${x} ${format(Math.round(at))}: ` + near.map(([line, [, value]]) => `${line.name} ${format(value)}`).join(" · ");
  };
  const step_at = (event) => {
    const box = picture.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width * W - L) / (W - L - R) * (high - low) + low;
    return Math.min(high, Math.max(low, at));
  };
  // A finger that moves sideways reads the values; a mouse draws the part to see larger.
  picture.addEventListener("pointermove", (event) => {
    const at = step_at(event);
    point_at(at);
    if (look.from === null) return;
    part.setAttribute("x", Math.min(x_of(look.from), x_of(at)));
    part.setAttribute("width", Math.abs(x_of(at) - x_of(look.from)));
  });
  picture.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse" && look.from === null) point_at(null); });
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    if (event.pointerType === "mouse") look.from = step_at(event); else point_at(step_at(event));
  });
  const end = (event) => {
    if (look.from === null) return;
    const chosen = [look.from, step_at(event)].sort((a, b) => a - b);
    look.from = null;
    if (event.type === "pointerup" && chosen[1] - chosen[0] > (high - low) / 50) Object.assign(look, {zoom: chosen, at: null});
    paint(figure);
  };
  picture.addEventListener("pointerup", end);
  picture.addEventListener("pointercancel", end);
  picture.addEventListener("dblclick", () => zoom(null));
  figure.replaceChildren(caption, picture, said);
  if (look.at !== null) point_at(Math.min(high, Math.max(low, look.at)));
}
/* Half of what is shown, with a step in its middle where there is room. */
function half_around(at, low, high) {
  const start = Math.min(Math.max(low, at - (high - low) / 4), high - (high - low) / 2);
  return [start, start + (high - low) / 2];
}
