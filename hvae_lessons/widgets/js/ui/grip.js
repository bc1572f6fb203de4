// A point that is dragged over a plot or moved by the arrow keys.

import { h } from "./dom.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * grip(view, area, { label, step, stride, now, move, press }) is a <div> with the plot `area` in it; element.place(right, up)
 * puts the point there, in view.draw.
 *
 * label         what a screen reader calls the point
 * step, stride  of an arrow key, in values of the axes; with shift so many times as far
 * now()         where the point is: [right, up]
 * move(r, u)    the reader has moved it
 * press(r, u)   what a press beside the point does; without it the point jumps there
 */
export function grip(view, area, { label, step, stride, now, move, press }) {
  // A button, so that it can have the focus; inside the figure, for the page around may give that margins of its own.
  const knob = h("button", { type: "button", class: "hv-grip", "aria-label": label });
  area.append(knob);
  const element = h("div", { class: "hv-plane" }, area);
  const valuesAt = (event) => {
    const place = area.svg.getBoundingClientRect();
    return [area.toX(event.clientX - place.left), area.toY(event.clientY - place.top)];
  };
  const follow = view.guard((event) => move(...valuesAt(event)));
  element.addEventListener("pointerdown", view.guard((event) => {
    const held = event.target === knob;
    // A finger elsewhere than on the point scrolls the page; where it taps is handled by the click.
    if (event.button !== 0 || (!held && (press || event.pointerType === "touch"))) return;
    event.preventDefault();
    knob.focus({ preventScroll: true });
    // The click that ends the dragging is then the point's, too.
    knob.setPointerCapture(event.pointerId);
    knob.addEventListener("pointermove", follow);
    if (!held) follow(event);
  }));
  for (const end of ["pointerup", "pointercancel"]) knob.addEventListener(end, () => knob.removeEventListener("pointermove", follow));
  element.addEventListener("click", view.guard((event) => {
    if (event.target === knob) return;
    if (press) press(...valuesAt(event));
    else if (event.pointerType === "touch") follow(event);
  }));
  knob.addEventListener("keydown", view.guard((event) => {
    const way = KEYS[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const length = event.shiftKey ? stride * step : step;
    const [right, up] = now();
    move(right + way[0] * length, up + way[1] * length);
  }));
  return Object.assign(element, {
    place(right, up) {
      knob.style.left = `${area.x(right)}px`;
      knob.style.top = `${area.y(up)}px`;
    },
  });
}
