// The KL of each latent coordinate as bars: solid where it is active, hollow where it has collapsed.

import { ACTIVE } from "../numerics/playground_constants.js";
import { short, ticks } from "./numbers.js";

/**
 * klBars(area, values, { yLabel, reach }) draws a plot's frame and bars; what else there is comes after it, then area.keep().
 * The axis goes to `reach` nats at least. Returns what a caller may mark: how wide a bar is.
 */
export function klBars(area, values, { yLabel, reach = 1 }) {
  const count = values.length;
  const top = Math.max(reach, 1.12 * values.reduce((a, b) => Math.max(a, b), 0));
  const every = Math.ceil((22 * count) / Math.max(200, area.clientWidth)); // a number needs 22 pixels
  const xTicks = Array.from({ length: count }, (_, i) => i + 1).filter((i) => (i - 1) % every === 0);
  area.frame({
    x: [0.4, count + 0.6], y: [0, top], xTicks, yTicks: ticks(0, top, 4), format: (value) => short(value, 2), xLabel: "", yLabel,
  });
  const wide = Math.min(36, 0.7 * (area.x(2) - area.x(1)));
  const bottom = area.y(0);
  for (const [i, nats] of values.entries()) {
    const used = nats > ACTIVE;
    const tall = used ? bottom - area.y(nats) : 5;
    const place = { x: area.x(i + 1) - wide / 2, y: bottom - tall, width: wide, height: tall };
    area.put(`bar-${i}`, "rect", { ...place, class: used ? "hv-fill-q" : "hv-collapsed" });
  }
  return wide;
}

/** How many coordinates say something. */
export const countActive = (values) => Array.from(values).filter((nats) => nats > ACTIVE).length;
