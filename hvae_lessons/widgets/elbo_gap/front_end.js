// log p(x) = ELBO + KL(q || p(z | x)): move q and watch the bound rise to the evidence, or stay below it.

import { float64 } from "../js/numerics/arrays.js";
import { climb, gaussianLogProb, measure, posteriorOf } from "../js/numerics/grid.js";
import { button, buttons, controls, slider, status } from "../js/ui/controls.js";
import { equation } from "../js/ui/equation.js";
import { lesson, prefersStillness } from "../js/ui/lesson.js";
import { clamp, fixed } from "../js/ui/numbers.js";
import { legend, plot } from "../js/ui/plot.js";

const SHOWN = 3.4; // codes from -SHOWN to SHOWN
const MEAN = [-2.5, 2.5];
const SD = [0.05, 1.5];
const STEPS_PER_SECOND = 40;

export default lesson((view) => {
  const { model, rich, root, say } = view;
  const z = float64(model.get("codes"));
  const decoded = float64(model.get("decoded"));
  const grid = { z, decoded, noiseLogVar: model.get("noise_log_var") };
  const start = { x: model.get("x"), mean: model.get("mean"), log_var: model.get("log_var") };
  const sdOf = (logVar) => Math.exp(0.5 * logVar);
  const toLogVar = (sd) => 2 * Math.log(clamp(sd, ...SD));

  let posterior = null;
  let posteriorAt = null;
  const now = () => {
    const x = model.get("x");
    if (x !== posteriorAt) [posterior, posteriorAt] = [posteriorOf(grid, x), x];
    const [mean, logVar] = [model.get("mean"), model.get("log_var")];
    return { x, mean, logVar, sd: sdOf(logVar), posterior, ...measure(posterior, mean, logVar) };
  };

  const densities = plot(say("densities"), { height: 236, margin: { left: 12, top: 10 } });
  const bars = plot(say("bars"), { height: 104, margin: { left: 12, top: 20, bottom: 36 } });
  const terms = equation(
    ["logPx", "p", "", ...rich("log_px")],
    ["elbo", "q", "=", say("elbo")],
    ["reverse", "gap", "+", ...rich("reverse_kl")],
    ["forward", "prior", "", ...rich("forward_kl")],
  );

  const line = status();
  let stop = null;
  const halt = () => {
    stop?.();
    stop = null;
    follow.textContent = say("follow");
  };
  const move = (values, words) => {
    halt();
    line.say(words ?? "");
    view.set(values);
  };
  const follow = button(
    view,
    say("follow"),
    () => {
      if (stop) return void [halt(), line.say(say("stopped"))];
      line.say("");
      let at = { mean: model.get("mean"), logVar: model.get("log_var") };
      const arrive = () => {
        halt();
        const { elbo, reverse } = now();
        line.say(say("maximum", { elbo: fixed(elbo, 3), gap: fixed(reverse, 3) }));
      };
      const advance = (count) => {
        for (let i = 0; i < count; i += 1) {
          const next = climb(now().posterior, at);
          const inside = next && next.mean >= MEAN[0] && next.mean <= MEAN[1] && sdOf(next.logVar) <= SD[1];
          if (!inside) return false;
          at = next;
        }
        return true;
      };
      const tell = () => view.set({ mean: at.mean, log_var: Math.max(toLogVar(0), at.logVar) });
      if (prefersStillness()) {
        advance(2000);
        tell();
        return void arrive();
      }
      let due = 0;
      follow.textContent = say("stop");
      stop = view.animate((elapsed) => {
        due += (elapsed / 1000) * STEPS_PER_SECOND;
        const climbing = advance(Math.floor(due));
        due %= 1;
        tell();
        if (!climbing) arrive();
        return climbing;
      });
    },
    { kind: "main" },
  );

  const sliders = controls(
    slider(view, { trait: "mean", label: say("mean"), symbol: "q", min: MEAN[0], max: MEAN[1], step: 0.01, color: "q", onMove: halt }),
    slider(view, {
      trait: "log_var", label: say("spread"), symbol: "q", min: SD[0], max: SD[1], step: 0.01, color: "q",
      read: sdOf, write: toLogVar, onMove: halt,
    }),
    slider(view, { trait: "x", label: say("observation"), symbol: "x", min: -1, max: 5, step: 0.05, color: "p", onMove: halt }),
  );
  const row = buttons(
    follow,
    button(view, say("match"), () => {
      const { posterior: p } = now();
      const [mean, logVar] = [clamp(p.mean, ...MEAN), toLogVar(sdOf(p.logVar))];
      move({ mean, log_var: logVar }, say("matched"));
    }),
    button(view, say("reset"), () => move(start)),
  );
  const names = legend(
    [rich("posterior"), "p"],
    [rich("approximation"), "q"],
    [rich("prior"), "prior"],
  );
  root.append(names, densities, bars, terms, sliders, row, line);

  view.draw(() => {
    const state = now();
    drawDensities(densities, state, view, halt);
    drawBars(bars, state, view);
    const { posterior: p, elbo, reverse, forward } = state;
    terms.show({ logPx: fixed(p.logPx, 3), elbo: fixed(elbo, 3), reverse: fixed(reverse, 3), forward: fixed(forward, 3) });
  });
});

