r"""A classifier that is trained beside a model, to tell the model's codes from draws of the prior.

Where it cannot, q(z) is p(z): an adversarial autoencoder is `info_vae` with such a divergence.
"""

import torch

from hvae_lessons.checks import check_count, check_generator, check_positive, check_size, expect
from hvae_lessons.formulas.adversarial import jensen_shannon_bound
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.nets import mlp


class Adversary:
    r"""Estimates the Jensen-Shannon divergence of codes and prior by a small classifier, its discriminator.

    The model and its adversary take turns: in every step of `fit` the objective calls the adversary, whose
    estimate the encoder makes smaller; after it, `learn` lets the classifier make it larger.

        adversary = Adversary(latent_dim=2, generator=generator)
        objective = functools.partial(info_vae, alpha=1, lambda_=30, divergence=adversary)
        fit(model, x, objective=objective, after_step=adversary.learn, ...)

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `latent_dim` | whole number | Z |
    | `hidden` | widths | of the classifier's hidden layers |
    | `learning_rate` | number | of its own Adam |
    | `steps` | whole number | of the classifier for each step of the model |
    | `generator` | torch.Generator | source of its weights and of the draws from the prior |

    Raises: ValueError for settings that make no sense, and for codes of another size.
    Source: N4 21.3.2.3; Makhzani et al. (2015).
    """

    def __init__(self, latent_dim, hidden=(64, 64), learning_rate=2e-3, steps=1, generator=None):
        check_count("latent_dim", latent_dim)
        check_positive("learning_rate", learning_rate)
        check_count("steps", steps)
        check_generator(generator)
        self.latent_dim, self.steps, self.generator = latent_dim, int(steps), generator
        self.net = mlp((latent_dim, *hidden, 1), "relu", generator)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=learning_rate, fused=True)
        self.codes = None

    def __call__(self, layer):
        """The estimate for the codes of a batch, differentiable in them: Layer with z [.., B, Z] -> [..]."""
        check_size("z", layer.z, self.latent_dim)
        self.codes = layer.z.detach()
        return self._bound(layer.z)

    def learn(self, model=None):
        """Improve the classifier on the codes of the last call: for `fit(after_step=)`."""
        expect(self.codes is not None, "codes", "those of a batch: call the adversary first", "none")
        for _ in range(self.steps):
            loss = -self._bound(self.codes).mean()
            self.optimizer.zero_grad()  # also of what the model's own step has left there
            loss.backward()
            self.optimizer.step()

    def _bound(self, z):
        prior = standard_noise(z.shape, z, self.generator)
        return jensen_shannon_bound(self.net(z).squeeze(-1), self.net(prior).squeeze(-1))
