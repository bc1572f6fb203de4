"""The laws of a trace."""

from bad_input.inputs import WIDE, K, V

from hvae_lessons.trace import Bernoulli, Gaussian, Point, Residual, check_gaussian, leading_axes

RELATIVE = Residual(Gaussian(V, V), V, V)
GAUSSIAN = Gaussian(V, V)
POINT = Point(V)
BERNOULLI = Bernoulli(V)

GOOD = {
    check_gaussian: {"name": "q", "value": Gaussian(V, V)},
    leading_axes: {"x": V, "samples": K},
    Gaussian.standard_like: {"other": Gaussian(V, V)},
    GAUSSIAN.sample: {"noise": V},
    GAUSSIAN.log_prob: {"z": V},
    GAUSSIAN.log_prob_per_dimension: {"z": V},
    GAUSSIAN.kl_per_dimension: {"p": Gaussian(V, V)},
    RELATIVE.sample: {"noise": V},
    RELATIVE.log_prob: {"z": V},
    RELATIVE.log_prob_per_dimension: {"z": V},
    RELATIVE.kl_per_dimension: {"p": RELATIVE.p},
    POINT.sample: {"noise": V},
    POINT.log_prob: {"z": V},
    POINT.kl_per_dimension: {"p": Gaussian(V, V)},
    BERNOULLI.log_prob: {"x": V},
}

BAD = [
    (check_gaussian, {"value": V}, "q", "a Gaussian", "Tensor"),
    (leading_axes, {"samples": 0}, "samples", "1 or more", "0"),
    (Gaussian.standard_like, {"other": V}, "other", "a Residual or a Point", "Tensor"),
    (GAUSSIAN.sample, {"noise": WIDE}, "mean", "matches noise (4, 3)", "(4, 2)"),
    (GAUSSIAN.log_prob, {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    (GAUSSIAN.log_prob_per_dimension, {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    (GAUSSIAN.kl_per_dimension, {"p": V}, "p", "a Gaussian", "Tensor"),
    (GAUSSIAN.kl_per_dimension, {"p": Gaussian(WIDE, WIDE)}, "mean_p", "mean_q", "(4, 3)"),
    (RELATIVE.sample, {"noise": WIDE}, "mean", "matches noise (4, 3)", "(4, 2)"),
    (RELATIVE.log_prob, {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    (RELATIVE.log_prob_per_dimension, {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    (RELATIVE.kl_per_dimension, {"p": V}, "p", "a Gaussian", "Tensor"),
    (RELATIVE.kl_per_dimension, {"p": Gaussian(WIDE, WIDE)}, "mean_p", "mean_q", "(4, 3)"),
    (POINT.sample, {"noise": WIDE}, "noise", "matches mean (4, 2)", "(4, 3)"),
    (POINT.log_prob, {"z": WIDE}, "z", "matches mean (4, 2)", "(4, 3)"),
    (POINT.kl_per_dimension, {"p": V}, "p", "a Gaussian", "Tensor"),
    (BERNOULLI.log_prob, {"x": WIDE}, "logits", "matches x (4, 3)", "(4, 2)"),
]
