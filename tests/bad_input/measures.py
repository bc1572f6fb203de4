"""Measures of a trained model, and records of benchmarks."""

import torch
from bad_input.inputs import CLASSES, CODES, INFINITE, LABELS, NAN, WIDE, B, K, V, X, vae

from hvae_lessons import results
from hvae_lessons.measures import (
    active_units,
    aggregated_posterior,
    clusters,
    disentanglement,
    log_px,
    probes,
)
from hvae_lessons.measures.evaluate import averages, evaluate
from hvae_lessons.trace import Gaussian

RUNS = [{"name": "a", "seed": seed, "nats": 2.0} for seed in (0, 1)]

POSTERIORS = Gaussian(V, V)
FLAT = Gaussian(V[0], V[0])
SPACE = Gaussian(torch.zeros(B, 3), torch.zeros(B, 3))
CODED = {"codes": CODES.double(), "factors": CODES, "bins": 2}

GOOD = {
    aggregated_posterior.aggregate_log_prob: {"q_z": POSTERIORS, "z": V, "chunk": 2},
    aggregated_posterior.mismatch_on_grid: {"q_z": POSTERIORS, "reach": 4.0, "points": 9},
    aggregated_posterior.aggregate_kl_estimate: {"q_z": POSTERIORS, "z": V},
    aggregated_posterior.median_distance: {"x": torch.eye(2), "y": -torch.eye(2)},
    aggregated_posterior.aggregate_mmd: {"q_z": POSTERIORS, "bandwidth": 1.0},
    disentanglement.factor_information: CODED,
    disentanglement.mutual_information_gap: CODED,
    disentanglement.modularity: {**CODED, "threshold": 0.1},
    clusters.match_clusters: {"clusters": CLASSES, "labels": CLASSES},
    clusters.label_information: {"probs": V},
    active_units.active_by_kl: {"kl_per_dimension": V, "threshold": 0.1},
    active_units.active_by_variance: {"mean": V, "threshold": 0.1},
    probes.linear_probe: {
        "train_z": V * torch.arange(B).unsqueeze(-1),
        "train_y": LABELS,
        "test_z": V,
        "test_y": LABELS,
    },
    evaluate: {"model": vae, "x": X},
    averages: {"trace": vae(X)},
    results.load_results: {"name": "vae_seeds"},
    results.by_seed: {"runs": RUNS, "key": "nats", "name": "a"},
    results.spread: {"values": [1.0, 2.0]},
    results.compare: {"first": [1.0] * 5, "second": [2.0] * 5},
    log_px.log_px_estimate: {"model": vae, "x": X, "samples": K, "chunk": 2},
}

