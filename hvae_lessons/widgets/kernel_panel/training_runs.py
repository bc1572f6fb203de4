"""What a kernel panel does between its buttons: one setting in, one trained and measured run out."""

import html
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from hvae_lessons.checks import check_choice, check_count, check_non_negative, expect
from hvae_lessons.data import binarize, binarize_static, load_images
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.widgets.kernel_panel.words import PANEL, TABLE

DATA = ("digits", "mnist")
SAMPLES = 10


def make_vae(images, latent_dim, generator):
    """The book's VAE, wider for larger images.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `images` | ImageData | what it will be trained on |
    | `latent_dim` | whole number | Z |
    | `generator` | torch.Generator | source of the initial weights |
    | returns | VAE | |

    Raises: ValueError for a latent size below 1. Source: N4 21.2.
    """
    size = images.train_x.shape[-1]
    hidden = (64, 64) if size <= 64 else (200, 200)
    return VAE(VAEConfig(data_dim=size, latent_dim=latent_dim, hidden=hidden), generator=generator)


FACTORIES = {"VAE": make_vae}


@dataclass(frozen=True)
class Setting:
    """All that a run depends on."""

    model: str = "VAE"
    data: str = "digits"
    beta: float = 1.0
    latent_dim: int = 2
    epochs: int = 30
    seed: int = 0

    def check(self, models):
        """Raise ValueError, with a sentence, for a setting that cannot be trained."""
        check_choice("model", self.model, tuple(models))
        check_choice("data", self.data, DATA)
        number = isinstance(self.beta, int | float) and not isinstance(self.beta, bool)
        expect(number, "beta", "a number, 0 or more", repr(self.beta))
        check_non_negative("beta", self.beta)
        check_count("latent_dim", self.latent_dim)
        expect(self.latent_dim <= 200, "latent_dim", "at most 200", self.latent_dim)
        check_count("epochs", self.epochs)
        whole = isinstance(self.seed, int) and not isinstance(self.seed, bool)
        expect(whole and 0 <= self.seed < 2**63, "seed", "a whole number, 0 or more", self.seed)

    @property
    def name(self):
        """As a reader would say it."""
        return PANEL["run"].format(model=self.model, beta=f"{self.beta:g}", latent_dim=self.latent_dim)


class Run(NamedTuple):
    """A trained model and its numbers, on the test images, in nats per image."""

    setting: Setting
    model: torch.nn.Module
    curve: np.ndarray  # [E] -ELBO of the training images, whatever beta was
    distortion: float
    rate: float
    active: int
    epochs: int
    seconds: float
    interrupted: bool
    samples: np.ndarray  # [SAMPLES, height, width]

    @property
    def negative_elbo(self):
        """-ELBO with beta = 1: the measure that runs with different weights share."""
        return self.distortion + self.rate


def train(setting, factory, stopping=None, on_epoch=None):
    """Train one model and measure it on the test images.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `setting` | Setting | |
    | `factory` | callable | (images, latent_dim, generator) -> model |
    | `stopping` | threading.Event | once set, the run ends after its epoch |
    | `on_epoch` | callable | (epoch, ELBO of the training images in it) |
    | returns | Run | |

    Raises: what `fit` raises. Source: N4 21.24.
    """
    begin = time.perf_counter()
    generator = torch.Generator().manual_seed(setting.seed)
    images = load_images(setting.data)
    model = factory(images, setting.latent_dim, generator)

    def after(epoch, row):
        if on_epoch is not None:
            on_epoch(epoch, row["log_px_given_z"] - row["kl"].sum())
        return stopping is not None and stopping.is_set()

    history = fit(
        model,
        images.train_x,
        epochs=setting.epochs,
        batch_size=50 if setting.data == "digits" else 100,
        learning_rate=2e-3,
        objective=beta_elbo,
        schedules={"beta": lambda step: setting.beta},
        prepare=binarize,
        generator=generator,
        progress=False,
        on_epoch=after,
    )
    found = evaluate(model, binarize_static(images.test_x), generator)
    with torch.no_grad():
        samples = model.sample(SAMPLES, generator).reshape(SAMPLES, *images.image_shape)
    curve = history.kl.sum(1) - history.log_px_given_z
    return Run(
        setting=setting,
        model=model,
        curve=curve,
        distortion=found.distortion,
        rate=found.rate,
        active=sum(found.active),
        epochs=len(curve),
        seconds=time.perf_counter() - begin,
        interrupted=history.interrupted,
        samples=samples.numpy(),
    )


def table(runs):
    """An HTML table with one row for every run."""
    rows = []
    for number, run in enumerate(runs, start=1):
        s = run.setting
        cells = (html.escape(s.model), s.data, f"{s.beta:g}", s.latent_dim, run.epochs, f"{run.seconds:.0f}")
        nats = (f"{value:.1f}" for value in (run.distortion, run.rate, run.negative_elbo))
        cells = "".join(f"<td>{cell}</td>" for cell in (*cells, *nats, run.active))
        rows.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in TABLE["columns"])
    caption = f"<caption>{TABLE['caption']}</caption>"
    head, body = f"<thead><tr>{head}</tr></thead>", f"<tbody>{''.join(rows)}</tbody>"
    return f'<table class="table" style="font-size: 0.85em">{caption}{head}{body}</table>'
