r"""The deterministic nets of a top-down hierarchy: a path d on which all decisions gather.

    d_L+1 = a learned constant         d_l = block_l(d_l+1 + inject_l(z_l))         output(d_1)
    e_1 = stem(x)                      e_l = block_l(e_l-1)

The path is residual: what a level has decided stays on it for all the levels below, which is how every p(z_l)
comes to see all of z_l+1 ... z_L, and p(x) all of z_1 ... z_L. Two versions: vectors with fully connected
blocks, and maps of pixels with convolutions and nearest-neighbor upsampling. Both speak in vectors:

    x [B, D]     e_l [B, S_l]     d_l [.., S_l]     z_l [.., Z_l]     levels are listed from the data upwards

Source: N4 21.5 and 21.5.2 (skip connections by a residual path); Child (2021).
"""

import math

import torch
from torch import nn

from hvae_lessons.models.parts.levels import GaussianNet
from hvae_lessons.nets import ACTIVATIONS, conv, hidden_layers, linear, mlp
from hvae_lessons.trace import Gaussian


@torch.no_grad()
def _scaled(layer, scale):
    """The layer, whose output is added to a path, with smaller initial weights."""
    for parameter in layer.parameters():
        parameter.mul_(scale)
    return layer


class ResidualBlocks(nn.Module):
    """d + f(d), for one f after the other. The last layer of every f starts scaled by `scale`.

    A path of n blocks adds n terms, and n codes come in between. With scale = 1/sqrt(n) for both, their sum
    starts at the size of one of them, however long the path is.
    """

    def __init__(self, nets, scale):
        super().__init__()
        self.nets = nn.ModuleList(nets)
        for net in self.nets:
            _scaled(net[-1], scale)

    def forward(self, d):
        for net in self.nets:
            d = d + net(d)
        return d


class MLPBackbone(nn.Module):
    """All states are vectors of one width. Without blocks every map is affine."""

    def __init__(self, config, generator):
        super().__init__()
        width, dims, self.skips = config.width, config.latent_dims, config.skips
        settings = (config.activation, generator, config.batch_norm)
        hidden = (width,) if config.blocks else ()
        scale = 1 / math.sqrt(max(1, config.blocks * len(dims))) if config.depth_scaled else 1.0

        def blocks():
            nets = [mlp((width, width, width), *settings) for _ in range(config.blocks)]
            return ResidualBlocks(nets, scale)

        def gaussian(sizes):
            return GaussianNet(sizes, config.constant_variance, *settings)

        if config.blocks:
            self.stem = hidden_layers((config.data_dim, width), *settings)
        else:
            self.stem = linear(config.data_dim, width, generator)
        self.climb = nn.ModuleList(blocks() for _ in dims[1:])
        self.start, self.size = nn.Parameter(torch.zeros(width)), width  # d_L+1, and the size of d_1
        self.priors = nn.ModuleList(gaussian((width, size)) for size in dims[:-1])
        self.posteriors = nn.ModuleList(gaussian((2 * width, *hidden, size)) for size in dims)
        self.injections = nn.ModuleList(_scaled(linear(size, width, generator), scale) for size in dims)
        self.blocks = nn.ModuleList(blocks() for _ in dims)
        self.head = mlp((width, *hidden, config.data_dim), *settings)

    def features(self, x):
        """e_1, ..., e_L."""
        states = [self.stem(x)]
        for block in self.climb:
            states.append(block(states[-1]))
        return tuple(states)

    def prior(self, l, d):
        """The Gaussian of z_l given the path above; the top level has N(0, I)."""
        return self.priors[l](d)

    def posterior(self, l, e, d):
        """Two vectors for level l, from what x and what the levels above say."""
        return self.posteriors[l](torch.cat([e.expand(*d.shape[:-1], -1), d], -1))

    def absorb(self, l, d, z):
        """The path after the decision z_l. Without skips it starts anew, and forgets the levels above."""
        return self.blocks[l]((d if self.skips else self.start) + self.injections[l](z))

    def output(self, d):
        """What the likelihood reads."""
        return self.head(d)


