"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "Bound and gap",
    # The plots, and what they tell those who cannot see them.
    "densities": "Densities of q, posterior and prior",
    "describe_densities": (
        "Densities over the code z for the observation x = {x}. The posterior has mean {posterior_mean} and "
        "standard deviation {posterior_sd}; q has mean {mean} and standard deviation {sd}; the prior is "
        "standard normal. ELBO {elbo}, gap {gap} nats."
    ),
    "code_axis": "code z",
    "bars": "ELBO and gap",
    "describe_bars": (
        "The evidence log p(x) = {log_px} nats is the ELBO, {elbo}, plus the gap KL(q ‖ p), {gap}."
    ),
    "nats": "nats",
    "evidence": "log p(x)",
    "elbo": "ELBO",
    "gap": "gap",
    # The legend and the equation.
    "posterior": "posterior $p(z | x)$",
    "approximation": "approximation $q(z)$",
    "prior": "prior $p(z)$",
    "log_px": "log $p$($x$)",
    "reverse_kl": "KL($q$ ‖ $p$)",
    "forward_kl": "forward KL($p$ ‖ $q$)",
    # Controls.
    "mean": "Mean of",
    "spread": "Spread of",
    "observation": "Observation",
    "follow": "Follow the gradient",
    "stop": "Stop",
    "match": "Match the moments",
    "reset": "Reset",
    # What is said after a press.
    "stopped": "Stopped.",
    "maximum": "At a maximum: ELBO {elbo}, gap {gap} nats.",
    "matched": "Mean and variance of the posterior: the least forward KL.",
}

PICTURE = {
    "alternative": (
        "Densities of posterior, prior and q over the code z, and log p(x) split into ELBO and gap."
    ),
    "prior": "prior $p(z)$",
    "posterior": r"posterior $p(z \mid x)$",
    "approximation": "approximation $q(z)$",
    "code": "code $z$",
    "nats": "nats",
    "split": r"$\log p(x)$ = ELBO + gap:  {log_px:.3f} = {elbo:.3f} + {gap:.3f}",
}
