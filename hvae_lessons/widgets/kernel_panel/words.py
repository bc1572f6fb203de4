"""What a reader of the panel sees in words. {name}: a value."""

PANEL = {
    # Fields.
    "model": "Model",
    "data": "Data",
    "digits": "8×8 digits",
    "mnist": "MNIST, 8,000 digits",
    "beta": "Weight β of KL",
    "latent_dim": "Latent size",
    "epochs": "Epochs",
    "seed": "Seed",
    # Buttons.
    "train": "Train",
    "stop": "Stop",
    "forget": "Forget the runs",
    # The line below.
    "ready": "Ready.",
    "training": "Training {run}.",
    "run": "{model}, β = {beta}, {latent_dim} dimensions",
    "epoch": "Epoch {epoch} of {epochs}: −ELBO {cost} nats.",
    "stopping": "Stopping after this epoch.",
    "done_one": "Done: 1 epoch in {seconds} seconds.",
    "done": "Done: {epochs} epochs in {seconds} seconds.",
    "stopped_one": "Stopped after 1 epoch in {seconds} seconds.",
    "stopped": "Stopped after {epochs} epochs in {seconds} seconds.",
    # On a page without a kernel.
    "in_a_book": (
        "This panel trains with PyTorch, which needs Python behind the page: what you see here was trained "
        "when the book was built. To train your own, open the chapter in JupyterLab (<code>make "
        "lab</code>), Binder or Colab, run its cells from the top, and press Train."
    ),
}

TABLE = {
    "columns": (
        "run", "model", "data", "β", "Z", "epochs", "seconds", "distortion", "rate", "−ELBO", "active",
    ),
    "caption": "Nats per test image. −ELBO = distortion + rate, for any β. Active: dimensions, by KL > 0.05.",
}  # fmt: skip

PICTURE = {
    "alternative": (
        "Learning curves of the runs in the table, and samples that each model drew from the prior."
    ),
    "epoch": "epoch",
    "curves": "$-$ELBO, nats per training image",
    "samples": "Samples of the prior",
}
