// Pictures of digits, and the colors of the ten classes: shared by the widgets that show images.

import { h, set } from "./dom.js";

/** The ten classes' colors, for a light and a dark card: as matplotlib's tab10, moved until they can be told from both. */
export const digitColors = {
  light: ["#1f5fa8", "#b85a00", "#1d7a2e", "#b3261e", "#6d4aa8", "#7a4a3a", "#b0307f", "#5c6370", "#7a7300", "#007a87"],
  dark: ["#7fb6f5", "#ffad5c", "#7cd389", "#ff8f87", "#c3a6f5", "#d3a796", "#f59ad2", "#b9c0cc", "#d8d25e", "#5fd6e3"],
};

/** Small dots of one class on a plot, at [right, up] each: one path, for a line of no length with round ends is a dot. */
export function dots(area, digit, points) {
  const d = points.map(([right, up]) => `M${area.x(right).toFixed(1)} ${area.y(up).toFixed(1)}h0`).join("");
  const { style } = area.put(`codes-${digit}`, "path", { d, class: "hv-codes" });
  style.setProperty("--hv-light", digitColors.light[digit]);
  style.setProperty("--hv-dark", digitColors.dark[digit]);
}

/** A picture in a frame, with words below. */
export const framed = (canvas, ...caption) =>
  h("figure", {}, h("div", { class: "hv-frame" }, canvas), h("figcaption", { class: "hv-note" }, ...caption));

/**
 * picture([rows, columns], { label, size }) is a <canvas> for one image of pixels from 0 (paper) to 1 (ink).
 *
 *   canvas.show(pixels, label)   draw; the label is its text alternative. A decorative one has no label.
 *
 * The ink's strength is its opacity, so that theme.css can turn black ink into white on a dark card.
 */
export function picture([rows, columns], { label, size } = {}) {
  const canvas = h("canvas", { class: "hv-digit", width: columns, height: rows });
  if (size) canvas.style.width = `${size}px`;
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const say = (words) =>
    set(canvas, { role: words ? "img" : null, "aria-label": words ?? null, "aria-hidden": words ? null : "true" });
  say(label);
  return Object.assign(canvas, {
    show(pixels, words) {
      // Out of 0 to 1 (a Gaussian decoder may go there) is paper or ink: the bytes are clamped.
      for (let i = 0; i < rows * columns; i += 1) image.data[4 * i + 3] = 255 * pixels[i];
      context.putImageData(image, 0, 0);
      if (words) say(words);
    },
  });
}
