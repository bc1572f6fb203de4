"""The gate for large gradients: what is skipped changes nothing, and what is counted is true."""

import math

import pytest
import torch
from random_data import binary, generator

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import TrainingDiverged, fit

CONFIG = VAEConfig(data_dim=6, latent_dim=2, hidden=(5,))
BY_STEP = {"step": lambda step: step}


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def run(model, **arguments):
    """Two epochs of two steps."""
    settings = {"epochs": 2, "batch_size": 10, "generator": generator(1), "progress": False}
    return fit(model, binary(20, 6), **{**settings, **arguments})


def test_without_a_threshold_no_norms_are_taken():
    assert run(VAE(CONFIG, generator())).columns == {}


def test_an_infinite_threshold_only_records():
    model, reference = VAE(CONFIG, generator()), VAE(CONFIG, generator())
    norms = []

    def objective(trace):
        gradients = torch.autograd.grad(-elbo(trace).mean(), list(model.parameters()), retain_graph=True)
        norms.append(torch.cat([gradient.flatten() for gradient in gradients]).norm().item())
        return elbo(trace)

    history = run(model, objective=objective, skip_gradients_above=math.inf)
    run(reference)
    assert torch.equal(weights(model), weights(reference))
    assert history.columns["gradient_norm"] == pytest.approx([max(norms[:2]), max(norms[2:])])
    assert history.columns["skipped"].tolist() == [0, 0]


def optimizer_state(monkeypatch):
    """The state of Adam as `fit` leaves it."""
    made = []

    class Watched(torch.optim.Adam):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            made.append(self)

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    return made


def test_a_skipped_step_leaves_weights_and_optimizer_as_they_were(monkeypatch):
    made = optimizer_state(monkeypatch)
    model, reference = VAE(CONFIG, generator()), VAE(CONFIG, generator())

    def spiked(trace, step):
        return elbo(trace) * (1e6 if step in (1, 3) else 1.0)

    history = run(model, objective=spiked, schedules=BY_STEP, skip_gradients_above=1e3)
    # The same noise and batches, but nothing at all is learned from steps 1 and 3.
    g, optimizer = generator(1), torch.optim.Adam(reference.parameters(), fused=True)
    for _ in range(2):
        first, second = torch.randperm(20, generator=g).split(10)
        optimizer.zero_grad()
        (-elbo(reference(binary(20, 6)[first], generator=g)).mean()).backward()
        optimizer.step()
        reference(binary(20, 6)[second], generator=g)
    assert history.columns["skipped"].tolist() == [1, 1]
    assert (history.columns["gradient_norm"] > 1e3).all()
    assert torch.equal(weights(model), weights(reference))
    for mine, theirs in zip(model.parameters(), reference.parameters()):
        state, expected = made[0].state[mine], optimizer.state[theirs]
        assert state["step"] == expected["step"] == 2
        assert torch.equal(state["exp_avg"], expected["exp_avg"])
        assert torch.equal(state["exp_avg_sq"], expected["exp_avg_sq"])


def test_a_threshold_that_stops_every_step_leaves_the_model_as_it_was(monkeypatch):
    made = optimizer_state(monkeypatch)
    model = VAE(CONFIG, generator())
    start = weights(model)
    history = run(model, skip_gradients_above=1e-9)
    assert torch.equal(weights(model), start)
    assert not made[0].state
    assert history.columns["skipped"].tolist() == [2, 2]


class InfiniteSlope(torch.autograd.Function):
    """The identity, with a gradient that overflows: a finite loss that must not be followed."""

    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * torch.inf


@pytest.mark.parametrize("factor", [torch.inf, torch.nan])
def test_an_infinite_gradient_of_a_finite_loss_is_skipped(factor, monkeypatch):
    monkeypatch.setattr(InfiniteSlope, "backward", staticmethod(lambda _, gradient: gradient * factor))
    model = VAE(CONFIG, generator())

    def objective(trace, step):
        return InfiniteSlope.apply(elbo(trace)) if step == 2 else elbo(trace)

    history = run(model, objective=objective, schedules=BY_STEP, skip_gradients_above=1e9)
    assert history.columns["skipped"].tolist() == [0, 1]
    assert math.isfinite(history.columns["gradient_norm"][0])
    assert not math.isfinite(history.columns["gradient_norm"][1])
    assert torch.isfinite(weights(model)).all()

    with pytest.raises(TrainingDiverged):
        run(VAE(CONFIG, generator()), objective=objective, schedules=BY_STEP)


def test_a_record_that_is_stopped_has_an_entry_for_every_completed_epoch():
    history = run(VAE(CONFIG, generator()), on_epoch=lambda epoch, row: True, skip_gradients_above=1.0)
    assert {name: len(column) for name, column in history.columns.items()} == {
        "gradient_norm": 1,
        "skipped": 1,
    }

    def interrupt(x, source):
        raise KeyboardInterrupt

    history = run(VAE(CONFIG, generator()), prepare=interrupt, skip_gradients_above=1.0)
    assert {name: len(column) for name, column in history.columns.items()} == {
        "gradient_norm": 0,
        "skipped": 0,
    }


def test_the_row_of_an_epoch_has_the_counts():
    rows = []
    run(VAE(CONFIG, generator()), on_epoch=lambda epoch, row: rows.append(row), skip_gradients_above=1e-9)
    assert [row["skipped"] for row in rows] == [2, 2]
