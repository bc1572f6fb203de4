"""Hidden layers of unequal widths and every activation: the nets that are built, and that they learn."""

import pytest
import torch
from random_data import binary, generator
from torch import nn

from hvae_lessons.models import (
    MHVAE,
    VAE,
    BottomUp,
    ClusterVAE,
    ClusterVAEConfig,
    ConvTopDownConfig,
    Diffusion,
    DiffusionConfig,
    MHVAEConfig,
    NoiseMHVAE,
    TopDown,
    TopDownConfig,
    VAEConfig,
)
from hvae_lessons.training import fit

D, Z, Y, T = 8, 2, 3, 4
CHAIN = {"data_dim": D, "latent_dims": (4, 2), "hidden": ((7, 6), (5,))}
KINDS = {"relu": nn.ReLU, "tanh": nn.Tanh, "softplus": nn.Softplus}


def vae(**settings):
    return VAE(VAEConfig(D, Z, (7, 5), **settings), generator())


def clusters(**settings):
    sizes = {"data_dim": D, "latent_dim": Z, "clusters": Y, "hidden": (7, 5), "label_hidden": (6, 3)}
    return ClusterVAE(ClusterVAEConfig(**sizes, **settings), generator())


def chain(build=MHVAE, **settings):
    return build(MHVAEConfig(**CHAIN, **settings), generator())


def topdown(build=TopDown, **settings):
    return build(TopDownConfig(D, (4, 2), width=5, **settings), generator())


def diffusion(**settings):
    return Diffusion(DiffusionConfig(D, T, (7, 5), **settings), generator())


def maps(**settings):
    return TopDown(ConvTopDownConfig((4, 4), ((4, 1), (2, 1)), channels=3, **settings), generator())


BUILT = {
    "VAE": vae,
    "clusters": clusters,
    "clusters of data": lambda **s: clusters(labels="from-data", strategy="score-function", **s),
    "chain": chain,
    "noise": lambda **s: chain(NoiseMHVAE, **s),
    "top-down": topdown,
    "bottom-up": lambda **s: topdown(BottomUp, reading="merge", **s),
    "maps": maps,
    "diffusion": diffusion,
}


def matrices(net):
    """[out, in] of the linear layers, in the order in which they are registered."""
    return [tuple(part.weight.shape) for part in net.modules() if isinstance(part, nn.Linear)]


def test_a_decoder_mirrors_its_encoder():
    for model in (vae(), clusters().vae):
        assert matrices(model.encoder) == [(7, D), (5, 7), (2 * Z, 5)]
        assert matrices(model.decoder) == [(5, Z), (7, 5), (D, 7)]


@pytest.mark.parametrize(("labels", "inputs"), [("from-code", Z), ("from-data", D)])
def test_a_classifier_reads_the_code_or_the_data(labels, inputs):
    assert matrices(clusters(labels=labels).classifier) == [(6, inputs), (3, 6), (Y, 3)]


def test_every_level_of_a_chain_has_its_own_widths():
    model = chain()
    assert [matrices(net) for net in model.encoders] == [[(7, D), (6, 7), (8, 6)], [(5, 4), (4, 5)]]
    assert [matrices(net) for net in model.decoders] == [[(6, 4), (7, 6), (D, 7)], [(5, 2), (8, 5)]]


def test_features_climb_and_the_path_of_the_noise_descends():
    model = chain(NoiseMHVAE)
    assert [matrices(net) for net in model.features] == [[(7, D), (6, 7)], [(5, 6)]]
    assert [matrices(net) for net in model.encoders] == [[(8, 6)], [(4, 5)]]
    assert [matrices(net) for net in model.decoders] == [[(6, 4), (7, 6), (D, 7)], [(5, 2), (4, 5)]]


def test_a_level_without_hidden_layers_hands_on_what_it_reads():
    config = MHVAEConfig(D, (4, 3, 2), ((7,), (), (5,)))
    model = NoiseMHVAE(config, generator())
    assert [matrices(net) for net in model.features] == [[(7, D)], [], [(5, 7)]]
    assert [matrices(net) for net in model.encoders] == [[(8, 7)], [(6, 7)], [(4, 5)]]
    assert matrices(model.decoders[1]) == [(4, 3)]


def test_a_denoiser_reads_the_code_and_the_step():
    assert matrices(diffusion().denoiser) == [(7, D + T), (5, 7), (2 * D, 5)]


@pytest.mark.parametrize("activation", KINDS)
@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_the_activation_is_the_one_asked_for(build, activation):
    model = build(activation=activation)
    found = {type(part) for part in model.modules() if isinstance(part, tuple(KINDS.values()))}
    assert found == {KINDS[activation]}


@pytest.mark.parametrize("activation", KINDS)
@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_training_moves_every_part_and_raises_the_objective(build, activation):
    model = build(activation=activation)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    x = binary(40, model.config.data_dim)
    history = fit(
        model, x, epochs=3, batch_size=10, learning_rate=0.01, generator=generator(), progress=False
    )
    still = [name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])]
    assert still == []
    assert history.objective[-1] > history.objective[0]
    assert model.sample(3, generator()).shape == (3, model.config.data_dim)
