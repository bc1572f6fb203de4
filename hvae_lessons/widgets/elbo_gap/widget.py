"""The widget of the chapter on the evidence lower bound."""

import math

import torch

from hvae_lessons.checks import expect
from hvae_lessons.oracles import GridModel
from hvae_lessons.widgets.elbo_gap.picture import draw
from hvae_lessons.widgets.elbo_gap.words import PAGE, PICTURE
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.traits import Array, Number, Words

SQUARE = GridModel(decode=lambda z: z**2, noise_log_var=2 * math.log(0.5))


class ElboGap(LessonWidget):
    r"""Move q = N(mean, exp(log_var)) and see log p(x) = ELBO + KL(q || p(z | x)), all exact.

    | Argument | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel with D = 1 | the chapter's x = z^2 + noise unless said |
    | `x` | number | the observation |
    | `mean`, `log_var` | numbers | q |

    `elbo`, `gap`, `forward_kl` and `log_px` are the numbers, in nats, of the state as it is now.

    Raises: ValueError for a value outside its range and for a model whose data are not numbers.
    Source: N4 draft 21.13 and 21.15.
    """

    front_end = "elbo_gap"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    x = Number(1.5, -1, 5)
    mean = Number(0.8, -2.5, 2.5)
    log_var = Number(2 * math.log(0.5), 2 * math.log(0.05), 2 * math.log(1.5))
    codes = Array("float64")
    decoded = Array("float64")
    noise_log_var = Number(0.0, -20, 20)

    def __init__(self, model=SQUARE, **state):
        expect(isinstance(model, GridModel), "model", "a GridModel", type(model).__name__)
        with torch.no_grad():
            decoded = model.decode(model.z.unsqueeze(-1))
        expect(decoded.shape[-1] == 1, "model", "data of one dimension, D = 1", f"D = {decoded.shape[-1]}")
        self.model = model
        grid = {"codes": model.z, "decoded": decoded.squeeze(-1), "noise_log_var": float(model.noise_log_var)}
        super().__init__(**grid, **state)

    @property
    def log_px(self):
        """log p(x) in nats."""
        return self.model.log_px(self._x).item()

    @property
    def elbo(self):
        """The bound in nats."""
        return self.model.elbo(self._x, self._log_q).item()

    @property
    def gap(self):
        """KL(q || p(z | x)) in nats."""
        return self.model.reverse_kl(self._x, self._log_q).item()

    @property
    def forward_kl(self):
        """KL(p(z | x) || q) in nats."""
        return self.model.forward_kl(self._x, self._log_q).item()

    @property
    def _x(self):
        return torch.tensor([[self.x]], dtype=self.model.z.dtype)

    @property
    def _log_q(self):
        return self.model.gaussian(
            *(torch.tensor([[value]], dtype=self.model.z.dtype) for value in (self.mean, self.log_var))
        )

    def picture(self):
        """Densities and the split of the evidence, as the widget shows them."""
        return draw(self.model, self._x, self._log_q)
