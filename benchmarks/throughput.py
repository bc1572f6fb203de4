"""Training throughput of `fit` beside a bare loop and beside Pythae's trainer.

One model, 784-200-200-Z with a Bernoulli likelihood, Z = 10; one data set, 8,000 MNIST images; batch 100;
Adam; one thread. The bare loop is written here without the package. Pythae is measured if it can be imported
(`pip install pythae`, best in an environment of its own): its own VAE class and its default trainer, with an
encoder and a decoder of the same widths. Each contender runs `ROUNDS` times in turn and is timed in CPU
seconds, which a busy machine disturbs less than the clock on the wall; the best round counts. A machine whose
caches and memory others use as well makes every contender slower, and not by the same factor: the record says
how busy it was.

Writes hvae_lessons/results/records/throughput.json.
"""

import contextlib
import io
import json
import logging
import os
import platform
import tempfile
import time

import torch
import torch.nn.functional as F
from seeded_runs import path_of
from torch import nn

from hvae_lessons.data import load_mnist
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.training import fit

ROUNDS, EPOCHS, BATCH, LATENT = 10, 3, 100, 10


def encoder():
    return nn.Sequential(
        nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 2 * LATENT)
    )


def decoder():
    return nn.Sequential(
        nn.Linear(LATENT, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 784)
    )


def run_fit(x):
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(latent_dim=LATENT), generator)
    fit(model, x, epochs=EPOCHS, batch_size=BATCH, generator=generator, progress=False)


def run_bare(x, fused=True):
    encode, decode = encoder(), decoder()
    parameters = [*encode.parameters(), *decode.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=fused)
    for _ in range(EPOCHS):
        for index in torch.randperm(len(x)).split(BATCH):
            batch = x[index]
            mean, log_var = encode(batch).chunk(2, -1)
            z = mean + (0.5 * log_var).exp() * torch.randn_like(mean)
            error = F.binary_cross_entropy_with_logits(decode(z), batch, reduction="none").sum(-1)
            kl = 0.5 * (log_var.exp() + mean**2 - 1 - log_var).sum(-1)
            loss = (error + kl).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def run_pythae(x):
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig as PythaeConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.net = encoder()

        def forward(self, batch):
            mean, log_var = self.net(batch).chunk(2, -1)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.net = decoder()

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.net(z)))

    logging.disable(logging.WARNING)
    config = PythaeConfig(input_dim=(784,), latent_dim=LATENT, reconstruction_loss="bce")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        settings = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=1e-3,
            no_cuda=True,
        )
        data = BaseDataset(x, torch.zeros(len(x)))
        trainer = BaseTrainer(
            PythaeVAE(config, encoder=Encoder(), decoder=Decoder()), data, training_config=settings
        )
        trainer.train()
    logging.disable(logging.NOTSET)


def main():
    torch.set_num_threads(1)
    x = load_mnist().train_x
    contenders = {"fit": run_fit, "bare loop, fused Adam": run_bare}
    contenders["bare loop, default Adam"] = lambda x: run_bare(x, fused=False)
    try:
        import pythae  # noqa: F401

        contenders["Pythae trainer"] = run_pythae
    except ImportError:
        print("Pythae is not installed: its trainer is left out.")
    seconds, loads = {name: [] for name in contenders}, []
    for _ in range(ROUNDS):
        loads.append(round(os.getloadavg()[0], 1))
        for name, run in contenders.items():
            start = time.process_time()
            run(x)
            seconds[name].append(time.process_time() - start)
    steps = EPOCHS * -(-len(x) // BATCH)
    rate = {name: steps / min(times) for name, times in seconds.items()}
    result = {
        "what": __doc__.splitlines()[0],
        "steps_per_second": {name: round(value, 1) for name, value in rate.items()},
        "fit_relative_to": {name: round(rate["fit"] / rate[name], 2) for name in contenders if name != "fit"},
        "cpu_seconds_of_each_round": {name: [round(t, 3) for t in times] for name, times in seconds.items()},
        "load_of_each_round": loads,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor_count": os.cpu_count(),
    }
    path = path_of(__file__)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