function drawDensities(area, { x, mean, logVar, sd, posterior, elbo, reverse }, view, halt) {
  const { z, logPosterior } = posterior;
  const shown = Array.from(z.keys()).filter((i) => Math.abs(z[i]) <= SHOWN);
  const codes = shown.map((i) => z[i]);
  const exact = shown.map((i) => Math.exp(logPosterior[i]));
  // Sampled at its own points too: a narrow q would lose its peak between those of the grid.
  const fine = [...codes, ...Array.from({ length: 61 }, (_, i) => mean + sd * (i / 10 - 3))].sort((a, b) => a - b);
  const approximate = fine.map((code) => Math.exp(gaussianLogProb(code, mean, logVar)));
  const highest = Math.max(...exact);
  const peak = 1 / (sd * Math.sqrt(2 * Math.PI));
  const top = 1.15 * Math.max(highest, 0.45, Math.min(peak, 2.2 * highest));
  area.frame({ x: [-SHOWN, SHOWN], y: [0, top], xLabel: view.say("code_axis"), xTicks: [-3, -2, -1, 0, 1, 2, 3] });
  area.line("prior", codes, codes.map((code) => Math.exp(gaussianLogProb(code, 0, 0))), "prior hv-dashed hv-thin");
  area.region("posterior-area", codes, exact, "p");
  area.line("posterior", codes, exact, "p");
  area.region("q-area", fine, approximate, "q");
  area.line("q", fine, approximate, "q");

  const height = (density) => area.y(Math.min(density, top));
  const moveMean = (value) => {
    halt();
    view.set({ mean: Number(clamp(value, ...MEAN).toFixed(3)) });
  };
  const moveSpread = (value) => {
    halt();
    view.set({ log_var: 2 * Math.log(clamp(Math.abs(value - view.model.get("mean")), ...SD)) });
  };
  const side = peak * Math.exp(-0.5);
  for (const sign of [-1, 1]) {
    const place = { cx: area.x(mean + sign * sd), cy: height(side) };
    area.put(`spread-${sign}`, "circle", { ...place, r: 6, class: "hv-knob hv-hollow" });
    area.put(`spread-touch-${sign}`, "circle", { ...place, r: 16, class: "hv-touch" });
    area.drag(`spread-touch-${sign}`, moveSpread, view);
  }
  const place = { cx: area.x(mean), cy: height(peak) };
  area.put("mean", "circle", { ...place, r: 7.5, class: "hv-knob" });
  area.put("mean-touch", "circle", { ...place, r: 18, class: "hv-touch" });
  area.drag("mean-touch", moveMean, view);
  area.keep();
  area.describe(
    view.say("describe_densities", {
      x: fixed(x), posterior_mean: fixed(posterior.mean), posterior_sd: fixed(Math.exp(0.5 * posterior.logVar)),
      mean: fixed(mean), sd: fixed(sd), elbo: fixed(elbo), gap: fixed(reverse),
    }),
  );
}

function drawBars(area, { posterior, elbo, reverse }, { say }) {
  const { logPx } = posterior;
  const low = Math.max(Math.min(logPx - 3, elbo - 0.6), logPx - 60);
  const high = logPx + 0.08 * (logPx - low);
  const digits = logPx - low < 8 ? 1 : 0;
  area.frame({ x: [low, high], y: [0, 1], xLabel: say("nats"), format: (value) => fixed(value, digits) });
  const edge = Math.max(low, elbo);
  const [zero, bound, evidence] = [area.x(low), area.x(edge), area.x(logPx)];
  const [top, tall] = [24, 30];
  area.put("elbo", "rect", { x: zero, y: top, width: Math.max(0, bound - zero), height: tall, class: "hv-fill-q" });
  area.put("gap", "rect", { x: bound, y: top, width: Math.max(0, evidence - bound), height: tall, class: "hv-fill-gap" });
  area.put("evidence", "line", { x1: evidence, x2: evidence, y1: top - 8, y2: top + tall + 8, class: "hv-stroke-p hv-strong" });
  area.text("evidence-name", evidence, 12, say("evidence"), { class: "hv-p", "text-anchor": "end" });
  const inside = (from, to, need) => to - from > need;
  if (inside(zero, bound, 46)) area.text("elbo-name", bound - 6, top + 20, say("elbo"), { class: "hv-on-q", "text-anchor": "end" });
  if (inside(bound, evidence, 34)) {
    area.text("gap-name", (bound + evidence) / 2, top + 20, say("gap"), { class: "hv-on-gap", "text-anchor": "middle" });
  }
  area.keep();
  area.describe(say("describe_bars", { log_px: fixed(logPx, 3), elbo: fixed(elbo, 3), gap: fixed(reverse, 3) }));
}
