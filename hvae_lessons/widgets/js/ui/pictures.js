// Images and marked points on a canvas: many of them, thirty times a second.

import { h, set } from "./dom.js";
import { digitColors } from "./images.js";

const INK = { light: [31, 41, 51], dark: [230, 233, 240] };
const PAPER = { light: [243, 244, 248], dark: [39, 44, 56] };

export const themeOf = (element) => (getComputedStyle(element).colorScheme === "dark" ? "dark" : "light");

/** A canvas with a caption above it; describe(words) sets the text alternative. */
function canvas(caption, ratio) {
  const surface = h("canvas", { role: "img", "aria-label": caption });
  const title = h("figcaption", { class: "hv-caption" }, caption);
  const element = h("figure", { class: "hv-picture" }, title, surface);
  const fit = (rows = ratio) => {
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = Math.max(120, Math.floor(element.clientWidth || 300));
    const height = Math.round(width * rows);
    if (surface.width !== Math.round(width * scale) || surface.height !== Math.round(height * scale)) {
      surface.width = Math.round(width * scale);
      surface.height = Math.round(height * scale);
      surface.style.height = `${height}px`;
    }
    return { context: surface.getContext("2d"), width, height, scale };
  };
  const describe = (words) => set(surface, { "aria-label": words });
  return { element, title, fit, describe };
}

/** imageGrid("Caption", columns): show(images, side, theme) lays images [n, side * side] in [0, 1] out in rows. */
export function imageGrid(caption, columns, { gap = 1 } = {}) {
  const { element, title, fit, describe } = canvas(caption, 1);
  const small = document.createElement("canvas");
  function show(images, side, theme) {
    const count = images.length / (side * side);
    const rows = Math.ceil(count / columns);
    const air = gap * Math.max(1, side >> 3);
    small.width = columns * (side + air) - air;
    small.height = rows * (side + air) - air;
    const context = small.getContext("2d");
    const picture = context.createImageData(small.width, small.height);
    const [ink, paper] = [INK[theme], PAPER[theme]];
    for (let i = 0; i < count; i += 1) {
      const [left, top] = [(i % columns) * (side + air), Math.floor(i / columns) * (side + air)];
      for (let d = 0; d < side * side; d += 1) {
        const at = 4 * ((top + Math.floor(d / side)) * small.width + left + (d % side));
        const value = images[i * side * side + d];
        for (let c = 0; c < 3; c += 1) picture.data[at + c] = paper[c] + value * (ink[c] - paper[c]);
        picture.data[at + 3] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
    const { context: big, width, height, scale } = fit(small.height / small.width);
    big.imageSmoothingEnabled = false;
    big.clearRect(0, 0, width * scale, height * scale);
    big.drawImage(small, 0, 0, Math.round(width * scale), Math.round(height * scale));
  }
  return Object.assign(element, { show, describe, caption: (words) => void (title.textContent = words) });
}

/** digitMap("Caption"): show(places, labels, reach, theme, { single }) writes each digit where its code lies. */
export function digitMap(caption) {
  const { element, title, fit, describe } = canvas(caption, 1);
  const stamps = new Map();
  const stamp = (digit, theme, scale) => {
    const key = `${digit} ${theme} ${scale}`;
    if (!stamps.has(key)) {
      const mark = document.createElement("canvas");
      mark.width = mark.height = Math.ceil(14 * scale);
      const context = mark.getContext("2d");
      context.font = `600 ${11 * scale}px system-ui, sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillStyle = digitColors[theme][digit];
      context.fillText(String(digit), mark.width / 2, mark.height / 2);
      stamps.set(key, mark);
    }
    return stamps.get(key);
  };
  function show(places, labels, reach, theme, { single = false } = {}) {
    const { context, width, height, scale } = fit();
    const [wide, tall] = [width * scale, height * scale];
    context.clearRect(0, 0, wide, tall);
    const x = (value) => (wide / 2) * (1 + value / reach);
    const y = (value) => (tall / 2) * (1 - value / reach);
    const ink = INK[theme].join(",");
    context.strokeStyle = `rgba(${ink},0.45)`;
    context.lineWidth = scale;
    context.setLineDash([4 * scale, 4 * scale]);
    for (const radius of [1, 2]) {
      context.beginPath();
      if (single) {
        for (const side of [-radius, radius]) {
          context.moveTo(x(side), 0);
          context.lineTo(x(side), tall);
        }
      } else context.arc(x(0), y(0), (radius / reach) * (wide / 2), 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    for (let i = 0; i < labels.length; i += 1) {
      const mark = stamp(labels[i], theme, scale);
      context.drawImage(mark, x(places[2 * i]) - mark.width / 2, y(places[2 * i + 1]) - mark.height / 2);
    }
  }
  return Object.assign(element, { show, describe, caption: (words) => void (title.textContent = words) });
}
