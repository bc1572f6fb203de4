// A trained decoder in the page: move the code in the latent plane, along every dimension, or onto a test digit.

import { float32, rows, uint8 } from "../js/numerics/arrays.js";
import { nets } from "../js/numerics/nets.js";
import { button, buttons, controls, group, select, settings, slider, status, thumb } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { grip } from "../js/ui/grip.js";
import { dots, framed, picture } from "../js/ui/images.js";
import { lesson } from "../js/ui/lesson.js";
import { clamp, fixed, subscript } from "../js/ui/numbers.js";
import { plot } from "../js/ui/plot.js";

const MARGIN = { left: 30, right: 8, top: 8, bottom: 36 };

const nameOf = (dimension) => `z${subscript(dimension + 1)}`;

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const size = model.get("nets").decoder[0][0];
  const reach = model.get("reach");
  const order = model.get("order");
  const shape = [model.get("height"), model.get("width")];
  const { decoder: decode } = nets((name) => model.get(name));
  const codes = rows(float32(model.get("codes")), size);
  const labels = uint8(model.get("labels"));
  const exampleCodes = rows(float32(model.get("example_codes")), size).map((code) => Array.from(code));
  const exampleLabels = uint8(model.get("example_labels"));
  const exampleImages = rows(uint8(model.get("examples")), shape[0] * shape[1]).map((pixels) => Array.from(pixels, (p) => p / 255));

  const round = (value) => Number(clamp(value, -reach, reach).toFixed(3));
  const changed = (changes) => {
    const code = [...model.get("code")];
    for (const [dimension, value] of changes) code[dimension] = round(value);
    return code;
  };
  const line = status();
  const move = (code, words = "") => {
    line.say(words);
    view.set({ code });
  };

  const area = plot(say("plane"), { height: 300, margin: MARGIN });
  const plane = grip(view, area, {
    label: say("point"), step: 0.05, stride: 10,
    now: () => [model.get("code")[model.get("across")], model.get("code")[model.get("up")]],
    move: (right, up) => move(changed([[model.get("across"), right], [model.get("up"), up]])),
  });

  // What the decoder makes of the code, beside the test digit whose code it is, if it is one's.
  const decoded = picture(shape, { label: say("decoded") });
  const original = picture(shape, { label: say("original") });
  const given = framed(original, say("original_caption"));
  given.classList.add("hv-given");
  const digits = h("div", { class: "hv-digits" }, framed(decoded, ...rich("decoded_caption")), given);
  const note = h("p", { class: "hv-note hv-where" });
  const thumbs = Array.from(exampleLabels, (label, i) => {
    const canvas = picture(shape);
    canvas.show(exampleImages[i]);
    const code = exampleCodes[i].map((value) => clamp(value, -reach, reach));
    return thumb(view, canvas, say("encode", { digit: label }), () => move(code, say("at_digit", { digit: label })));
  });
  const offered = group(say("offered"), h("div", { class: "hv-thumbs" }, ...thumbs));
  root.append(h("div", { class: "hv-columns hv-explorer" }, plane, h("div", { class: "hv-aside" }, digits, note, offered)));

  if (size > 2) {
    const options = order.map((dimension) => [dimension, nameOf(dimension)]);
    root.append(settings(axis(view, "across", "up", say("across"), options), axis(view, "up", "across", say("up"), options)));
  }
  const sliders = order.map((dimension, rank) =>
    slider(view, {
      trait: "code", label: rank < model.get("active") ? say("used") : say("idle"), symbol: nameOf(dimension), min: -reach, max: reach, step: 0.05,
      color: rank < model.get("active") ? "q" : "prior",
      read: (code) => code[dimension], write: (value) => changed([[dimension, value]]), onMove: () => line.say(""),
    }),
  );
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  // Coordinates that no code uses are there to be tried, out of the way of the others.
  const used = model.get("active") || size;
  const unused = h("summary", {}, say("idle_dimensions", { count: size - used }));
  const idle = h("details", { class: "hv-idle" }, unused, controls(...sliders.slice(used)));
  root.append(
    controls(...sliders.slice(0, used)),
    ...(used < size ? [idle] : []),
    buttons(
      button(view, say("prior"), () => move(changed(order.map((dimension) => [dimension, normal()])), say("at_draw")), { kind: "main" }),
      button(view, say("origin"), () => move(order.map(() => 0), say("at_origin"))),
    ),
    line,
  );

  view.draw(() => {
    const code = model.get("code");
    const [across, up] = [model.get("across"), model.get("up")];
    const near = nearest(codes, code);
    const at = exampleCodes.findIndex((one) => one.every((value, i) => Math.abs(clamp(value, -reach, reach) - code[i]) < 1e-6));
    drawPlane(area, { code, across, up, reach, codes, labels });
    plane.place(code[across], code[up]);
    const place =
      size <= 4 ? `z = (${code.map((value) => fixed(value)).join(", ")})`
        : `${nameOf(across)} = ${fixed(code[across])}, ${nameOf(up)} = ${fixed(code[up])}`;
    const found = { count: codes.length, digit: labels[near] };
    const words = found.digit === 8 ? say("nearest_8", found) : say("nearest", found);
    note.textContent = say("where", { place, length: fixed(Math.hypot(...code)), nearest: words });
    decoded.show(decode(code), say("describe_decoded", { place, nearest: words }));
    given.classList.toggle("hv-absent", at < 0);
    if (at >= 0) original.show(exampleImages[at], say("describe_original", { digit: exampleLabels[at] }));
    for (const [i, element] of thumbs.entries()) element.setAttribute("aria-pressed", i === at);
    area.describe(say("describe_plane", {
      across: nameOf(across), up: nameOf(up), count: codes.length, right: fixed(code[across]), height: fixed(code[up]), nearest: words,
    }));
  });
});

