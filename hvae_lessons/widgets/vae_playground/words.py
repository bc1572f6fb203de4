"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "VAE playground",
    # Controls.
    "start": "Start",
    "pause": "Pause",
    "step": "Step",
    "reset": "Reset",
    "beta": "Weight of the KL",
    "latent": "Latent size",
    "learning_rate": "Learning rate",
    "warm_up": "KL warm-up, in epochs",
    "free_bits": "Free bits, in nats",
    "hidden": "Hidden width",
    "images": "Images",
    "digits": "8×8 digits",
    "mnist": "28×28 MNIST",
    "seed": "Seed",
    "rule": "Free bits: a coordinate whose KL, averaged over the batch, is below λ is charged λ.",
    # How far it is.
    "counter": "epoch {epoch}, step {step}",
    "running": "epoch {epoch}, step {step} · training",
    "running_at": "epoch {epoch}, step {step} · {pace} epochs a second",
    "training": "Training.",
    "paused": "Paused.",
    "rested": "Paused after {epoch} epochs.",
    "began_anew": "Back at the beginning, with new weights.",
    "diverged": (
        "Stopped at step {step}: the loss is not finite. Lower the learning rate; the weights from before "
        "it are kept."
    ),
    "no_thread": "the training thread could not start",
    # The equation.
    "total": "−ELBO, test images",
    "distortion": "reconstruction",
    "rate": "KL",
    "weight": "$β$ at this step",
    # Curves and bars.
    "losses": "Minus ELBO over the epochs",
    "epochs": "epochs",
    "nats": "nats per training image",
    "plus_kl": "+ KL",
    "describe_losses": (
        "Minus ELBO of the training images over the epochs, split into reconstruction and KL: after "
        "{epochs} epochs reconstruction {distortion} and KL {rate} nats."
    ),
    "describe_no_losses": (
        "Minus ELBO of the training images over the epochs, split into reconstruction and KL: no epoch yet."
    ),
    "bars": "KL of each latent coordinate",
    "active": "KL of each coordinate: {active} of {count} active",
    "free": "free up to λ",
    "describe_bars": (
        "KL of each latent coordinate on test images, in nats: {values}. Active, above {threshold}: "
        "{active}; collapsed: {collapsed}."
    ),
    # The way through the rate-distortion plane.
    "path": "Rate and distortion over the epochs",
    "touching": "reconstruction $+ β$ KL constant",
    "constant": "−ELBO constant",
    "path_rate": "KL: the rate, nats",
    "path_distortion": "reconstruction: the distortion, nats per training image",
    "describe_path": (
        "The way of the training through the plane of rate and distortion, in nats per training image: "
        "{stays}."
    ),
    "describe_stay": "with β = {beta} to rate {rate}, distortion {distortion}",
    "describe_no_path": "The way of the training through the plane of rate and distortion: no epoch yet.",
    # Pictures.
    "codes": "Codes of test images",
    "codes_line": "Codes of {count} test images: {across}, a row for each digit",
    "codes_plane": "Codes of {count} test images: {across} across, {up} up",
    "describe_codes_line": (
        "Each test image's digit written at the mean of its code, along {across}; dashed lines show one and "
        "two standard deviations of the prior. Codes reach to {reach}."
    ),
    "describe_codes_plane": (
        "Each test image's digit written at the mean of its code, along {across} and {up}; dashed lines "
        "show one and two standard deviations of the prior. Codes reach to {reach}."
    ),
    "decoded": "Decoded codes",
    "decoded_line": "Decoded, −{reach} to {reach}, line by line",
    "decoded_plane": "Decoded, −{reach} to {reach} each way",
    "decoded_others": "Decoded, −{reach} to {reach}, the others 0",
    "describe_decoded_line": (
        "Images decoded from evenly spaced codes {across} from −{reach} to {reach}, line by line."
    ),
    "describe_decoded_plane": (
        "Images decoded from evenly spaced codes {across} across, {up} from −{reach} to {reach} each way."
    ),
    "describe_decoded_others": (
        "Images decoded from evenly spaced codes {across} across, {up} from −{reach} to {reach}, the others "
        "0."
    ),
    "rebuilt": "Test images and their reconstructions",
    "describe_rebuilt": "Above {count} test images, the digits {digits}; below each its reconstruction.",
    "samples": "Samples: codes drawn from the prior",
    "describe_samples": "{count} images decoded from codes drawn from the prior.",
}

PICTURE = {
    "alternative": (
        "A VAE after training: reconstruction and KL over the epochs, KL of each coordinate, codes of test "
        "digits, and a grid of decoded codes."
    ),
    "distortion": "reconstruction",
    "plus_kl": "+ KL",
    "epochs": "epoch",
    "nats": "nats per image",
    "kl": "KL of each coordinate",
    "codes": "Codes of test images",
    "decoded": "Decoded codes",
}
