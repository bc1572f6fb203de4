"""A latent space with its learned clusters: draw digits from each, and ask any code to which it belongs."""

import math

import torch
import traitlets

from hvae_lessons.checks import expect
from hvae_lessons.models import ClusterVAE
from hvae_lessons.widgets.cluster_explorer.picture import draw
from hvae_lessons.widgets.cluster_explorer.words import PAGE, PICTURE
from hvae_lessons.widgets.kit.demo_models import digits_clusters
from hvae_lessons.widgets.kit.labeled_images import check_labeled_images, digits_test, precision
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.packed_nets import WithPackedNets, pack_decoder
from hvae_lessons.widgets.kit.traits import Array, Number, Whole, Words, as_numbers

MOST_CODES = 600
MOST_CLUSTERS = 20
MOST_DIMENSIONS = 64


class ClusterExplorer(WithPackedNets, LessonWidget):
    r"""Draw digits from a cluster's p(z | y), move a code z and watch q(y | z).

    $$q_T(y \mid z) = \frac{p(z \mid y)^{1/T}}{\sum_{y'} p(z \mid y')^{1/T}}$$

    | Argument | Shape | Meaning |
    |---|---|---|
    | `model` | ClusterVAE | with labels="bayes-code"; without one, a small model of the 8x8 digits |
    | `x`, `labels` | [N, D], [N] | images, and classes 0 to 9 that color codes and name clusters |
    | `image_shape` | (height, width) | with height * width = D |
    | `cluster` | whole number | where to begin: at its mean, unless `code` says another place |
    | `temperature` | number | T divides the logits of q(y given z); samples do not feel it |

    With more than two coordinates the plane is that of the two leading linear discriminants of the cluster
    means, `down` [2, Z]. A move in the plane changes the code along `lift` [2, Z], the directions that leave
    all other discriminants as they are, so that the rest of the code stays that of the cluster or sample.

    Raises: ValueError for a model of another kind, for images that are not the model's.
    Source: N0, "VAE Automatic Classification", q(y given z) and p(z given y).
    """

    front_end = "cluster_explorer"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    code = traitlets.Any().tag(sync=True)
    cluster = Whole(0, 0, MOST_CLUSTERS - 1)
    draws = Whole(1, 1, 1_000_000)
    temperature = Number(1.0, 0.1, 10)
    size = Whole(2, 2, MOST_DIMENSIONS)
    centers = Array("float32")
    factors = Array("float32")
    down = Array("float64")
    lift = Array("float64")
    outlines = Array("float32")
    box = traitlets.List().tag(sync=True)
    names = traitlets.List().tag(sync=True)
    codes = Array("float32")
    labels = Array("uint8")
    height = Whole(1, 1, 1024)
    width = Whole(1, 1, 1024)

    def __init__(self, model=None, x=None, labels=None, image_shape=None, **state):
        if model is None:
            model, (x, labels, image_shape) = digits_clusters(), digits_test()
        _check(model, x, labels, image_shape)
        self.model, x = model, x.to(precision(model))
        size = model.config.latent_dim
        with torch.no_grad():
            parts = (model.mixture.mean, model.mixture.scale_tril)
            mean, scale_tril = (part.detach().double() for part in parts)
            down, lift = _plane(mean, scale_tril)
            shadows = down @ scale_tril @ scale_tril.mT @ down.T  # [Y, 2, 2]
            outlines = torch.linalg.cholesky(shadows)
            every = torch.arange(len(mean)).repeat(200)
            packed = pack_decoder(model.vae, model.mixture.sample(every, torch.Generator().manual_seed(0)))
            codes = model.vae.encode(x[:MOST_CODES]).mean.double() @ down.T
            found = model.assign(x).argmax(-1)
            self.difference = packed.difference
            places = mean @ down.T
            spread = 2.5 * torch.diagonal(shadows, dim1=-2, dim2=-1).sqrt()
            low, high = (places - spread).amin(0), (places + spread).amax(0)
        middle, half = (low + high) / 2, (high - low) / 2
        half = half.clamp(min=0.7 * float(half.max()))
        box = [float(middle[k] + side * half[k]) for k in (0, 1) for side in (-1, 1)]
        start = {"cluster": 0} | state
        expect(start["cluster"] in range(len(mean)), "cluster", f"0 to {len(mean) - 1}", start["cluster"])
        rows, columns = torch.tril_indices(size, size)
        super().__init__(
            size=size,
            centers=mean,
            factors=scale_tril[:, rows, columns],
            down=down,
            lift=lift,
            outlines=outlines[:, [0, 1, 1], [0, 0, 1]],
            box=box,
            names=_names(found, labels, len(mean)),
            codes=codes,
            labels=labels[:MOST_CODES],
            height=image_shape[0],
            width=image_shape[1],
            **packed.state(),
            **{"code": mean[start["cluster"]].tolist()} | start,
        )

    @traitlets.validate("code")
    def _fits(self, proposal):
        return as_numbers("code", proposal["value"], self.model.config.latent_dim)

    @property
    def image(self):
        """The mean of p(x | z) at the code, [height, width]."""
        with torch.no_grad():
            return self.model.vae.decode(self._code[None]).mean.reshape(self.height, self.width)

    @property
    def probabilities(self):
        """q(y | z) at the code, its logits divided by the temperature: [Y]."""
        with torch.no_grad():
            return (self.model.mixture.log_prob(self._code) / self.temperature).softmax(-1)

    @property
    def _code(self):
        """The code in the model's precision, [Z]."""
        return torch.tensor(self.code, dtype=precision(self.model))

    def picture(self):
        """The plane with codes and clusters, the image at the marked code, and its q(y | z)."""
        down = torch.frombuffer(bytearray(self.down), dtype=torch.float64).reshape(2, -1)
        codes = torch.frombuffer(bytearray(self.codes), dtype=torch.float32).reshape(-1, 2)
        outlines = torch.frombuffer(bytearray(self.outlines), dtype=torch.float32).reshape(-1, 3)
        with torch.no_grad():
            centers = self.model.mixture.mean.double() @ down.T
        return draw(
            codes.numpy(),
            torch.tensor(list(self.labels)).numpy(),
            _curves(centers, outlines.double()),
            self.names,
            down @ torch.tensor(self.code, dtype=torch.float64),
            self.image.numpy(),
            self.probabilities.numpy(),
            self.box,
        )


