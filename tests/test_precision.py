"""Single and double precision: a model computes, samples and learns in the type of its weights, whatever the
default is; what has no weights follows the default, which `setup` makes double."""

import math

import matplotlib.pyplot as plt
import pytest
import torch
from every_model import CLUSTERS, LEVELS, MODELS, D
from IPython.core.interactiveshell import InteractiveShell

from hvae_lessons import notebook
from hvae_lessons.data import binarize, binarize_static, load_digits, load_mnist
from hvae_lessons.formulas.discrete_samples import gumbel_noise
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.diffusion import Diffusion
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig
from hvae_lessons.models.parts.levels import Hierarchy
from hvae_lessons.models.topdown import TopDown, TopDownConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.oracles.autoregressive import Autoregressive
from hvae_lessons.oracles.tree import BinaryTree
from hvae_lessons.training import TrainingDiverged, fit
from hvae_lessons.training.cluster_start import start_mixture
from hvae_lessons.widgets import (
    ClusterExplorer,
    HierarchyExplorer,
    LatentExplorer,
    RateDistortionExplorer,
    VAEPlayground,
)
from hvae_lessons.widgets.vae_playground.image_pack import packed

B, K = 12, 3
SINGLE, DOUBLE = torch.float32, torch.float64


@pytest.fixture(autouse=True)
def default_type():
    """Set PyTorch's default type for one test."""
    before = torch.get_default_dtype()
    yield torch.set_default_dtype
    torch.set_default_dtype(before)


def seeded():
    return torch.Generator().manual_seed(0)


def data(dtype):
    return torch.rand(B, D, generator=seeded()).round().to(dtype)


# The default when a model is built, the default when it is used, and the type that it was converted to.
WAYS = {
    "single": (SINGLE, SINGLE, SINGLE),
    "double": (DOUBLE, DOUBLE, DOUBLE),
    "single, then .double()": (SINGLE, SINGLE, DOUBLE),
    "double, used under single": (DOUBLE, SINGLE, DOUBLE),
    "single, used under double": (SINGLE, DOUBLE, SINGLE),
}


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    return WAYS[request.param]


@pytest.fixture(params=MODELS, ids=str)
def build(request, way, default_type):
    """A model and the type that everything about it must have."""
    built, used, dtype = way
    default_type(built)
    model = MODELS[request.param](seeded()).to(dtype)
    default_type(used)
    return model, dtype


def types(*parts):
    """The types of all tensors with fractions in parts, however deep: tuples, dicts, objects with fields."""
    found = set()
    for part in parts:
        if isinstance(part, torch.Tensor):
            found |= {part.dtype} if part.is_floating_point() else set()
        elif isinstance(part, tuple | list):
            found |= types(*part)
    return found


def terms(trace):
    """What objectives read of a Trace, beside its fields."""
    layers = [(layer.kl, layer.log_ratio, layer.kl_per_dimension) for layer in trace.layers]
    return trace, trace.kl, trace.log_weight, layers


def test_all_of_a_trace_has_the_type_of_the_weights(build):
    model, dtype = build
    for samples in (None, K):
        trace = model(data(dtype), generator=seeded(), samples=samples)
        assert types(*terms(trace)) == {dtype}
        assert types(elbo(trace)) == {dtype}


def test_samples_have_the_type_of_the_weights(build):
    model, dtype = build
    model.eval()
    assert types(model.sample(B, seeded())) == {dtype}


def test_what_only_some_models_do_has_the_type_of_the_weights(build):
    model, dtype = build
    x = data(dtype)
    model.eval()
    results = []
    if isinstance(model, Hierarchy):
        z = tuple(layer.z for layer in model(x, generator=seeded()).layers)
        noise = model.noise_of(z)
        results += [noise, model.resample(z, (1,), seeded()), model.generate(noise), model.infer(x, noise)]
    if isinstance(model, Diffusion):
        results += [
            model.trajectory(B, seeded()),
            *model.denoise(model.encode(x, torch.zeros(3, B, D).to(x))),
        ]
    if isinstance(model, ClusterVAE):
        results += [model.assign(x), model.sample_clusters(2, seeded())]
    if isinstance(model, VAE):
        results += [model.encode(x), model.decode(torch.zeros(B, 2).to(x)).mean]
    assert types(*results) == {dtype}


