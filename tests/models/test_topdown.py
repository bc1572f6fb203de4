"""Hierarchies with skips or without: shapes, gradients, both orders of inference, exact likelihoods."""

import math

import pytest
import torch
from random_data import binary, generator, scatter
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.models import BottomUp, ConvTopDownConfig, TopDown, TopDownConfig
from hvae_lessons.models.parts.readings import ladder, merge, residual
from hvae_lessons.objectives import elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.trace import Gaussian
from hvae_lessons.training import fit
from hvae_lessons.training.checkpoints import load_checkpoint, save_checkpoint

READINGS = ("merge", "ladder", "residual")
AFFINE = {"blocks": 0, "constant_variance": True, "likelihood": "gaussian", "noise_log_var": -1.0}


def small(**changes):
    return TopDownConfig(**{"data_dim": 12, "latent_dims": (4, 3, 2), "width": 6, **changes})


def small_conv(**changes):
    settings = {"image_shape": (8, 8), "levels": ((4, 1), (2, 3)), "channels": 3}
    return ConvTopDownConfig(**{**settings, **changes})


def affine(dims, reading="merge", data_dim=3, seed=0, build=TopDown, skips=True):
    config = TopDownConfig(
        data_dim=data_dim, latent_dims=dims, width=4, reading=reading, skips=skips, **AFFINE
    )
    model = build(config, generator(seed))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator(seed + 1)))
    return model


CONFIGS = [
    *(small(reading=reading) for reading in READINGS),
    small(batch_norm=True, blocks=2),
    small(latent_dims=(3,)),
    small(blocks=0, constant_variance=True),
    small(skips=False),
    *(small_conv(reading=reading) for reading in READINGS),
    small_conv(levels=((8, 1), (4, 1), (4, 2), (1, 3)), blocks=2, channels=8),
]
BOTTOM_UP = [small(reading="merge", skips=True), small(reading="merge", skips=False, batch_norm=True)]
EVERY = [*((TopDown, config) for config in CONFIGS), *((BottomUp, config) for config in BOTTOM_UP)]
# Which inference network, and which generator, the exact values are tried on.
CORNERS = [*((TopDown, reading, True) for reading in READINGS), (TopDown, "merge", False)]
CORNERS += [(BottomUp, "merge", True), (BottomUp, "merge", False)]


def names(value):
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("build", "config"), EVERY, ids=names)
def test_trace_shapes(build, config):
    model = build(config, generator())
    x = binary(7, config.data_dim)
    trace, many = model(x, generator(1)), model(x, generator(1), samples=4)
    assert trace.log_px_given_z.shape == elbo(trace).shape == trace.log_weight.shape == (7,)
    assert many.log_px_given_z.shape == elbo(many).shape == many.log_weight.shape == (4, 7)
    for size, layer, others in zip(config.latent_dims, trace.layers, many.layers, strict=True):
        assert layer.closed_form == (build is TopDown or layer is trace.layers[-1])
        assert layer.z.shape == layer.kl_per_dimension.shape == (7, size)
        assert others.z.shape == (4, 7, size)
    assert model.sample(9, generator()).shape == (9, config.data_dim)


@pytest.mark.parametrize(("build", "config"), EVERY, ids=names)
def test_gradient_reaches_every_parameter(build, config):
    model = build(config, generator())
    (-elbo(model(binary(7, config.data_dim), generator(1))).mean()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        # A bias before batch normalization is subtracted again: its gradient is rounding.
        normalized = getattr(config, "batch_norm", False)
        assert normalized or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("build", "config"),
    [(TopDown, small(batch_norm=True)), (TopDown, small_conv()), *((BottomUp, one) for one in BOTTOM_UP)],
    ids=names,
)
def test_a_seed_reproduces_to_the_bit_and_leaves_the_global_generator_alone(build, config):
    def train():
        source = generator(3)
        model = build(config, source)
        fit(model, binary(30, config.data_dim), epochs=2, batch_size=10, generator=source, progress=False)
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    before = torch.get_rng_state()
    assert torch.equal(train(), train())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("config", [small(), small_conv(levels=((4, 1), (2, 2), (2, 1)))], ids=str)
