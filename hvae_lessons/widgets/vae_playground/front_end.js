// A VAE that trains here, in a thread of its own: change beta and the number of codes, and watch what becomes of it.

import { float32, toBytes, uint8 } from "../js/numerics/arrays.js";
import { unpackImages } from "../js/numerics/image_pack.js";
import { ACTIVE, countOf, GRID, GRID_REACH, RECONSTRUCTIONS } from "../js/numerics/playground_constants.js";
import { button, buttons, choice, controls, number, settings, slider, status } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { equation } from "../js/ui/equation.js";
import { countActive, klBars } from "../js/ui/kl_bars.js";
import { lesson } from "../js/ui/lesson.js";
import { fixed, short, subscript, ticks, whole } from "../js/ui/numbers.js";
import { digitMap, imageGrid, themeOf } from "../js/ui/pictures.js";
import { legend, plot } from "../js/ui/plot.js";
import { ratePlane } from "../js/ui/rate_plane.js";
import { startWorker } from "../js/ui/workers.js";
import source from "./playground.worker.js";

const DRAWN_POINTS = 300;
const STAY = 10; // epochs with one beta that are worth a mark on the way

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const worker = startWorker(source);
  view.onClose(() => worker.terminate());
  const images = {};
  let begun = null; // the choices with which the present training began
  let beginning = false; // the worker has not shown it yet
  let ticket = 0;
  let told = ""; // settings that the worker knows
  let running = false; // as the worker was told
  let stepWanted = false; // pressed before the worker had its model
  let own = null; // the last weights that came from the worker
  let seen = null; // the last weights that were looked at
  let latest = null; // the last snapshot
  let history = [];

  worker.onerror = view.guard((event) => {
    event.preventDefault();
    throw new Error(event.message || say("no_thread"));
  });

  /** The images called `name`: in the state, from a script beside this one, or asked of Python. */
  const fetchImages = async (name) => {
    if (images[name]) return images[name];
    let bytes = uint8(model.get(name));
    if (bytes.length === 0 && model.file) bytes = await model.file(name);
    if (bytes.length === 0) return null; // Python answers by a change of the state
    images[name] ??= unpackImages(bytes);
    worker.postMessage({ kind: "images", name, value: images[name] });
    return images[name];
  };

  const begin = async () => {
    const [data, latent, hidden, seed] = ["data", "latent", "hidden", "seed"].map((name) => model.get(name));
    const given = model.get("weights");
    const sent = given.byteLength > 0 && given !== seen && !sameBytes(given, own);
    const key = [data, latent, hidden, seed].join(" ");
    // While a slider moves, only where it comes to rest is begun with.
    if (beginning || (key === begun && !sent)) return;
    beginning = true;
    begun = key;
    ticket += 1;
    const mine = ticket;
    seen = given;
    const set = await fetchImages(data);
    if (!set) return void ([begun, seen, beginning] = [null, null, false]);
    if (mine !== ticket) return;
    const pixels = set.pixels;
    const fits = sent && given.byteLength === 4 * countOf({ pixels, latent, hidden });
    running = false;
    history = [];
    worker.postMessage({ kind: "begin", ticket, data, latent, hidden, seed, given: fits ? float32(given) : null });
    if (model.get("running")) run(true);
  };

  const run = (on) => {
    running = on;
    worker.postMessage({ kind: "run", on });
  };

  worker.addEventListener("message", view.guard(({ data: message }) => {
    if (message.kind === "failed") throw new Error(message.words);
    if (message.ticket !== ticket) return;
    if (message.kind === "diverged") {
      running = false;
      view.set({ running: false });
      return void line.say(say("diverged", { step: whole(message.step) }));
    }
    worker.postMessage({ kind: "taken" });
    latest = message;
    beginning = false;
    if (stepWanted) worker.postMessage({ kind: "step" });
    stepWanted = false;
    history.push(...message.history);
    const news = { epoch: message.epoch };
    if (message.weights) news.weights = own = toBytes(message.weights);
    if (message.rested) {
      running = false;
      news.running = false;
      line.say(say("rested", { epoch: whole(message.epoch) }));
    }
    if (message.weights || news.running === false) view.set(news);
    view.redraw();
  }));

  const line = status();
  const counter = h("p", { class: "hv-note hv-counter" });
  const startButton = button(view, say("start"), () => {
    const on = !model.get("running");
    line.say(on ? say("training") : say("paused"));
    view.set({ running: on });
  }, { kind: "main" });
  const stepButton = button(view, say("step"), () => {
    view.set({ running: false });
    running = false;
    if (begun && !beginning) worker.postMessage({ kind: "step" });
    else stepWanted = true;
  });
  const resetButton = button(view, say("reset"), () => {
    view.set({ running: false });
    line.say(say("began_anew"));
    [begun, beginning] = [null, false];
    ticket += 1; // what the old training still sends is not looked at
    view.redraw();
  });
  const row = buttons(startButton, stepButton, resetButton, line, counter);

  const rule = h("p", { class: "hv-note hv-rule" });
  const sliders = controls(
    slider(view, {
      trait: "beta", label: say("beta"), symbol: "β", min: 0.05, max: 16, scale: "log", zero: true, format: (v) => short(v), color: "q",
    }),
    slider(view, { trait: "latent", label: say("latent"), symbol: "Z", min: 1, max: 16, step: 1, format: whole, color: "q" }),
    slider(view, {
      trait: "learning_rate", label: say("learning_rate"), min: 0.0001, max: 0.03, scale: "log", format: (v) => short(v, 2), color: "prior",
    }),
    slider(view, { trait: "warm_up", label: say("warm_up"), min: 0, max: 200, step: 5, format: whole, color: "q" }),
    slider(view, { trait: "free_bits", label: say("free_bits"), symbol: "λ", min: 0, max: 2, step: 0.05, color: "gap" }),
    slider(view, { trait: "hidden", label: say("hidden"), min: 8, max: 256, step: 8, format: whole, color: "prior" }),
  );
  const choices = settings(
    choice(view, { trait: "data", label: say("images"), options: [["digits", say("digits")], ["mnist", say("mnist")]] }),
    number(view, { trait: "seed", label: say("seed"), min: 0, max: 9999 }),
    rule,
  );

  const losses = plot(say("losses"), { height: 210, margin: { left: 40, top: 28 } });
  const bars = plot(say("bars"), { height: 210, margin: { left: 40, top: 28 } });
  const terms = equation(
    ["total", "ink", "", say("total")],
    ["distortion", "p", "=", say("distortion")],
    ["rate", "q", "+", say("rate")],
    ["beta", "prior", "", ...rich("weight")],
  );
  const rates = plot(say("path"), { height: 320, margin: { left: 40, top: 28, bottom: 38 } });
  const way = h("div", { class: "hv-aside" }, legend([rich("touching"), "gap"], [rich("constant"), "prior"]), rates);
  const map = digitMap(say("codes"));
  const plane = imageGrid(say("decoded"), GRID);
  const rebuilt = imageGrid(say("rebuilt"), RECONSTRUCTIONS);
  const samples = imageGrid(say("samples"), 10);
  root.append(
    row, sliders, choices, terms,
    h("div", { class: "hv-columns" }, losses, bars, way, map, plane, h("div", { class: "hv-aside" }, rebuilt, samples)),
  );

  // The pictures are painted for one theme: another one needs them again.
  const observer = new MutationObserver(view.redraw);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true });
  view.onClose(() => observer.disconnect());

  view.draw(() => {
    const now = { beta: model.get("beta"), warmUp: model.get("warm_up"), nats: model.get("free_bits"), rate: model.get("learning_rate") };
    if (JSON.stringify(now) !== told) {
      told = JSON.stringify(now);
      worker.postMessage({ kind: "settings", values: now });
    }
    view.guard(begin)();
    if (begun && !beginning && model.get("running") !== running) run(model.get("running"));
    rule.textContent = now.nats > 0 ? say("rule") : "";
    startButton.textContent = model.get("running") ? say("pause") : say("start");
    if (latest && images[model.get("data")]) show(latest, images[model.get("data")]);
  });

  let painted = null;
  function show(state, set) {
    const theme = themeOf(root);
    const key = `${theme} ${root.clientWidth} ${model.get("free_bits")}`;
    if (painted?.state === state && painted.key === key) return;
    if (state.grid.length % set.pixels || state.places.length !== 2 * set.testCount) return;
    painted = { state, key };
    const { kl, beta } = state;
    const { logPx, rate } = state.score;
    const place = { epoch: whole(state.epoch), step: whole(state.steps), pace: fixed(state.pace, state.pace < 10 ? 1 : 0) };
    counter.textContent = say(!state.running ? "counter" : state.pace > 0 ? "running_at" : "running", place);
    terms.show({ total: fixed(rate - logPx), distortion: fixed(-logPx), rate: fixed(rate), beta: short(beta) });
    drawLosses(losses, history, say);
    drawBars(bars, kl, model.get("free_bits"), say);
    drawPath(rates, history, beta, say);
    drawPictures(state, set, theme);
  }

  function drawPictures({ kl, shown, places, grid, samples: fantasies, reconstructions }, set, theme) {
    const { side, pixels, testCount, labels, test } = set;
    const flat = Float32Array.from(places);
    const single = shown.length === 1;
    if (single) for (let i = 0; i < testCount; i += 1) flat[2 * i + 1] = (labels[i] - 4.5) / 2;
    const sizes = Array.from(flat, Math.abs).filter(Number.isFinite).sort((a, b) => a - b);
    const reach = Math.max(3, 1.08 * (sizes[Math.floor(0.995 * sizes.length)] ?? 0));
    map.show(flat, labels, reach, theme, { single });
    const [across, up] = shown.map(nameOf);
    const codes = { count: testCount, across, up, reach: fixed(sizes.at(-1) ?? NaN, 1) };
    map.caption(single ? say("codes_line", codes) : say("codes_plane", codes));
    map.describe(single ? say("describe_codes_line", codes) : say("describe_codes_plane", codes));
    plane.show(grid, side, theme);
    const [caption, description] =
      single ? ["decoded_line", "describe_decoded_line"]
        : kl.length > 2 ? ["decoded_others", "describe_decoded_others"]
          : ["decoded_plane", "describe_decoded_plane"];
    plane.caption(say(caption, { reach: GRID_REACH }));
    plane.describe(say(description, { across, up, reach: GRID_REACH }));
    const count = RECONSTRUCTIONS;
    const pairs = new Float32Array(2 * reconstructions.length);
    pairs.set(test.subarray(0, count * pixels));
    pairs.set(reconstructions, reconstructions.length);
    rebuilt.show(pairs, side, theme);
    rebuilt.describe(say("describe_rebuilt", { count, digits: Array.from(labels.slice(0, count)).join(", ") }));
    samples.show(fantasies, side, theme);
    samples.describe(say("describe_samples", { count: fantasies.length / pixels }));
  }
});