def test_an_epoch_of_training_keeps_the_type(build):
    model, dtype = build
    history = fit(model, data(dtype), epochs=1, batch_size=6, generator=seeded(), progress=False)
    assert math.isfinite(history.objective[0])
    assert history.objective.dtype == "float64"
    assert types(*model.state_dict().values()) == {dtype}


def test_the_estimate_of_the_likelihood_has_the_type_of_the_data(build):
    model, dtype = build
    assert log_px_estimate(model.eval(), data(dtype), samples=4, generator=seeded(), chunk=5).dtype == dtype


def test_binarization_before_every_epoch_keeps_the_type(way, default_type):
    built, used, dtype = way
    default_type(built)
    model = MODELS["VAE"](seeded()).to(dtype)
    default_type(used)
    x = torch.full((B, D), 0.5, dtype=dtype)
    fit(model, x, epochs=1, prepare=binarize, generator=seeded(), progress=False)
    assert types(binarize(x, seeded()), binarize_static(x), *model.parameters()) == {dtype}


def test_a_loss_that_breaks_gives_the_weights_back_in_their_type(way, default_type):
    built, used, dtype = way
    default_type(built)
    model = MODELS["VAE"](seeded()).to(dtype)
    default_type(used)
    before = [weight.clone() for weight in model.parameters()]
    with pytest.raises(TrainingDiverged):
        fit(model, data(dtype), epochs=1, objective=lambda t: elbo(t) * torch.nan, progress=False)
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))
    assert types(*model.parameters()) == {dtype}


def test_autoregressive_models(way, default_type):
    built, used, dtype = way
    default_type(built)
    model = Autoregressive(4, seeded()).to(dtype)
    default_type(used)
    x = model.sample(B, seeded())
    assert types(x, model.log_px(x)) == {dtype}


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
def test_a_tree_draws_in_the_default_and_judges_in_the_type_of_the_data(dtype, default_type):
    tree = BinaryTree(2)
    default_type(dtype)
    x = tree.sample(B, seeded())
    assert types(x, tree.sample_in_order(B, seeded())) == {dtype}
    for other in (SINGLE, DOUBLE):
        assert types(tree.log_px(x.to(other))) == {other}


def test_linear_gaussian_oracles_have_the_type_of_their_model(way, default_type):
    built, used, dtype = way
    default_type(built)
    linear = VAEConfig(D, 2, hidden=(), likelihood="gaussian")
    affine = {**LEVELS, "hidden": ((), ()), "likelihood": "gaussian", "constant_variance": True}
    vae, chain = VAE(linear, seeded()).to(dtype), MHVAE(MHVAEConfig(**affine), seeded()).to(dtype)
    default_type(used)
    x = data(dtype)
    of_vae, of_chain = LinearGaussian.from_vae(vae), LinearGaussian.from_hierarchy(chain)
    q_z = of_vae.best_diagonal(x)
    assert types(of_vae, of_chain, q_z, of_vae.log_px(x), of_chain.log_px(x)) == {dtype}
    assert types(of_vae.elbo(x, *q_z), of_vae.gap(x, *q_z), of_vae.posterior(x)) == {dtype}


def test_a_mixture_starts_in_the_type_of_its_model(way, default_type):
    built, used, dtype = way
    default_type(built)
    config = ClusterVAEConfig(**CLUSTERS, labels="bayes-code", covariance="full")
    model = ClusterVAE(config, seeded()).to(dtype)
    default_type(used)
    start_mixture(model, torch.rand(60, D, generator=seeded(), dtype=dtype), restarts=1)
    assert types(*model.state_dict().values()) == {dtype}


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
@pytest.mark.parametrize("load", [load_digits, load_mnist])
def test_loaders_follow_the_default(load, dtype, default_type):
    default_type(dtype)
    images = load()
    assert {images.train_x.dtype, images.test_x.dtype} == {dtype}
    # A pixel is a whole number over another, rounded once: not a single-precision value in double clothes.
    steps = images.train_x[:100].double() * (16 if load is load_digits else 255)
    assert (steps - steps.round()).abs().max() <= 255 * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
