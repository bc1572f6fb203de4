"""A trained sweep over beta and the latent size, as points of the rate-distortion plane."""

import math
from functools import cache

import torch
import traitlets

from hvae_lessons.checks import expect
from hvae_lessons.data import binarize_static
from hvae_lessons.widgets.kit.demo_models import digits_beta_sweep
from hvae_lessons.widgets.kit.labeled_images import (
    check_labeled_images,
    check_pixels,
    digits_test,
    first_of_each,
    precision,
)
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.traits import Array, Number, Whole, Words
from hvae_lessons.widgets.rate_distortion_explorer.picture import draw
from hvae_lessons.widgets.rate_distortion_explorer.sweep_points import (
    MOST_DIMENSIONS,
    check_grid,
    points_of,
    reach_of,
)
from hvae_lessons.widgets.rate_distortion_explorer.words import PAGE, PICTURE

STEPS = 7  # of a traversal


class RateDistortionExplorer(LessonWidget):
    r"""Every model of a sweep is a point: its rate R across, its distortion D up, in nats per test image.

    $$R = \frac{1}{N} \sum_n \mathrm{KL}(q(z \mid x_n) \,\|\, p(z)), \qquad
      D = -\frac{1}{N} \sum_n \log p(x_n \mid z_n), \qquad -\mathrm{ELBO} = D + R$$

    A model that minimizes D + beta R lies where a line of slope -beta touches the points.

    | Argument | Shape | Meaning |
    |---|---|---|
    | `models` | dict | (beta, latent_dim) -> VAE, for every pair; unless given, the sweep of the book |
    | `x`, `labels` | [N, D], [N] | test images in [0, 1], classes 0 to 9; the first of each is shown |
    | `image_shape` | (height, width) | with height * width = D |
    | `beta`, `latent_dim` | number, Z | the point; both of the sweep |
    | `dimension` | 0 ... Z - 1 | the coordinate to traverse; they are ordered by KL, the largest first |
    | `digit` | class | whose code the traversal goes through |
    | `draws` | whole number | seed of the samples |

    `model` is the VAE at the point, its coordinates in the order of their KL; `rate`, `distortion` and `kl`
    [Z] are what the page says of it. A smaller `latent_dim` brings `dimension` down with it.

    Raises: ValueError for models that are no full grid of alike VAEs, for images that are not theirs, for a
    point that is not of the sweep.
    Source: N4 21.24; Alemi et al. (2018) for the plane.
    """

    front_end = "rate_distortion_explorer"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    beta = Number(1.0, 0, math.inf)
    latent_dim = Whole(1, 1, MOST_DIMENSIONS)
    dimension = Whole(0, 0, MOST_DIMENSIONS - 1)
    digit = Whole(0, 0, 9)
    draws = Whole(1, 1, 1_000_000)
    betas = traitlets.List().tag(sync=True)
    latent_dims = traitlets.List().tag(sync=True)
    # Of the models in the order of latent_dims, and for each of these in the order of betas.
    decoders = traitlets.List().tag(sync=True)
    rates = Array("float32")
    distortions = Array("float32")
    kls = Array("float32")
    example_codes = Array("float32")
    examples = Array("uint8")
    example_labels = Array("uint8")
    height = Whole(1, 1, 1024)
    width = Whole(1, 1, 1024)

    def __init__(self, models=None, x=None, labels=None, image_shape=None, **state):
        if models is None:
            self._points, (x, labels, image_shape) = _book_points(), _book_images()
        else:
            check_grid(models)
            check_labeled_images(x, labels, image_shape, next(iter(models.values())).config.data_dim)
            check_pixels(x)
            self._points = points_of(models, x)
        betas, sizes = (sorted(set(part)) for part in zip(*self._points))
        self._known = {"beta": betas, "latent_dim": sizes, "digit": labels.unique().tolist()}
        self._x = x[first_of_each(labels)]
        in_order = [self._points[beta, size] for size in sizes for beta in betas]
        self.difference = max(point.difference for point in in_order)
        codes = torch.cat([self._codes(point.model).flatten() for point in in_order])
        begin = {"beta": _closest(betas, 1.0), "latent_dim": _closest(sizes, 8)}
        super().__init__(
            betas=betas,
            latent_dims=sizes,
            rates=[point.rate for point in in_order],
            distortions=[point.distortion for point in in_order],
            kls=torch.cat([point.kl for point in in_order]),
            # A thousandth cannot be seen, and numbers with zeros at their end take less room.
            example_codes=(1024 * codes).round() / 1024,
            decoders=[point.decoder for point in in_order],
            examples=(255 * self._x).round(),
            example_labels=self._known["digit"],
            height=image_shape[0],
            width=image_shape[1],
            **begin | {"digit": self._known["digit"][0]} | state,
        )
        # Later than the first values, which are refused if they do not fit one another.
        self.observe(self._take_latent_dim, "latent_dim")

    @traitlets.validate("beta", "latent_dim", "digit")
    def _is_of_the_sweep(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        known = self._known[name]
        expect(value in known, name, f"one of {known}", value)
        return value

    @traitlets.validate("dimension")
    def _is_a_dimension(self, proposal):
        value = proposal["value"]
        expect(value < self.latent_dim, "dimension", f"0 to {self.latent_dim - 1}", value)
        return value

    def _take_latent_dim(self, change):
        self.dimension = min(self.dimension, change["new"] - 1)

    @property
    def model(self):
        """The VAE at the point, its coordinates ordered by their KL."""
        return self._point.model

    @property
    def rate(self):
        """R in nats per test image."""
        return self._point.rate

    @property
    def distortion(self):
        """D in nats per test image."""
        return self._point.distortion

    @property
    def kl(self):
        """KL of each coordinate in nats per test image, [Z]; they sum to the rate."""
        return self._point.kl

    @property
    def reconstructions(self):
        """The mean of p(x | z) at the mean code of each digit shown, [n, height, width]."""
        return self._decode(self._codes(self.model))

    @property
    def traversal(self):
        """The digit's code, decoded, with one coordinate from end to end of its range, [7, height, width].

        The range is -3 to 3, or as far as the codes of the digits shown go.
        """
        codes = self._codes(self.model)
        code = codes[self._known["digit"].index(self.digit)].repeat(STEPS, 1)
        end = float(reach_of(codes)[self.dimension])
        code[:, self.dimension] = torch.linspace(-end, end, STEPS, dtype=code.dtype)
        return self._decode(code)

    def picture(self):
        """The plane with its points; the marked model's reconstructions, samples and KLs."""
        samples = self.model.sample(len(self._x), torch.Generator().manual_seed(self.draws)).detach()
        shape = (-1, self.height, self.width)
        images = [self._x.reshape(shape), self.reconstructions, samples.reshape(shape)]
        curves = {size: [self._points[beta, size][:2] for beta in self.betas] for size in self.latent_dims}
        return draw(curves, self.betas, self.beta, self.latent_dim, images, self.kl)

    @property
    def _point(self):
        return self._points[self.beta, self.latent_dim]

    def _codes(self, model):
        """The mean codes of the digits shown, [n, Z]."""
        with torch.no_grad():
            return model.encode(self._x.to(precision(model))).mean

    def _decode(self, codes):
        with torch.no_grad():
            return self.model.decode(codes).mean.reshape(-1, self.height, self.width)


@cache
def _book_images():
    """Test digits made black and white once, their classes, their shape."""
    x, labels, image_shape = digits_test()
    return binarize_static(x), labels, image_shape


@cache
def _book_points():
    return points_of(digits_beta_sweep(), _book_images()[0])


def _closest(values, wanted):
    return min(values, key=lambda value: abs(value - wanted))
