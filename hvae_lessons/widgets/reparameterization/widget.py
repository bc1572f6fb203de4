"""The widget of the chapter on the reparameterization trick."""

import math

import torch
import traitlets

from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.traits import Choice, Number, Whole, Words
from hvae_lessons.widgets.reparameterization.picture import draw
from hvae_lessons.widgets.reparameterization.words import PAGE, PICTURE


class Reparameterization(LessonWidget):
    r"""Noise through mean and spread to samples, and two estimators of d/dmean E[f(z)] with their variance.

    | Argument | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | numbers | q; z = mean + exp(log_var / 2) * noise |
    | `integrand` | word | f: "square" is z^2, "wave" sin 3z, "step" 1 where z > 0 |
    | `baseline` | bool | subtract E[f] in the score function |
    | `samples`, `batch` | whole numbers | drawn so far; drawn by one press of the button |
    | `seed` | whole number | of the noise |
    | `probe` | number | the noise of the marked sample, which is not counted |

    Raises: ValueError for a value outside its range.
    Source: N4 draft 21.27-21.33; Williams (1992).
    """

    front_end = "reparameterization"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    mean = Number(1.0, -2.5, 2.5)
    log_var = Number(0.0, 2 * math.log(0.2), 2 * math.log(1.5))
    integrand = Choice("square", "wave", "step")
    baseline = traitlets.Bool(False).tag(sync=True)
    samples = Whole(14, 5, 20_000)
    batch = Whole(100, 1, 1000)
    seed = Whole(0, 0, 9999)
    probe = Number(1.0, -3, 3)

    def picture(self):
        """Noise to samples, and the running variance of both estimators for f(z) = z^2."""
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(3000, 1, generator=generator)
        return draw(self.mean, self.log_var, noise)
