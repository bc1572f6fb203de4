"""Many models at once: each becomes what `fit` makes of it, one that breaks harms no other, sweeps resume."""

import warnings

import joblib
import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster
from every_model import MODELS, D
from random_data import generator

from hvae_lessons.data import binarize
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import balanced_elbo, beta_elbo, elbo, free_bits, weighted_elbo
from hvae_lessons.training import fit, side_by_side
from hvae_lessons.training.schedules import linear_warm_up
from hvae_lessons.training.sweep import fit_many, sweep

OTHERS = {"top-down, maps", "diffusion"}  # convolutions; an encoder without weights
BETAS = [0.0, 0.5, linear_warm_up(10)]
SETTINGS = {"epochs": 3, "batch_size": 8, "learning_rate": 0.01, "progress": False}


@pytest.fixture(autouse=True)
def _double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def pixels(count=20):
    return torch.rand(count, D, generator=generator(3))


def vaes(count=3, **changes):
    return [
        VAE(VAEConfig(**{"data_dim": D, "latent_dim": 2, "hidden": (6,), **changes}), generator(i))
        for i in range(count)
    ]


def function_of(beta):
    return beta if callable(beta) else lambda step: beta


def difference(model, other):
    """The largest of a weight."""
    pairs = zip(model.state_dict().values(), other.state_dict().values())
    return max((a.double() - b.double()).abs().max().item() for a, b in pairs)


