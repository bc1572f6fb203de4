// A trained sweep in the page: every model is a point of the rate-distortion plane; what it makes of digits follows the point.

import { float32, rows, uint8 } from "../js/numerics/arrays.js";
import { nets } from "../js/numerics/nets.js";
import { random } from "../js/numerics/random.js";
import { address } from "../js/ui/address.js";
import { button, buttons, controls, group, select, settings, slider, status, thumb } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { equation } from "../js/ui/equation.js";
import { framed, picture } from "../js/ui/images.js";
import { countActive, klBars } from "../js/ui/kl_bars.js";
import { lesson } from "../js/ui/lesson.js";
import { fixed, short } from "../js/ui/numbers.js";
import { legend, plot } from "../js/ui/plot.js";
import { ratePlane } from "../js/ui/rate_plane.js";

const STRIP = [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1]; // of the way from the middle to the end
const [SAMPLES, COLUMNS] = [20, 10];
const LEAST_BETA = 0.1; // whose models lie inside the plane; as in picture.py

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const [betas, sizes] = [model.get("betas"), model.get("latent_dims")];
  const shape = [model.get("height"), model.get("width")];
  const digits = Array.from(uint8(model.get("example_labels")));
  const images = rows(uint8(model.get("examples")), shape[0] * shape[1]).map((pixels) => Array.from(pixels, (value) => value / 255));
  const points = pointsOf(model, digits.length);
  const best = points.reduce((one, other) => (other.rate + other.distortion < one.rate + one.distortion ? other : one));
  const pointAt = (beta, size) => points.find((one) => one.beta === beta && one.size === size);
  const here = () => pointAt(model.get("beta"), model.get("latent_dim"));
  // A smaller model has fewer coordinates; back at the larger one, the choice is as it was.
  const dimensionAt = ({ size }) => Math.min(model.get("dimension"), size - 1);
  const line = status();
  const go = ({ beta, size }) => {
    line.say("");
    view.set({ beta, latent_dim: size });
  };
  address(view, {
    now: () => ({ beta: model.get("beta"), latent_dim: model.get("latent_dim"), dimension: dimensionAt(here()) }),
    take: ({ beta, latent_dim: size, dimension }) => {
      const found = pointAt(beta, size);
      if (!found) return line.say(say("not_here"));
      go(found);
      if (Number.isInteger(dimension) && dimension >= 0 && dimension < size) view.set({ dimension });
    },
  });

  // The plane.
  const area = plot(say("plane"), { height: 320, margin: { left: 34, right: 16, top: 26, bottom: 38 } });
  const plane = h("div", { class: "hv-plane" }, area);
  const follow = view.guard((event) => {
    const place = area.svg.getBoundingClientRect();
    go(nearest(area, points, event.clientX - place.left, event.clientY - place.top));
  });
  plane.addEventListener("click", follow);
  // A finger that moves scrolls the page.
  plane.addEventListener("pointermove", (event) => event.pointerType === "mouse" && event.buttons === 1 && follow(event));
  const along = (trait, values, options) =>
    slider(view, {
      trait, min: 0, max: values.length - 1, step: 1, color: "q", onMove: () => line.say(""),
      read: (value) => values.indexOf(value), write: (place) => values[place], format: (place) => short(values[place]), ...options,
    });
  const terms = equation(
    ["total", "ink", "", say("total")],
    ["distortion", "p", "=", ...rich("distortion")],
    ["rate", "q", "+", ...rich("rate")],
  );
  const note = h("p", { class: "hv-note hv-where" });
  const names = h("div", {});

  // Digits and reconstructions.
  const rebuilt = digits.map(() => picture(shape));
  const thumbs = digits.map((digit, i) => {
    const canvas = picture(shape);
    canvas.show(images[i]);
    const element = thumb(view, canvas, say("take", { digit }), () => view.set({ digit }));
    element.append(rebuilt[i]);
    return element;
  });

  // Coordinates, and the traversal of one.
  const bars = plot(say("bars"), { height: 170, margin: { left: 40, top: 28, bottom: 24 } });
  bars.svg.addEventListener("click", view.guard((event) => {
    const dimension = Math.round(bars.toX(event.clientX - bars.svg.getBoundingClientRect().left)) - 1;
    if (dimension >= 0 && dimension < here().size) view.set({ dimension });
  }));
  const coordinate = select(view, say("coordinate"), (dimension) => view.set({ dimension }));
  const strip = STRIP.map(() => picture(shape));
  const values = STRIP.map(() => h("span"));
  const heading = h("p", { class: "hv-note" });

  // Samples: the same noise for every model, as far as its coordinates go.
  const sheet = picture([(SAMPLES / COLUMNS) * (shape[0] + 1) - 1, COLUMNS * (shape[1] + 1) - 1], { label: say("samples") });
  const again = button(view, say("again"), () => {
    line.say(say("drawn"));
    view.set({ draws: model.get("draws") + 1 });
  });
  root.append(
    h("div", { class: "hv-columns" },
      h("div", { class: "hv-aside" },
        names, plane,
        controls(along("beta", betas, { label: say("beta"), symbol: "β" }), along("latent_dim", sizes, { label: say("latent_dim"), symbol: "Z" })),
        terms, note,
        group(say("samples"), h("div", { class: "hv-sheet" }, sheet), buttons(again)),
        line),
      h("div", { class: "hv-aside" },
        group(say("digits"), h("div", { class: "hv-thumbs hv-pairs" }, ...thumbs)),
        bars,
        settings(coordinate),
        group(heading, h("div", { class: "hv-strip" }, ...strip.map((canvas, i) => framed(canvas, values[i])))))),
  );

  view.draw(() => {
    const now = here();
    const { beta, size, rate, distortion, kl, codes, decode } = now;
    const [total, ...sides] = [rate + distortion, rate, distortion].map((nats) => fixed(nats, nats < 100 ? 2 : 1));
    const numbers = { rate: sides[0], distortion: sides[1] };
    names.replaceChildren(legend(
      [[say("curve", { size, first: short(betas[0]), last: short(betas.at(-1)) })], "q"], [rich("touching"), "gap"], [rich("constant"), "prior"],
    ));
    terms.show({ total, ...numbers });
    const least = { total: fixed(best.rate + best.distortion), beta: short(best.beta), size: best.size };
    const objective = rich("objective", { objective: fixed(distortion + beta * rate) });
    note.replaceChildren(...objective, h("br"), now === best ? say("is_best") : say("best", least));
    drawPlane(area, points, now, say);
    const curve = points.filter((one) => one.size === size)
      .map((one) => say("describe_point", { beta: short(one.beta), rate: fixed(one.rate, 1), distortion: fixed(one.distortion, 1) }));
    area.describe(say("describe_plane", { beta: short(beta), size, ...numbers, curve: curve.join("; ") }));

    const [chosen, dimension] = [digits.indexOf(model.get("digit")), dimensionAt(now)];
    for (const [i, canvas] of rebuilt.entries()) canvas.show(decode(codes[i]));
    for (const [i, element] of thumbs.entries()) element.setAttribute("aria-pressed", i === chosen);

    const counts = { active: countActive(kl), count: size };
    const wide = klBars(bars, kl, { yLabel: say("active", counts) });
    const [left, top] = [bars.x(dimension + 1) - wide / 2 - 3, bars.space.top - 4];
    bars.put("chosen", "rect", { x: left, y: top, width: wide + 6, height: bars.y(0) - top, rx: 3, class: "hv-chosen" });
    bars.keep();
    bars.describe(say("describe_bars", { ...counts, values: Array.from(kl, (nats) => fixed(nats)).join(", ") }));
    coordinate.offer(Array.from(kl, (nats, i) => [i, say("use", { coordinate: i + 1, nats: fixed(nats) })]), dimension);
    // As far as the codes of the digits go; where the rate is high that is far out in the prior.
    const reach = Math.max(3, ...codes.map((code) => Math.ceil(Math.abs(code[dimension]))));
    const place = { digit: digits[chosen], coordinate: dimension + 1 };
    heading.textContent = say("traversal", { ...place, reach });
    for (const [i, canvas] of strip.entries()) {
      const value = reach * STRIP[i];
      values[i].textContent = fixed(value, Number.isInteger(value) ? 0 : 1);
      const code = codes[chosen].map((own, k) => (k === dimension ? value : own));
      canvas.show(decode(code), say("describe_step", { ...place, value: values[i].textContent }));
    }

    const noise = rows(random(model.get("draws")).normals(SAMPLES * sizes.at(-1)), sizes.at(-1));
    sheet.show(laidOut(noise.map((z) => decode(z.subarray(0, size))), shape), say("describe_samples", { count: SAMPLES }));
  });
});