def _check(model, x, labels, image_shape):
    expect(isinstance(model, ClusterVAE), "model", "a ClusterVAE", type(model).__name__)
    config = model.config
    expect(config.labels == "bayes-code", "model", "labels of the kind bayes-code", config.labels)
    size = config.latent_dim
    expect(2 <= size <= MOST_DIMENSIONS, "model", f"2 to {MOST_DIMENSIONS} latent dimensions", size)
    expect(config.clusters <= MOST_CLUSTERS, "model", f"at most {MOST_CLUSTERS} clusters", config.clusters)
    check_labeled_images(x, labels, image_shape, config.data_dim)


def _plane(mean, scale_tril):
    """The discriminants [2, Z] whose shadows are looked at, and what moves the shadow alone [2, Z]."""
    size = mean.shape[-1]
    if size == 2:
        return torch.eye(2, dtype=mean.dtype), torch.eye(2, dtype=mean.dtype)
    within = (scale_tril @ scale_tril.mT).mean(0)
    factor = torch.linalg.cholesky(within)
    white = torch.linalg.solve_triangular(factor, (mean - mean.mean(0)).T, upper=False)  # [Z, Y]
    leading = torch.linalg.eigh(white @ white.T).eigenvectors[:, -2:].flip(-1)  # [Z, 2]
    # Either sign is an eigenvector; the choice must not depend on the machine.
    leading = leading * leading.gather(0, leading.abs().argmax(0, keepdim=True)).sign()
    down = torch.linalg.solve_triangular(factor.T, leading, upper=True).T
    return down, (within @ down.T).T


def _names(found, labels, clusters):
    """Each cluster's most frequent digit; clusters that share one get a letter."""
    counts = torch.stack([labels[found == y].bincount(minlength=10) for y in range(clusters)])
    digits = [str(int(row.argmax())) if row.sum() > 0 else "–" for row in counts]
    letter = [chr(ord("a") + digits[:y].count(digit)) for y, digit in enumerate(digits)]
    return [d + letter[y] if digits.count(d) > 1 else d for y, d in enumerate(digits)]


def _curves(centers, outlines):
    """Ellipses of two standard deviations, [Y, 49, 2]."""
    angle = torch.linspace(0, 2 * math.pi, 49, dtype=torch.float64)
    a, b, c = (outlines[:, k, None] for k in range(3))
    right, up = 2 * a * angle.cos(), 2 * (b * angle.cos() + c * angle.sin())
    return (centers[:, None] + torch.stack([right, up], -1)).numpy()
