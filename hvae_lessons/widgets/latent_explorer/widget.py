"""A trained decoder to walk in: a code moves, the digit follows."""

import math

import torch
import traitlets

from hvae_lessons.checks import expect
from hvae_lessons.models import VAE
from hvae_lessons.widgets.kit.demo_models import digits_vae
from hvae_lessons.widgets.kit.labeled_images import (
    check_labeled_images,
    check_pixels,
    digits_test,
    first_of_each,
    precision,
)
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.packed_nets import WithPackedNets, pack_decoder
from hvae_lessons.widgets.kit.traits import Array, Number, Whole, Words, as_numbers
from hvae_lessons.widgets.latent_explorer.picture import draw
from hvae_lessons.widgets.latent_explorer.words import PAGE, PICTURE

MOST_CODES = 800
MOST_DIMENSIONS = 32


class LatentExplorer(WithPackedNets, LessonWidget):
    r"""Move the code z and see the image that the decoder makes of it, by p(x | z)'s mean.

    | Argument | Shape | Meaning |
    |---|---|---|
    | `model` | VAE | Z from 2 to 32; without one, a small VAE of the 8x8 digits is trained, in a second |
    | `x`, `labels` | [N, D], [N] | test images in [0, 1] and their classes 0 to 9 |
    | `image_shape` | (height, width) | with height * width = D |
    | `code` | list of Z numbers | where to begin; the origin unless said |
    | `across`, `up` | whole numbers | dimensions that span the plane; the two that vary most unless said |

    The first image of each class is on offer: choosing one moves `code` to its mean under q(z | x).
    `image` is the picture at `code`.

    Raises: ValueError for a model of another kind, for images that are not the model's, for a code outside.
    Source: N4 21.2.3, its figures 21.2 and 21.3, to be walked in.
    """

    front_end = "latent_explorer"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    code = traitlets.Any().tag(sync=True)
    across = Whole(0, 0, MOST_DIMENSIONS - 1)
    up = Whole(1, 0, MOST_DIMENSIONS - 1)
    order = traitlets.List().tag(sync=True)
    active = Whole(0, 0, MOST_DIMENSIONS)
    reach = Number(3.0, 0, math.inf)
    codes = Array("float32")
    labels = Array("uint8")
    examples = Array("uint8")
    example_codes = Array("float32")
    example_labels = Array("uint8")
    height = Whole(1, 1, 1024)
    width = Whole(1, 1, 1024)

    def __init__(self, model=None, x=None, labels=None, image_shape=None, **state):
        if model is None:
            model, (x, labels, image_shape) = digits_vae(), digits_test()
        _check(model, x, labels, image_shape)
        self.model, x = model, x.to(precision(model))
        with torch.no_grad():
            means = model.encode(x).mean  # [N, Z]
        spread = means.var(0)
        order = spread.argsort(descending=True).tolist()
        firsts = first_of_each(labels)
        shown = means[:MOST_CODES]
        furthest = torch.cat(
            [shown.abs().flatten().quantile(0.999).reshape(1), means[firsts].abs().flatten()]
        ).max()
        reach = math.ceil(10 * max(3.0, float(furthest))) / 10
        packed = pack_decoder(model, _places(means, reach))
        self.difference = packed.difference
        plane = {"across": order[0], "up": order[1]}
        super().__init__(
            order=order,
            active=int((spread > 0.01).sum()),
            reach=reach,
            codes=shown,
            labels=labels[:MOST_CODES],
            examples=(255 * x[firsts]).round(),
            example_codes=means[firsts],
            example_labels=labels[firsts],
            height=image_shape[0],
            width=image_shape[1],
            **packed.state(),
            **{"code": [0.0] * means.shape[1]} | plane | state,
        )

    @traitlets.validate("code")
    def _fits(self, proposal):
        return as_numbers("code", proposal["value"], self.model.config.latent_dim, self.reach)

    @traitlets.validate("across", "up")
    def _is_a_dimension(self, proposal):
        size, value = self.model.config.latent_dim, proposal["value"]
        expect(value < size, proposal["trait"].name, f"a dimension, 0 to {size - 1}", value)
        return value

    @property
    def image(self):
        """The mean of p(x | z) at the code, [height, width]."""
        with torch.no_grad():
            code = torch.tensor([self.code], dtype=precision(self.model))
            return self.model.decode(code).mean.reshape(self.height, self.width)

    def picture(self):
        """The plane with its codes, and the image at the marked one."""
        size = self.model.config.latent_dim
        codes = torch.frombuffer(bytearray(self.codes), dtype=torch.float32).reshape(-1, size)
        labels = torch.tensor(list(self.labels))
        plane = [self.across, self.up]
        at = torch.tensor(self.code)[plane]
        return draw(codes[:, plane].numpy(), labels.numpy(), at, self.image.numpy(), self.reach, plane)


def _check(model, x, labels, image_shape):
    expect(isinstance(model, VAE), "model", "a VAE", type(model).__name__)
    size = model.config.latent_dim
    expect(2 <= size <= MOST_DIMENSIONS, "model", f"2 to {MOST_DIMENSIONS} latent dimensions", size)
    check_labeled_images(x, labels, image_shape, model.config.data_dim)
    check_pixels(x)


def _places(means, reach):
    """Where a reader may go: test codes, draws of the prior, and anywhere in the box."""
    generator = torch.Generator().manual_seed(0)
    shape = (3000, means.shape[1])
    prior = torch.randn(shape, generator=generator, dtype=means.dtype).clamp(-reach, reach)
    box = reach * (2 * torch.rand(shape, generator=generator, dtype=means.dtype) - 1)
    places = torch.cat([means.clamp(-reach, reach), prior, box])
    return places[torch.randperm(len(places), generator=generator)]
