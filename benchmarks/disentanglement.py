"""Train beta-VAE and beta-TCVAE on small sprites whose factors are known, ten seeds for each beta.

    python benchmarks/disentanglement.py   writes hvae_lessons/results/records/disentanglement.json, half an hour

Runs of one seed share initial weights, batches and noise; they differ in beta, and in what it multiplies: the
whole KL, or the total correlation alone (stratified estimate). At beta = 1 both are the ELBO, so that run is
made once. All 1,440 images are trained on, binarized anew in every epoch, and judged on one more draw: the
question is what the coordinates of the code mean, not how well the model generalizes.

The scores are taken from eight samples of q(z | x) for each image, and again after a random rotation of the
code: the rotated model has the same p(x) for every x. The parts of the rate have q(z) and each q(z_d) over
all images, so that nothing about them is estimated but the mean over one sample for each image.
"""

import torch
from seeded_runs import nats, path_of, record_runs

from hvae_lessons.data import binarize, make_shapes
from hvae_lessons.formulas.distributions import standard_gaussian_log_prob
from hvae_lessons.formulas.total_correlation import kl_parts, pairwise_log_prob
from hvae_lessons.measures.disentanglement import factor_information, modularity, mutual_information_gap
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, beta_tc_elbo
from hvae_lessons.training import fit

HIDDEN, LATENT_DIM = (64, 64), 6
SETTINGS = {"epochs": 133, "batch_size": 48, "learning_rate": 2e-3}  # 4,000 steps
DRAWS = 8  # samples of q for each image
BETAS = (1, 2, 4, 8, 16)

# name -> objective, beta
RUNS = {"ELBO": (beta_elbo, 1)}
RUNS |= {f"beta-VAE, {beta}": (beta_elbo, beta) for beta in BETAS[1:]}
RUNS |= {f"beta-TCVAE, {beta}": (beta_tc_elbo, beta) for beta in BETAS[1:]}


def train(name, x, generator):
    """One of RUNS."""
    objective, beta = RUNS[name]
    known = {"data_size": len(x)} if objective is beta_tc_elbo else {}
    model = VAE(VAEConfig(data_dim=x.shape[-1], latent_dim=LATENT_DIM, hidden=HIDDEN), generator)
    fit(
        model,
        x,
        objective=lambda trace: objective(trace, beta, **known),
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    return model


def random_rotation(generator):
    """An orthogonal matrix without a preferred direction: Q of a Gaussian matrix, its signs drawn evenly."""
    q, r = torch.linalg.qr(torch.randn(LATENT_DIM, LATENT_DIM, generator=generator))
    return q * r.diagonal().sign()


def scores(codes, factors):
    """What `measures.disentanglement` says of codes [K, N, Z]."""
    codes, factors = codes.flatten(0, 1), factors.repeat(len(codes), 1)
    return {
        "mig": round(mutual_information_gap(codes, factors), 4),
        "modularity": round(modularity(codes, factors), 4),
        "information": [[round(v, 3) for v in row] for row in factor_information(codes, factors).tolist()],
    }


def parts_of_rate(layer):
    """The three parts of the rate in nats, with the whole data set for a batch and one sample for each."""
    z = layer.z[0]
    log_q = pairwise_log_prob(z, layer.q.mean, layer.q.log_var)
    parts = kl_parts(log_q, standard_gaussian_log_prob(z), len(z))
    return {name: round(part.mean().item(), 3) for name, part in parts._asdict().items()}


def measure(name, seed, shapes):
    generator = torch.Generator().manual_seed(seed)
    model = train(name, shapes.x, generator)
    generator.manual_seed(100 + seed)  # the same draw and the same rotation for all runs of a seed
    with torch.inference_mode():
        trace = model(binarize(shapes.x, generator), generator=generator, samples=DRAWS)
        found, layer = averages(trace), trace.layers[0]
        rotated = scores(layer.z @ random_rotation(generator).T, shapes.factors)
        return {
            **nats(found, 3),
            "active": found.active[0],
            **parts_of_rate(layer),
            **scores(layer.z, shapes.factors),
            **{f"{key}_rotated": rotated[key] for key in ("mig", "modularity")},
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