function drawLosses(area, history, say) {
  const last = Math.max(10, history.length);
  const total = history.map(([logPx, kl]) => kl - logPx);
  const top = 1.05 * total.reduce((a, b) => Math.max(a, b), 1);
  const yTicks = ticks(0, top, 4);
  const format = (value) => whole(value);
  area.frame({ x: [0, last], y: [0, top], xLabel: say("epochs"), yLabel: say("nats"), yTicks, format });
  if (history.length > 1) {
    const every = Math.ceil(history.length / DRAWN_POINTS);
    const kept = history.map((_, i) => i).filter((i) => i % every === 0 || i === history.length - 1);
    const xs = kept.map((i) => i + 1);
    const distortion = kept.map((i) => -history[i][0]);
    const sum = kept.map((i) => total[i]);
    area.region("distortion-area", xs, distortion, "p");
    area.region("kl-area", xs, sum, "q hv-deep", distortion);
    area.line("distortion", xs, distortion, "p");
    area.line("total", xs, sum, "q");
    const right = area.box.width - area.space.right;
    const end = distortion.at(-1);
    area.text("p-name", right - 4, area.y(end / 2) + 4, say("distortion"), { class: "hv-p", "text-anchor": "end" });
    area.text("q-name", right - 4, area.y(sum.at(-1)) - 7, say("plus_kl"), { class: "hv-q", "text-anchor": "end" });
  }
  area.keep();
  if (history.length === 0) return area.describe(say("describe_no_losses"));
  const [logPx, kl] = history.at(-1);
  return area.describe(say("describe_losses", { epochs: whole(history.length), distortion: fixed(-logPx, 1), rate: fixed(kl, 1) }));
}

