// A drawing area with axes, in pixels of the place it has: text keeps its size on a phone.

import { h, s, set } from "./dom.js";
import { clamp, fixed, ticks } from "./numbers.js";

/** legend([["posterior ", math("p(z | x)")], "p"], ...): names in their colors, above a plot. */
export const legend = (...entries) =>
  h("p", { class: "hv-legend" }, ...entries.map(([words, color]) => h("span", { class: `hv-${color}` }, ...words)));

/** Letters in the hand of mathematics. */
export const math = (letters) => h("i", { class: "hv-m" }, letters);

/**
 * plot("what it shows", { height, margin }) is a <figure>: put it into view.root, then in view.draw call
 *
 *   area.frame({ x: [low, high], y: [low, high], xLabel, yLabel, xTicks, yTicks, format })   sizes, axes; first of all
 *   area.line("key", xs, ys, "q")            a curve; the last argument is a class of theme.css
 *   area.region("key", xs, ys, "p")          the area between a curve and y = 0 (or a second list of ys)
 *   area.put("key", "circle", { ... }, text) any element, made once and then changed; area.x(v), area.y(v) give pixels
 *   area.text("key", x, y, "text", { ... })  text in pixels
 *   area.keep()                              removes the elements not drawn since frame()
 *   area.describe("text")                    the text alternative: until then it is "what it shows"
 *
 * area.drag("key", { x, y }) makes an element a handle; it gets values, not pixels. Sliders do the same by keyboard.
 */
export function plot(description, { height = 240, margin = {} } = {}) {
  const space = { top: 12, right: 12, bottom: 34, left: 40, ...margin };
  const layers = { axes: s("g", { class: "hv-axes" }), marks: s("g") };
  const svg = s("svg", { role: "img", "aria-label": description }, layers.axes, layers.marks);
  const element = h("figure", { class: "hv-plot" }, svg);
  const made = new Map();
  let drawn = new Set();
  let box = { x: [0, 1], y: [0, 1], width: 300, height };

  const x = (value) =>
    space.left + ((value - box.x[0]) / (box.x[1] - box.x[0])) * (box.width - space.left - space.right);
  const y = (value) =>
    box.height - space.bottom - ((value - box.y[0]) / (box.y[1] - box.y[0])) * (box.height - space.top - space.bottom);
  const toX = (pixel) =>
    box.x[0] + ((pixel - space.left) / (box.width - space.left - space.right)) * (box.x[1] - box.x[0]);
  const toY = (pixel) =>
    box.y[0] + ((box.height - space.bottom - pixel) / (box.height - space.top - space.bottom)) * (box.y[1] - box.y[0]);

  function put(key, tag, attributes, text, parent = layers.marks) {
    let mark = made.get(key);
    if (!mark) {
      mark = s(tag);
      made.set(key, mark);
      parent.append(mark);
    }
    set(mark, attributes);
    if (text !== undefined && mark.textContent !== text) mark.textContent = text;
    drawn.add(key);
    return mark;
  }

  const text = (key, left, top, words, attributes = {}, parent) =>
    put(key, "text", { x: left, y: top, ...attributes }, words, parent);

  const point = (a, b) => `${x(a).toFixed(1)} ${clamp(y(b), -1e4, 1e4).toFixed(1)}`;
  const points = (xs, ys) => Array.from(xs, (value, i) => point(value, ys[i]));

  function frame({ x: xs, y: ys, xLabel, yLabel, xTicks, yTicks, format = (value) => fixed(value, 0), tall = height }) {
    const width = Math.max(200, Math.round(element.clientWidth || 300));
    box = { x: xs, y: ys, width, height: tall };
    drawn = new Set();
    set(svg, { width, height: tall, viewBox: `0 0 ${width} ${tall}` });
    const bottom = tall - space.bottom;
    put("x-axis", "line", { x1: space.left, x2: width - space.right, y1: bottom, y2: bottom }, undefined, layers.axes);
    for (const [i, value] of (xTicks ?? ticks(...xs, width / 90)).entries()) {
      put(`x-tick-${i}`, "line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 4 }, undefined, layers.axes);
      text(`x-number-${i}`, x(value), bottom + 17, format(value), { "text-anchor": "middle" }, layers.axes);
    }
    if (xLabel) text("x-label", width - space.right, tall - 3, xLabel, { "text-anchor": "end", class: "hv-name" }, layers.axes);
    for (const [i, value] of (yTicks ?? []).entries()) {
      put(`y-tick-${i}`, "line", { x1: space.left, x2: width - space.right, y1: y(value), y2: y(value), class: "hv-grid" }, undefined, layers.axes);
      text(`y-number-${i}`, space.left - 6, y(value) + 4, format(value), { "text-anchor": "end" }, layers.axes);
    }
    if (yLabel) text("y-label", 2, space.top - 10, yLabel, { class: "hv-name" }, layers.axes);
  }

  function keep() {
    for (const [key, mark] of made) {
      if (drawn.has(key)) continue;
      mark.remove();
      made.delete(key);
    }
  }

  function drag(key, moves, view) {
    const mark = made.get(key);
    if (!mark || mark.dataset.drags) return mark;
    mark.dataset.drags = "yes";
    mark.classList.add("hv-handle");
    const move = view.guard((event) => {
      const place = svg.getBoundingClientRect();
      moves(toX(event.clientX - place.left), toY(event.clientY - place.top));
    });
    mark.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      mark.setPointerCapture(event.pointerId);
      mark.addEventListener("pointermove", move);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      mark.addEventListener(end, () => mark.removeEventListener("pointermove", move));
    }
    return mark;
  }

  // A getter, because every frame has its own box.
  Object.defineProperty(element, "box", { get: () => box });
  return Object.assign(element, {
    x, y, toX, toY, put, text, frame, keep, drag, space, svg,
    line: (key, xs, ys, kind) => put(key, "path", { d: `M${points(xs, ys).join("L")}`, class: `hv-line hv-${kind}` }),
    region(key, xs, ys, kind, base) {
      const below = points(xs, base ?? Array.from(xs, () => 0)).reverse();
      return put(key, "path", { d: `M${[...points(xs, ys), ...below].join("L")}Z`, class: `hv-region hv-${kind}` });
    },
    describe: (words) => set(svg, { "aria-label": words }),
  });
}