def expect_equal(models, histories, alone, records, tolerance=1e-10):
    for model, history, other, record in zip(models, histories, alone, records, strict=True):
        assert difference(model, other) < tolerance
        assert history.diverged is None
        for name in ("objective", "log_px_given_z", "kl"):
            assert np.allclose(getattr(history, name), getattr(record, name), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", sorted(MODELS.keys() - OTHERS))
def test_every_model_becomes_what_fit_makes_of_it(name):
    models, alone = ([MODELS[name](generator(i)) for i in range(3)] for _ in range(2))
    recipe = {**SETTINGS, "objective": beta_elbo, "prepare": binarize}
    histories = fit_many(models, pixels(), schedules={"beta": BETAS}, generator=generator(1), **recipe)
    records = [
        fit(model, pixels(), schedules={"beta": function_of(beta)}, generator=generator(1), **recipe)
        for model, beta in zip(alone, BETAS)
    ]
    # The gradient of a bias before a normalization is rounding and nothing else, and Adam makes steps of it.
    expect_equal(models, histories, alone, records, 1e-7 if "norm" in name else 1e-10)
    assert not any(model.training for model in models)
    assert difference(models[0], models[1]) > 1e-3


@pytest.mark.parametrize(
    ("objective", "schedules"),
    [
        (elbo, {}),
        (beta_elbo, {"beta": linear_warm_up(8)}),
        (balanced_elbo, {}),
        (free_bits, {"nats": lambda step: 0.5, "beta": BETAS}),
        (lambda trace, beta: weighted_elbo(trace, (beta, 1.0)), {"beta": BETAS}),
        (lambda trace, beta: free_bits(trace, 0.1, "dimension", "example", beta), {"beta": BETAS}),
    ],
)
def test_any_objective(objective, schedules):
    build = MODELS["top-down"]
    models, alone = ([build(generator(i)) for i in range(3)] for _ in range(2))
    x, recipe = pixels().round(), {**SETTINGS, "objective": objective}
    histories = fit_many(models, x, schedules=schedules, generator=generator(1), **recipe)
    own = [
        {name: given if callable(given) else function_of(given[number]) for name, given in schedules.items()}
        for number in range(3)
    ]
    records = [
        fit(model, x, schedules=chosen, generator=generator(1), **recipe) for model, chosen in zip(alone, own)
    ]
    expect_equal(models, histories, alone, records)


def test_one_model_and_a_frozen_part():
    (model,), (other,) = vaes(1), vaes(1)
    for part in (model, other):
        part.encoder.requires_grad_(False)
    histories = fit_many([model], pixels(), generator=generator(1), **SETTINGS)
    expect_equal([model], histories, [other], [fit(other, pixels(), generator=generator(1), **SETTINGS)])
    assert torch.equal(model.encoder[0].weight, vaes(1)[0].encoder[0].weight)


def test_single_precision_stays_single():
    models = [model.float() for model in vaes()]
    fit_many(models, pixels().float(), objective=beta_elbo, schedules={"beta": BETAS}, **SETTINGS)
    assert {weight.dtype for model in models for weight in model.parameters()} == {torch.float32}


def test_a_model_that_breaks_keeps_good_weights_and_the_others_go_on():
    models, alone = vaes(), vaes()
    betas = [1.0, lambda step: 1.0 if step < 5 else 1e308, 0.5]  # three steps an epoch
    recipe = {**SETTINGS, "epochs": 4, "objective": lambda trace, beta: elbo(trace) * beta * beta}
    with pytest.warns(UserWarning, match=r"^model 1: step 5: the objective is not finite"):
        histories = fit_many(models, pixels(), schedules={"beta": betas}, generator=generator(1), **recipe)
    records = [
        fit(alone[m], pixels(), schedules={"beta": function_of(betas[m])}, generator=generator(1), **recipe)
        for m in (0, 2)
    ]
    expect_equal([models[0], models[2]], [histories[0], histories[2]], [alone[0], alone[2]], records)
    # The first step of the second epoch is step 3: its weights are those after one whole epoch.
    fit(alone[1], pixels(), generator=generator(1), **{**SETTINGS, "epochs": 1})
    assert difference(models[1], alone[1]) < 1e-10
    broken = histories[1].diverged
    assert (broken.step, broken.term, broken.kept_step) == (5, "the objective", 3)
    assert len(histories[1].objective) == len(histories[1].kl) == 1
    assert len(histories[0].objective) == 4


def test_training_ends_when_all_models_have_broken():
    models, epochs = vaes(2), []
    for model in models:
        model.encoder[-1].bias.data.fill_(2000.0)  # the variances are infinite
    begin = [model.decoder[0].weight.clone() for model in models]
    prepare = lambda x, g: epochs.append(None) or x  # noqa: E731
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        histories = fit_many(models, pixels(), prepare=prepare, **SETTINGS)
    assert len(caught) == 2
    assert len(epochs) == 1
    assert [len(history.objective) for history in histories] == [0, 0]
    assert all(torch.equal(model.decoder[0].weight, weight) for model, weight in zip(models, begin))


def test_an_interruption_is_passed_on_and_what_was_learned_is_kept():
    models, alone, epochs = vaes(), vaes(), []

    def prepare(x, source):
        epochs.append(None)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        fit_many(models, pixels(), prepare=prepare, generator=generator(1), **{**SETTINGS, "epochs": 9})
    for model, other in zip(models, alone):
        fit(other, pixels(), generator=generator(1), **{**SETTINGS, "epochs": 2})
        assert difference(model, other) < 1e-10


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: [*vaes(2), *vaes(1, hidden=(5,))], r"0.weight of \[6, 16\].*, got \[5, 16\].* in model 2"),
        (lambda: [*vaes(2), *vaes(1, hidden=(6, 6))], r"encoder.2.weight of \[4, 6\].*, got \[6, 6\]"),
        (
            lambda: [*vaes(2), *vaes(1, likelihood="gaussian")],
            r"noise_log_var of no shape, got \[\].* in model 2",
        ),
        (lambda: [*vaes(2), *vaes(1, activation="tanh")], "differ in their weights alone, got VAE number 2"),
        (lambda: [*vaes(2), MODELS["top-down"](generator())], "VAEs alone, got TopDown"),
        (lambda: [*vaes(2), vaes(1)[0].float()], "float64, got .*float32"),
        (lambda: vaes(1) * 2, "each once, got 1 again"),
        (lambda: [MODELS["top-down, maps"](generator(i)) for i in (0, 1)], "linear layers.*side by side"),
        (lambda: [MODELS["diffusion"](generator(i)) for i in (0, 1)], "linear layers.*side by side"),
    ],
)
def test_models_that_cannot_be_trained_together(build, expected):
    models = build()
    before = [{key: weight.clone() for key, weight in model.state_dict().items()} for model in models]
    with pytest.raises(ValueError, match=rf"^models: expected .*{expected}"):
        fit_many(models, pixels().round(), **SETTINGS)
    assert all(
        torch.equal(old[key], new)
        for old, model in zip(before, models)
        for key, new in model.state_dict().items()
    )