/** The way through the rate-distortion plane; of a long one the first epochs, far from the rest, are left out. */
function drawPath(area, history, beta, say) {
  const path = history.slice(Math.min(STAY, Math.floor(history.length / 10))).map(([logPx, rate, set]) => ({ rate, distortion: -logPx, beta: set }));
  const [rates, distortions] = [path.map(({ rate }) => rate), path.map(({ distortion }) => distortion)];
  const [least, most] = path.length > 0 ? [Math.min(...distortions), Math.max(...distortions)] : [0, 1];
  const air = Math.max(1, 0.15 * (most - least));
  const falling = ratePlane(area, {
    x: [0, Math.max(1, 1.15 * Math.max(...rates, 0))], y: [Math.max(0, least - air), most + air],
    xLabel: say("path_rate"), yLabel: say("path_distortion"),
  });
  if (path.length === 0) {
    area.keep();
    return area.describe(say("describe_no_path"));
  }
  const now = path.at(-1);
  falling("touching", beta, now.distortion + beta * now.rate, "gap hv-thin");
  const every = Math.ceil(path.length / DRAWN_POINTS);
  const kept = path.filter((_, i) => i % every === 0 || i === path.length - 1);
  area.line("path", kept.map(({ rate }) => rate), kept.map(({ distortion }) => distortion), "q");
  const stays = staysOf(path);
  for (const [i, stay] of stays.entries()) {
    const [x, y] = [area.x(stay.rate), area.y(stay.distortion)];
    const last = i === stays.length - 1;
    area.put(`stay-${i}`, "circle", { cx: x, cy: y, r: last ? 6 : 4, class: "hv-knob" });
    const left = x > area.box.width - 80; // there is no room at its right
    const style = { class: "hv-q hv-halo", "text-anchor": left ? "end" : "start" };
    area.text(`stay-name-${i}`, left ? x - 9 : x + 9, last ? y + 17 : y - 7, `β = ${short(stay.beta)}`, style);
  }
  area.keep();
  const each = stays.map(({ beta: set, rate, distortion }) =>
    say("describe_stay", { beta: short(set), rate: fixed(rate, 1), distortion: fixed(distortion, 1) }));
  return area.describe(say("describe_path", { stays: each.join("; ") }));
}

