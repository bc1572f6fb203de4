// What a widget says comes with its state, from the table in words.py beside its front end: here is no sentence.

import { math } from "./plot.js";

/**
 * wording({ where: "Mean {mean} of $q$" }) gives
 *
 * say("where", { mean: "1.5" })   the text, with values for the names in braces
 * rich("where")                   its parts for h(): what stands between dollar signs is set as mathematics
 */
export function wording(table) {
  const say = (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const rich = (key, values) => say(key, values).split("$").map((part, i) => (i % 2 === 1 ? math(part) : part));
  return { say, rich };
}
