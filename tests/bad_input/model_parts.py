"""What several models share: likelihood, levels, readings, families of posteriors."""

from bad_input.inputs import LEVELS, WIDE, B, D, K, V, X, Z, mhvae
from random_data import generator

from hvae_lessons.models.parts.families import AutoregressiveFlow, DiagonalGaussian, FullGaussian
from hvae_lessons.models.parts.levels import GaussianNet, check_levels, markov_trace
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.models.parts.readings import ladder, merge, residual
from hvae_lessons.trace import Gaussian

likelihood = Likelihood("bernoulli")
gaussian_net = GaussianNet((Z, 3, Z), generator=generator())
diagonal = DiagonalGaussian(Z)
full = FullGaussian(Z)
flow = AutoregressiveFlow(Z, 2)
READING = {"p_z": Gaussian(V, V), "first": V, "second": V}
NORMALS = tuple(Gaussian(level, level) for level in LEVELS)

GOOD = {
    check_likelihood: {"likelihood": "gaussian", "noise_log_var": 0.0},
    Likelihood: {"likelihood": "gaussian"},
    likelihood.check: {"x": X, "size": D},
    likelihood.forward: {"output": V},
    GaussianNet: {"sizes": (D, Z)},
    gaussian_net.forward: {"inputs": V},
    check_levels: {"name": "z", "values": LEVELS, "sizes": (Z, 1)},
    markov_trace: {"log_px_given_z": V[:, 0], "z": LEVELS, "q": NORMALS, "p": NORMALS},
    merge: READING,
    ladder: READING,
    residual: READING,
    mhvae.noise_for: {"x": X, "samples": K},
    mhvae.noise_of: {"z": LEVELS},
    mhvae.resample: {"z": LEVELS, "levels": (1,)},
    mhvae.sample: {"count": B},
    DiagonalGaussian: {"size": Z},
    diagonal.forward: {"noise": V},
    FullGaussian: {"size": Z},
    full.forward: {"noise": V},
    AutoregressiveFlow: {"size": Z, "steps": 2},
    flow.forward: {"noise": V},
}

BAD = [
    (check_likelihood, {"likelihood": "laplace"}, "likelihood", "'gaussian'", "'laplace'"),
    (check_likelihood, {"noise_log_var": float("nan")}, "noise_log_var", "a finite number, or None", "nan"),
    (Likelihood, {"noise_log_var": float("inf")}, "noise_log_var", "a finite", "inf"),
    (Likelihood, {"likelihood": "cat"}, "likelihood", "'bernoulli'", "'cat'"),
    (
        Likelihood,
        {"likelihood": "bernoulli", "noise_log_var": 0.0},
        "noise_log_var",
        "None with a Bernoulli",
        "0.0",
    ),
    (likelihood.check, {"x": X + 1}, "x", "pixels in [0, 1]", "from 1.5 to 1.5"),
    (likelihood.check, {"x": V}, "x", "[..., 6]", "(4, 2)"),
    (likelihood.forward, {"output": V[:0]}, "output", "at least one example", "(0, 2)"),
    (GaussianNet, {"sizes": (D,)}, "sizes", "input, hidden", "(6,)"),
    (GaussianNet, {"sizes": (D, 0)}, "sizes", "1 or more", "0"),
    (gaussian_net.forward, {"inputs": WIDE}, "inputs", "[..., 2]", "(4, 3)"),
    (check_levels, {"values": V}, "z", "2 tensors", "Tensor"),
    (markov_trace, {"z": ()}, "z", "one level or more", "0"),
    (markov_trace, {"q": NORMALS[:1]}, "q", "2 levels", "1"),
    (merge, {"second": WIDE}, "second", "matches mean", "(4, 3)"),
    (ladder, {"first": WIDE}, "first", "matches mean", "(4, 3)"),
    (residual, {"first": WIDE}, "first", "matches mean", "(4, 3)"),
    (mhvae.noise_for, {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    (mhvae.noise_for, {"samples": 0}, "samples", "1 or more", "0"),
    (mhvae.noise_of, {"z": (V,)}, "z", "2 levels", "1"),
    (mhvae.resample, {"levels": (0,)}, "levels", "one of 1, 2", "0"),
    (mhvae.resample, {"z": (V,)}, "z", "2 levels", "1"),
    (mhvae.sample, {"count": 0}, "count", "1 or more", "0"),
    (DiagonalGaussian, {"size": 0}, "size", "1 or more", "0"),
    (diagonal.forward, {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
    (FullGaussian, {"size": -1}, "size", "1 or more", "-1"),
    (full.forward, {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
    (AutoregressiveFlow, {"steps": 0}, "steps", "1 or more", "0"),
    (AutoregressiveFlow, {"size": 0}, "size", "1 or more", "0"),
    (flow.forward, {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
]
