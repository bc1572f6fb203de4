"""A loss that is not finite ends the run, says where and why, and leaves good weights behind."""

import pytest
import torch
from random_data import binary, generator

from hvae_lessons.models import MHVAE, VAE, MHVAEConfig, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import TrainingDiverged, fit

CONFIG = VAEConfig(data_dim=6, latent_dim=2, hidden=(5,))
BY_STEP = {"step": lambda step: step}


def run(model, objective):
    """Five epochs of two steps; the objective is told the step."""
    settings = {"epochs": 5, "batch_size": 10, "generator": generator(1), "progress": False}
    return fit(model, binary(20, 6), objective=objective, schedules=BY_STEP, **settings)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize(("bad_step", "kept"), [(0, 0), (1, 0), (2, 0), (3, 2), (4, 2), (5, 4)])
def test_a_broken_loss_gives_back_the_weights_of_the_last_first_step(bad_step, kept):
    model, record, losses = VAE(CONFIG, generator()), [], []

    def objective(trace, step):
        record.append(weights(model))
        losses.append(-elbo(trace).mean().item())
        return elbo(trace) * (torch.nan if step == bad_step else 1.0)

    with pytest.raises(TrainingDiverged) as caught:
        run(model, objective)
    broken = caught.value
    assert (broken.step, broken.kept_step, broken.term) == (bad_step, kept, "the objective")
    assert broken.last_loss == (losses[bad_step - 1] if bad_step else None)
    assert torch.equal(weights(model), record[kept])
    assert not model.training
    assert f"step {bad_step}" in str(broken)
    assert f"the weights of step {kept} are kept" in str(broken)


class InfiniteSlope(torch.autograd.Function):
    """The identity, with a gradient that overflows."""

    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * torch.inf


@pytest.mark.parametrize(("steep_step", "kept"), [(2, 2), (3, 2)])
def test_weights_that_a_finite_loss_has_broken_are_not_kept(steep_step, kept):
    # The last step of an epoch breaks the weights: those that the next one begins with are no good.
    def objective(trace, step):
        return InfiniteSlope.apply(elbo(trace)) if step == steep_step else elbo(trace)

    model = VAE(CONFIG, generator())
    with pytest.raises(TrainingDiverged) as caught:
        run(model, objective)
    assert (caught.value.step, caught.value.kept_step) == (steep_step + 1, kept)
    assert torch.isfinite(weights(model)).all()


def test_batch_normalization_gets_its_averages_back():
    config = MHVAEConfig(data_dim=6, latent_dims=(2,), hidden=((5,),), batch_norm=True)
    model, kept = MHVAE(config, generator()), []

    def objective(trace, step):
        kept.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return elbo(trace) * (torch.nan if step == 3 else 1.0)

    with pytest.raises(TrainingDiverged):
        run(model, objective)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            assert torch.equal(tensor, kept[2][name])
    assert not torch.equal(
        kept[2]["encoders.0.net.1.normalize.running_mean"], kept[3]["encoders.0.net.1.normalize.running_mean"]
    )


def test_the_term_that_broke_is_named():
    model = VAE(CONFIG, generator())
    with torch.no_grad():
        model.encoder[-1].bias[2:] = 1000.0  # log-variance: exp overflows, so the KL does too
    with pytest.raises(TrainingDiverged, match="KL of layer 1|log_px_given_z"):
        fit(model, binary(20, 6), epochs=1, progress=False)

    model = VAE(VAEConfig(data_dim=6, latent_dim=2, hidden=(5,), posterior="point"), generator())
    with pytest.raises(TrainingDiverged, match="KL of layer 1"):
        fit(model, binary(20, 6), epochs=1, progress=False)


def test_a_broken_decoder_is_a_broken_likelihood():
    model = VAE(CONFIG, generator())
    with torch.no_grad():
        model.decoder[-1].bias[:] = torch.nan
    with pytest.raises(TrainingDiverged) as caught:
        fit(model, binary(20, 6), epochs=1, progress=False)
    assert caught.value.term == "log_px_given_z"
