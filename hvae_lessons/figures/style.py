"""The book's one visual style: a color per meaning, light axes, titles that state the finding."""

import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

# One color per meaning across the book. They differ in lightness too, so they survive grayscale.
MODEL = "#b40426"  # p: the model, the exact posterior, the truth
INFERENCE = "#3b4cc0"  # q: the approximation, the bound
GAP = "#f0a202"  # what lies between
PRIOR = "#6b7280"  # the prior, baselines, context
INK = "#1f2933"  # text
MODEL_SHADES = LinearSegmentedColormap.from_list("model", ["white", MODEL])
INFERENCE_SHADES = LinearSegmentedColormap.from_list("inference", ["white", INFERENCE])
DIGITS = plt.get_cmap("tab10").colors  # the ten digit classes

WIDTH = 7.0  # inches: the text column of the book


def apply_style():
    """Set matplotlib's defaults for the book. Figures keep a white ground, so they read in dark mode too."""
    plt.rcParams.update(
        {
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.labelcolor": INK,
            "axes.edgecolor": PRIOR,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": INK,
            "xtick.color": PRIOR,
            "ytick.color": PRIOR,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "image.cmap": "Greys",
        }
    )


def axes(rows=1, columns=1, height=3.0, **settings):
    """A figure of the column's width and its axes; constrained layout, so that labels never overlap."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), layout="constrained", **settings)
