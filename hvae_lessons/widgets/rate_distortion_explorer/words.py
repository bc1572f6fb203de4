"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "Rate-distortion explorer",
    # The plane.
    "plane": "Rate-distortion plane",
    "rate_axis": "rate R, nats",
    "rate_axis_beyond": "rate R, nats (▸ further right)",
    "distortion_axis": "distortion D, nats",
    "curve": "latent size {size}, β from {first} to {last}",
    "constant": "$D + R$ constant",
    "touching": "$D + βR$ constant: slope −β",
    "beyond": "β = {beta}: {rate} nats",
    "describe_plane": (
        "Rate across, distortion up. The marked model, with β = {beta} and latent size {size}, has rate "
        "{rate} and distortion {distortion} nats. With the same latent size, from the smallest β: {curve}."
    ),
    "describe_point": "β {beta} rate {rate} distortion {distortion}",
    # Controls.
    "beta": "Weight of the KL",
    "latent_dim": "Latent size",
    # The point.
    "total": "−ELBO",
    "distortion": "distortion $D$",
    "rate": "rate $R$",
    "objective": "Trained to lower $D + βR$, here {objective} nats.",
    "best": "Lowest −ELBO of the sweep: {total}, at β = {beta}, Z = {size}.",
    "is_best": "Its −ELBO is the lowest of the sweep.",
    # Digits.
    "digits": "Test digits as the encoder reads them, below each its reconstruction. Press one:",
    "take": "Traverse the code of this test digit {digit}",
    # Coordinates.
    "bars": "KL of each coordinate",
    "active": "KL of each coordinate, nats: {active} of {count} active",
    "describe_bars": (
        "KL of each coordinate in nats, the largest first: {values}. {active} of {count} are active."
    ),
    "coordinate": "Coordinate",
    "use": "{coordinate}: {nats} nats",
    "traversal": "Digit {digit} with coordinate {coordinate} from −{reach} to {reach}:",
    "describe_step": "Digit {digit} with coordinate {coordinate} at {value}",
    # Samples.
    "samples": "Samples: codes drawn from the prior",
    "describe_samples": "{count} images decoded from codes drawn from the prior.",
    "again": "Draw again",
    # What is said after a press.
    "drawn": "New samples.",
    "not_here": "The address names no model of this sweep.",
}

PICTURE = {
    "alternative": (
        "The models of a sweep over beta and latent size in the plane of rate and distortion, one of them "
        "marked, with its reconstructions of test digits, its samples, and the KL of its coordinates."
    ),
    "plane": "β = {beta:g}, Z = {size}",
    "rate": "rate $R$, nats",
    "distortion": "distortion $D$, nats",
    "slope": "slope −β",
    "images": "Digits, reconstructions, samples",
    "kl": "KL of each coordinate, nats",
}
