"""Measures are about one code or label for each example: several samples of each are refused."""

import pytest
import torch

from hvae_lessons.measures.active_units import active_by_kl, active_by_variance
from hvae_lessons.measures.clusters import label_information
from hvae_lessons.measures.probes import linear_probe

MEASURES = {
    "active_by_kl": active_by_kl,
    "active_by_variance": active_by_variance,
    "label_information": label_information,
    "linear_probe": lambda codes: linear_probe(codes, [0, 1, 0], codes, [0, 1, 0]),
    "linear_probe, test": lambda codes: linear_probe(codes[0], [0, 1, 0, 1], codes, [0, 1, 0]),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_an_axis_of_samples_is_refused(measure):
    rows = torch.softmax(torch.arange(36.0).reshape(3, 4, 3).sin(), -1)
    with pytest.raises(ValueError, match=r"^\w+: expected \[N, D\], without .*, got \(3, 4, 3\)"):
        measure(rows)
