"""What a drawn label saves: processor time of a training step against the number of clusters.

    python benchmarks/clustering_cost.py       writes hvae_lessons/results/records/clustering_cost.json

half a minute. The least time of several repetitions counts, for the machine may be shared.
"""

import time

import torch
from seeded_runs import machine, path_of, prepare_torch, write

from hvae_lessons.formulas.discrete_samples import gumbel_max, gumbel_noise
from hvae_lessons.formulas.labels import expected_cost, mean_of_others, sampled_cost
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig, GaussianMixture
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian

CLUSTERS = (10, 100, 1000)
BATCH, LATENT_DIM = 100, 10


def milliseconds(step, repeats=9):
    """Least processor time of a step over some repetitions."""
    times = []
    for _ in range(repeats):
        start, count = time.process_time(), 0
        while time.process_time() - start < 0.2:
            step()
            count += 1
        times.append((time.process_time() - start) / count)
    return round(1e3 * min(times), 2)


def label_step(clusters, drawn):
    """Forward and backward pass of the conditional-prior term alone, given the classifier's logits."""
    generator = torch.Generator().manual_seed(0)
    mixture = GaussianMixture(clusters, LATENT_DIM, generator=generator)
    q = Gaussian(*(torch.randn(BATCH, LATENT_DIM, generator=generator).requires_grad_() for _ in range(2)))
    logits = torch.randn(BATCH, clusters, generator=generator).requires_grad_()

    def exact():
        expected_cost(mixture.kl(q), logits).mean().backward()

    def one_label():
        y = gumbel_max(logits.detach(), gumbel_noise(logits.shape, generator))
        cost = mixture.kl_at(q, y)
        sampled_cost(cost, logits, y, mean_of_others(cost)).mean().backward()

    return one_label if drawn else exact


def whole_step(clusters, drawn):
    """Forward and backward pass of the whole model, 784-200-200-10."""
    generator = torch.Generator().manual_seed(0)
    strategy = "score-function" if drawn else "exact"
    config = ClusterVAEConfig(hidden=(200, 200), clusters=clusters, form="analytic", strategy=strategy)
    model, x = ClusterVAE(config, generator), torch.rand(BATCH, 784, generator=generator)
    return lambda: elbo(model(x, generator)).mean().backward()


def main():
    """Both parts, exact and drawn."""
    prepare_torch()
    milliseconds(whole_step(10, False))  # whatever happens once happens here
    record = {
        "clusters": CLUSTERS,
        "batch": BATCH,
        "latent_dim": LATENT_DIM,
        "precision": "double",
        "machine": machine(),
    }
    for part, build in (("label's term", label_step), ("whole step", whole_step)):
        record[part] = {
            name: [milliseconds(build(count, drawn)) for count in CLUSTERS]
            for name, drawn in (("exact", False), ("drawn", True))
        }
        print(part, record[part], flush=True)
    write(path_of(__file__), record)


if __name__ == "__main__":
    main()
