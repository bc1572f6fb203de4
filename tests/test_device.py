"""A model computes, samples and learns on the device of its weights, whatever the default is.

No GPU is needed: the default is set to "meta", whose tensors have no values, and the model stays on the CPU.
What is made without saying where then meets the model's tensors, and PyTorch refuses to combine the two.
"""

import pytest
import torch
from every_model import MODELS, D
from random_data import binary, generator

from hvae_lessons.data import binarize
from hvae_lessons.formulas.discrete_samples import gumbel_noise
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, ClusterVAE, VAEConfig
from hvae_lessons.models.parts.levels import Hierarchy
from hvae_lessons.oracles import BinaryTree, LinearGaussian
from hvae_lessons.oracles.autoregressive import Autoregressive
from hvae_lessons.training import fit
from hvae_lessons.training.spectral_penalty import SpectralPenalty

X = binary(12, D)
CPU = torch.device("cpu")


@pytest.fixture
def elsewhere():
    """A default device that is not the model's."""
    with torch.device("meta"):
        yield


@pytest.fixture(params=MODELS, ids=str)
def model(request):
    return MODELS[request.param](generator())


def test_a_pass_and_its_samples(model, request):
    g = generator(1)
    request.getfixturevalue("elsewhere")
    for samples in (None, 3):
        assert model(X, generator=g, samples=samples).log_weight.device == CPU
    assert log_px_estimate(model, X, 3, g).device == CPU
    evaluate(model, X, g)
    assert model.eval().sample(4, g).device == CPU
    if isinstance(model, Hierarchy):
        z = tuple(layer.z for layer in model(X, generator=g).layers)
        assert model.resample(z, (1,), g)[0].device == CPU
    if isinstance(model, ClusterVAE):
        assert model.sample_clusters(2, g).device == model.assign(X).device == CPU


def test_training(model, request):
    g = generator(1)
    request.getfixturevalue("elsewhere")
    fit(model, X, epochs=1, batch_size=6, prepare=binarize, generator=g, progress=False)
    assert all(weight.isfinite().all() for weight in model.parameters())


def test_oracles(request):
    linear = VAE(VAEConfig(D, 2, hidden=(), likelihood="gaussian"), generator())
    oracle, pixelwise = LinearGaussian.from_vae(linear), Autoregressive(D, generator())
    g = generator(1)
    request.getfixturevalue("elsewhere")
    q_z = oracle.best_diagonal(X)
    for value in (oracle.log_px(X), oracle.elbo(X, *q_z), oracle.gap(X, *q_z), BinaryTree(4).log_px(X)):
        assert value.device == CPU
    assert pixelwise.log_px(pixelwise.sample(3, g)).device == CPU


def test_noise_and_penalties(request):
    model, g = MODELS["top-down"](generator()), generator(1)
    request.getfixturevalue("elsewhere")
    assert gumbel_noise((2, 3), g, device=CPU).device == CPU
    assert SpectralPenalty(model, 1.0, g)().device == CPU
