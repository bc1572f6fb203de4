"""Train beta-VAE and beta-TCVAE on small sprites whose factors are known, ten seeds for each beta.

    python benchmarks/disentanglement.py  writes hvae_lessons/results/records/disentanglement.json, 20 minutes

Runs of one seed share initial weights, batches and noise; they differ in beta, and in what it multiplies: the
whole KL, or the total correlation alone (stratified estimate). At beta = 1 both are the ELBO, so that run is
made once. All 1,440 images are trained on, binarized anew in every epoch, and judged on one more draw: the
question is what the coordinates of the code mean, not how well the model generalizes.

The scores are taken from eight samples of q(z | x) for each image, and again after a random rotation of the
code: the rotated model has the same p(x) for every x. But its posterior has covariances, which an encoder of
this kind cannot say; the -ELBO without them is recorded as well. The parts of the rate have q(z) and each
q(z_d) over all images, and nothing is estimated but the mean over one sample for each image; their second
part is estimated once more as training does it, from batches.
"""

from functools import lru_cache

import torch
from seeded_runs import nats, path_of, record_runs

from hvae_lessons.data import binarize, make_shapes
from hvae_lessons.formulas.distributions import standard_gaussian_log_prob
from hvae_lessons.formulas.rotations import random_rotation
from hvae_lessons.formulas.total_correlation import (
    kl_parts,
    minibatch_stratified,
    minibatch_weighted,
    pairwise_log_prob,
)
from hvae_lessons.measures.disentanglement import factor_information, modularity, mutual_information_gap
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, beta_tc_elbo, elbo
from hvae_lessons.trace import Gaussian, Layer, Trace
from hvae_lessons.training import fit_many

HIDDEN, LATENT_DIM = (64, 64), 6
SETTINGS = {"epochs": 133, "batch_size": 48, "learning_rate": 2e-3}  # 3,990 steps
DRAWS = 8  # samples of q for each image
BETAS = (1, 2, 4, 8, 16)

# name -> objective, beta
RUNS = {"ELBO": (beta_elbo, 1)}
RUNS |= {f"beta-VAE, {beta}": (beta_elbo, beta) for beta in BETAS[1:]}
RUNS |= {f"beta-TCVAE, {beta}": (beta_tc_elbo, beta) for beta in BETAS[1:]}


@lru_cache(maxsize=1)
def train(objective, seed, x):
    """The models of all RUNS with this objective, side by side: name -> model."""
    betas = {name: beta for name, (run, beta) in RUNS.items() if run is objective}
    config = VAEConfig(data_dim=x.shape[-1], latent_dim=LATENT_DIM, hidden=HIDDEN)
    models = []
    for _ in betas:  # all start from the same weights
        generator = torch.Generator().manual_seed(seed)
        models.append(VAE(config, generator))
    known = {"data_size": len(x)} if objective is beta_tc_elbo else {}
    fit_many(
        models,
        x,
        objective=lambda trace, beta: objective(trace, beta, **known),
        schedules={"beta": list(betas.values())},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    return dict(zip(betas, models))


def scores(codes, factors):
    """What `measures.disentanglement` says of codes [K, N, Z]."""
    codes, factors = codes.flatten(0, 1), factors.repeat(len(codes), 1)
    return {
        "mig": round(mutual_information_gap(codes, factors), 4),
        "modularity": round(modularity(codes, factors), 4),
        "information": [[round(v, 3) for v in row] for row in factor_information(codes, factors).tolist()],
    }


def parts_of_rate(z, q_z, generator):
    """The three parts of the rate in nats from all images; the second one from small batches, too."""
    log_pz = standard_gaussian_log_prob(z)
    parts = kl_parts(pairwise_log_prob(z, *q_z), log_pz, len(z))
    found = {name: round(part.mean().item(), 3) for name, part in parts._asdict().items()}
    for estimate in (minibatch_stratified, minibatch_weighted):
        batches = torch.randperm(len(z), generator=generator).split(SETTINGS["batch_size"])
        values = [
            kl_parts(pairwise_log_prob(*(part[b] for part in (z, *q_z))), log_pz[b], len(z), estimate)
            for b in batches
        ]
        of_batches = torch.cat([part.total_correlation for part in values]).mean()
        found[f"total_correlation_{estimate.__name__}"] = round(of_batches.item(), 3)
    return found


def bound_after_rotation(model, x, q_z, rotation, generator):
    """-ELBO of the rotated model if its encoder, too, may have no covariances: by the best such posteriors.

    The posterior of R z is a Gaussian with full covariance. The diagonal one nearest to it, in the divergence
    that the ELBO charges, has its mean, and the diagonal of its precision.
    """
    precision = torch.exp(-q_z.log_var) @ (rotation**2).T
    diagonal = Gaussian(q_z.mean @ rotation.T, -precision.log())
    z = diagonal.sample(torch.randn(DRAWS, *q_z.mean.shape, generator=generator))
    layer = Layer(z, diagonal, Gaussian.standard_like(diagonal))
    return -elbo(Trace(model.decode(z @ rotation).log_prob(x), (layer,))).mean().item()


def measure(name, seed, shapes):
    model = train(RUNS[name][0], seed, shapes.x)[name]
    # The same draws and the same rotation for all runs of a seed.
    generator = torch.Generator().manual_seed(100 + seed)
    with torch.inference_mode():
        x, rotation = binarize(shapes.x, generator), random_rotation(LATENT_DIM, generator)
        trace = model(x, generator=generator, samples=DRAWS)
        found, (z, q_z, *_) = averages(trace), trace.layers[0]
        rotated = scores(z @ rotation.T, shapes.factors)
        return {
            **nats(found, 3),
            "negative_elbo_rotated": round(bound_after_rotation(model, x, q_z, rotation, generator), 3),
            "active": found.active[0],
            "kl_per_dimension": [round(value, 3) for value in found.kl_per_dimension[0].tolist()],
            **parts_of_rate(z[0], q_z, generator),
            **scores(z, shapes.factors),
            **{f"{key}_rotated": rotated[key] for key in ("mig", "modularity", "information")},
        }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model=f"256-64-64-{LATENT_DIM}, ReLU, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "draws": DRAWS},
        data="1,440 sprites of 16x16: 2 shapes, 5 scales, 12 x 12 places; dynamic binarization",
        load=lambda: (make_shapes(),),
    )