BAD = [
    (aggregated_posterior.aggregate_log_prob, {"q_z": V}, "q_z", "a Gaussian", "Tensor"),
    (aggregated_posterior.aggregate_log_prob, {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    (aggregated_posterior.aggregate_log_prob, {"chunk": 0}, "chunk", "1 or more", "0"),
    (aggregated_posterior.mismatch_on_grid, {"q_z": SPACE}, "q_z", "one or two coordinates", "3"),
    (aggregated_posterior.mismatch_on_grid, {"q_z": FLAT}, "q_z", "[B, D]", "(2,)"),
    (aggregated_posterior.mismatch_on_grid, {"reach": 0.0}, "reach", "above 0", "0.0"),
    (aggregated_posterior.mismatch_on_grid, {"points": 1}, "points", "2 or more", "1"),
    (aggregated_posterior.aggregate_kl_estimate, {"z": INFINITE}, "z", "finite", "infinity"),
    (aggregated_posterior.median_distance, {"y": WIDE}, "y", "[..., 2]", "(4, 3)"),
    (aggregated_posterior.median_distance, {"x": V, "y": V}, "x", "most differ", "distance of 0"),
    (aggregated_posterior.aggregate_mmd, {"bandwidth": -1.0}, "bandwidth", "above 0", "-1.0"),
    (disentanglement.factor_information, {"codes": NAN}, "codes", "finite", "NaN"),
    (disentanglement.factor_information, {"factors": CODES.double()}, "factors", "[N, F] int64", "float64"),
    (disentanglement.factor_information, {"factors": CODES[:3]}, "factors", "4 rows", "3"),
    (disentanglement.factor_information, {"factors": CODES - 1}, "factors", "0 or more", "-1"),
    (disentanglement.factor_information, {"factors": CODES * 0}, "factors", "two values", "constant"),
    (disentanglement.factor_information, {"bins": 1}, "bins", "2 or more", "1"),
    (disentanglement.mutual_information_gap, {"codes": V[:, :1]}, "codes", "Z of 2 or more", "(4, 1)"),
    (disentanglement.modularity, {"factors": CODES[:, :1]}, "factors", "F of 2 or more", "(4, 1)"),
    (disentanglement.modularity, {"threshold": 0.0}, "threshold", "above 0", "0.0"),
    (clusters.match_clusters, {"clusters": V}, "clusters", "[N] int64", "torch.float32"),
    (clusters.match_clusters, {"labels": CLASSES[:2]}, "labels", "4 labels", "2"),
    (clusters.match_clusters, {"labels": CLASSES - 1}, "labels", "0 or more", "-1"),
    (clusters.label_information, {"probs": NAN}, "probs", "finite", "NaN"),
    (clusters.label_information, {"probs": V * 3}, "probs", "rows of probabilities", "off by 2"),
    (active_units.active_by_kl, {"kl_per_dimension": NAN}, "kl_per_dimension", "finite", "NaN"),
    (active_units.active_by_kl, {"kl_per_dimension": INFINITE}, "kl_per_dimension", "finite", "infinity"),
    (active_units.active_by_kl, {"threshold": -0.1}, "threshold", "0 or more", "-0.1"),
    (active_units.active_by_variance, {"mean": NAN}, "mean", "finite", "NaN"),
    (active_units.active_by_variance, {"mean": V[:1]}, "mean", "at least two examples", "1"),
    (active_units.active_by_variance, {"threshold": -0.1}, "threshold", "0 or more", "-0.1"),
    (probes.linear_probe, {"train_z": NAN}, "train_z", "finite", "NaN"),
    (probes.linear_probe, {"test_z": WIDE}, "test_z", "[..., 2]", "(4, 3)"),
    (probes.linear_probe, {"train_y": LABELS[:3]}, "train_y", "4 labels", "3"),
    (probes.linear_probe, {"test_y": 3}, "test_y", "4 labels", "int"),
    (evaluate, {"x": NAN}, "x", "finite", "NaN"),
    (evaluate, {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    (evaluate, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (averages, {"trace": X}, "trace", "Trace", "Tensor"),
    (results.load_results, {"name": "vae"}, "name", "'vae_seeds'", "'vae'"),
    (results.by_seed, {"name": "c"}, "chosen", "one run for each seed", "'c'"),
    (results.by_seed, {"key": "bits"}, "key", "'nats'", "'bits'"),
    (results.by_seed, {"runs": RUNS * 2}, "chosen", "one run for each seed", "'a'"),
    (results.spread, {"values": []}, "values", "finite numbers", "[]"),
    (results.spread, {"values": [1.0, float("nan")]}, "values", "finite numbers", "nan"),
    (results.compare, {"second": [2.0] * 4}, "second", "5 values", "4"),
    (results.compare, {"first": [float("inf")] * 5}, "first", "finite numbers", "inf"),
    (log_px.log_px_estimate, {"x": NAN}, "x", "finite", "NaN"),
    (log_px.log_px_estimate, {"x": WIDE}, "x", "[..., 6]", ", 3)"),
    (log_px.log_px_estimate, {"samples": 0}, "samples", "1 or more", "0"),
    (log_px.log_px_estimate, {"chunk": 0}, "chunk", "1 or more", "0"),
]
