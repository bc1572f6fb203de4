// The frame of every widget: one root element, one style sheet, drawing once per frame, and errors as a sentence.

import { h } from "./dom.js";
import theme from "./theme.css";
import { wording } from "./words.js";

/**
 * export default lesson((view) => { ... });
 *
 * view.model            get, set, save_changes, on, off, send: of anywidget in a notebook, of the host on a page
 * view.root             where the widget builds itself
 * view.say, view.rich   its words: words.js
 * view.draw(f)          f draws; it runs now and, once per frame, after every change of the model
 * view.redraw()         ask for it after a change that the model does not know of
 * view.animate(f)       f(milliseconds since the last frame) every frame until it returns false; returns stop()
 * view.guard(f)         f, with its errors shown to the reader; for callbacks of your own
 * view.set(values)      change traits and tell Python
 * view.onClose(f)       f runs when the widget goes away: stop timers and workers there
 * view.fail(error)      replace the widget by a sentence
 */
export function lesson(build) {
  return {
    render({ model, el }) {
      adoptTheme(el);
      const words = wording(model.get("words"));
      const root = h("section", { class: "hvae", "aria-label": words.say("title") });
      el.replaceChildren(root);
      const view = open(words, model, root);
      view.guard(build)(view);
      view.redraw();
      return view.close;
    },
  };
}

function open(words, model, root) {
  const closing = [];
  const drawings = [];
  let waiting = 0;
  let closed = false;

  const close = () => {
    closed = true;
    cancelAnimationFrame(waiting);
    for (const f of closing.splice(0)) f();
  };

  const fail = (error) => {
    if (closed) return;
    close();
    console.error(error);
    const reason = error?.message ? ` (${error.message})` : "";
    const sentence = words.say("failed", { title: words.say("title"), reason });
    root.replaceChildren(h("p", { class: "hv-failed", role: "alert" }, sentence));
  };

  const guard = (f) => (...args) => {
    if (closed) return undefined;
    try {
      const result = f(...args);
      if (result instanceof Promise) result.catch(fail);
      return result;
    } catch (error) {
      return fail(error);
    }
  };

  const drawAll = guard(() => {
    waiting = 0;
    for (const draw of drawings) draw();
  });
  const redraw = () => {
    if (!closed && !waiting) waiting = requestAnimationFrame(drawAll);
  };

  const listen = (event, f) => {
    const guarded = guard(f);
    model.on(event, guarded);
    closing.push(() => model.off(event, guarded));
  };
  listen("change", redraw);

  const animate = (step) => {
    let frame = 0;
    let last = performance.now();
    const tick = guard((now) => {
      frame = step(Math.min(100, now - last)) === false ? 0 : requestAnimationFrame(tick);
      last = now;
    });
    frame = requestAnimationFrame(tick);
    const stop = () => cancelAnimationFrame(frame);
    closing.push(stop);
    return stop;
  };

  const resized = new ResizeObserver(redraw);
  resized.observe(root);
  closing.push(() => resized.disconnect());

  return {
    ...words,
    model,
    root,
    close,
    fail,
    guard,
    redraw,
    listen,
    animate,
    draw: (f) => void drawings.push(f),
    onClose: (f) => void closing.push(f),
    set(values) {
      for (const [name, value] of Object.entries(values)) model.set(name, value);
      model.save_changes();
    },
  };
}

/** Whether the reader has asked the system for less motion. */
export const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function adoptTheme(el) {
  const place = el.getRootNode() instanceof ShadowRoot ? el.getRootNode() : document.head;
  for (const style of place.querySelectorAll("style[data-hvae]")) if (style.textContent === theme) return;
  place.append(h("style", { "data-hvae": "" }, theme));
}
