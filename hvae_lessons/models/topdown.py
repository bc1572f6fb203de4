r"""Top-down hierarchies: generation and inference both start at the top level.

    p(x, z_1:L) = p(z_L) [ product over l < L of p(z_l | z_>l) ] p(x | z_1:L)       p(z_L) = N(0, I)
    q(z_1:L | x) = product over l of q(z_l | x, z_>l)

Both walk down one path d, on which all decisions gather (see `backbones`):

    p(z_l | z_>l) = N(prior_l(d_l+1))      q(z_l | x, z_>l) from posterior_l(e_l, d_l+1)      p(x | d_1)

With `skips=False` the path starts anew at every level: p is a Markov chain, p(z_l | z_l+1) and p(x | z_1).
The parents of z_l are the same under p and q, and they are drawn before z_l: so every level has its KL in
closed form. What posterior_l puts out is two vectors, and there are three ways to read them: see `readings`.

    x [B, D]     z_l [.., B, Z_l]     levels are listed from the data upwards: z[0] is z_1

Without blocks, with `constant_variance=True` and a Gaussian likelihood everything is linear-Gaussian, and
`LinearGaussian.from_hierarchy(model)` knows log p(x). Source: N4 21.61, 21.63; 21.5.2.
"""

from dataclasses import dataclass

from hvae_lessons.checks import (
    Shown,
    call,
    check_batch,
    check_choice,
    check_count,
    check_counts,
    check_flag,
    check_size,
    check_type,
    check_values,
    expect,
    is_whole,
)
from hvae_lessons.models.parts.backbones import ConvBackbone, MLPBackbone
from hvae_lessons.models.parts.levels import Hierarchy, check_levels
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.models.parts.readings import READINGS
from hvae_lessons.nets import ACTIVATIONS
from hvae_lessons.trace import Gaussian, Layer, Trace


def _check_pair(name, value, expected):
    """`value` is two whole numbers, 1 or more."""
    expect(isinstance(value, tuple) and len(value) == 2, name, expected, Shown(value))
    check_counts(name, value)


def _check_shared(config):
    """What both configurations have."""
    blocks = config.blocks
    expect(is_whole(blocks) and blocks >= 0, "blocks", "a whole number, 0 or more", Shown(blocks))
    check_choice("reading", config.reading, tuple(READINGS))
    check_likelihood(config.likelihood, config.noise_log_var)
    check_choice("activation", config.activation, tuple(ACTIVATIONS))
    check_flag("depth_scaled", config.depth_scaled)


@dataclass(frozen=True)
class TopDownConfig:
    """Everything that fixes a top-down hierarchy of vectors.

    | Field | Meaning |
    |---|---|
    | `data_dim` | D |
    | `latent_dims` | Z_1, ..., Z_L, from the data upwards; their number is the number of levels |
    | `width` | size of every state and hidden layer |
    | `blocks` | residual blocks of each level; with 0 every map is affine |
    | `reading` | "merge", "ladder" or "residual": how q is read from the network's output, see `readings` |
    | `likelihood`, `noise_log_var` | as in VAEConfig |
    | `activation` | "relu", "tanh" or "softplus" |
    | `batch_norm` | normalize the hidden layers |
    | `constant_variance` | log-variances are parameters, not functions of what lies above |
    | `skips` | whether what follows z_l sees the levels above it; without, p is a Markov chain |
    | `depth_scaled` | what is added to the path starts scaled by 1 / sqrt(number of blocks): the last layer |
    | | of every residual block, and the layers that inject z |

    Raises: ValueError for an impossible value, with the reason.
    """

    data_dim: int = 784
    latent_dims: tuple[int, ...] = (32, 16, 8)
    width: int = 200
    blocks: int = 1
    reading: str = "residual"
    likelihood: str = "bernoulli"
    noise_log_var: float | None = None
    activation: str = "relu"
    batch_norm: bool = False
    constant_variance: bool = False
    skips: bool = True
    depth_scaled: bool = True

    def __post_init__(self):
        check_count("data_dim", self.data_dim)
        check_count("width", self.width)
        check_counts("latent_dims", self.latent_dims)
        expect(len(self.latent_dims) >= 1, "latent_dims", "one level or more", self.latent_dims)
        for flag in ("batch_norm", "constant_variance", "skips"):
            check_flag(flag, getattr(self, flag))
        _check_shared(self)

    @property
    def is_affine(self):
        """Whether the means are affine and the variances constant."""
        return self.blocks == 0 and self.constant_variance


