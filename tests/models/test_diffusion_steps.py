"""Every step of a diffusion by hand: Gaussians multiplied by their precisions, and the noise of the seed."""

import math

import pytest
import torch
from random_data import generator

from hvae_lessons.models import Diffusion, DiffusionConfig

T, D, COUNT = 4, 3, 5


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(Diffusion, "kept", torch.tensor([0.9, 0.6, 0.35, 0.1], dtype=torch.float64))
    return Diffusion(DiffusionConfig(data_dim=D, steps=T, hidden=(6,)), generator()).double()


def answer(model, z, t):
    """The network's guess of x and its log-variance at z_t, [.., D] each."""
    step = torch.eye(T, dtype=z.dtype)[t - 1].expand(*z.shape[:-1], T)
    correction, log_var = model.denoiser(torch.cat([z, step], -1)).chunk(2, -1)
    return math.sqrt(model.kept[t - 1]) * z + correction, log_var


def product(x, z, below, kept):
    """N(u; sqrt(below) x, 1 - below) N(z; sqrt(a) u, 1 - a) as a density of u: mean and variance."""
    a = kept / below
    precision = 1 / (1 - below) + a / (1 - a)
    return (math.sqrt(below) * x / (1 - below) + math.sqrt(a) * z / (1 - a)) / precision, 1 / precision


def step_down(model, z, t):
    """Mean and variance of p(z_t-1 | z_t), with z_0 = x."""
    guess, log_var = answer(model, z, t)
    if t == 1:
        return guess, log_var.exp()
    mean, variance = product(guess, z, model.kept[t - 2].item(), model.kept[t - 1].item())
    return mean, variance * log_var.exp()


def test_the_schedule_is_a_quarter_of_a_cosine():
    kept = Diffusion(DiffusionConfig(data_dim=D, steps=T)).kept
    for t in range(1, T + 1):
        assert kept[t - 1].item() == pytest.approx(math.cos(math.pi / 2 * t / (T + 0.3)) ** 2, rel=1e-5)


def test_the_way_up_adds_the_noise_of_every_step(model):
    x = torch.randn(COUNT, D, generator=generator(1), dtype=torch.float64)
    noise = torch.randn(T, COUNT, D, generator=generator(2), dtype=torch.float64)
    z, before = x, 1.0
    for t, found in enumerate(model.encode(x, noise)):
        a = model.kept[t].item() / before
        z, before = math.sqrt(a) * z + math.sqrt(1 - a) * noise[t], model.kept[t].item()
        torch.testing.assert_close(found, z)


@torch.no_grad()
def test_the_way_down_is_replayed_by_hand(model):
    path = model.trajectory(COUNT, generator(3))
    noise = torch.randn(T + 1, COUNT, D, generator=generator(3), dtype=torch.float64)
    z = noise[T]  # p(z_T) = N(0, I)
    torch.testing.assert_close(path[T], z)
    for t in range(T, 0, -1):
        mean, variance = step_down(model, z, t)
        z = mean + variance.sqrt() * noise[t - 1]
        torch.testing.assert_close(path[t - 1], z)
    torch.testing.assert_close(model.sample(COUNT, generator(3)), z)


@pytest.mark.parametrize("samples", [None, 2])
def test_every_layer_of_a_trace_is_that_step(model, samples):
    x = torch.randn(COUNT, D, generator=generator(1), dtype=torch.float64)
    trace = model(x, generator(4), samples)
    z = [layer.z for layer in trace.layers]
    for t in range(2, T + 1):
        layer, above = trace.layers[t - 2], z[t - 1]
        for found, (mean, variance) in (
            (layer.p, step_down(model, above, t)),
            (layer.q, product(x, above, model.kept[t - 2].item(), model.kept[t - 1].item())),
        ):
            torch.testing.assert_close(found.mean, mean)
            torch.testing.assert_close(found.log_var.exp(), torch.zeros_like(found.mean) + variance)
    top, share = trace.layers[-1], model.kept[-1]
    torch.testing.assert_close(top.q.mean, (share.sqrt() * x).expand_as(top.q.mean))
    torch.testing.assert_close(top.q.log_var, (1 - share).log().expand_as(top.q.mean))
    assert (top.p.mean == 0).all()
    assert (top.p.log_var == 0).all()
    mean, variance = step_down(model, z[0], 1)
    expected = torch.distributions.Normal(mean, variance.sqrt()).log_prob(x).sum(-1)
    torch.testing.assert_close(trace.log_px_given_z, expected)
