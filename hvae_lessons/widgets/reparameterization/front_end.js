// z = mean + sd * noise: the noise stays where it is, the samples move with q, and two estimators of the gradient follow.

import { checkpoints, exactly, integrands, normalNoise, pathwise, running, scoreFunction } from "../js/numerics/gradients.js";
import { button, buttons, check, choice, controls, number, settings, slider, status } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { lesson } from "../js/ui/lesson.js";
import { clamp, fixed, short, ticks, whole } from "../js/ui/numbers.js";
import { legend, plot } from "../js/ui/plot.js";

const SHOWN = 4.2; // noise and codes from -SHOWN to SHOWN
const MEAN = [-2.5, 2.5];
const SD = [0.2, 1.5];
const PARTICLES = 14;
const ROW = 7; // pixels between two arrows
const MOST = 20000;
const FIRST = 5; // samples before a variance is worth drawing
const TRAITS = ["mean", "log_var", "integrand", "baseline", "samples", "batch", "seed", "probe"];
const COLORS = { path: "q", score: "prior" };

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const names = { path: say("path"), score: say("score"), square: say("square"), wave: say("wave"), step: say("step") };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const sdOf = (logVar) => Math.exp(0.5 * logVar);
  const toLogVar = (sd) => 2 * Math.log(clamp(sd, ...SD));

  let noise = new Float64Array(0);
  let seeded = null;
  const now = () => {
    const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const { mean, log_var: logVar, integrand, baseline, samples, seed } = state;
    if (seed !== seeded || noise.length < samples) [noise, seeded] = [normalNoise(seed, Math.max(samples, 256)), seed];
    const sd = sdOf(logVar);
    const exact = exactly(integrand, mean, sd, baseline);
    const history = running(integrand, mean, sd, exact.baseline, noise, checkpoints(FIRST, samples));
    const latest = noise.subarray(Math.max(0, samples - PARTICLES), samples);
    return { ...state, f: { ...integrands[integrand], name: names[integrand] }, sd, exact, history, latest };
  };

  const lanes = plot(say("lanes"), { height: 322, margin: { left: 14, right: 14, top: 214, bottom: 36 } });
  const kinds = ["path", "score"].map((kind) => {
    const words = kind === "path" ? rich("path_heading") : rich("score_heading");
    const heading = h("p", { class: `hv-estimator hv-${COLORS[kind]}` }, ...words);
    const numbers = h("p", { class: "hv-note" });
    const area = plot(say("estimates", { estimator: names[kind] }), { height: 160, margin: { left: 10, right: 10, top: 10, bottom: 22 } });
    return { kind, name: names[kind], numbers, area, element: h("div", {}, heading, area, numbers) };
  });
  const variances = plot(say("variances"), { height: 200, margin: { left: 46, top: 30, bottom: 38 } });
  const line = status();

  const sliders = controls(
    slider(view, { trait: "mean", label: say("mean"), symbol: "μ", min: MEAN[0], max: MEAN[1], step: 0.01, color: "q" }),
    slider(view, {
      trait: "log_var", label: say("spread"), symbol: "σ", min: SD[0], max: SD[1], step: 0.01, color: "q", read: sdOf, write: toLogVar,
    }),
    slider(view, { trait: "probe", label: say("marked"), symbol: "ε", min: -3, max: 3, step: 0.01, color: "gap" }),
  );
  const choices = settings(
    choice(view, { trait: "integrand", label: say("f"), options: Object.keys(integrands).map((key) => [key, names[key]]) }),
    check(view, { trait: "baseline", label: say("baseline") }),
    choice(view, { trait: "batch", label: say("batch"), options: [1, 10, 100, 1000].map((n) => [n, whole(n)]) }),
    number(view, { trait: "seed", label: say("seed"), min: 0, max: 9999 }),
  );
  const row = buttons(
    button(
      view,
      say("draw"),
      () => {
        const samples = Math.min(MOST, model.get("samples") + model.get("batch"));
        view.set({ samples });
        line.say(samples === MOST ? say("most", { count: whole(MOST) }) : say("drawn", { count: whole(samples) }));
      },
      { kind: "main" },
    ),
    button(view, say("reset"), () => {
      view.set(start);
      line.say("");
    }),
  );
  const key = legend([rich("noise"), "gap"], [rich("samples"), "q"], [rich("integrand"), "p"]);
  root.append(key, lanes, h("div", { class: "hv-columns" }, ...kinds.map((one) => one.element)), variances, sliders, choices, row, line);

  view.draw(() => {
    const state = now();
    drawLanes(lanes, state, view);
    for (const one of kinds) drawEstimator(one, state, view);
    drawVariances(variances, state, names, view);
  });
});

