// The generator of a top-down hierarchy in the page, as hvae_lessons/models/topdown.py.

/**
 * hierarchy({ sizes, start, nets }) walks down from given noise, one list per level, from the data upwards:
 *
 *   walk(noise)    { means, deviations, z: of every level, image }
 *
 * z_l = mean + deviation * noise_l, under p(z_l | z_>l); `start` is the state above the top level. The nets are those
 * that hierarchy_nets in hierarchy_explorer/widget.py names.
 */
export function hierarchy({ sizes, start, nets }) {
  const levels = sizes.length;
  const plus = (one, other) => one.map((value, i) => value + other[i]);
  const refined = (state, level) => {
    let [now, i] = [state, 0];
    for (; nets[`block ${level} ${i}`]; i += 1) now = plus(now, nets[`block ${level} ${i}`](now));
    return now;
  };
  // The top level's prior is N(0, I), whatever the state.
  const prior = (state, level) => {
    const size = sizes[level - 1];
    if (level === levels) return [new Float32Array(size), new Float32Array(size).fill(1)];
    const output = nets[`prior ${level}`](state);
    return [output.subarray(0, size), output.subarray(size).map((logVar) => Math.exp(0.5 * logVar))];
  };

  function walk(noise) {
    const [means, deviations, z] = [[], [], []];
    let state = start;
    for (let level = levels; level >= 1; level -= 1) {
      const [mean, deviation] = prior(state, level);
      const value = mean.map((middle, k) => middle + deviation[k] * noise[level - 1][k]);
      means.unshift(mean);
      deviations.unshift(deviation);
      z.unshift(value);
      state = refined(plus(state, nets[`inject ${level}`](value)), level);
    }
    return { means, deviations, z, image: nets.head(state) };
  }
  return { levels, walk };
}