@dataclass(frozen=True)
class ConvTopDownConfig:
    """Everything that fixes a convolutional top-down hierarchy.

    | Field | Meaning |
    |---|---|
    | `image_shape` | height and width of the images, equal |
    | `levels` | (side, maps) of z_1, ..., z_L: Z_l = maps * side^2. Sides divide each other and the image's |
    | `channels` | C, maps of the deterministic path |
    | `blocks` | residual blocks of each level, 1 or more |
    | the others | as in TopDownConfig |

    Raises: ValueError for an impossible value, with the reason.
    """

    image_shape: tuple[int, int] = (28, 28)
    levels: tuple[tuple[int, int], ...] = ((14, 1), (7, 2))
    channels: int = 16
    blocks: int = 1
    reading: str = "residual"
    likelihood: str = "bernoulli"
    noise_log_var: float | None = None
    activation: str = "relu"
    depth_scaled: bool = True

    def __post_init__(self):
        _check_pair("image_shape", self.image_shape, "(height, width)")
        height, width = self.image_shape
        expect(height == width, "image_shape", "equal height and width", self.image_shape)
        check_count("channels", self.channels)
        check_count("blocks", self.blocks)
        levels = self.levels
        expect(
            isinstance(levels, tuple | list) and len(levels) >= 1,
            "levels",
            "one level or more",
            Shown(levels),
        )
        below = height
        for level in levels:
            _check_pair("levels", level, "(side, maps) for each level")
            side = level[0]
            expect(below % side == 0, "levels", f"a side that divides {below}, the one below it", side)
            below = side
        _check_shared(self)

    @property
    def data_dim(self):
        """D, the number of pixels."""
        return self.image_shape[0] * self.image_shape[1]

    @property
    def latent_dims(self):
        """Z_1, ..., Z_L."""
        return tuple(maps * side**2 for side, maps in self.levels)

    @property
    def is_affine(self):
        """Never: there is at least one block."""
        return False


class TopDown(Hierarchy):
    """Generator and inference network, both from the top. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__()
        known = {TopDownConfig: MLPBackbone, ConvTopDownConfig: ConvBackbone}
        found = type(config)
        expect(found in known, "config", "a TopDownConfig or a ConvTopDownConfig", found.__name__)
        self.config = config
        self.backbone = known[found](config, generator)
        self.read = READINGS[config.reading]
        self.likelihood = Likelihood(config.likelihood, config.noise_log_var)

    def descend(self, batch, choose):
        """Walk down from the top; at each level `choose(l, d, p)` decides z_l. Returns d_1, all z, all p.

        Training, sampling and scoring are this one walk, with another `choose`.
        """
        check_counts("batch", batch)
        d = self.backbone.start + self.backbone.start.new_zeros(*batch, 1)  # [.., S_L+1]
        z, p = [], []
        for l, size in reversed(list(enumerate(self.config.latent_dims))):
            if l == len(self.config.latent_dims) - 1:
                zeros = d.new_zeros(*d.shape[:-1], size)
                p.append(Gaussian(zeros, zeros))
            else:
                p.append(self.backbone.prior(l, d))
            z.append(call("choose", choose, l=l, d=d, p=p[-1]))
            check_values("choose", z[-1], p[-1].mean.shape)
            d = self.backbone.absorb(l, d, z[-1])
        return d, tuple(reversed(z)), tuple(reversed(p))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z_l is [B, Z_l], or [K, B, Z_l] when K `samples` per example are asked for."""
        d, layers = self.decide(x, self.noise_for(x, generator, samples))
        return Trace(self.decode_path(d).log_prob(x), layers)

    def infer(self, x, noise):
        """One sample and q per level, from the data upwards: x [B, D], L of [.., Z_l] -> z, q."""
        self.likelihood.check(x, self.config.data_dim)
        _, layers = self.decide(x, noise)
        return tuple(layer.z for layer in layers), tuple(layer.q for layer in layers)

    def decide(self, x, noise):
        """Draw every z_l from its q on the way down: x, L of [.., Z_l] -> d_1, L layers."""
        check_size("x", x, self.config.data_dim)
        check_type("x", x, self.backbone.start)
        check_levels("noise", noise, self.config.latent_dims)
        check_batch("noise", noise[0], x)
        features, q = self.backbone.features(x), {}

        def draw(l, d, p_z):
            q[l] = self.read(p_z, *self.backbone.posterior(l, features[l], d))
            return q[l].sample(noise[l])

        d, z, p = self.descend(noise[0].shape[:-1], draw)
        return d, tuple(Layer(z[l], q[l], p[l]) for l in range(len(z)))

    def prior(self, z):
        """p of every level given the levels above it: L of [.., Z_l] -> L Gaussians."""
        check_levels("z", z, self.config.latent_dims)
        return self.descend(z[0].shape[:-1], lambda l, d, p_z: z[l])[2]

    def decode(self, z):
        """p(x | z_1, ..., z_L): L of [.., Z_l] -> Bernoulli or Gaussian with [.., D]."""
        check_levels("z", z, self.config.latent_dims)
        return self.decode_path(self.descend(z[0].shape[:-1], lambda l, d, p_z: z[l])[0])

    def decode_path(self, d):
        """p(x | d_1), at the end of the path: [.., S_1] -> Bernoulli or Gaussian with [.., D]."""
        check_size("d", d, self.backbone.size)
        check_type("d", d, self.backbone.start)
        return self.likelihood(self.backbone.output(d))

    def generate(self, noise):
        """Ancestral sampling from given noise, top down: L of [.., Z_l] -> z, L of [.., Z_l]."""
        check_levels("noise", noise, self.config.latent_dims)
        return self.descend(noise[0].shape[:-1], lambda l, d, p_z: p_z.sample(noise[l]))[1]