function drawLanes(area, { f, mean, sd, latest, probe, integrand }, view) {
  const range = { square: [-0.9, 13], wave: [-1.3, 1.3], step: [-0.2, 1.3] }[integrand];
  area.frame({ x: [-SHOWN, SHOWN], y: range, xLabel: "z", xTicks: [-4, -3, -2, -1, 0, 1, 2, 3, 4] });
  const [top, middle] = [48, 176];
  const right = area.box.width - area.space.right;
  const xs = Array.from({ length: 281 }, (_, i) => -SHOWN + (i * 2 * SHOWN) / 280);
  const bell = (m, s, base, tall) => {
    const points = xs.map((x) => `${area.x(x).toFixed(1)} ${(base - tall * Math.exp(-0.5 * ((x - m) / s) ** 2)).toFixed(1)}`);
    return `M${area.x(-SHOWN)} ${base}L${points.join("L")}L${area.x(SHOWN)} ${base}Z`;
  };
  const across = (key, y) =>
    area.put(key, "line", { x1: area.x(-SHOWN), x2: area.x(SHOWN), y1: y, y2: y, class: "hv-stroke-prior hv-thin" });
  // A narrow q is a high bell, up to where it would reach the noise.
  const tall = Math.min(84, 38 / sd);
  area.put("noise-bell", "path", { d: bell(0, 1, top, 38), class: "hv-region hv-gap" });
  area.put("q-bell", "path", { d: bell(mean, sd, middle, tall), class: "hv-region hv-q" });
  across("noise-axis", top);
  across("z-axis", middle);
  area.text("noise-name", right, top - 8, "ε", { class: "hv-gap hv-m", "text-anchor": "end" });
  area.text("z-name", right, middle - 8, "z", { class: "hv-q hv-m", "text-anchor": "end" });
  const shown = xs.filter((z) => f.value(z) <= range[1]);
  area.line("f", shown, shown.map(f.value), "p");
  area.text("f-name", right, area.space.top - 6, `f(z) = ${f.name}`, { class: "hv-p", "text-anchor": "end" });

  const through = (key, e, kinds) => {
    const z = mean + sd * e;
    const [from, to] = [area.x(clamp(e, -SHOWN, SHOWN)), area.x(clamp(z, -SHOWN, SHOWN))];
    const end = area.y(clamp(f.value(z), ...range));
    area.put(`link-${key}`, "path", { d: `M${from} ${top}L${to} ${middle}V${end}`, class: `hv-link ${kinds}` });
    return { from, to, end };
  };
  for (const [i, e] of latest.entries()) {
    const { from, to, end } = through(i, e, "");
    area.put(`noise-${i}`, "circle", { cx: from, cy: top, r: 3.5, class: "hv-fill-gap" });
    area.put(`sample-${i}`, "circle", { cx: to, cy: middle, r: 3.5, class: "hv-fill-q" });
    area.put(`value-${i}`, "circle", { cx: to, cy: end, r: 3, class: "hv-fill-p" });
  }
  const z = mean + sd * probe;
  const { from, to, end } = through("probe", probe, "hv-stroke-ink hv-marked");
  // The tangent is all that the pathwise estimate sees of f; its length on the screen is fixed.
  const rise = (area.y(f.value(z) - f.slope(z)) - area.y(f.value(z))) / (area.x(1) - area.x(0));
  const run = 30 / Math.hypot(1, rise);
  const tangent = { x1: to - run, x2: to + run, y1: end + rise * run, y2: end - rise * run };
  area.put("tangent", "line", { ...tangent, class: "hv-stroke-q hv-strong" });
  area.put("probe-value", "circle", { cx: to, cy: end, r: 4.5, class: "hv-knob hv-noise" });
  area.put("probe-sample", "circle", { cx: to, cy: middle, r: 4.5, class: "hv-knob hv-noise" });
  area.put("probe-noise", "circle", { cx: from, cy: top, r: 7.5, class: "hv-knob hv-noise" });

  const peak = { cx: area.x(mean), cy: middle - tall };
  const side = { cx: area.x(mean + sd), cy: middle - tall * Math.exp(-0.5) };
  area.put("spread", "circle", { ...side, r: 6, class: "hv-knob hv-hollow" });
  area.put("mean", "circle", { ...peak, r: 7, class: "hv-knob" });
  area.put("probe-touch", "circle", { cx: from, cy: top, r: 18, class: "hv-touch" });
  area.put("spread-touch", "circle", { ...side, r: 16, class: "hv-touch" });
  area.put("mean-touch", "circle", { ...peak, r: 16, class: "hv-touch" });
  const round = (value) => Number(value.toFixed(2));
  area.drag("probe-touch", (value) => view.set({ probe: round(clamp(value, -3, 3)) }), view);
  area.drag("mean-touch", (value) => view.set({ mean: round(clamp(value, ...MEAN)) }), view);
  area.drag(
    "spread-touch",
    (value) => view.set({ log_var: 2 * Math.log(round(clamp(value - view.model.get("mean"), ...SD))) }),
    view,
  );
  area.keep();
  area.describe(
    view.say("describe_lanes", {
      mean: fixed(mean), sd: fixed(sd), f: f.name, probe: fixed(probe), z: fixed(z), value: fixed(f.value(z)),
      slope: fixed(f.slope(z)), count: latest.length,
    }),
  );
}