def test_a_level_sees_the_levels_above_it_and_no_other(config):
    model = TopDown(config, generator()).eval()
    z = tuple(torch.randn(5, size, generator=generator(size)) for size in config.latent_dims)
    before, image = model.prior(z), model.decode(z).mean
    for moved in range(3):
        changed = tuple(part + 1.0 * (l == moved) for l, part in enumerate(z))
        after = model.prior(changed)
        for l in range(3):
            # The top prior is N(0, I); every other one follows all levels above it, not its neighbor alone.
            follows = l < moved
            assert follows != torch.allclose(before[l].mean, after[l].mean, atol=1e-6)
        assert not torch.allclose(image, model.decode(changed).mean, atol=1e-6)


def test_without_skips_a_level_sees_its_neighbor_alone():
    model = TopDown(small(skips=False), generator()).eval()
    z = tuple(torch.randn(5, size, generator=generator(size)) for size in (4, 3, 2))
    before, image = model.prior(z), model.decode(z).mean
    for moved in range(3):
        changed = tuple(part + 1.0 * (l == moved) for l, part in enumerate(z))
        after = model.prior(changed)
        for l in range(3):
            assert (l == moved - 1) != torch.equal(before[l].mean, after[l].mean)
        assert (moved == 0) != torch.equal(image, model.decode(changed).mean)


@pytest.mark.parametrize("skips", [True, False])
def test_both_orders_of_inference_share_a_generator_of_the_same_weights(skips):
    config = small(reading="merge", skips=skips)
    down, up = TopDown(config, generator()), BottomUp(config, generator())
    z = tuple(torch.randn(5, size, generator=generator(size)) for size in (4, 3, 2))
    assert torch.equal(down.decode(z).mean, up.decode(z).mean)
    assert all(torch.equal(a.mean, b.mean) for a, b in zip(down.prior(z), up.prior(z), strict=True))
    chain = TopDown(small(reading="merge", skips=not skips), generator())
    sizes = [sum(part.numel() for part in model.parameters()) for model in (down, chain, up)]
    assert (
        sizes[0] == sizes[1] == sizes[2] - 6 * (4 + 3 + 2)
    )  # two layers more: weights of z_1, z_2, and biases


@pytest.mark.parametrize("skips", [True, False])
def test_bottom_up_inference_of_a_level_depends_on_x_and_on_the_levels_below(skips):
    model = BottomUp(small(reading="merge", skips=skips), generator()).eval()
    x, noise = binary(5, 12), tuple(torch.randn(5, size, generator=generator(size)) for size in (4, 3, 2))
    _, q = model.infer(x, noise)
    for moved in range(3):
        _, after = model.infer(x, tuple(part + 1.0 * (l == moved) for l, part in enumerate(noise)))
        for l in range(3):
            assert (l > moved) != torch.allclose(q[l].mean, after[l].mean, atol=1e-6)
    _, other = model.infer(1 - x, noise)
    for l in range(3):
        assert not torch.allclose(q[l].mean, other[l].mean, atol=1e-6)


@pytest.mark.parametrize("skips", [True, False])
def test_bottom_up_terms_are_right_on_average_where_closed_forms_would_not_be(skips):
    model = affine((2, 1), build=BottomUp, skips=skips)
    with torch.no_grad():
        model.reads[0].weight.mul_(4)  # so that what is drawn at the top follows what was drawn below
        trace = model(scatter(5), generator(1), samples=100_000)
    wrong = trace._replace(layers=tuple(layer._replace(closed_form=True) for layer in trace.layers))
    for other, right in ((trace, True), (wrong, False)):
        difference = elbo(other) - trace.log_weight  # [K, B]
        error = difference.std(0) / math.sqrt(len(difference))
        assert right == bool((difference.mean(0).abs() < 5 * error + 1e-6).all())