/** Where training had come to with each beta in turn: the last point of each, if the beta stayed for a while. */
function staysOf(path) {
  const ends = path.map((_, i) => i).filter((i) => i === path.length - 1 || path[i].beta !== path[i + 1].beta);
  return ends.filter((end, k) => end === path.length - 1 || end - (ends[k - 1] ?? -1) >= STAY).map((end) => path[end]);
}

function drawBars(area, values, nats, say) {
  const kl = Array.from(values, (value) => (Number.isFinite(value) ? value : 0));
  const [active, count] = [countActive(kl), kl.length];
  klBars(area, kl, { yLabel: say("active", { active, count }), reach: Math.max(1, nats * 1.3) });
  if (nats > 0) {
    const y = area.y(nats);
    const right = area.box.width - area.space.right;
    area.put("free", "line", { x1: area.space.left, x2: right, y1: y, y2: y, class: "hv-stroke-gap hv-dashed hv-strong" });
    area.text("free-name", right, y - 5, say("free"), { class: "hv-gap hv-halo", "text-anchor": "end" });
  }
  area.keep();
  const each = Array.from(values, (value, i) => `${nameOf(i)} ${fixed(value)}`).join(", ");
  area.describe(say("describe_bars", { values: each, threshold: ACTIVE, active, collapsed: count - active }));
}

function sameBytes(a, b) {
  if (a === b) return true;
  if (!b || a.byteLength !== b.byteLength) return false;
  const [left, right] = [uint8(a), uint8(b)];
  return left.every((value, i) => value === right[i]);
}

/** 0 -> "z₁" */
const nameOf = (d) => `z${subscript(d + 1)}`;
