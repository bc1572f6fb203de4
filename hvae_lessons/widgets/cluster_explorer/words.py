"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "Cluster explorer",
    # The plane and its point.
    "clusters": "the clusters $p(z | y)$, two standard deviations",
    "code": "the code $z$",
    "plane": "Plane of codes and clusters",
    "point": "Code in the plane: the arrow keys move it",
    "discriminant": "discriminant {number}",
    "describe_plane": (
        "Plane of {across} and {up} with the codes of {count} images, colored by digit, and an ellipse for "
        "each of {clusters} clusters. Cluster {chosen} is chosen. The marked code is at {place}."
    ),
    # The image and its clusters.
    "decoded": "Decoded image",
    "decoded_caption": "decoded, the mean of $p(x | z)$",
    "describe_decoded": "Decoded image at {place}, whose likeliest cluster is {cluster}",
    "probabilities": "$q(y | z)$ of each cluster",
    "bars": "Probability of each cluster",
    "describe_bars": "q(y | z) at temperature {temperature}: {likeliest}; the others have less.",
    "share": "{cluster} ({percent}%)",
    "where": "At {place} the likeliest clusters are {likeliest}.",
    # Samples.
    "offered": "Draw digits from the cluster of mostly",
    "draw": "Draw digits from cluster {cluster}",
    "samples": "Drawn from cluster {cluster}; a press puts the point there:",
    "sample": "Sample {number}: put the point at its code",
    # Controls.
    "coordinate_slider": "Coordinate {axis}",
    "discriminant_slider": "Discriminant {number}",
    "temperature": "Temperature of",
    # What is said after a press.
    "drawn": "New digits drawn from cluster {cluster}; the point is at its mean.",
    "at_sample": "The point is at the code of sample {number}.",
}

PICTURE = {
    "alternative": (
        "Codes of digits with an ellipse for each learned cluster, a marked code, the image decoded there, "
        "and a bar for the probability of each cluster."
    ),
    "plane": "Codes and learned clusters",
    "decoded": "Decoded at the mark",
    "probabilities": r"$q(y \mid z)$",
}
