"""A Bernoulli is of black, white and gray pixels: bytes and negative numbers are refused."""

import pytest
import torch
from every_model import MODELS, D
from random_data import binary, generator

from hvae_lessons.formulas.finite_codes import copy_log_prob
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.oracles import BinaryTree
from hvae_lessons.oracles.autoregressive import Autoregressive
from hvae_lessons.training import fit

REAL = ("VAE, Gaussian likelihood", "diffusion")
VAE_CONFIG = VAEConfig(data_dim=D, latent_dim=2, hidden=(4,))
MODEL = VAE(VAE_CONFIG, generator())
READERS = {
    **{name: MODELS[name](generator()) for name in MODELS if name not in REAL},
    "encode": MODEL.encode,
    "evaluate": lambda x: evaluate(MODEL, x),
    "log_px_estimate": lambda x: log_px_estimate(MODEL, x, 2),
    "autoregressive": Autoregressive(D).log_px,
    "tree": BinaryTree(4).log_px,
    "copy": lambda x: copy_log_prob(x, torch.ones(2, D)),
    "copy, second": lambda x: copy_log_prob(torch.ones(2, D), x),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("wrong", [255.0, -1.0, 1.001, -1e-3])
def test_pixels_that_are_no_probabilities_are_refused(read, wrong):
    x = binary(5, D)
    read(x)
    x[3, 2] = wrong
    with pytest.raises(ValueError, match=r"^[xz]: expected pixels in \[0, 1\], got values from"):
        read(x)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_gray_and_rounded_pixels_pass(read):
    """An average of ones in single precision may be 1.0000001."""
    x = torch.full((5, D), 0.3)
    x[0, 0], x[1, 1] = 1 + 1e-7, -1e-8
    read(x)


@pytest.mark.parametrize("name", REAL)
def test_real_data_are_not_pixels(name):
    assert MODELS[name](generator())(255 * binary(5, D), generator()).log_px_given_z.isfinite().all()


def test_fit_refuses_bytes_before_the_first_step():
    model = VAE(VAE_CONFIG, generator())
    before = [weight.clone() for weight in model.parameters()]
    with pytest.raises(ValueError, match=r"^x: expected pixels in \[0, 1\], got values from 0 to 255"):
        fit(model, 255 * binary(20, D), epochs=1, generator=generator(), progress=False)
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), before))
