"""What the checks refuse, and what is right and must pass."""

import math

import numpy as np
import pytest
import torch
from random_data import binary, generator

from hvae_lessons.checks import check_count, check_data
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.oracles import BinaryTree
from hvae_lessons.training import fit


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_finite_data_are_finite_whatever_their_sum(dtype):
    large = torch.finfo(dtype).max
    for shape, value in (((3, 4), large), ((200, 784), 255.0)):
        check_data("x", torch.full(shape, value, dtype=dtype))
    for broken in (math.nan, math.inf, -math.inf):
        x = torch.full((3, 4), large, dtype=dtype)
        x[1, 2] = broken
        with pytest.raises(ValueError, match="^x: expected finite values, got NaN or infinity"):
            check_data("x", x)


@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), np.int32(3), 3])
def test_whole_numbers_of_numpy_count(number):
    check_count("count", number)
    model = VAE(VAEConfig(data_dim=6, latent_dim=number, hidden=(number,)), generator())
    x = binary(7, 6)
    assert model.sample(number, generator()).shape == (3, 6)
    assert model(x, generator(), samples=number).log_px_given_z.shape == (3, 7)
    assert log_px_estimate(model, x, number, generator(), chunk=number).shape == (7,)
    fit(model, x, epochs=number, batch_size=number, generator=generator(), progress=False)
    assert BinaryTree(number).sample(number, generator()).shape == (3, 8)


@pytest.mark.parametrize("value", [True, np.True_, 3.0, np.float64(3), 0, np.int64(0), "3", None])
def test_what_is_no_whole_number_does_not_count(value):
    with pytest.raises(ValueError, match="^count: expected a whole number, 1 or more, got"):
        check_count("count", value)