def test_inference_of_a_level_depends_on_x_and_on_the_levels_above():
    model = TopDown(small(), generator()).eval()
    x, noise = binary(5, 12), tuple(torch.randn(5, size, generator=generator(size)) for size in (4, 3, 2))
    _, q = model.infer(x, noise)
    for moved in range(3):
        _, after = model.infer(x, tuple(part + 1.0 * (l == moved) for l, part in enumerate(noise)))
        for l in range(3):
            assert (l < moved) != torch.allclose(q[l].mean, after[l].mean, atol=1e-6)
    _, other = model.infer(1 - x, noise)
    for l in range(3):
        assert not torch.allclose(q[l].mean, other[l].mean, atol=1e-6)


def test_three_readings_by_hand():
    p = Gaussian(torch.tensor([[1.0]]), torch.tensor([[math.log(4.0)]]))
    first, second = torch.tensor([[3.0]]), torch.tensor([[math.log(2.0)]])
    got = {read.__name__: read(p, first, second) for read in (merge, ladder, residual)}
    moments = {name: (q.mean.item(), q.log_var.exp().item()) for name, q in got.items()}
    assert moments["merge"] == pytest.approx((3.0, 2.0))
    assert moments["ladder"] == pytest.approx(((1 / 4 + 3 / 2) / (1 / 4 + 1 / 2), 1 / (1 / 4 + 1 / 2)))
    assert moments["residual"] == pytest.approx((4.0, 8.0))


@pytest.mark.parametrize("reading", READINGS)
def test_every_term_is_the_kl_of_the_distributions_it_shows(reading):
    trace = TopDown(small(reading=reading), generator())(binary(5, 12), generator())
    for layer in trace.layers:
        q, p = (Normal(part.mean, (0.5 * part.log_var).exp()) for part in (layer.q, layer.p))
        assert torch.allclose(layer.kl_per_dimension, kl_divergence(q, p), atol=1e-5)


@pytest.mark.parametrize("dims", [(2,), (2, 1), (3, 2, 2)])
def test_the_oracle_is_the_marginal_of_ancestral_sampling(dims):
    model = affine(dims, data_dim=4)
    mean = model.sample(400_000, generator(9)).detach()  # means of p(x | z): their spread plus the noise
    covariance = mean.T.cov() + math.exp(-1.0) * torch.eye(4)
    reference = MultivariateNormal(mean.mean(0), covariance)
    x = scatter(20, 4)
    assert torch.allclose(LinearGaussian.from_hierarchy(model).log_px(x), reference.log_prob(x), atol=0.15)


@pytest.mark.parametrize(("build", "reading", "skips"), CORNERS, ids=names)
def test_importance_weighting_converges_to_the_exact_likelihood(build, reading, skips):
    model = affine((2, 1), reading, build=build, skips=skips)
    with torch.no_grad():
        for net in model.backbone.posteriors:
            net.log_var.add_(2)  # a q narrower than the posterior has weights without a variance
        # Images of the model itself: from a wide q those far from it are found by few samples, if by any.
        x = model.sample(5, generator(2)) + math.exp(-0.5) * torch.randn(5, 3, generator=generator(3))
        log_weight = model(x, generator(1), samples=200_000).log_weight  # [K, B]
    truth = LinearGaussian.from_hierarchy(model).log_px(x)
    weight = (log_weight - truth).exp()  # its mean over q is 1, whatever q is
    error = weight.std(0) / math.sqrt(len(weight))
    assert error.max() < 0.05
    assert ((weight.mean(0) - 1).abs() < 5 * error).all()
    by_count = [importance_weighted_bound(log_weight.unflatten(0, (k, -1))).mean() for k in (1, 100, 10_000)]
    assert by_count[0] < by_count[1] < by_count[2] < truth.mean() + 5 * error.mean()
    assert torch.allclose(by_count[0], log_weight.mean())


def set_affine(net, weight, bias, log_var):
    """Give a GaussianNet of numbers its slopes, its intercept and its log-variance."""
    with torch.no_grad():
        net.net[0].weight.copy_(weight)
        net.net[0].bias.fill_(bias)
        net.log_var.fill_(log_var)


