"""The training loop: it is Adam on the negative objective, it stops well, and it keeps good weights."""

import math

import numpy as np
import pytest
import torch
from random_data import generator

from hvae_lessons.models import MHVAE, VAE, MHVAEConfig, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo
from hvae_lessons.training import TrainingDiverged, fit

CONFIG = VAEConfig(data_dim=6, latent_dim=2, hidden=(5,))


def data(count=20):
    return torch.rand(count, 6, generator=generator(9)).round()


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_fit_is_the_bare_loop():
    model, reference = VAE(CONFIG, generator()), VAE(CONFIG, generator())
    fit(model, data(), epochs=3, batch_size=8, learning_rate=0.01, generator=generator(1), progress=False)

    g, optimizer = generator(1), torch.optim.Adam(reference.parameters(), lr=0.01)
    for _ in range(3):
        for index in torch.randperm(20, generator=g).split(8):
            optimizer.zero_grad()
            (-elbo(reference(data()[index], generator=g)).mean()).backward()
            optimizer.step()
    assert torch.allclose(weights(model), weights(reference), atol=1e-6)


def test_history_averages_over_examples_not_batches():
    # With next to no learning rate the model stays as it is, so every epoch reads the same KL.
    model = VAE(CONFIG, generator())
    history = fit(
        model, data(), epochs=2, batch_size=8, learning_rate=1e-12, generator=generator(1), progress=False
    )
    with torch.no_grad():
        kl = model(data(), generator=generator()).kl.mean().item()
    assert history.kl.shape == (2, 1)
    assert np.allclose(history.kl[:, 0], kl, atol=1e-5)
    assert np.allclose(history.objective, history.log_px_given_z - history.kl[:, 0], atol=1e-5)
    assert not history.interrupted


def test_training_improves_the_objective():
    # Two patterns of six bits: 6 log 2 = 4.16 nats without a model, log 2 = 0.69 with a perfect one.
    pattern = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    x = torch.stack([pattern, 1 - pattern]).repeat(20, 1)
    model = VAE(CONFIG, generator())
    history = fit(
        model, x, epochs=100, batch_size=10, learning_rate=0.02, generator=generator(1), progress=False
    )
    assert history.objective[0] < -3.5
    assert -1.2 < history.objective[-1] < -0.65


def test_schedules_set_the_arguments_of_the_objective_at_every_step():
    seen = []

    def objective(trace, beta):
        seen.append(beta)
        return beta_elbo(trace, beta)

    schedules = {"beta": lambda step: step / 10}
    fit(
        VAE(CONFIG, generator()),
        data(),
        epochs=2,
        batch_size=10,
        objective=objective,
        schedules=schedules,
        progress=False,
    )
    assert seen == [0.0, 0.1, 0.2, 0.3]


def test_prepare_is_called_once_an_epoch_with_the_same_generator():
    calls, g = [], generator()

    def prepare(x, source):
        calls.append(source)
        return x

    fit(VAE(CONFIG, g), data(), epochs=3, prepare=prepare, generator=g, progress=False)
    assert calls == [g, g, g]


def test_a_frozen_part_stays_as_it_is_and_so_does_its_normalization():
    config = MHVAEConfig(data_dim=6, latent_dims=(3, 2), hidden=((5,), (4,)), batch_norm=True)
    model = MHVAE(config, generator())
    for part in (model.encoders[0], model.decoders[0]):
        part.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = torch.rand(32, 6, generator=generator()).round()
    fit(model, x, epochs=2, batch_size=16, generator=generator(), progress=False)
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert not [name for name in changed if name.split(".")[1] == "0"]
    assert any("running_mean" in name for name in changed)
    assert any("weight" in name for name in changed)


def test_stopping_keeps_the_model_and_the_record():
    model = VAE(CONFIG, generator())
    start = weights(model)

    def stop(epoch, _):
        if epoch == 1:
            raise KeyboardInterrupt

    history = fit(model, data(), epochs=100, generator=generator(), progress=False, on_epoch=stop)
    assert history.interrupted
    assert len(history.objective) == len(history.kl) == 2
    assert not torch.equal(weights(model), start)
    assert not model.training


def test_stopping_in_the_first_epoch_leaves_an_empty_record():
    def prepare(x, source):
        raise KeyboardInterrupt

    history = fit(VAE(CONFIG, generator()), data(), epochs=5, prepare=prepare, progress=False)
    assert history.interrupted
    assert len(history.objective) == 0


@pytest.mark.parametrize("bad_step", [0, 3])
def test_a_broken_loss_stops_training_and_restores_the_last_finite_weights(bad_step):
    model, record = VAE(CONFIG, generator()), []

    def objective(trace, step):
        record.append(weights(model))
        return elbo(trace) * (torch.nan if step == bad_step else 1.0)

    with pytest.raises(TrainingDiverged) as caught:
        fit(
            model,
            data(),
            epochs=5,
            batch_size=10,
            objective=objective,
            schedules={"step": lambda t: t},
            progress=False,
        )
    assert caught.value.step == bad_step
    assert caught.value.term == "the objective"
    assert (caught.value.last_loss is None) == (bad_step == 0)
    assert torch.equal(weights(model), record[max(bad_step - 1, 0)])
    assert f"step {bad_step}" in str(caught.value)


