"""K-means and Gaussian mixtures on pixels: the baselines of clustering_seeds.py, which no model changes.

    python benchmarks/clustering_pixels.py     writes hvae_lessons/results/records/clustering_pixels.json

about ten minutes of processor time. Everything is scikit-learn's, with as many restarts as the chapter's
mixtures have. A mixture on pixels has two settings: principal components, and the floor under its variances.
They are chosen with the labels, which favors it, by three seeds of every setting of a grid; the best one is
then measured with ten seeds.
"""

from functools import cache

from clustering_seeds import DATA, FLOORS, RECIPES, accuracy, both
from seeded_runs import SEEDS, path_of, record_runs
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

# Principal components and floor of the mixture that is measured with ten seeds.
BEST = {"8x8 digits": (40, 0.03), "MNIST subset": (20, 0.1)}
GRID = {
    f"{name}, {size} components, floor {floor}": (name, size, floor)
    for name in BEST
    for size in (20, 40)
    for floor in FLOORS
}


def measure(name, seed, data, components):
    """Accuracies of one seed: of K-means and the best mixture, or of one setting of the grid."""
    if name in GRID:
        return {"mixture on pixels": mixture(*GRID[name], seed, data, components)}
    x, counted, labels, _ = data[name]
    restarts = RECIPES[name]["start"]["restarts"]
    kmeans = KMeans(10, n_init=restarts, random_state=seed).fit(x.numpy()).predict(counted.numpy())
    return {
        "K-means on pixels": accuracy(kmeans, labels),
        "mixture on pixels": mixture(name, *BEST[name], seed, data, components),
        "mixture on pixels, one restart": mixture(name, *BEST[name], seed, data, components, restarts=1),
    }


def mixture(name, size, floor, seed, data, components, restarts=None):
    """Accuracy of a mixture on principal components."""
    restarts = restarts or RECIPES[name]["start"]["restarts"]
    fitted, counted = components(name, size)
    found = GaussianMixture(10, reg_covar=floor, n_init=restarts, random_state=seed).fit(fitted)
    return accuracy(found.predict(counted), data[name][2])


def load():
    """Both data sets, and their principal components."""
    (data,) = both()

    @cache
    def components(name, size):
        x, counted, *_ = data[name]
        pca = PCA(size, random_state=0).fit(x.numpy())
        return pca.transform(x.numpy()), pca.transform(counted.numpy())

    return data, components


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        [*BEST, *GRID],
        model="scikit-learn's K-means and Gaussian mixtures with full covariances, ten clusters",
        settings={
            "best": BEST,
            "grid": GRID,
            "restarts": {name: RECIPES[name]["start"]["restarts"] for name in BEST},
        },
        seeds={**dict.fromkeys(BEST, SEEDS), **dict.fromkeys(GRID, SEEDS[:3])},
        data=DATA,
        load=load,
    )
