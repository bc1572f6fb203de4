// A latent space with its learned mixture: digits drawn from each cluster, and q(y | z) at a code that moves.

import { float32, uint8 } from "../js/numerics/arrays.js";
import { mixture, plane, tempered } from "../js/numerics/mixture.js";
import { nets } from "../js/numerics/nets.js";
import { random } from "../js/numerics/random.js";
import { button, buttons, controls, group, slider, status, thumb } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { grip } from "../js/ui/grip.js";
import { dots, framed, picture } from "../js/ui/images.js";
import { lesson } from "../js/ui/lesson.js";
import { clamp, fixed } from "../js/ui/numbers.js";
import { legend, plot } from "../js/ui/plot.js";

const MARGIN = { left: 28, right: 8, top: 8, bottom: 36 };
const SAMPLES = 10;
const ANGLES = Array.from({ length: 49 }, (_, i) => (i * Math.PI) / 24);

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const read = (...names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const { size, names, box, height, width } = read("size", "names", "box", "height", "width");
  const clusters = mixture(read("size", "centers", "factors"));
  const flat = plane(read("size", "down", "lift"));
  const { decoder: decode } = nets((name) => model.get(name));
  const axes = size === 2 ? ["z₁", "z₂"] : [1, 2].map((number) => say("discriminant", { number }));
  const places = names.map((_, y) => flat.place(clusters.mean(y)));
  const outlines = float32(model.get("outlines"));
  const rims = places.map(([x, y], k) => {
    const [a, b, c] = outlines.subarray(3 * k, 3 * k + 3);
    return ANGLES.map((t) => [x + 2 * a * Math.cos(t), y + 2 * (b * Math.cos(t) + c * Math.sin(t))]);
  });
  const spots = spread(rims, places, outlines, 0.06 * (box[1] - box[0]));
  const sorted = names.map((_, y) => y).sort((a, b) => (names[a] < names[b] ? -1 : 1));
  const codes = float32(model.get("codes"));
  const labels = uint8(model.get("labels"));

  const line = status();
  const toPlane = (right, up) => {
    line.say("");
    view.set({ code: flat.moved(model.get("code"), [clamp(right, box[0], box[1]), clamp(up, box[2], box[3])]) });
  };
  const choose = (cluster) => {
    line.say(say("drawn", { cluster: names[cluster] }));
    view.set({ cluster, draws: model.get("draws") + 1, code: clusters.mean(cluster) });
  };

  const area = plot(say("plane"), { height: 300, margin: MARGIN });
  const map = grip(view, area, {
    label: say("point"), step: 0.1, stride: 5,
    now: () => flat.place(model.get("code")),
    move: toPlane,
    press: (...spot) => {
      const logs = shadows(spot, places, outlines);
      choose(logs.indexOf(Math.max(...logs)));
    },
  });

  const decoded = picture([height, width], { label: say("decoded") });
  const bars = plot(say("bars"), { height: 150, margin: { left: 30, right: 4, top: 10, bottom: 24 } });
  const note = h("p", { class: "hv-note hv-where" });
  const shown = framed(decoded, ...rich("decoded_caption"));
  shown.style.maxWidth = "9rem";
  const heading = h("p", { class: "hv-note" }, ...rich("probabilities"));
  const choices = names.map((name, y) => {
    const element = button(view, name, () => choose(y));
    element.setAttribute("aria-label", say("draw", { cluster: name }));
    return element;
  });
  const sampled = h("p", { class: "hv-note" });
  const canvases = Array.from({ length: SAMPLES }, () => picture([height, width]));
  let drawn = { key: "", codes: [] };
  const tiles = canvases.map((canvas, i) =>
    thumb(view, canvas, say("sample", { number: i + 1 }), () => {
      line.say(say("at_sample", { number: i + 1 }));
      view.set({ code: drawn.codes[i] });
    }));
  const axis = (k) =>
    slider(view, {
      trait: "code", min: box[2 * k], max: box[2 * k + 1], step: 0.05,
      label: size === 2 ? say("coordinate_slider", { axis: axes[k] }) : say("discriminant_slider", { number: k + 1 }),
      read: (code) => flat.place(code)[k],
      write: (value) => flat.moved(model.get("code"), flat.place(model.get("code")).map((now, j) => (j === k ? value : now))),
      onMove: () => line.say(""),
    });
  const temperature = slider(view, { trait: "temperature", label: say("temperature"), symbol: "q(y | z)", min: 0.1, max: 10, scale: "log" });
  const offered = group(say("offered"), buttons(...sorted.map((y) => choices[y])));
  const samples = group(sampled, h("div", { class: "hv-thumbs" }, ...tiles));
  root.append(
    legend([rich("clusters"), "p"], [rich("code"), "q"]),
    h("div", { class: "hv-columns hv-explorer" },
      h("div", { class: "hv-aside" }, map, offered, samples),
      h("div", { class: "hv-aside" }, h("div", { class: "hv-digits" }, shown), heading, bars, note, controls(axis(0), axis(1), temperature))),
    line,
  );

  function draw(cluster, draws) {
    const key = `${cluster} ${draws}`;
    if (drawn.key === key) return;
    const source = random(draws * names.length + cluster);
    drawn = { key, codes: canvases.map(() => clusters.sample(cluster, source.normals(size))) };
    for (const [i, canvas] of canvases.entries()) canvas.show(decode(drawn.codes[i]));
    sampled.textContent = say("samples", { cluster: names[cluster] });
  }

  view.draw(() => {
    const { code, cluster, draws, temperature } = read("code", "cluster", "draws", "temperature");
    draw(cluster, draws);
    for (const [y, choice] of choices.entries()) {
      choice.setAttribute("aria-pressed", y === cluster);
      choice.classList.toggle("hv-main", y === cluster);
    }
    for (const [i, tile] of tiles.entries()) tile.setAttribute("aria-pressed", drawn.codes[i].every((value, k) => value === code[k]));
    const [right, up] = flat.place(code);
    const share = tempered(clusters.logDensities(code), temperature);
    const order = share.map((_, y) => y).sort((a, b) => share[b] - share[a]);
    const percent = (y) => say("share", { cluster: names[y], percent: fixed(100 * share[y], 0) });
    const likeliest = order.slice(0, 3).map(percent).join(", ");
    drawMap(area, { box, axes, codes, labels, rims, spots, names, cluster });
    map.place(clamp(right, box[0], box[1]), clamp(up, box[2], box[3]));
    const place = `(${fixed(right)}, ${fixed(up)})`;
    note.textContent = say("where", { place, likeliest });
    decoded.show(decode(code), say("describe_decoded", { place, cluster: names[order[0]] }));
    area.describe(say("describe_plane", {
      across: axes[0], up: axes[1], count: labels.length, clusters: names.length, chosen: names[cluster], place,
    }));
    bars.frame({ x: [-0.5, names.length - 0.5], y: [0, 1], xTicks: [], yTicks: [0, 0.5, 1], format: (value) => fixed(value, 1) });
    const wide = 0.7 * (bars.x(1) - bars.x(0));
    for (const [y, value] of share.entries()) {
      const middle = bars.x(sorted.indexOf(y));
      bars.put(`bar-${y}`, "rect", { x: middle - wide / 2, y: bars.y(value), width: wide, height: bars.y(0) - bars.y(value), class: "hv-fill-q" });
      bars.text(`name-${y}`, middle, bars.y(0) + 17, names[y], { "text-anchor": "middle" });
    }
    bars.keep();
    bars.describe(say("describe_bars", { temperature: fixed(temperature), likeliest }));
  });
});