/** The models in the order of the latent sizes, and for each of these in the order of the betas. */
function pointsOf(model, examples) {
  const [betas, sizes] = [model.get("betas"), model.get("latent_dims")];
  const [rates, distortions, kls, codes] = ["rates", "distortions", "kls", "example_codes"].map((name) => float32(model.get(name)));
  let first = 0;
  return model.get("decoders").map((packed, i) => {
    const size = sizes[Math.floor(i / betas.length)];
    const [start, end] = [first, first + size];
    first = end;
    return {
      beta: betas[i % betas.length], size, rate: rates[i], distortion: distortions[i],
      kl: kls.subarray(start, end),
      codes: rows(codes.subarray(examples * start, examples * end), size),
      decode: nets((name) => packed[name]).decoder,
    };
  });
}

/** Images side by side and one below the other, with a line between them. */
function laidOut(images, [high, wide]) {
  const across = COLUMNS * (wide + 1) - 1;
  const pixels = new Float32Array(across * ((images.length / COLUMNS) * (high + 1) - 1));
  for (const [i, image] of images.entries()) {
    const start = Math.floor(i / COLUMNS) * (high + 1) * across + (i % COLUMNS) * (wide + 1);
    for (let row = 0; row < high; row += 1) pixels.set(image.subarray(row * wide, (row + 1) * wide), start + row * across);
  }
  return pixels;
}

