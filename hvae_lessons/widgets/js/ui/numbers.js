// How numbers are written: a true minus sign, as many digits as say something.

const minus = (text) => text.replace("-", "−");

/** 1.5 -> "1.50"; -0.001 -> "0.00", for a minus before zeros only confuses. */
export function fixed(value, digits = 2) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace("-", "") : text);
}

/** Three significant digits over many orders of magnitude. */
export function short(value, digits = 3) {
  if (value === 0 || !Number.isFinite(value)) return fixed(value, 0);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return minus(value.toExponential(1));
  return minus(Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumSignificantDigits: digits }));
}

/** 1234 -> "1,234" */
export const whole = (value) => Math.round(value).toLocaleString("en-US");

/** 12 -> "₁₂" */
export const subscript = (number) => String(number).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Round steps for an axis: about `count` numbers between low and high. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((candidate) => candidate >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
