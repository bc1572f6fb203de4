// The rate-distortion plane: the rate R across, the distortion D up, in nats; falling lines are those of equal objectives.

import { ticks } from "./numbers.js";

/**
 * ratePlane(area, { x, y, xLabel, yLabel }) draws a plot's frame and dotted lines on which D + R is the same.
 *
 * It returns falling(key, beta, sum, kind): the line D + beta R = sum, as far as it lies in the plane.
 */
export function ratePlane(area, { x, y, xLabel, yLabel }) {
  const yTicks = ticks(...y, 4);
  area.frame({ x, y, xLabel, yLabel, xTicks: ticks(...x, 4), yTicks });
  const falling = (key, beta, sum, kind) => {
    // Without a slope it is in the plane everywhere or nowhere.
    const [first, last] = beta > 0 ? y.map((distortion) => (sum - distortion) / beta).reverse() : x;
    const [start, end] = [Math.max(x[0], first), Math.min(x[1], last)];
    if (start < end && sum - beta * start >= y[0]) area.line(key, [start, end], [sum - beta * start, sum - beta * end], kind);
  };
  const step = yTicks[1] - yTicks[0];
  const lines = Math.floor((x[1] + y[1] - yTicks[0]) / step);
  for (let i = 0; i <= lines; i += 1) falling(`sum-${i}`, 1, yTicks[0] + i * step, "prior hv-dotted hv-thin");
  return falling;
}