class ConvBackbone(nn.Module):
    """All states are C maps of pixels, small at the top and doubled on the way down."""

    def __init__(self, config, generator):
        super().__init__()
        self.sides = [side for side, _ in config.levels]
        self.maps = [maps for _, maps in config.levels]
        self.image_shape, channels = config.image_shape, config.channels
        self.channels, self.activation = channels, ACTIVATIONS[config.activation]
        self.scale = 1 / math.sqrt(config.blocks * len(self.sides)) if config.depth_scaled else 1.0
        below = self.image_shape[0] // self.sides[0]
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(below),  # every below x below square of pixels becomes one site
            conv(below**2, channels, 3, generator),
            self.activation(),
        )
        self.shrink = [nn.AvgPool2d(a // b) for a, b in zip(self.sides, self.sides[1:])]
        self.climb = nn.ModuleList(self._blocks(config, generator) for _ in self.sides[1:])
        self.start = nn.Parameter(torch.zeros(channels * self.sides[-1] ** 2))  # d_L+1
        self.size = channels * self.sides[0] ** 2  # of d_1
        self.priors = nn.ModuleList(conv(channels, 2 * maps, 1, generator) for maps in self.maps[:-1])
        self.posteriors = nn.ModuleList(
            nn.Sequential(
                conv(2 * channels, channels, 3, generator),
                self.activation(),
                conv(channels, 2 * maps, 1, generator),
            )
            for maps in self.maps
        )
        self.injections = nn.ModuleList(
            _scaled(conv(maps, channels, 1, generator), self.scale) for maps in self.maps
        )
        self.blocks = nn.ModuleList(self._blocks(config, generator) for _ in self.sides)
        self.head = nn.Sequential(
            conv(channels, channels, 3, generator),
            self.activation(),
            conv(channels, below**2, 3, generator),
            nn.PixelShuffle(below),
        )

    def _blocks(self, config, generator):
        size = config.channels
        nets = [
            nn.Sequential(
                self.activation(),
                conv(size, size, 3, generator),
                self.activation(),
                conv(size, size, 3, generator),
            )
            for _ in range(config.blocks)
        ]
        return ResidualBlocks(nets, self.scale)

    def features(self, x):
        """e_1, ..., e_L."""
        states = [self.stem(x.reshape(-1, 1, *self.image_shape))]
        for shrink, block in zip(self.shrink, self.climb):
            states.append(block(shrink(states[-1])))
        return tuple(state.flatten(1) for state in states)

    def prior(self, l, d):
        """The Gaussian of z_l given the path above; the top level has N(0, I)."""
        return self._gaussian(self.priors[l](self._as_maps(d, l)), d.shape[:-1])

    def posterior(self, l, e, d):
        """Two vectors for level l, from what x and what the levels above say."""
        both = [self._as_maps(state, l) for state in (e.expand(*d.shape[:-1], -1), d)]
        return self._gaussian(self.posteriors[l](torch.cat(both, 1)), d.shape[:-1])

    def absorb(self, l, d, z):
        """The path after the decision z_l, at the resolution of the level below."""
        code = z.reshape(-1, self.maps[l], self.sides[l], self.sides[l])
        state = self.blocks[l](self._as_maps(d, l) + self.injections[l](code))
        if l > 0:
            state = nn.functional.interpolate(
                state, scale_factor=self.sides[l - 1] // self.sides[l], mode="nearest"
            )
        return state.reshape(*d.shape[:-1], -1)

    def output(self, d):
        """What the likelihood reads."""
        return self.head(self._as_maps(d, 0)).reshape(*d.shape[:-1], -1)

    def _as_maps(self, state, l):
        return state.reshape(-1, self.channels, self.sides[l], self.sides[l])

    @staticmethod
    def _gaussian(maps, batch):
        return Gaussian(*(part.reshape(*batch, -1) for part in maps.chunk(2, 1)))
