"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "From noise to samples, and two gradients",
    # Names that several sentences share.
    "path": "pathwise",
    "score": "score function",
    "square": "z²",
    "wave": "sin 3z",
    "step": "1 if z > 0, else 0",
    # Noise to samples.
    "noise": "noise $ε$",
    "samples": "samples $z = μ + σε$",
    "integrand": "integrand $f$",
    "lanes": "Noise, samples and gradients",
    "describe_lanes": (
        "Lines from noise ε, standard normal, to samples z = μ + σε with μ = {mean} and σ = {sd}, and on to "
        "f(z) = {f}. The marked noise {probe} becomes z = {z} with f(z) = {value} and slope {slope}. The "
        "latest {count} samples are shown."
    ),
    # Both estimators.
    "path_heading": "Pathwise: $f ′(z)$",
    "score_heading": "Score function: $(f(z) − b) ε / σ$",
    "estimates": "{estimator}: gradient at each sample",
    "estimate": "Mean {mean} ± {error}, exact {exact}.",
    "no_slope": "Mean {mean} ± {error}, exact {exact}: the slope never sees the step.",
    "describe_estimates": (
        "{estimator} estimates of the gradient of the mean of f(z) = {f}: one arrow for each of the latest "
        "samples, one for the marked sample, {probe}, and one for the mean of all. {summary}"
    ),
    # Their variance.
    "variances": "Running variance of the gradient estimates",
    "count_axis": "samples so far",
    "variance_axis": "variance of one sample",
    "law": "{estimator}, exact {variance}",
    "measured": "{estimator}: measured {measured}, exact {exact}",
    "describe_variances": "Running variance over {count} samples. {path}; {score}.",
    # Controls.
    "mean": "Mean",
    "spread": "Spread",
    "marked": "Marked noise",
    "f": "f(z) =",
    "baseline": "Baseline b = E f(z)",
    "batch": "Samples per draw",
    "seed": "Seed",
    "draw": "Draw more",
    "reset": "Reset",
    # What is said after a press.
    "drawn": "{count} samples.",
    "most": "{count} samples are the most that are kept.",
}

PICTURE = {
    "alternative": (
        "Noise mapped to samples of q, and the running variance of the pathwise and score-function gradients."
    ),
    "noise": r"noise $\epsilon$",
    "samples": r"samples $z = \mu + \sigma\epsilon$",
    "lanes": "The noise stays, the samples move",
    "path": "pathwise",
    "score": "score function",
    "count": "samples",
    "variance": "variance of one sample",
    "variances": "Same mean, another variance",
}
