"""A trained hierarchy to take apart: which levels of a digit's code say what."""

import math
from copy import deepcopy

import torch
import traitlets
from torch import nn

from hvae_lessons.checks import expect
from hvae_lessons.models import TopDown, TopDownConfig
from hvae_lessons.widgets.hierarchy_explorer.picture import draw
from hvae_lessons.widgets.hierarchy_explorer.words import PAGE, PICTURE
from hvae_lessons.widgets.kit.demo_models import digits_hierarchy
from hvae_lessons.widgets.kit.labeled_images import (
    check_labeled_images,
    check_pixels,
    digits_test,
    first_of_each,
    precision,
)
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.packed_nets import WithPackedNets, pack
from hvae_lessons.widgets.kit.traits import Array, Number, Whole, Words, as_numbers

MOST_LEVELS = 6
MOST_DIMENSIONS = 64
LOOKED_AT = 500


class HierarchyExplorer(WithPackedNets, LessonWidget):
    r"""Keep the levels above l of a digit's code, draw the others from p, slide one coordinate.

    $$z_{>l} \sim q(z_{>l} \mid x), \qquad z_{\le l} \sim p(z_{\le l} \mid z_{>l}), \qquad
      \text{cost} = \sum_{k > l} \mathrm{KL}(q(z_k \mid x, z_{>k}) \,\|\, p(z_k \mid z_{>k}))$$

    | Argument | Shape | Meaning |
    |---|---|---|
    | `model` | TopDown of vectors | without one, a small model of the 8x8 digits is trained, in seconds |
    | `x`, `labels` | [N, D], [N] | test images in [0, 1], classes 0 to 9; the first of each is offered |
    | `image_shape` | (height, width) | with height * width = D |
    | `digit` | class | where to begin; setting it sets `noise` to that of the digit's code |
    | `above` | 0 ... L | l: the levels above it are kept, L keeps none |
    | `level`, `coordinate` | 1 ... L, 0 ... Z_l - 1 | what the slider moves; a new level brings its busiest |
    | `noise` | L of [Z_l] | the code as noise, z_l = mean + sigma * noise under p(z_l given z_>l) |

    The KL is in nats, in closed form along the sampled path that the page shows. `image` is the mean of
    p(x | z) at `noise`, `z` its code.

    Raises: ValueError for a model of another kind, for images that are not the model's, for a state that
    does not exist.
    Source: N4 21.63-21.66; the levels of a hierarchy taken one by one, as in N4 21.5.5.
    """

    front_end = "hierarchy_explorer"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    digit = Whole(0, 0, 9)
    above = Whole(0, 0, MOST_LEVELS)
    draws = Whole(1, 1, 1_000_000)
    level = Whole(1, 1, MOST_LEVELS)
    coordinate = Whole(0, 0, MOST_DIMENSIONS - 1)
    noise = traitlets.Any().tag(sync=True)
    sizes = traitlets.List().tag(sync=True)
    start = Array("float32")
    reach = Number(3.0, 0, math.inf)
    use = Array("float32")
    examples = Array("uint8")
    example_labels = Array("uint8")
    example_noise = Array("float32")
    example_kl = Array("float32")
    height = Whole(1, 1, 1024)
    width = Whole(1, 1, 1024)

    def __init__(self, model=None, x=None, labels=None, image_shape=None, **state):
        if model is None:
            model, (x, labels, image_shape) = digits_hierarchy(), digits_test()
        _check(model, x, labels, image_shape)
        # Training may go on, and normalization by the batch would mix the images.
        self.model, x = deepcopy(model).eval(), x.to(precision(model))
        self._sizes = list(model.config.latent_dims)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            firsts = first_of_each(labels)
            paths = self.model(x[firsts], generator=generator).layers
            many = self.model(x[:LOOKED_AT], generator=generator).layers
            use = [layer.kl_per_dimension.mean(0) for layer in many]
            self._own = self._noise_of(paths).float()  # the page has it so, and compares `noise` with it
            packed = pack(self.model, hierarchy_nets, _pixels, self._places(self._noise_of(many), generator))
        self.difference = packed.difference
        self._busiest = [int(of.argmax()) for of in use]
        self._offered = labels[firsts].tolist()
        top = len(self._sizes)
        begin = {"digit": self._offered[0], "above": top - 1, "level": top} | state
        level = begin["level"] if begin["level"] in range(1, top + 1) else top
        begin = {"coordinate": self._busiest[level - 1]} | begin
        at = self._offered.index(begin["digit"]) if begin["digit"] in self._offered else 0
        super().__init__(
            sizes=self._sizes,
            start=self.model.backbone.start.detach(),
            reach=max(3, math.ceil(self._own.abs().max())),
            use=torch.cat(use),
            examples=(255 * x[firsts]).round(),
            example_labels=labels[firsts],
            example_noise=self._own,
            example_kl=torch.stack([layer.kl for layer in paths], -1),
            height=image_shape[0],
            width=image_shape[1],
            **packed.state(),
            **{"noise": self._by_level(self._own[at])} | begin,
        )
        # Later than the first values, which need not be those of the digit and the level.
        self.observe(self._take_digit, "digit")
        self.observe(self._take_level, "level")

    @traitlets.validate("digit")
    def _is_offered(self, proposal):
        expect(proposal["value"] in self._offered, "digit", f"one of {self._offered}", proposal["value"])
        return proposal["value"]

    @traitlets.validate("above", "level")
    def _is_a_level(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        expect(value <= len(self._sizes), name, f"a level, at most {len(self._sizes)}", value)
        return value

    @traitlets.validate("coordinate")
    def _is_a_coordinate(self, proposal):
        size, value = self._sizes[self.level - 1], proposal["value"]
        expect(value < size, "coordinate", f"0 to {size - 1} at level {self.level}", value)
        return value

    @traitlets.validate("noise")
    def _fits(self, proposal):
        noise = proposal["value"]
        fits = isinstance(noise, list | tuple) and len(noise) == len(self._sizes)
        expect(fits, "noise", f"{len(self._sizes)} levels", noise)
        return [as_numbers("noise", part, size) for part, size in zip(noise, self._sizes)]

    def _take_digit(self, change):
        self.noise = self._by_level(self._own[self._offered.index(change["new"])])

    def _take_level(self, change):
        self.coordinate = self._busiest[change["new"] - 1]

    @property
    def z(self):
        """The code: L of [Z_l], from the data upwards."""
        with torch.no_grad():
            return tuple(part[0] for part in self.model.generate(self._noise()))

    @property
    def image(self):
        """The mean of p(x | z) at the code, [height, width]."""
        with torch.no_grad():
            image = self.model.decode(self.model.generate(self._noise())).mean
        return image.reshape(self.height, self.width)

    def picture(self):
        """The digit, its decoded code, the KL of the levels, and draws of what is not kept."""
        at = self._offered.index(self.digit)
        generator = torch.Generator().manual_seed(self.draws)
        z, levels = tuple(part.unsqueeze(0) for part in self.z), range(1, self.above + 1)
        with torch.no_grad():
            draws = [self.model.decode(self.model.resample(z, levels, generator)).mean for _ in range(10)]
        examples = torch.frombuffer(bytearray(self.examples), dtype=torch.uint8)
        kl = torch.frombuffer(bytearray(self.example_kl), dtype=torch.float32)
        shape = (-1, self.height, self.width)
        return draw(
            examples.reshape(shape)[at] / 255,
            self.image,
            kl.reshape(-1, len(self._sizes))[at].tolist(),
            self.above,
            torch.cat(draws).reshape(shape),
        )

    def _noise(self):
        return tuple(torch.tensor([part], dtype=precision(self.model)) for part in self.noise)

    def _noise_of(self, layers):
        """The noise of sampled paths, [N, sum of Z]."""
        return torch.cat(self.model.noise_of(tuple(layer.z for layer in layers)), -1)

    def _by_level(self, noise):
        return [part.tolist() for part in noise.split(self._sizes)]

    @staticmethod
    def _places(posterior, generator):
        """Where a reader may go: codes of images, draws of the prior, and both with one coordinate slid."""
        prior = torch.randn((1500, posterior.shape[-1]), generator=generator, dtype=posterior.dtype)
        slid = torch.cat([posterior, prior]).clone()
        coordinate = torch.randint(slid.shape[-1], (len(slid),), generator=generator)
        anywhere = 6 * torch.rand(len(slid), generator=generator, dtype=slid.dtype) - 3
        slid[torch.arange(len(slid)), coordinate] = anywhere
        places = torch.cat([posterior, prior, slid])
        return places[torch.randperm(len(places), generator=generator)]


def hierarchy_nets(model):
    """The nets of a generator by the names that js/numerics/hierarchy.js calls, in the order of computation.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | TopDown | of vectors |
    | returns | dict | "prior l", "inject l", "block l i" for l = L ... 1, then "head", to pixel means |

    Source: models/parts/backbones.py.
    """
    backbone, found = model.backbone, {}
    levels = len(model.config.latent_dims)
    for l in reversed(range(levels)):
        if l < levels - 1:
            found[f"prior {l + 1}"] = backbone.priors[l].net
        found[f"inject {l + 1}"] = backbone.injections[l]
        for i, net in enumerate(backbone.blocks[l].nets):
            found[f"block {l + 1} {i}"] = net
    finish = [nn.Sigmoid()] if model.config.likelihood == "bernoulli" else []
    return {**found, "head": nn.Sequential(backbone.head, *finish)}


def _pixels(model, noise):
    """Pixel means for noise [N, sum of Z]."""
    return model.decode(model.generate(noise.split(model.config.latent_dims, -1))).mean


def _check(model, x, labels, image_shape):
    expect(isinstance(model, TopDown), "model", "a TopDown", type(model).__name__)
    config = model.config
    expect(isinstance(config, TopDownConfig), "model", "a TopDown of vectors", type(config).__name__)
    expect(
        not config.constant_variance, "model", "variances that depend on the levels above", "constant ones"
    )
    expect(config.skips, "model", "a generator with skips", "a chain")
    levels, most = len(config.latent_dims), max(config.latent_dims)
    expect(levels <= MOST_LEVELS, "model", f"at most {MOST_LEVELS} levels", levels)
    expect(most <= MOST_DIMENSIONS, "model", f"at most {MOST_DIMENSIONS} dimensions in a level", most)
    check_labeled_images(x, labels, image_shape, config.data_dim)
    check_pixels(x)
