// Labelled native controls. Each is tied to a trait: moving it sets the trait, setting the trait moves it.

import { h, set, uniqueId } from "./dom.js";
import { clamp, fixed } from "./numbers.js";

/** Sliders, side by side where there is room. */
export const controls = (...children) => h("div", { class: "hv-controls" }, ...children);

/** A row of small controls: choices, numbers, checks. */
export const settings = (...children) => h("div", { class: "hv-settings" }, ...children);

/** A row of buttons. */
export const buttons = (...children) => h("div", { class: "hv-buttons" }, ...children);

/**
 * slider(view, { trait, label, symbol, min, max, step, scale, zero, format, color, read, write, onMove })
 * scale "log" needs min > 0, and with `zero: true` its left end stands for 0. `color` is a variable of theme.css: "q", "p" ...
 * read and write turn the trait into what the slider shows and back; onMove runs before the reader's move is set.
 */
export function slider(view, options) {
  const { trait, label, symbol, min, max, step, scale, zero, format = fixed, color } = options;
  const { read = (value) => value, write = (value) => value, onMove = () => {} } = options;
  const id = uniqueId();
  const log = scale === "log";
  const fine = 400;
  const toValue = (place) => {
    if (!log) return place;
    if (zero && place <= 0) return 0;
    const value = min * (max / min) ** (place / fine);
    return step ? Math.round(value / step) * step : Number(value.toPrecision(3));
  };
  const toPlace = (value) => {
    if (!log) return value;
    return value < min ? 0 : Math.round((fine * Math.log(value / min)) / Math.log(max / min));
  };
  const range = log ? { min: zero ? -1 : 0, max: fine, step: 1 } : { min, max, step };
  const input = h("input", { type: "range", id, ...range });
  const value = h("span", { class: "hv-value" });
  const name = symbol ? [label, " ", h("i", { class: "hv-m" }, symbol)] : [label];
  const row = h("div", { class: "hv-slider" }, h("label", { for: id }, ...name), value, input);
  if (color) row.style.setProperty("--hv-accent", `var(--hv-${color})`);
  const show = () => {
    const now = read(view.model.get(trait));
    const text = format(now);
    value.textContent = text;
    set(input, { "aria-valuetext": text });
    // A model that rounds must not pull the thumb away from the hand that holds it.
    if (Math.abs(toValue(Number(input.value)) - now) > 1e-9) input.value = zero && now === 0 ? -1 : toPlace(now);
    row.style.setProperty("--hv-place", clamp((input.value - input.min) / (input.max - input.min), 0, 1));
  };
  input.addEventListener(
    "input",
    view.guard(() => {
      onMove();
      view.set({ [trait]: write(toValue(Number(input.value))) });
    }),
  );
  view.draw(show);
  return Object.assign(row, { input });
}

/** select(view, label, onChange): a native select; offer([[value, text], ...], chosen), in view.draw, says what is in it. */
export function select(view, label, onChange) {
  const id = uniqueId();
  const input = h("select", { id });
  let [offered, key] = [[], ""];
  input.addEventListener("change", view.guard(() => onChange(offered.find(([value]) => String(value) === input.value)[0])));
  return Object.assign(h("div", { class: "hv-choice" }, h("label", { for: id }, label), input), {
    input,
    offer(options, chosen) {
      // Options that are there stay: a list that is open must not be taken away.
      if (JSON.stringify(options) !== key) input.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
      [offered, key] = [options, JSON.stringify(options)];
      input.value = String(chosen);
    },
  });
}

/** choice(view, { trait, label, options: [[value, text], ...] }): a native select of a trait. */
export function choice(view, { trait, label, options }) {
  const element = select(view, label, (value) => view.set({ [trait]: value }));
  view.draw(() => element.offer(options, view.model.get(trait)));
  return element;
}

/** number(view, { trait, label, min, max, step }): a native number field; what is no number in range is put back. */
export function number(view, { trait, label, min, max, step = 1 }) {
  const id = uniqueId();
  const input = h("input", { type: "number", id, min, max, step, inputmode: "decimal" });
  input.addEventListener(
    "change",
    view.guard(() => {
      if (input.value !== "" && input.validity.valid) view.set({ [trait]: Number(input.value) });
      else input.value = view.model.get(trait);
    }),
  );
  // Written only when the trait has changed: a drawing for another reason must not undo what is being typed.
  let shown;
  view.draw(() => {
    const now = view.model.get(trait);
    if (now !== shown) input.value = shown = now;
  });
  return Object.assign(h("div", { class: "hv-choice" }, h("label", { for: id }, label), input), { input });
}

/** check(view, { trait, label }): a native checkbox. */
export function check(view, { trait, label }) {
  const id = uniqueId();
  const input = h("input", { type: "checkbox", id });
  input.addEventListener("change", view.guard(() => view.set({ [trait]: input.checked })));
  view.draw(() => void (input.checked = Boolean(view.model.get(trait))));
  return Object.assign(h("div", { class: "hv-check" }, input, h("label", { for: id }, label)), { input });
}

/** button(view, "Reset", () => ..., { kind: "main" }) */
export function button(view, text, onClick, { kind = "plain" } = {}) {
  const element = h("button", { type: "button", class: `hv-button hv-${kind}` }, text);
  element.addEventListener("click", view.guard(onClick));
  return element;
}

/** thumb(view, canvas, label, onClick): a small image that is a button. */
export function thumb(view, canvas, label, onClick) {
  const element = button(view, "", onClick, { kind: "thumb" });
  element.setAttribute("aria-label", label);
  element.append(canvas);
  return element;
}

/** A part of the widget with its heading, text or a paragraph, which names it for screen readers too. */
export function group(heading, ...children) {
  const head = typeof heading === "string" ? h("p", { class: "hv-note" }, heading) : heading;
  head.id ||= uniqueId();
  return h("div", { class: "hv-aside", role: "group", "aria-labelledby": head.id }, head, ...children);
}

/** One line that a screen reader speaks when it changes. Say results there, not every step. */
export function status() {
  const element = h("p", { class: "hv-status", role: "status" });
  return Object.assign(element, {
    say(text) {
      if (element.textContent !== text) element.textContent = text;
    },
  });
}