@pytest.mark.parametrize(("room", "advice"), [(70_000, "in groups of 2"), (100, "with a smaller batch_size")])
def test_no_memory_for_the_batch(monkeypatch, room, advice):
    monkeypatch.setattr(side_by_side, "_can_have", lambda size, device: size <= room)
    with pytest.raises(
        ValueError, match=f"^models: expected as many as fit into memory: train them {advice}, got 4, "
    ):
        fit_many(vaes(4), pixels(), **SETTINGS)


def test_a_system_says_how_much_it_has():
    assert side_by_side._can_have(1000, "cpu")
    assert not side_by_side._can_have(2**60, "cpu")


GRID = {"size": [1, 2], "seed": [0, 1], "beta": [0.0, 0.5, 1.0]}


def recorded(calls, stop_at=None):
    def train(size, seed, beta):
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        calls.append((size, seed))
        return [{"rate": 100 * size + 10 * seed + b, "z": torch.tensor([b])} for b in beta]

    return train


def test_a_sweep_returns_every_point_in_the_order_of_the_grid():
    calls = []
    rows = sweep(recorded(calls), GRID, "beta", progress=False)
    assert calls == [(1, 0), (1, 1), (2, 0), (2, 1)]
    points = [(size, seed, beta) for size in (1, 2) for seed in (0, 1) for beta in (0.0, 0.5, 1.0)]
    assert [(row["size"], row["seed"], row["beta"]) for row in rows] == points
    assert [row["rate"] for row in rows] == [100 * size + 10 * seed + beta for size, seed, beta in points]


def test_an_interrupted_sweep_goes_on_where_it_was_stopped(tmp_path):
    settings = {"folder": tmp_path / "kept", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        sweep(recorded([], stop_at=2), GRID, "beta", **settings)
    calls = []
    rows = sweep(recorded(calls), GRID, "beta", **settings)
    assert calls == [(2, 0), (2, 1)]
    assert [row["rate"] for row in rows] == [row["rate"] for row in sweep(recorded([]), GRID, "beta")]
    assert sweep(recorded(calls), GRID, "beta", **settings) == rows
    assert len(calls) == 2


def test_other_points_of_a_group_are_trained(tmp_path):
    calls = []
    for beta in ([0.0], [0.0, 1.0], [0.0, 1.0]):
        rows = sweep(recorded(calls), {"size": [1], "seed": [0], "beta": beta}, "beta", folder=tmp_path)
        assert [row["beta"] for row in rows] == beta
    assert len(calls) == 2


def digits_of_precision(size, seed, beta):
    """A group whose results depend on the precision in which it is computed."""
    return [{"third": float(torch.tensor(1.0) / 3), "size": size, "shift": seed + b} for b in beta]


def test_groups_at_a_time_give_what_one_after_the_other_gives():
    rows = sweep(digits_of_precision, GRID, "beta", progress=False)
    assert rows[0]["third"] == 1 / 3
    assert sweep(digits_of_precision, GRID, "beta", jobs=2, progress=False) == rows


def test_the_same_sweep_runs_on_a_cluster(tmp_path):
    def train(seed, beta):
        models = [VAE(VAEConfig(D, 2, (6,)), generator(seed)) for _ in beta]
        recipe = {**SETTINGS, "objective": beta_elbo, "schedules": {"beta": beta}}
        histories = fit_many(models, pixels(), generator=generator(seed), **recipe)
        return [{"last": float(history.objective[-1])} for history in histories]

    grid = {"seed": [0, 1, 2], "beta": [0.5, 1.0]}
    here = sweep(train, grid, "beta", progress=False)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = sweep(train, grid, "beta", folder=tmp_path, progress=False)
    assert len(list(tmp_path.glob("*.pt"))) == 3
    assert [row["last"] for row in there] == pytest.approx([row["last"] for row in here], abs=1e-10)
