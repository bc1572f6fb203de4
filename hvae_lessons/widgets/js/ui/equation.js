// A sum of named numbers, each in its color: −ELBO = reconstruction + KL.

import { h } from "./dom.js";

/** equation(["elbo", "q", "=", "ELBO"], ...): key, color, sign before it, name; element.show({ elbo: "-1.50" }) writes numbers. */
export function equation(...terms) {
  const numbers = {};
  const parts = terms.flatMap(([key, color, sign, ...name]) => {
    numbers[key] = h("b");
    const term = h("span", { class: `hv-term hv-${color}` }, h("span", {}, ...name), numbers[key]);
    return sign ? [h("span", { class: "hv-sign" }, sign), term] : [term];
  });
  return Object.assign(h("div", { class: "hv-equation" }, ...parts), {
    show(values) {
      for (const [key, value] of Object.entries(values)) numbers[key].textContent = value;
    },
  });
}
