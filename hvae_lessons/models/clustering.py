r"""A VAE whose prior is a mixture: it sorts images into clusters that nobody named.

    p(x, z, y) = p(x | z) p(z | y) p(y)          p(y) = 1 / Y,  p(z | y) = N(m_y, S_y)
    q(z, y | x) = q(z | x) q(y | z)              labels="from-code" (a network) or "bayes-code" (no network)
    q(z, y | x) = q(z | x) q(y | x)              labels="from-data" (a network) or "bayes-data" (no network)

One pass, with N0's shapes:

    x [B, D] -> encoder -> mean, log_var [B, Z] -> z [B, Z] -> decoder -> p(x | z) [B, D]
                                                   z or x   -> q(y | .) [B, Y] -> KL(q(y | .) || p(y)) [B]
    exact:    costs of all clusters [B, Y], weighted by q(y | .) -> [B]            work in proportion to B Y
    sampled:  a label y [B] -> mean and variance of its cluster [B, Z] -> cost [B]    in proportion to B

The cost is a log-ratio at z or a closed-form KL: see formulas/labels.py for the difference. With
"bayes-code" the bound is that of a VAE with the prior p(z) = sum_y p(y) p(z | y), and y is a reading of z.

Source: N0, "VAE Automatic Classification"; Jiang et al. (2017) for "bayes-data".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from hvae_lessons.checks import (
    check_choice,
    check_count,
    check_counts,
    check_data,
    check_event,
    check_floating,
    check_generator,
    check_positive,
    check_size,
    check_type,
    expect,
)
from hvae_lessons.formulas.discrete_divergences import kl_categorical_uniform
from hvae_lessons.formulas.discrete_samples import gumbel_max, gumbel_noise, gumbel_softmax, straight_through
from hvae_lessons.formulas.labels import (
    expected_cost,
    labels_given_code,
    labels_given_data,
    log_ratio_cost,
    mean_of_others,
    sampled_cost,
)
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.models.vae import VAE, VAEConfig
from hvae_lessons.nets import mlp
from hvae_lessons.trace import Gaussian, Trace, check_gaussian, leading_axes


class LabelRule(NamedTuple):
    """One way to get q(y | .): its logits, and what its network reads, if it has one."""

    logits: Callable  # (model, x, z, q_z) -> [.., B, Y], or [B, Y] if the code has no part in it
    network_reads: str | None = None  # the field of ClusterVAEConfig with the size of the network's input


LABELS = {
    "from-code": LabelRule(lambda model, x, z, q_z: model.classifier(z), "latent_dim"),
    "bayes-code": LabelRule(lambda model, x, z, q_z: labels_given_code(model.mixture.log_prob(z))),
    "from-data": LabelRule(lambda model, x, z, q_z: model.classifier(x), "data_dim"),
    "bayes-data": LabelRule(lambda model, x, z, q_z: labels_given_data(model.mixture.kl(q_z))),
}
FORMS = ("log-ratio", "analytic")
STRATEGIES = ("exact", "score-function", "gumbel-softmax", "straight-through")


@dataclass(frozen=True)
class ClusterVAEConfig:
    """Everything that fixes a clustering VAE.

    | Field | Meaning |
    |---|---|
    | `data_dim`, `latent_dim`, `hidden`, `likelihood`, `noise_log_var`, `activation` | as in VAEConfig |
    | `clusters` | Y |
    | `labels` | "from-code", "bayes-code": q(y given z); "from-data", "bayes-data": q(y given x) |
    | `label_hidden` | widths of the hidden layers of the network behind q(y given .), if there is one |
    | `form` | cost of a cluster: "log-ratio" at the sample z, or "analytic", the closed-form KL |
    | `strategy` | "exact" expectation over y; or "score-function", "gumbel-softmax", "straight-through" |
    | `temperature` | tau of the relaxed strategies |
    | `covariance` | of p(z given y): "diagonal" or "full" |
    | `spread` | standard deviation of the initial cluster means |

    Raises: ValueError for an impossible value, with the reason.
    """

    data_dim: int = 784
    latent_dim: int = 10
    hidden: tuple[int, ...] = (256, 256)
    likelihood: str = "bernoulli"
    noise_log_var: float | None = None
    activation: str = "relu"
    clusters: int = 10
    labels: str = "from-code"
    label_hidden: tuple[int, ...] = (64,)
    form: str = "log-ratio"
    strategy: str = "exact"
    temperature: float = 1.0
    covariance: str = "diagonal"
    spread: float = 1.0

    def __post_init__(self):
        _ = self.vae  # refuses what a VAE cannot be built from
        check_count("clusters", self.clusters)
        check_choice("labels", self.labels, tuple(LABELS))
        check_counts("label_hidden", self.label_hidden)
        check_choice("form", self.form, FORMS)
        check_choice("strategy", self.strategy, STRATEGIES)
        check_positive("temperature", self.temperature)
        check_choice("covariance", self.covariance, ("diagonal", "full"))
        check_positive("spread", self.spread)

    @property
    def vae(self):
        """The encoder and decoder, as a VAEConfig."""
        return VAEConfig(
            data_dim=self.data_dim,
            latent_dim=self.latent_dim,
            hidden=self.hidden,
            likelihood=self.likelihood,
            noise_log_var=self.noise_log_var,
            activation=self.activation,
        )


class CodeTerm(NamedTuple):
    """The layer of z, as a Term: its sample, q(z | x), the mixture, and what the clusters cost."""

    z: torch.Tensor  # [.., B, Z]
    q: Gaussian
    mixture: GaussianMixture
    kl: torch.Tensor  # [.., B]: the conditional-prior term in nats; at a sample it may be negative
    closed_form: bool = False  # True: the cost of every cluster is a closed-form KL

    kl_per_dimension = None  # a full covariance does not split into coordinates

    @property
    def log_ratio(self):
        """log p(z) - log q(z | x) in nats, y summed out: [.., B]."""
        return self.mixture.marginal_log_prob(self.z) - self.q.log_prob(self.z)


class LabelTerm(NamedTuple):
    """The layer of y, as a Term: q(y | .), and its KL to the uniform p(y)."""

    logits: torch.Tensor  # [.., B, Y]

    closed_form = True
    kl_per_dimension = None  # one label, no coordinates

    @property
    def kl(self):
        """KL(q(y | .) || p(y)) in nats: [.., B]."""
        return kl_categorical_uniform(self.logits)

    @property
    def log_ratio(self):
        """Zero: the importance weight sums y out, in the layer of z."""
        return torch.zeros_like(self.logits[..., 0])


class ClusterVAE(nn.Module):
    """VAE, mixture and q(y | .). `model(x, generator=g)` returns a Trace with two layers, z and y."""

    def __init__(self, config, generator=None):
        super().__init__()
        is_config = isinstance(config, ClusterVAEConfig)
        expect(is_config, "config", "a ClusterVAEConfig", type(config).__name__)
        self.config = config
        self.vae = VAE(config.vae, generator)
        self.mixture = GaussianMixture(
            config.clusters, config.latent_dim, config.covariance, config.spread, generator
        )
        reads = LABELS[config.labels].network_reads
        if reads is not None:
            sizes = (getattr(config, reads), *config.label_hidden, config.clusters)
            self.classifier = mlp(sizes, config.activation, generator)

    def label_logits(self, x, z, q_z):
        """Logits of q(y | z) or q(y | x): [B, D], [.., B, Z], q(z | x) -> [.., B, Y]."""
        check_data("x", x, self.config.data_dim)
        check_size("z", z, self.config.latent_dim)
        check_type("z", z, self.mixture.mean)
        check_gaussian("q_z", q_z)
        logits = LABELS[self.config.labels].logits(self, x, z, q_z)
        return logits.expand(*z.shape[:-1], -1)

    def trace_at(self, x, z, gumbel=None):
        """Trace for given codes: x [B, D], z [.., B, Z], and Gumbel noise [.., B, Y] to draw labels."""
        q_z = self.vae.encode(x)
        check_floating("z", z)
        fits = tuple(z.shape[-q_z.mean.ndim :]) == tuple(q_z.mean.shape)
        expect(fits, "z", f"[.., {', '.join(map(str, q_z.mean.shape))}]", z.shape)
        logits = self.label_logits(x, z, q_z)
        kl = self._conditional_prior(z, q_z, logits, gumbel)
        code = CodeTerm(z, q_z, self.mixture, kl, closed_form=self.config.form == "analytic")
        return Trace(self.vae.decode(z).log_prob(x), (code, LabelTerm(logits)))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z is [B, Z], or [K, B, Z] when K `samples` per example are asked for."""
        check_generator(generator)
        q_z = self.vae.encode(x)
        batch = leading_axes(x, samples)
        z = q_z.sample(standard_noise((*batch, self.config.latent_dim), q_z.mean, generator))
        drawn = self.config.strategy != "exact"
        gumbel = gumbel_noise((*batch, self.config.clusters), generator, z.dtype, z.device) if drawn else None
        return self.trace_at(x, z, gumbel)

    def assign(self, x):
        """q(y | x) of each example, or q(y | z) at the mean of q(z | x): [B, D] -> probabilities [B, Y]."""
        q_z = self.vae.encode(x)
        return torch.softmax(self.label_logits(x, q_z.mean, q_z), -1)

    def sample_clusters(self, count, generator=None):
        """Means of p(x | z) for `count` draws z of every p(z | y): [Y, count, D]."""
        check_count("count", count)
        labels = torch.arange(self.config.clusters, device=self.mixture.mean.device)
        labels = labels.unsqueeze(-1).expand(-1, count)
        return self.vae.decode(self.mixture.sample(labels, generator)).mean

    def sample(self, count, generator=None):
        """Means of p(x | z) for `count` draws of y, then z: [count, D]."""
        check_count("count", count)
        check_generator(generator)
        device = self.mixture.mean.device
        labels = torch.randint(self.config.clusters, (count,), generator=generator, device=device)
        return self.vae.decode(self.mixture.sample(labels, generator)).mean

    def _conditional_prior(self, z, q_z, logits, gumbel):
        """The cost of the label: its expectation, or an estimate of it from one draw."""
        strategy = self.config.strategy
        if strategy == "exact":
            return expected_cost(self._costs(z, q_z), logits)
        check_event(gumbel=gumbel, logits=logits)
        if strategy == "score-function":
            y = gumbel_max(logits, gumbel)
            cost = self._cost_at(z, q_z, y)
            return sampled_cost(cost, logits, y, mean_of_others(cost))
        weights = gumbel_softmax(logits, gumbel, self.config.temperature)
        if strategy == "straight-through":
            weights = straight_through(weights)
        return (weights * self._costs(z, q_z)).sum(-1)

    def _costs(self, z, q_z):
        """Costs of every cluster, [.., B, Y]."""
        if self.config.form == "analytic":
            return self.mixture.kl(q_z).expand(*z.shape[:-1], -1)
        return log_ratio_cost(q_z.log_prob(z), self.mixture.log_prob(z))

    def _cost_at(self, z, q_z, y):
        """Costs of one cluster each, [.., B]: only its parameters are looked up."""
        if self.config.form == "analytic":
            return self.mixture.kl_at(Gaussian(*(part.expand_as(z) for part in q_z)), y)
        return q_z.log_prob(z) - self.mixture.log_prob_at(z, y)