/** How far the plane goes. Where a nat costs next to nothing rates are huge: such models do not count, they may lie beyond. */
function reachOf(points) {
  const paid = points.filter(({ beta }) => beta >= LEAST_BETA);
  return 1.06 * Math.max(...(paid.length > 0 ? paid : points).map(({ rate }) => rate), 1e-3);
}

/** The point whose mark is closest to a place in pixels. */
function nearest(area, points, left, top) {
  const reach = area.box.x[1];
  const distance = ({ rate, distortion }) => Math.hypot(area.x(Math.min(rate, reach)) - left, area.y(distortion) - top);
  return points.reduce((one, other) => (distance(other) < distance(one) ? other : one));
}

function drawPlane(area, points, now, say) {
  const reach = reachOf(points);
  const top = 1.08 * Math.max(...points.map(({ distortion }) => distortion));
  const xLabel = points.some(({ rate }) => rate > reach) ? say("rate_axis_beyond") : say("rate_axis");
  const falling = ratePlane(area, { x: [0, reach], y: [0, top], xLabel, yLabel: say("distortion_axis") });

  // Curves of the same latent size, that of the marked model last, so that it lies above the others.
  const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => (a === now.size) - (b === now.size));
  for (const size of sizes) {
    const curve = points.filter((one) => one.size === size);
    const inside = curve.filter(({ rate }) => rate <= reach);
    const kind = size === now.size ? "q" : "prior";
    const drawn = (key, some, style) =>
      area.line(key, some.map(({ rate }) => Math.min(rate, reach)), some.map(({ distortion }) => distortion), `${kind} ${style}`);
    drawn(`curve-${kind}-${size}`, inside, kind === "q" ? "" : "hv-thin");
    for (const one of curve) {
      const [x, y] = [area.x(Math.min(one.rate, reach)), area.y(one.distortion)];
      const key = `point-${kind}-${size}-${one.beta}`;
      if (one.rate <= reach) area.put(key, "circle", { cx: x, cy: y, r: 3.2, class: `hv-fill-${kind}` });
      else area.put(key, "path", { d: `M${x} ${y - 5}l9 5l-9 5z`, class: `hv-fill-${kind}` });
    }
    const end = inside.reduce((one, other) => (other.rate > one.rate ? other : one), inside[0]);
    if (!end) continue;
    // Beside the curve's end; below it where there is no room.
    const low = end.rate > 0.85 * reach;
    const style = { class: `hv-${kind} hv-halo`, "text-anchor": low ? "end" : "start" };
    area.text(`size-${kind}-${size}`, area.x(end.rate) + 5, area.y(end.distortion) + (low ? 17 : -7), `Z = ${size}`, style);
  }
  falling("touching", now.beta, now.distortion + now.beta * now.rate, "gap");
  const [x, y] = [area.x(Math.min(now.rate, reach)), area.y(now.distortion)];
  const mark = area.put("marked", "circle", { cx: x, cy: y, r: 7.5, class: "hv-knob hv-marked" });
  mark.parentNode.append(mark); // above curves that were made later
  if (now.rate > reach) {
    const words = say("beyond", { beta: short(now.beta), rate: fixed(now.rate, 0) });
    area.text("beyond", x - 12, y + 18, words, { class: "hv-q hv-halo", "text-anchor": "end" });
  }
  area.keep();
}
