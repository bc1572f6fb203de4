// A trained top-down hierarchy in the page: keep some levels of a digit's code, draw the others anew, slide one coordinate.

import { float32, rows, uint8 } from "../js/numerics/arrays.js";
import { hierarchy } from "../js/numerics/hierarchy.js";
import { nets } from "../js/numerics/nets.js";
import { random } from "../js/numerics/random.js";
import { button, buttons, group, select, settings, slider, status, thumb } from "../js/ui/controls.js";
import { h } from "../js/ui/dom.js";
import { framed, picture } from "../js/ui/images.js";
import { lesson } from "../js/ui/lesson.js";
import { fixed, subscript } from "../js/ui/numbers.js";
import { legend, plot } from "../js/ui/plot.js";

const SAMPLES = 10;
const STRIP = [-3, -2, -1, 0, 1, 2, 3];
const BAR = 30; // height of a level's row, in pixels

const nameOf = (level) => `z${subscript(level)}`;
const same = (one, other) => one.every((value, k) => value === other[k]);

export default lesson((view) => {
  const { model, rich, root, say } = view;
  /** ["a", "b", "c"] -> "a, b and c" */
  const listed = (names) => (names.length > 1 ? say("and", { names: names.slice(0, -1).join(", "), last: names.at(-1) }) : names[0]);
  const [sizes, reach] = [model.get("sizes"), model.get("reach")];
  const shape = [model.get("height"), model.get("width")];
  const { levels, walk } = hierarchy({ sizes, start: float32(model.get("start")), nets: nets((name) => model.get(name)) });
  const every = Array.from(sizes, (_, i) => i + 1);
  const total = sizes.reduce((a, b) => a + b, 0);
  const byLevel = (flat) => every.map((level) => {
    const first = sizes.slice(0, level - 1).reduce((a, b) => a + b, 0);
    return Array.from(flat.slice(first, first + sizes[level - 1]));
  });
  const digits = Array.from(uint8(model.get("example_labels")));
  const images = rows(uint8(model.get("examples")), shape[0] * shape[1]).map((pixels) => Array.from(pixels, (value) => value / 255));
  const own = rows(float32(model.get("example_noise")), total).map(byLevel);
  const costs = rows(float32(model.get("example_kl")), levels).map((kl) => Array.from(kl));
  const use = byLevel(float32(model.get("use")));
  const busiest = use.map((of) => of.map((_, k) => k).sort((a, b) => of[b] - of[a]));
  const chosen = () => digits.indexOf(model.get("digit"));

  const line = status();
  const move = (changes, words = "") => {
    line.say(words);
    view.set(changes);
  };

  // The digit.
  const thumbs = digits.map((digit, i) => {
    const canvas = picture(shape);
    canvas.show(images[i]);
    const take = () => move({ digit, noise: own[i] }, say("taken", { digit }));
    return thumb(view, canvas, say("take", { digit }), take);
  });
  const offered = group(say("offered"), h("div", { class: "hv-thumbs hv-ten" }, ...thumbs));

  // Its image, and the one of the code as it is now.
  const original = picture(shape, { label: say("original") });
  const decoded = picture(shape, { label: say("decoded") });
  const shown = h("div", { class: "hv-digits hv-pair" },
    framed(original, ...rich("original_caption")), framed(decoded, ...rich("decoded_caption")));
  const note = h("p", { class: "hv-note hv-where" });
  const back = button(view, say("back"), () => move({ noise: own[chosen()] }, say("restored")));

  // One coordinate of one level.
  const level = select(view, say("level"), (value) => move({ level: value, coordinate: busiest[value - 1][0] }));
  const coordinate = select(view, say("coordinate"), (value) => move({ coordinate: value }));
  const at = () => [model.get("level") - 1, model.get("coordinate")];
  const withNoise = (noise, [l, k], value) => noise.map((of, i) => (i === l ? of.map((now, j) => (j === k ? value : now)) : of));
  const along = slider(view, {
    trait: "noise", label: say("noise"), symbol: "ε", min: -reach, max: reach, step: 0.05,
    read: (noise) => noise[at()[0]][at()[1]],
    write: (value) => withNoise(model.get("noise"), at(), value),
    onMove: () => line.say(""),
  });
  const formula = h("p", { class: "hv-note" });
  const strip = STRIP.map(() => picture(shape));
  const slid = group(say("slide"), settings(level, coordinate),
    h("div", { class: "hv-strip" }, ...strip.map((canvas, i) => framed(canvas, fixed(STRIP[i], 0)))),
    along, formula);

  // What is kept, what it costs, and draws of the rest.
  const bars = plot(say("bars"), { height: BAR * levels + 26, margin: { left: 34, right: 40, top: 2, bottom: 24 } });
  const most = Math.max(...costs.flat(), 1);
  const keep = slider(view, {
    trait: "above", label: say("keep"), symbol: "l", min: 0, max: levels, step: 1,
    format: (number) =>
      number === levels ? say("keep_none", { number })
        : number === 0 ? say("keep_all", { number })
          : say("keep_some", { number, levels: listed(every.slice(number).map(nameOf).reverse()) }),
    onMove: () => line.say(""),
  });
  const kept = h("p", { class: "hv-note hv-where" });
  const heading = h("p", { class: "hv-note hv-where" });
  let drawn = { key: "", noise: [] };
  const canvases = Array.from({ length: SAMPLES }, () => picture(shape));
  const tiles = canvases.map((canvas, i) =>
    thumb(view, canvas, say("draw", { number: i + 1 }), () =>
      move({ noise: drawn.noise[i] }, say("at_draw", { number: i + 1 }))));
  const again = button(view, say("again"), () => move({ draws: model.get("draws") + 1 }, say("drawn")), { kind: "main" });
  const sampled = group(heading, h("div", { class: "hv-thumbs" }, ...tiles));
  root.append(
    offered,
    h("div", { class: "hv-columns hv-explorer" },
      h("div", { class: "hv-aside" }, shown, note, buttons(back), slid),
      h("div", { class: "hv-aside" },
        h("p", { class: "hv-note" }, say("kl")),
        legend([rich("kept"), "q"], [rich("anew"), "prior"]),
        bars, keep, kept, sampled, buttons(again))),
    line,
  );

  function drawRow(noise, above, draws) {
    const key = JSON.stringify([draws, above, noise.slice(above)]);
    if (drawn.key === key) return;
    const source = random(draws);
    // All levels are drawn every time: a level's noise must not depend on how many are kept.
    const fresh = tiles.map(() => byLevel(source.normals(total)));
    drawn = { key, noise: fresh.map((one) => noise.map((of, i) => (i < above ? one[i] : of))) };
    for (const [i, canvas] of canvases.entries()) canvas.show(walk(drawn.noise[i]).image);
  }

  view.draw(() => {
    const [digit, above, draws, noise] = ["digit", "above", "draws", "noise"].map((name) => model.get(name));
    const [i, [l, k]] = [chosen(), at()];
    for (const [j, element] of thumbs.entries()) element.setAttribute("aria-pressed", j === i);
    original.show(images[i], say("describe_original", { digit }));

    const changed = every.filter((one) => !same(noise[one - 1], own[i][one - 1])).reverse().map(nameOf);
    const { means, deviations, z, image } = walk(noise);
    const words = changed.length === 0 ? say("untouched") : say("touched", { levels: listed(changed) });
    note.textContent = words;
    decoded.show(image, say("describe_decoded", { digit, origin: words }));

    level.offer(every.map((one) => [one, one === levels ? say("top_level", { level: nameOf(one) }) : nameOf(one)]), l + 1);
    coordinate.offer(busiest[l].map((one) => [one, say("use", { coordinate: one + 1, nats: fixed(use[l][one]) })]), k);
    for (const [j, canvas] of strip.entries()) canvas.show(walk(withNoise(noise, [l, k], STRIP[j])).image);
    const term = noise[l][k] < 0 ? `(${fixed(noise[l][k])})` : fixed(noise[l][k]);
    const sum = { mean: fixed(means[l][k]), deviation: fixed(deviations[l][k]), noise: term, z: fixed(z[l][k]) };
    const whole = say("formula", { coordinate: k + 1, level: nameOf(l + 1), ...sum });
    formula.textContent = l > 0 ? `${whole} ${say("below")}` : whole;

    drawRow(noise, above, draws);
    for (const [j, tile] of tiles.entries()) tile.setAttribute("aria-pressed", drawn.noise[j].every((of, m) => same(of, noise[m])));
    const [stay, leave] = [every.slice(above), every.slice(0, above)].map((some) => listed(some.map(nameOf).reverse()));
    heading.textContent =
      above === 0 ? say("nothing_anew")
        : above === levels ? say("nothing_kept")
          : say(above === levels - 1 ? "draws_given_one" : "draws_given_many", { kept: stay, anew: leave });
    drawBars(bars, costs[i], above, most);
    const [all, rest] = [costs[i], costs[i].slice(above)].map((some) => fixed(some.reduce((a, b) => a + b, 0), 1));
    const moved = changed.filter((name) => every.slice(above).map(nameOf).includes(name));
    const sentences = [say("cost", { kept: rest, all })];
    if (above > 0) sentences.push(say("free"));
    if (moved.length > 0) sentences.push(say(moved.length > 1 ? "changed_many" : "changed_one", { levels: listed(moved) }));
    kept.textContent = sentences.join(" ");
    again.disabled = above === 0;
    const costOf = (one) => say(one > above ? "kept_level" : "anew_level", { level: nameOf(one), nats: fixed(costs[i][one - 1], 1) });
    bars.describe(say("describe_bars", { levels: every.map(costOf).reverse().join("; ") }));
  });
});

/** One bar for each level, the top one above; hollow where the level is drawn anew. */
function drawBars(bars, kl, above, most) {
  const levels = kl.length;
  bars.frame({ x: [0, most], y: [0.5, levels + 0.5] });
  for (const [i, nats] of kl.entries()) {
    const [level, right] = [i + 1, bars.x(Math.max(nats, 0))];
    const middle = bars.y(level);
    const kind = level > above ? "hv-fill-q" : "hv-collapsed";
    bars.text(`name-${level}`, bars.x(0) - 8, middle + 5, nameOf(level), { "text-anchor": "end" });
    bars.put(`bar-${level}`, "rect", { x: bars.x(0), y: middle - 10, width: right - bars.x(0), height: 20, class: `hv-level ${kind}` });
    bars.text(`nats-${level}`, right + 6, middle + 5, fixed(nats, 1), { class: level > above ? "hv-q" : "hv-prior" });
  }
  bars.keep();
}
