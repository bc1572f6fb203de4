"""The clustering VAE and its mixture."""

import torch
from bad_input.inputs import CLASSES, COSTS, NAN, SMALL, WIDE, B, K, V, X, Y, Z
from random_data import generator

from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.trace import Gaussian

cluster_vae = ClusterVAE(ClusterVAEConfig(**SMALL, strategy="gumbel-softmax"), generator())
mixture = GaussianMixture(Y, Z, "full", generator=generator())
CENTERS = torch.ones(Y, Z)
FACTORS = torch.eye(Z).expand(Y, Z, Z)

GOOD = {
    GaussianMixture: {"clusters": Y, "latent_dim": Z},
    mixture.log_prob: {"z": V},
    mixture.log_prob_at: {"z": V, "y": CLASSES},
    mixture.kl: {"q": Gaussian(V, V)},
    mixture.kl_at: {"q": Gaussian(V, V), "y": CLASSES},
    mixture.marginal_log_prob: {"z": V},
    mixture.sample: {"y": CLASSES},
    mixture.start_from: {"mean": CENTERS, "covariance": FACTORS},
    ClusterVAEConfig: SMALL,
    ClusterVAE: {"config": ClusterVAEConfig(**SMALL)},
    cluster_vae.label_logits: {"x": X, "z": V, "q_z": Gaussian(V, V)},
    cluster_vae.trace_at: {"x": X, "z": V, "gumbel": COSTS},
    cluster_vae.forward: {"x": X, "samples": K},
    cluster_vae.assign: {"x": X},
    cluster_vae.sample_clusters: {"count": B},
    cluster_vae.sample: {"count": B},
}

BAD = [
    (GaussianMixture, {"clusters": 0}, "clusters", "1 or more", "0"),
    (GaussianMixture, {"covariance": "tied"}, "covariance", "'full'", "'tied'"),
    (GaussianMixture, {"spread": 0.0}, "spread", "above 0", "0.0"),
    (mixture.log_prob, {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    (mixture.log_prob_at, {"y": CLASSES[:2]}, "y", "one label for each", "2"),
    (mixture.kl, {"q": Gaussian(WIDE, WIDE)}, "q", "[..., 2]", "(4, 3)"),
    (mixture.kl_at, {"y": 1}, "y", "one label for each", "int"),
    (mixture.marginal_log_prob, {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    (mixture.sample, {"y": V}, "y", "whole numbers", "torch.float32"),
    (GaussianMixture, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (mixture.sample, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (mixture.start_from, {"mean": V}, "mean", "(3, 2)", "(4, 2)"),
    (mixture.start_from, {"covariance": -FACTORS}, "covariance", "positive", "-1"),
    (ClusterVAEConfig, {"clusters": 0}, "clusters", "1 or more", "0"),
    (ClusterVAEConfig, {"labels": "oracle"}, "labels", "'bayes-code'", "'oracle'"),
    (ClusterVAEConfig, {"form": "both"}, "form", "'log-ratio'", "'both'"),
    (ClusterVAEConfig, {"strategy": "guess"}, "strategy", "'exact'", "'guess'"),
    (ClusterVAEConfig, {"temperature": 0.0}, "temperature", "above 0", "0.0"),
    (ClusterVAEConfig, {"covariance": "tied"}, "covariance", "'full'", "'tied'"),
    (ClusterVAEConfig, {"latent_dim": 0}, "latent_dim", "1 or more", "0"),
    (ClusterVAE, {"config": {}}, "config", "ClusterVAEConfig", "dict"),
    (cluster_vae.label_logits, {"x": X[:, :5]}, "x", "[..., 6]", "(4, 5)"),
    (cluster_vae.trace_at, {"z": WIDE}, "z", "4, 2", "[4, 3]"),
    (cluster_vae.trace_at, {"gumbel": None}, "gumbel", "a tensor", "NoneType"),
    (cluster_vae.forward, {"x": NAN}, "x", "finite", "NaN"),
    (cluster_vae.forward, {"samples": 0}, "samples", "1 or more", "0"),
    (cluster_vae.assign, {"x": X[:, :5]}, "x", "[..., 6]", "(4, 5)"),
    (cluster_vae.sample_clusters, {"count": 0}, "count", "1 or more", "0"),
    (cluster_vae.sample, {"count": 0}, "count", "1 or more", "0"),
    (ClusterVAE, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (cluster_vae.forward, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (cluster_vae.sample_clusters, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (cluster_vae.sample, {"generator": 0}, "generator", "a torch.Generator", "0"),
]
