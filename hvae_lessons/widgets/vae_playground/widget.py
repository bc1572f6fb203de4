"""The playground of the chapters on the VAE and on beta: a VAE that trains in the page."""

import base64
from functools import cache

import numpy as np
import torch
import traitlets

from hvae_lessons.checks import expect
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.widgets.kit.demo_models import digits_beta_vae
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.kit.traits import Array, Choice, Number, Whole, Words
from hvae_lessons.widgets.vae_playground.image_pack import packed, page_images
from hvae_lessons.widgets.vae_playground.picture import draw
from hvae_lessons.widgets.vae_playground.words import PAGE, PICTURE

PIXELS = {"digits": 64, "mnist": 784}
WIDTHS = (8, 256)
packed_once = cache(packed)


class VAEPlayground(LessonWidget):
    r"""Train a VAE with one hidden layer in the page, on dynamically binarized digits, and watch its terms.

    $$\log p(x \mid z) - \beta_t \sum_d \max(\lambda, \overline{\mathrm{KL}}_d),
      \qquad \beta_t = \beta \min(t / t_{\text{warm-up}}, 1)$$

    which is `free_bits(trace, nats, per="dimension", clamp="batch", beta)`: the bar is the mean over the
    batch of 128 images, and with lambda = 0 it is `beta_elbo`. Adam as in `training.fit`.

    | Argument | Shape | Meaning |
    |---|---|---|
    | `model` | VAE | start from its weights: one hidden layer of 8 to 256, 64 or 784 pixels, Z up to 16 |
    | `data` | word | "digits", 8x8, or "mnist", 2,000 images of 28x28 in 16 gray levels |
    | `beta` | number | 0 to 16 |
    | `latent`, `hidden` | whole numbers | Z and the hidden width; a change starts anew |
    | `learning_rate` | number | of Adam |
    | `warm_up` | whole number | epochs in which beta climbs from 0 |
    | `free_bits` | number | lambda in nats |
    | `seed` | whole number | of weights, noise, order and binarization; a change starts anew |
    | `running` | bool | whether it trains; Python may set it |
    | `epoch` | whole number | epochs done when the weights last came back |

    Raises: ValueError for a value outside its range, or a model that the page cannot hold.
    Source: N2, "Vanilla VAE"; N4 21.24, 21.59; Kingma et al. (2016) for the clamp.
    """

    front_end = "vae_playground"
    alternative = PICTURE["alternative"]
    words = Words(PAGE)

    data = Choice(*PIXELS)
    beta = Number(1.0, 0, 16)
    latent = Whole(2, 1, 16)
    hidden = Whole(64, *WIDTHS)
    learning_rate = Number(0.003, 0.0001, 0.03)
    warm_up = Whole(0, 0, 200)
    free_bits = Number(0.0, 0, 2)
    seed = Whole(0, 0, 9999)
    running = traitlets.Bool(False).tag(sync=True)
    epoch = Whole(0, 0, 10**9)
    weights = Array("float32")
    digits = Array("uint8")
    mnist = Array("uint8")

    def __init__(self, model=None, **state):
        given = {} if model is None else _state_of(model)
        super().__init__(**{"digits": packed_once("digits"), **given, **state})
        self.observe(lambda _: self._supply(), "data")
        self._supply()

    def load(self, model):
        """Send a VAE into the page; it is shown there, and training goes on from its weights."""
        with self.hold_sync():
            for name, value in _state_of(model).items():
                setattr(self, name, value)

    def to_torch(self):
        """The model in the page as a VAE, with the weights that came back last: when training last paused,
        or within two seconds while it runs.

        Raises: ValueError while the page has sent none for the present sizes.
        """
        values = torch.from_numpy(np.frombuffer(self.weights, dtype="<f4").copy())
        config = VAEConfig(PIXELS[self.data], self.latent, (self.hidden,))
        model = VAE(config)
        count = sum(parameter.numel() for parameter in model.parameters())
        expect(len(values) == count, "weights", f"{count} numbers from the page", len(values))
        parts = values.split([tensor.numel() for tensor in model.state_dict().values()])
        shaped = {
            name: part.view_as(tensor) for part, (name, tensor) in zip(parts, model.state_dict().items())
        }
        model.load_state_dict(shaped)
        return model.eval()

    def images(self):
        """The images that the page trains on, and its binarized test images, as ImageData."""
        return page_images(self.data)

    def shared_state(self):
        """A page without a kernel fetches the large images when they are asked for, from a script."""
        return {**super().shared_state(), "mnist": {"$bytes": ""}}

    @classmethod
    def page_files(cls):
        """The script with the large images."""
        text = base64.b64encode(packed_once("mnist")).decode()
        return {"mnist.data.js": f'(globalThis.hvaeData ??= {{}}).mnist = "{text}";\n'}

    def picture(self):
        """A model of these settings after a short training in torch; always on the small digits."""
        return draw(*_views(self.beta, max(self.latent, 2), self.hidden))

    def _supply(self):
        """Give the page the images that it has asked for by changing `data`."""
        if self.data == "mnist" and not self.mnist:
            self.mnist = packed_once("mnist")


def _views(beta, latent, hidden, side=9, reach=2.5):
    """What the picture shows of a model trained in torch."""
    images = page_images("digits")
    model, history = digits_beta_vae(beta, latent, hidden)
    with torch.inference_mode():
        q_z = model(images.test_x, generator=torch.Generator().manual_seed(0)).layers[0]
        kl = q_z.kl_per_dimension.mean(0)
        shown = kl.topk(2).indices.sort().values
        steps = torch.linspace(-reach, reach, side)
        codes = torch.zeros(side * side, latent)
        codes[:, shown] = torch.cartesian_prod(-steps, steps).flip(-1)
        plane = model.decode(codes).mean
    return history, kl, q_z.q.mean[:, shown], images.test_y, plane, images.image_shape


def _state_of(model):
    """Traits that make the page show a model."""
    expect(isinstance(model, VAE), "model", "a VAE", type(model).__name__)
    config = model.config
    data = {pixels: name for name, pixels in PIXELS.items()}.get(config.data_dim)
    expect(data is not None, "model", "data_dim 64 or 784", config.data_dim)
    plain = config.likelihood == "bernoulli" and config.posterior == "gaussian"
    expect(plain and config.activation == "relu", "model", "Bernoulli, Gaussian posterior and relu", config)
    one = len(config.hidden) == 1 and WIDTHS[0] <= config.hidden[0] <= WIDTHS[1]
    expect(one, "model", f"one hidden layer of {WIDTHS[0]} to {WIDTHS[1]}", config.hidden)
    expect(config.latent_dim <= 16, "model", "a latent_dim up to 16", config.latent_dim)
    flat = torch.cat([parameter.detach().flatten() for parameter in model.state_dict().values()])
    sizes = {"data": data, "latent": config.latent_dim, "hidden": config.hidden[0]}
    return {**sizes, "weights": flat.float().numpy()}