def test_the_term_that_broke_is_named():
    model = VAE(CONFIG, generator())
    with torch.no_grad():
        model.encoder[-1].bias[2:] = 1000.0  # log-variance: exp overflows, so the KL does too
    with pytest.raises(TrainingDiverged, match="KL of layer 1|log_px_given_z"):
        fit(model, data(), epochs=1, progress=False)

    model = VAE(VAEConfig(data_dim=6, latent_dim=2, hidden=(5,), posterior="point"), generator())
    with pytest.raises(TrainingDiverged, match="KL of layer 1"):
        fit(model, data(), epochs=1, progress=False)


def run(model, **arguments):
    """Two epochs of two steps."""
    settings = {"epochs": 2, "batch_size": 10, "generator": generator(1), "progress": False}
    return fit(model, data(), **{**settings, **arguments})


def test_without_a_threshold_no_norms_are_taken():
    history = run(VAE(CONFIG, generator()))
    assert history.gradient_norm is history.skipped is history.skip_gradients_above is None


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
    assert history.gradient_norm == pytest.approx([max(norms[:2]), max(norms[2:])])
    assert history.skipped.tolist() == [0, 0]
    assert history.skip_gradients_above == math.inf


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

    schedules = {"step": lambda step: step}
    history = run(model, objective=spiked, schedules=schedules, skip_gradients_above=1e3)
    # The same noise and batches, but nothing at all is learned from steps 1 and 3.
    steps_taken = iter([True, False, True, False])
    monkeypatch.setattr("hvae_lessons.training.loop._GradientGate.lets_pass", lambda gate: next(steps_taken))
    run(reference)
    assert history.skipped.tolist() == [1, 1]
    assert (history.gradient_norm > 1e3).all()
    assert torch.equal(weights(model), weights(reference))
    for mine, theirs in zip(model.parameters(), reference.parameters()):
        state, expected = made[0].state[mine], made[1].state[theirs]
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
    assert history.skipped.tolist() == [2, 2]


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

    schedules = {"step": lambda step: step}
    history = run(model, objective=objective, schedules=schedules, skip_gradients_above=1e9)
    assert history.skipped.tolist() == [0, 1]
    assert math.isfinite(history.gradient_norm[0])
    assert not math.isfinite(history.gradient_norm[1])
    assert torch.isfinite(weights(model)).all()

    with pytest.raises(TrainingDiverged):
        run(VAE(CONFIG, generator()), objective=objective, schedules=schedules)


def test_norms_of_an_epoch_that_was_stopped_are_not_recorded():
    def stop(epoch, _):
        raise KeyboardInterrupt

    history = run(VAE(CONFIG, generator()), on_epoch=stop, skip_gradients_above=1.0)
    assert len(history.gradient_norm) == len(history.skipped) == len(history.objective) == 1


def test_the_penalty_is_added_to_the_loss_and_not_to_the_objective():
    model, reference = VAE(CONFIG, generator()), VAE(CONFIG, generator())

    def square(model):
        return 0.1 * sum((weight**2).sum() for weight in model.parameters())

    history = run(model, penalty=lambda: square(model))
    g, optimizer, values = generator(1), torch.optim.Adam(reference.parameters(), lr=1e-3), []
    for _ in range(2):
        for index in torch.randperm(20, generator=g).split(10):
            optimizer.zero_grad()
            values.append(elbo(reference(data()[index], generator=g)).mean())
            (square(reference) - values[-1]).backward()
            optimizer.step()
    assert torch.allclose(weights(model), weights(reference), atol=1e-6)
    assert history.objective == pytest.approx([sum(values[:2]).item() / 2, sum(values[2:]).item() / 2])


def test_a_penalty_that_breaks_is_named():
    model = VAE(CONFIG, generator())
    with pytest.raises(TrainingDiverged, match="the penalty"):
        run(model, penalty=lambda: torch.tensor(torch.nan))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": 1, "batch_size": 0}, "batch_size"),
        ({"epochs": 1, "learning_rate": -0.1}, "learning_rate"),
        ({"epochs": 1, "x": torch.full((3, 6), torch.nan)}, "x"),
        ({"epochs": 1, "x": torch.empty(0, 6)}, "x"),
        ({"epochs": 1, "x": torch.ones(3, 6, dtype=torch.int64)}, "x"),
        ({"epochs": 1, "x": torch.ones(3, 5)}, "x"),
    ],
)
def test_bad_input_is_refused(arguments, name):
    arguments = {"x": data(), **arguments}
    model = VAE(CONFIG, generator())
    start = weights(model)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        fit(model, **arguments, progress=False)
    assert torch.equal(weights(model), start)