def exact_inference(model):
    """Make q of an affine (1, 1) model the true posterior by Bayes' rule for numbers."""
    # x = u + v z_2 + w z_1 + noise and z_1 = c + a z_2 + s * noise: read off by asking the generator.
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    with torch.no_grad():
        u = model.decode((zero, zero)).mean[0].double()
        w, v = ((model.decode(z).mean[0].double() - u) for z in ((one, zero), (zero, one)))
        start, up = model.prior((zero, zero))[0], model.prior((zero, one))[0]
    c, a, s2 = start.mean.item(), (up.mean - start.mean).item(), start.log_var.exp().item()
    noise = math.exp(-1.0)
    # z_1 given x and z_2.
    precision = 1 / s2 + (w @ w).item() / noise
    # z_2 given x: x = (u + c w) + (v + a w) z_2 + N(0, noise I + s2 w w^T).
    slope, shift = v + a * w, u + c * w
    inner = torch.linalg.inv(noise * torch.eye(3, dtype=torch.float64) + s2 * torch.outer(w, w))
    top_precision = 1 + (slope @ inner @ slope).item()
    upper, lower = slope @ inner / top_precision, w / noise / precision
    # e = x at both levels: the stem copies x. d_2 = start is a constant; d_1 = start + injection * z_2.
    backbone = model.backbone
    with torch.no_grad():
        backbone.stem.weight.copy_(torch.eye(4, 3))
        backbone.stem.bias.zero_()
        backbone.start.zero_()
        injection = backbone.injections[1]
        read = injection.weight[:, 0] / injection.weight[:, 0].square().sum()  # d - bias -> z_2
    pad = torch.zeros(1, dtype=torch.float64)
    set_affine(
        backbone.posteriors[1],
        torch.cat([upper, pad, pad.expand(4)]).float().unsqueeze(0),
        -(upper @ shift).item(),
        -math.log(top_precision),
    )
    pull = ((a / s2) - (w @ v).item() / noise) / precision  # of z_2 on the mean of z_1
    set_affine(
        backbone.posteriors[0],
        torch.cat([lower, pad, pull * read.double()]).float().unsqueeze(0),
        (c / s2 - (w @ u).item() / noise) / precision - pull * (read @ injection.bias).item(),
        -math.log(precision),
    )


def test_the_bound_is_tight_at_the_true_posterior_sample_by_sample():
    model, x = affine((1, 1)), scatter()
    with torch.no_grad():
        model.backbone.start.zero_()  # as exact_inference leaves it
    exact_inference(model)
    with torch.no_grad():
        trace = model(x, generator(), samples=50)
    exact = LinearGaussian.from_hierarchy(model).log_px(x)
    assert torch.allclose(trace.log_weight, exact.expand(50, -1), atol=1e-3)
    assert abs(elbo(trace).mean() - exact.mean()) < 1e-2


@pytest.mark.parametrize(("build", "reading", "skips"), CORNERS, ids=names)
def test_inference_trained_on_a_fixed_generator_reaches_the_exact_likelihood(build, reading, skips):
    model = affine((1, 1), reading, build=build, skips=skips)
    for part in (model.backbone.priors, model.backbone.injections, model.backbone.head, model.likelihood):
        part.requires_grad_(False)
    model.backbone.start.requires_grad_(False)
    x = scatter(1000)
    for rate, epochs in ((2e-2, 30), (2e-3, 25), (2e-4, 25)):
        fit(model, x, epochs=epochs, batch_size=50, learning_rate=rate, generator=generator(), progress=False)
    with torch.no_grad():
        bound = model(x, generator(1), samples=400).log_weight.mean()  # no variance where q is exact
    assert abs(bound - LinearGaussian.from_hierarchy(model).log_px(x).mean()) < 1e-3


def test_residual_blocks_start_at_one_size_whatever_the_depth():
    def growth(levels, scaled):
        config = small(latent_dims=(2,) * levels, width=50, depth_scaled=scaled)
        model = TopDown(config, generator())
        with torch.no_grad():
            d = torch.randn(100, 50, generator=generator(1))
            for block in model.backbone.blocks:
                d = block(d)
        return d.square().mean().sqrt().item()

    assert growth(100, scaled=False) > 10 * growth(4, scaled=False)
    assert growth(100, scaled=True) < 2 * growth(4, scaled=True)


