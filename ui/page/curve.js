/* Curves over steps: smoothed above their raw points, with the values at the pointer, and a part of it larger. */
"use strict";
const SVG = "http://www.w3.org/2000/svg", W = 640, H = 260, L = 46, R = 12, T = 10, B = 36;
const zooms = new WeakMap();   // the part of the steps that a figure shows
function draw_curve(figure, data) {
  const text = JSON.stringify(data);
  if (figure.dataset.drawn === text) return;
  figure.dataset.drawn = text;
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
function paint(figure) {
  const {x, y, lines, numbered} = figure.curve;
  const zoom = zooms.get(figure);
  const inside = ([at]) => !zoom || (at >= zoom[0] && at <= zoom[1]);
  const drawn = lines.map((line, number) => ({...line, number, points: line.points.filter(inside)})).filter((line) => line.points.length);
  if (!drawn.length) { figure.replaceChildren(); return; }
  const flat = drawn.flatMap((line) => line.points);
  const xs = flat.map(([at]) => at), ys = flat.map(([, value]) => value);
  const y_ticks = round_ticks(Math.min(...ys), Math.max(...ys)), low = Math.min(...xs), high = Math.max(...xs);
  const x_of = (at) => L + (at - low) / (high - low || 1) * (W - L - R);
  const y_of = (value) => H - B - (value - y_ticks[0]) / (y_ticks.at(-1) - y_ticks[0] || 1) * (H - T - B);
  const format = (value) => value.toLocaleString(document.documentElement.lang, {maximumSignificantDigits: 4});
  const picture = svg("svg", {viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${y}: ${drawn.map((line) => `${line.name} ${format(line.points.at(-1)[1])}`).join(", ")}`});
  for (const tick of y_ticks) picture.append(svg("line", {class: "grid", x1: L, x2: W - R, y1: y_of(tick), y2: y_of(tick)}), svg("text", {class: "axis", x: L - 6, y: y_of(tick) + 4, "text-anchor": "end"}, format(tick)));
  for (const tick of round_ticks(low, high).filter((one) => one >= low && one <= high && Number.isInteger(one))) picture.append(svg("text", {class: "axis", x: x_of(tick), y: H - B + 16, "text-anchor": "middle"}, format(tick)));
  picture.append(svg("text", {class: "axis", x: (W + L) / 2, y: H - 4, "text-anchor": "middle"}, x));
  const path = (points) => points.map(([at, value]) => `${x_of(at).toFixed(1)},${y_of(value).toFixed(1)}`).join(" ");
  for (const line of drawn) {
    const smoothed = smooth(line.points), kind = `line-${line.number}${numbered ? ` stroke-${line.number}` : ""}`;
    if (smoothed !== line.points) picture.append(svg("polyline", {class: `raw ${kind}`, points: path(line.points)}));
    picture.append(svg("polyline", {class: `line ${kind}`, points: path(smoothed)}));
    if (line.points.length < 30) for (const [at, value] of line.points) picture.append(svg("circle", {class: kind, cx: x_of(at), cy: y_of(value), r: 3}));
  }
  const mark = svg("line", {class: "pointer", y1: T, y2: H - B, visibility: "hidden"}), part = svg("rect", {class: "part", y: T, height: H - T - B, visibility: "hidden"});
  picture.append(mark, part);
  const caption = document.createElement("figcaption"), said = document.createElement("output"), legend = document.createElement("span");
  legend.className = "legend";
  for (const line of drawn) legend.append(Object.assign(document.createElement("span"), {className: `line-${line.number}`, textContent: numbered ? `${line.number + 1} · ${line.name}` : line.name}));
  caption.append(y, legend);
  if (zoom) caption.append(Object.assign(document.createElement("button"), {type: "button", className: "button small", textContent: "↺", title: "1:1", onclick: () => { zooms.delete(figure); paint(figure); }}));
  const step_at = (event) => {
    const box = picture.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width * W - L) / (W - L - R) * (high - low) + low;
    return Math.min(high, Math.max(low, at));
  };
  let from = null;
  picture.addEventListener("pointermove", (event) => {
    const at = step_at(event);
    mark.setAttribute("x1", x_of(at)); mark.setAttribute("x2", x_of(at)); mark.setAttribute("visibility", "visible");
    said.textContent = `${x} ${format(Math.round(at))}: ` + drawn.map((line) => `${line.name} ${format(line.points.reduce((best, point) => Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best)[1])}`).join(" · ");
    if (from === null) return;
    part.setAttribute("x", Math.min(x_of(from), x_of(at))); part.setAttribute("width", Math.abs(x_of(at) - x_of(from))); part.setAttribute("visibility", "visible");
  });
  picture.addEventListener("pointerleave", () => { mark.setAttribute("visibility", "hidden"); said.textContent = ""; });
  picture.addEventListener("pointerdown", (event) => { from = step_at(event); picture.setPointerCapture(event.pointerId); });
  picture.addEventListener("pointerup", (event) => {
    const to = step_at(event), chosen = [Math.min(from, to), Math.max(from, to)];
    from = null;
    if (chosen[1] - chosen[0] > (high - low) / 50) zooms.set(figure, chosen);
    paint(figure);
  });
  picture.addEventListener("dblclick", () => { zooms.delete(figure); paint(figure); });
  figure.replaceChildren(caption, picture, said);
}
