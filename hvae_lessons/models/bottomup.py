r"""The generator of `topdown`, with an inference network that decides from the data upwards.

    q(z_1:L | x) = q(z_1 | x) q(z_2 | x, z_1) ... q(z_L | x, z_<L)

Every decision enters the path on which the features climb:

    u_1 = stem(x)     q(z_l | x, z_<l) = N(posterior_l(stem(x), u_l))     u_l+1 = climb_l(u_l + read_l(z_l))

The parents of z_l under p are drawn *from* z_l here: below the top, the term of a level is the log-ratio at
the samples (see `Layer`), and no prior is there to be a part of q: only the reading "merge" makes sense.

    x [B, D]     z_l [.., B, Z_l]     levels are listed from the data upwards: z[0] is z_1

Source: N4 21.62, with the generator of 21.61.
"""

from torch import nn

from hvae_lessons.checks import check_batch, check_size, check_type, expect
from hvae_lessons.models.parts.levels import check_levels
from hvae_lessons.models.topdown import TopDown, TopDownConfig
from hvae_lessons.nets import linear
from hvae_lessons.trace import Layer


class BottomUp(TopDown):
    """TopDown's generator, inference in the other order. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__(config, generator)
        expect(isinstance(config, TopDownConfig), "config", "a TopDownConfig", type(config).__name__)
        expect(config.reading == "merge", "config", "reading='merge'", config.reading)
        below = config.latent_dims[:-1]
        self.reads = nn.ModuleList(linear(size, config.width, generator) for size in below)

    def decide(self, x, noise):
        """Draw every z_l from its q on the way up, then walk down: x, L of [.., Z_l] -> d_1, L layers."""
        check_size("x", x, self.config.data_dim)
        check_type("x", x, self.backbone.start)
        check_levels("noise", noise, self.config.latent_dims)
        check_batch("noise", noise[0], x)
        stem, z, q = self.backbone.stem(x), [], []
        u = stem
        for l in range(len(noise)):
            q.append(self.backbone.posterior(l, stem, u))
            z.append(q[-1].sample(noise[l]))
            if l < len(self.reads):
                u = self.backbone.climb[l](u + self.reads[l](z[-1]))
        d, _, p = self.descend(noise[0].shape[:-1], lambda l, d, p_z: z[l])
        top = len(noise) - 1
        return d, tuple(Layer(z[l], q[l], p[l], closed_form=l == top) for l in range(len(noise)))