def test_noise_is_of_the_type_asked_for(dtype, default_type):
    other = DOUBLE if dtype == SINGLE else SINGLE
    default_type(other)
    weight = torch.zeros(2, dtype=dtype)
    assert standard_noise((3, 2), weight, seeded()).dtype == dtype
    assert gumbel_noise((3, 2), seeded(), dtype).dtype == dtype
    assert gumbel_noise((3, 2), seeded()).dtype == other


def explorers(dtype):
    """Widgets around untrained models of 4x4 images, and a mixed-up precision of what they are shown."""
    x, labels = torch.rand(40, D, generator=seeded(), dtype=dtype), torch.arange(40) % 10
    images = (x, labels, (4, 4))
    yield LatentExplorer(VAE(VAEConfig(D, 2, (6,)), seeded()), *images)
    yield HierarchyExplorer(TopDown(TopDownConfig(D, (4, 2), 6), seeded()), *images)
    mixture = ClusterVAEConfig(**CLUSTERS, labels="bayes-code", covariance="full")
    yield ClusterExplorer(ClusterVAE(mixture, seeded()), *images)
    yield RateDistortionExplorer({(1, 2): VAE(VAEConfig(D, 2, (6,)), seeded())}, *images)


@pytest.mark.parametrize("shown", [SINGLE, DOUBLE], ids=str)
@pytest.mark.parametrize("built", [SINGLE, DOUBLE], ids=str)
@pytest.mark.parametrize("used", [SINGLE, DOUBLE], ids=str)
def test_explorers_take_models_and_images_of_any_type(built, shown, used, default_type):
    default_type(built)
    for widget in explorers(shown):
        default_type(used)
        images = widget.traversal if isinstance(widget, RateDistortionExplorer) else widget.image
        assert images.dtype == built
        widget.picture()
        plt.close("all")
        default_type(built)


@pytest.mark.parametrize("built", [SINGLE, DOUBLE], ids=str)
def test_hierarchy_explorer_begins_with_the_noise_that_the_page_has(built, default_type):
    default_type(built)
    _, widget, *_ = explorers(built)
    in_the_page = torch.frombuffer(bytearray(widget.example_noise), dtype=torch.float32)
    begin = torch.tensor([value for level in widget.noise for value in level], dtype=DOUBLE)
    assert torch.equal(begin, in_the_page[: len(begin)].double())


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
def test_the_playground_hands_back_a_model_of_the_default_type(dtype, default_type):
    default_type(dtype)
    model = VAE(VAEConfig(64, 2, (8,)), seeded())
    playground = VAEPlayground(model)
    assert len(playground.weights) == 4 * sum(weight.numel() for weight in model.parameters())
    back = playground.to_torch()
    assert types(*back.parameters()) == {dtype}
    for weight, sent in zip(back.parameters(), model.parameters(), strict=True):
        assert torch.equal(weight, sent.float().to(dtype))
    assert types(back(playground.images().test_x, seeded())) == {dtype}


def test_a_page_gets_the_same_images_in_either_precision(default_type):
    default_type(SINGLE)
    expected = packed("digits")
    default_type(DOUBLE)
    assert packed("digits") == expected


def test_setup_makes_double_the_default(default_type):
    default_type(SINGLE)
    with plt.rc_context():
        notebook.setup()
    assert torch.get_default_dtype() == DOUBLE
    assert load_digits().train_x.dtype == DOUBLE


def test_setup_explains_failed_assertions(default_type, monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr(notebook, "get_ipython", lambda: shell)
    with plt.rc_context():
        notebook.setup()
    failure = shell.run_cell("nats = 3.5\nassert nats < 3").error_in_exec
    InteractiveShell.clear_instance()
    assert str(failure) == "on this machine: expected nats < 3; measured nats = 3.5"