@pytest.mark.parametrize("make", [small, small_conv], ids=["vectors", "maps"])
def test_what_is_added_to_the_path_is_scaled_by_one_over_the_root_of_the_blocks(make):
    scaled, plain = (
        TopDown(make(blocks=3, depth_scaled=choice), generator()).backbone for choice in (True, False)
    )
    scale = 1 / math.sqrt(3 * len(scaled.injections))
    for part, other in zip(scaled.blocks, plain.blocks, strict=True):
        for net, before in zip(part.nets, other.nets, strict=True):
            assert torch.allclose(net[-1].weight, scale * before[-1].weight)
            assert torch.allclose(net[-1].bias, scale * before[-1].bias)
    for injection, before in zip(scaled.injections, plain.injections, strict=True):
        assert torch.allclose(injection.weight, scale * before.weight)


@pytest.mark.parametrize("reading", READINGS)
def test_a_deep_hierarchy_starts_with_a_small_kl(reading):
    """The path stays in bounds, or the variances, whose logarithm it sets, and the codes would run away."""
    model = TopDown(small(latent_dims=(2,) * 48, width=32, reading=reading), generator())
    trace = model(binary(50, 12), generator(1))
    assert trace.kl.mean() < 30
    assert all(torch.isfinite(part).all() for part in model.generate([layer.z for layer in trace.layers]))


def test_a_deep_convolutional_hierarchy_starts_with_a_small_kl():
    model = TopDown(small_conv(levels=((4, 1),) * 24, channels=8), generator())
    assert model(binary(20, 64), generator(1)).kl.mean() < 50


def test_upsampling_repeats_its_nearest_neighbor():
    model = TopDown(small_conv(), generator())
    backbone = model.backbone
    with torch.no_grad():
        for block in backbone.blocks[1].nets:
            nn.init.zeros_(block[-1].weight)
            nn.init.zeros_(block[-1].bias)
        d = torch.randn(1, 12, generator=generator())
        z = torch.zeros(1, 12)
        injected = d.reshape(3, 2, 2) + backbone.injections[1].bias.reshape(3, 1, 1)
        below = backbone.absorb(1, d, z).reshape(3, 4, 4)
    assert torch.allclose(below, injected.repeat_interleave(2, 1).repeat_interleave(2, 2))
    for place in range(12):  # z is three maps of 2x2, one after the other: each number acts at its own place
        with torch.no_grad():
            moved = backbone.absorb(1, d, torch.eye(12)[place : place + 1]).reshape(3, 4, 4) - below
        row, column = divmod(place % 4, 2)
        square = moved.abs().sum(0)
        assert (square[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] > 1e-6).all()
        assert (square > 1e-6).sum() == 4


@pytest.mark.parametrize("config", [small(), small_conv(levels=((4, 1), (2, 2), (2, 1)))], ids=str)
def test_resampling_keeps_what_it_should(config):
    model = TopDown(config, generator()).eval()
    noise = tuple(torch.randn(5, size, generator=generator(size)) for size in config.latent_dims)
    z = model.generate(noise)
    for part, again in zip(noise, model.noise_of(z), strict=True):
        assert torch.allclose(part, again, atol=1e-5)
    lower = model.resample(z, (1, 2), generator(1))
    assert torch.allclose(lower[2], z[2], atol=1e-5)
    assert not torch.allclose(lower[1], z[1], atol=1e-2)
    assert not torch.allclose(lower[0], z[0], atol=1e-2)


@pytest.mark.parametrize("config", [small(batch_norm=True), small_conv()], ids=str)
def test_a_checkpoint_restores_the_hierarchy(tmp_path, config):
    model, x = TopDown(config, generator()), binary(30, config.data_dim)
    fit(model, x, epochs=1, batch_size=10, generator=generator(), progress=False)
    save_checkpoint(model, tmp_path / "model.pt")
    again = load_checkpoint(tmp_path / "model.pt", TopDown, type(config))
    assert again.config == config
    assert torch.equal(elbo(model(x, generator())), elbo(again(x, generator())))
