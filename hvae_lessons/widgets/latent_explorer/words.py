"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "Latent explorer",
    # The plane and its point.
    "plane": "Plane of two latent coordinates",
    "point": "Code in the plane: the arrow keys move it",
    "describe_plane": (
        "Latent plane of {across} and {up} with the codes of {count} test images, colored by digit. The "
        "marked code is at {right}, {height}. {nearest}"
    ),
    "across": "Across",
    "up": "Up",
    # Images.
    "decoded": "Decoded image",
    "decoded_caption": "decoded, the mean of $p(x | z)$",
    "describe_decoded": "Decoded image at {place}. {nearest}",
    "original": "Test digit",
    "original_caption": "test digit",
    "describe_original": "Test digit {digit}, whose code this is",
    "offered": "Encode a test digit:",
    "encode": "Encode this test digit {digit}",
    # Where the code is.
    "where": "{place}, |z| = {length}. {nearest}",
    "nearest": "The nearest of {count} test codes is that of a {digit}.",
    "nearest_8": "The nearest of {count} test codes is that of an 8.",
    # Controls.
    "used": "Code",
    "idle": "Idle",
    "idle_dimensions": "Idle dimensions ({count})",
    "prior": "Draw from the prior",
    "origin": "To the origin",
    # What is said after a press.
    "at_digit": "At the code of a test digit {digit}.",
    "at_draw": "A draw from the prior.",
    "at_origin": "At the origin.",
}

PICTURE = {
    "alternative": (
        "Codes of test digits in the latent plane, colored by class, and the decoded image at a marked code."
    ),
    "codes": "Codes of test digits",
    "decoded": "Decoded at the mark",
}