/** Logarithms of the densities of the clusters' shadows at a place of the plane, up to a constant. */
const shadows = ([x, y], places, outlines) =>
  places.map(([right, up], k) => {
    const [a, b, c] = outlines.subarray(3 * k, 3 * k + 3);
    const first = (x - right) / a;
    return -0.5 * (first ** 2 + ((y - up - b * first) / c) ** 2) - Math.log(a * c);
  });

/** A place for each name: on its ellipse, where the other clusters are thinnest, but not on a name before it. */
function spread(rims, places, outlines, room) {
  const taken = [];
  for (const [k, rim] of rims.entries()) {
    const free = rim.filter(([a, b]) => taken.every(([x, y]) => Math.hypot(a - x, b - y) > room));
    const crowd = (spot) => Math.max(...shadows(spot, places, outlines).filter((_, other) => other !== k));
    taken.push((free.length > 0 ? free : rim).reduce((best, one) => (crowd(one) < crowd(best) ? one : best)));
  }
  return taken;
}

function drawMap(area, { box, axes, codes, labels, rims, spots, names, cluster }) {
  const width = Math.max(200, Math.round(area.clientWidth || 300));
  const inside = width - MARGIN.left - MARGIN.right;
  const tall = inside * ((box[3] - box[2]) / (box[1] - box[0])) + MARGIN.top + MARGIN.bottom;
  area.frame({ x: box.slice(0, 2), y: box.slice(2), xLabel: axes[0], tall });
  area.text("up-name", MARGIN.left + 6, MARGIN.top + 12, axes[1], { class: "hv-muted" });
  for (const digit of [...new Set(labels)].sort()) {
    const those = Array.from(labels.keys()).filter((i) => labels[i] === digit).map((i) => codes.subarray(2 * i, 2 * i + 2));
    dots(area, digit, those.filter(([x, y]) => x > box[0] && x < box[1] && y > box[2] && y < box[3]));
  }
  for (const [y, rim] of rims.entries()) {
    area.line(`rim-${y}`, rim.map(([right]) => right), rim.map(([, up]) => up), y === cluster ? "p hv-strong" : "p hv-thin");
    area.text(`name-${y}`, area.x(spots[y][0]), area.y(spots[y][1]) + 5, names[y], { class: "hv-class hv-p", "text-anchor": "middle" });
  }
  area.keep();
}
