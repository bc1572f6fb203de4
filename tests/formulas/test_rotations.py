"""Rotated codes, against torch.distributions, and p(x) of a rotated VAE by quadrature."""

import copy

import torch
from random_data import generator

from hvae_lessons.formulas.distributions import gaussian_full_log_prob, standard_gaussian_log_prob
from hvae_lessons.formulas.rotations import random_rotation, rotate_gaussian
from hvae_lessons.models import VAE, VAEConfig


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def test_rotations_are_orthogonal_and_evenly_drawn():
    source = generator()
    drawn = torch.stack([random_rotation(3, source) for _ in range(4000)]).double()
    identity = torch.eye(3, dtype=torch.float64).expand_as(drawn)
    torch.testing.assert_close(drawn @ drawn.mT, identity, atol=1e-5, rtol=0)
    # Every row is a point on the sphere, of mean 0 and second moment 1/3; half of the matrices mirror.
    assert drawn.mean(0).abs().max() < 0.04
    assert (drawn.square().mean(0) - 1 / 3).abs().max() < 0.02
    assert abs((torch.linalg.det(drawn) > 0).double().mean() - 0.5) < 0.03


def test_the_distribution_of_a_rotated_gaussian():
    mean, log_var, rotation = draw(5, 3), draw(5, 3, seed=1), random_rotation(3, generator(2)).double()
    rotation = torch.linalg.qr(rotation)[0]  # orthogonal in double precision
    found = rotate_gaussian(mean, log_var, rotation)
    covariance = rotation @ torch.diag_embed(log_var.exp()) @ rotation.T
    expected = torch.distributions.MultivariateNormal(mean @ rotation.T, covariance)
    torch.testing.assert_close(found[0], expected.mean)
    torch.testing.assert_close(found[1], expected.scale_tril)


def test_a_rotated_vae_has_the_same_likelihood_and_the_same_importance_weights():
    model = VAE(VAEConfig(data_dim=5, latent_dim=2, hidden=(4,), activation="softplus"), generator()).double()
    rotation = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    rotated = copy.deepcopy(model)
    rotated.decoder[0].weight.data = model.decoder[0].weight @ rotation.T
    x = draw(6, 5).sign().clamp_min(0)

    line = torch.linspace(-8, 8, 161, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line).unsqueeze(1)  # [C, 1, 2]
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid).sum(-1)
    evidence = [torch.logsumexp(log_prior + each.decode(grid).log_prob(x), 0) for each in (model, rotated)]
    torch.testing.assert_close(evidence[1], evidence[0], atol=1e-9, rtol=0)

    q_z = model.encode(x)
    z = q_z.sample(draw(7, 6, 2))
    turned = z @ rotation.T
    log_weight = model.decode(z).log_prob(x) + standard_gaussian_log_prob(z) - q_z.log_prob(z)
    log_q = gaussian_full_log_prob(turned, *rotate_gaussian(*q_z, rotation))
    log_weight_rotated = rotated.decode(turned).log_prob(x) + standard_gaussian_log_prob(turned) - log_q
    torch.testing.assert_close(log_weight_rotated, log_weight)