/** How far the arrows reach: the same for both estimators, so that their lengths can be compared. */
const reach = ({ exact }) => {
  const widest = Math.sqrt(Math.max(exact.path.variance, exact.score.variance));
  return Math.abs(exact.gradient) + 2.2 * widest + 0.05;
};

function drawEstimator({ kind, name, numbers, area }, state, { say }) {
  const { f, integrand, mean, sd, latest, probe, exact, history, samples } = state;
  const estimate = (e) =>
    kind === "path" ? pathwise(integrand, mean, sd, e) : scoreFunction(integrand, mean, sd, e, exact.baseline);
  const end = reach(state);
  area.frame({ x: [-end, end], y: [0, 1], xTicks: ticks(-end, end, 4), format: short });
  const bottom = area.box.height - area.space.bottom;
  const rule = (key, value, kinds) =>
    area.put(key, "line", { x1: area.x(value), x2: area.x(value), y1: 4, y2: bottom, class: kinds });
  rule("zero", 0, "hv-stroke-prior hv-thin");
  rule("exact", exact.gradient, "hv-stroke-p hv-dashed hv-strong");
  const arrow = (key, y, value, kinds) => {
    const [from, to] = [area.x(0), area.x(clamp(value, -end, end))];
    const head = Math.sign(to - from) * Math.min(5, Math.abs(to - from));
    area.put(key, "path", { d: `M${from} ${y}H${to}M${to - head} ${y - 3}L${to} ${y}L${to - head} ${y + 3}`, class: `hv-arrow ${kinds}` });
  };
  const rows = [...latest].sort((a, b) => a - b);
  rows.forEach((e, i) => arrow(`arrow-${i}`, 10 + i * ROW, estimate(e), `hv-stroke-${COLORS[kind]} hv-faint`));
  arrow("probe", 10 + PARTICLES * ROW + 4, estimate(probe), "hv-stroke-gap hv-strong");
  const { mean: average, variance } = history[kind].at(-1) ?? { mean: NaN, variance: NaN };
  arrow("mean", 10 + PARTICLES * ROW + 18, average, `hv-stroke-${COLORS[kind]} hv-strongest`);
  area.keep();

  const error = Math.sqrt(variance / samples);
  const wrong = kind === "path" && integrand === "step";
  const values = { mean: fixed(average), error: fixed(error), exact: fixed(exact.gradient) };
  const words = wrong ? say("no_slope", values) : say("estimate", values);
  numbers.textContent = words;
  area.describe(say("describe_estimates", { estimator: name, f: f.name, probe: fixed(estimate(probe)), summary: words }));
}

function drawVariances(area, { history, exact, samples }, names, { say }) {
  const log = (value) => Math.log10(value);
  const last = Math.max(samples, 100);
  const values = [...history.path, ...history.score].map((one) => one.variance).filter((value) => value > 1e-6);
  const known = [exact.path.variance, exact.score.variance].filter((value) => value > 1e-6);
  const settled = values.slice(Math.floor(values.length / 4));
  const low = Math.floor(log(Math.min(...known, ...settled, 1e3)) - 0.1);
  const high = Math.ceil(log(Math.max(...known, ...settled, 1e-3)) + 0.15);
  const powers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  area.frame({
    x: [log(FIRST), log(last)], y: [low, high], xTicks: powers(1, Math.floor(log(last))), yTicks: powers(low, high),
    format: (power) => short(10 ** power), xLabel: say("count_axis"), yLabel: say("variance_axis"),
  });
  const right = area.box.width - area.space.right;
  for (const kind of ["path", "score"]) {
    const law = exact[kind].variance;
    const seen = history[kind].filter((one) => one.variance > 1e-6);
    if (law > 1e-6) {
      const y = area.y(log(law));
      area.put(`law-${kind}`, "line", { x1: area.space.left, x2: right, y1: y, y2: y, class: "hv-stroke-p hv-dashed hv-thin" });
      const other = exact[kind === "path" ? "score" : "path"].variance;
      const below = other > law;
      const words = say("law", { estimator: names[kind], variance: short(law) });
      area.text(`name-${kind}`, right, y + (below ? 14 : -6), words, { class: `hv-${COLORS[kind]}`, "text-anchor": "end" });
    }
    if (seen.length > 1) {
      const ys = seen.map((one) => clamp(log(one.variance), low, high));
      area.line(`seen-${kind}`, seen.map((one) => log(one.count)), ys, COLORS[kind]);
    }
  }
  area.keep();
  const [path, score] = ["path", "score"].map((kind) => {
    const measured = short(history[kind].at(-1)?.variance ?? NaN);
    return say("measured", { estimator: names[kind], measured, exact: short(exact[kind].variance) });
  });
  area.describe(say("describe_variances", { count: whole(samples), path, score }));
}
