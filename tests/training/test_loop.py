"""The training loop: it is Adam on the negative objective, it records, and it stops well."""

import numpy as np
import pytest
import torch
from random_data import generator

from hvae_lessons.models import MHVAE, VAE, MHVAEConfig, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo
from hvae_lessons.training import fit

CONFIG = VAEConfig(data_dim=6, latent_dim=2, hidden=(5,))


def data(count=20):
    return torch.rand(count, 6, generator=generator(9)).round()


def kl_1(trace):
    return trace.layers[0].kl


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_fit_is_the_bare_loop_to_the_bit():
    model, reference = VAE(CONFIG, generator()), VAE(CONFIG, generator())
    watched = {
        "on_epoch": lambda epoch, row: None,
        "after_step": lambda model: None,
        "columns": {"kl_1": kl_1},
    }
    settings = {"epochs": 3, "batch_size": 8, "learning_rate": 0.01, "progress": False}
    fit(model, data(), **settings, **watched, generator=generator(1))

    g, optimizer = generator(1), torch.optim.Adam(reference.parameters(), lr=0.01, fused=True)
    for _ in range(3):
        for index in torch.randperm(20, generator=g).split(8):
            optimizer.zero_grad()
            (-elbo(reference(data()[index], generator=g)).mean()).backward()
            optimizer.step()
    assert torch.equal(weights(model), weights(reference))


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


def test_the_row_of_an_epoch_is_the_entry_of_the_record():
    rows = []
    history = fit(
        VAE(CONFIG, generator()),
        data(),
        epochs=3,
        generator=generator(),
        progress=False,
        on_epoch=lambda epoch, row: rows.append((epoch, row)),
        columns={"kl_1": kl_1},
    )
    assert [epoch for epoch, _ in rows] == [0, 1, 2]
    for name in ("objective", "log_px_given_z", "kl"):
        assert np.array_equal([row[name] for _, row in rows], getattr(history, name))
    assert [row["kl_1"] for _, row in rows] == history.columns["kl_1"].tolist()
    assert not history.interrupted


@pytest.mark.parametrize("ask", [lambda: True, lambda: np.bool_(True), "the stop button"])
def test_stopping_keeps_the_model_and_the_record(ask):
    model = VAE(CONFIG, generator())
    start = weights(model)

    def stop(epoch, row):
        if epoch < 1:
            return None
        if ask == "the stop button":
            raise KeyboardInterrupt
        return ask()

    history = fit(model, data(), epochs=100, generator=generator(), progress=False, on_epoch=stop)
    assert history.interrupted
    assert len(history.objective) == len(history.kl) == 2
    assert not torch.equal(weights(model), start)
    assert not model.training


def test_stopping_in_the_first_epoch_leaves_an_empty_record():
    def prepare(x, source):
        raise KeyboardInterrupt

    columns = {"kl_1": kl_1}
    history = fit(
        VAE(CONFIG, generator()), data(), epochs=5, prepare=prepare, progress=False, columns=columns
    )
    assert history.interrupted
    assert len(history.objective) == len(history.kl) == len(history.columns["kl_1"]) == 0
    assert history.kl.shape == (0, 1)


def test_columns_are_averages_over_examples_of_values_and_of_batch_means():
    # Twenty examples in batches of 8, 8 and 4: an average of batch means must weigh the last one by half.
    sizes = {
        "each": lambda trace: torch.full((len(trace.kl),), float(len(trace.kl))),
        "mean": lambda trace: torch.tensor(float(len(trace.kl))),
        "number": lambda trace: len(trace.kl),
    }
    history = fit(VAE(CONFIG, generator()), data(), epochs=2, batch_size=8, progress=False, columns=sizes)
    expected = (8 * 8 + 8 * 8 + 4 * 4) / 20
    assert {name: column.tolist() for name, column in history.columns.items()} == {
        name: [expected, expected] for name in sizes
    }


def test_columns_take_no_gradient():
    seen = []
    columns = {"kl_1": lambda trace: seen.append(trace.layers[0].kl.requires_grad) or 0.0}
    fit(VAE(CONFIG, generator()), data(), epochs=1, progress=False, columns=columns)
    assert seen == [False]


def test_after_step_sees_the_weights_of_every_step():
    model, seen = VAE(CONFIG, generator()), []
    start = weights(model)
    settings = {"epochs": 2, "batch_size": 10, "generator": generator(), "progress": False}
    fit(model, data(), **settings, after_step=lambda model: seen.append(weights(model)))
    assert len(seen) == 4
    assert not torch.equal(seen[0], start)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[-1], weights(model))


def test_the_bar_is_shown_only_if_asked_for(capsys):
    fit(VAE(CONFIG, generator()), data(), epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")
    fit(VAE(CONFIG, generator()), data(), epochs=1)
    assert "1/1" in capsys.readouterr().err


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