/** A choice of the plane's axis; taking the other axis' dimension swaps the two. */
function axis(view, trait, other, label, options) {
  const element = select(view, label, (chosen) => {
    const before = view.model.get(trait);
    view.set(chosen === view.model.get(other) ? { [trait]: chosen, [other]: before } : { [trait]: chosen });
  });
  view.draw(() => element.offer(options, view.model.get(trait)));
  return element;
}

/** Index of the row of codes closest to a code. */
function nearest(codes, code) {
  let [best, least] = [0, Infinity];
  for (const [i, one] of codes.entries()) {
    let distance = 0;
    for (let k = 0; k < code.length; k += 1) distance += (one[k] - code[k]) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Names that would cover one another, moved apart. */
function apart(names, room = 15) {
  for (let turn = 0; turn < 30; turn += 1) {
    for (const [i, one] of names.entries()) {
      for (const other of names.slice(0, i)) {
        const [right, down] = [one.x - other.x || 0.1, one.y - other.y || 0.1];
        const distance = Math.hypot(right, down);
        if (distance >= room) continue;
        const push = (room - distance) / (2 * distance);
        [one.x, one.y, other.x, other.y] = [one.x + push * right, one.y + push * down, other.x - push * right, other.y - push * down];
      }
    }
  }
  return names;
}

function drawPlane(area, { code, across, up, reach, codes, labels }) {
  const width = Math.max(200, Math.round(area.clientWidth || 300));
  const tall = width - MARGIN.left - MARGIN.right + MARGIN.top + MARGIN.bottom;
  const whole = Array.from({ length: 2 * Math.floor(reach) + 1 }, (_, i) => i - Math.floor(reach));
  const numbers = whole.length > 9 ? whole.filter((value) => value % 2 === 0) : whole;
  area.frame({ x: [-reach, reach], y: [-reach, reach], xTicks: numbers, yTicks: numbers, tall, xLabel: nameOf(across) });
  area.text("up-name", MARGIN.left + 6, MARGIN.top + 12, nameOf(up), { class: "hv-muted" });
  for (const radius of [1, 2]) {
    area.put(`prior-${radius}`, "circle", {
      cx: area.x(0), cy: area.y(0), r: area.x(radius) - area.x(0), fill: "none", class: "hv-stroke-prior hv-dashed hv-thin",
    });
  }
  const inside = ([a, b]) => Math.abs(a) <= reach && Math.abs(b) <= reach;
  const classes = [...new Set(labels)].sort().map((digit) => {
    const points = codes.filter((_, i) => labels[i] === digit).map((one) => [one[across], one[up]]).filter(inside);
    return { digit, points };
  });
  for (const { digit, points } of classes) dots(area, digit, points);
  const names = classes
    .filter(({ points }) => points.length > 0)
    .map(({ digit, points }) => ({ digit, x: area.x(median(points.map(([a]) => a))), y: area.y(median(points.map(([, b]) => b))) }));
  for (const { digit, x, y } of apart(names)) {
    area.text(`name-${digit}`, x, y + 5, String(digit), { class: "hv-class", "text-anchor": "middle" });
  }
  const [x, y] = [area.x(code[across]), area.y(code[up])];
  area.put("cross", "path", { d: `M${area.x(-reach)} ${y}H${area.x(reach)}M${x} ${area.y(-reach)}V${area.y(reach)}`, class: "hv-cross" });
  area.keep();
}
