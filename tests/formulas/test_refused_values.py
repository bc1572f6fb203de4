"""Arguments whose shape would pass by accident: labels that are none, baselines that enlarge the result."""

import numpy as np
import pytest
import torch

from hvae_lessons.formulas.discrete_gradients import categorical_score_gradient
from hvae_lessons.formulas.distributions import categorical_log_prob
from hvae_lessons.formulas.gradients import score_function_gradient
from hvae_lessons.formulas.labels import sampled_cost
from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.trace import Gaussian

Z, LOGITS = torch.zeros(4, 2), torch.zeros(4, 3)
DIAGONAL, FULL = (GaussianMixture(3, 2, covariance) for covariance in ("diagonal", "full"))
READERS = {
    "categorical_log_prob": lambda y: categorical_log_prob(y, LOGITS),
    "sampled_cost": lambda y: sampled_cost(torch.zeros(4), LOGITS, y),
    "log_prob_at, diagonal": lambda y: DIAGONAL.log_prob_at(Z, y),
    "log_prob_at, full": lambda y: FULL.log_prob_at(Z, y),
    "kl_at, diagonal": lambda y: DIAGONAL.kl_at(Gaussian(Z, Z), y),
    "kl_at, full": lambda y: FULL.kl_at(Gaussian(Z, Z), y),
    "sample, diagonal": DIAGONAL.sample,
    "sample, full": FULL.sample,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("wrong", [3, -1, 4, 255])
def test_a_label_that_is_none_is_refused(read, wrong):
    """Counted from 1, or the -1 of a missing label: neither is another class."""
    read(torch.tensor([0, 1, 2, 2]))
    with pytest.raises(ValueError, match=r"^y: expected whole numbers from 0 to 2, .*, got .*" + str(wrong)):
        read(torch.tensor([0, 1, wrong, 2]))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.uint8, torch.int32])
def test_labels_are_whole_numbers_of_the_type_that_indexes(read, dtype):
    """Booleans, and bytes, would pick rows as a mask does."""
    with pytest.raises(ValueError, match=rf"^y: expected whole numbers .*, got {dtype} \(4,\)"):
        read(torch.ones(4).to(dtype))


def test_a_baseline_does_not_enlarge_the_estimate():
    """[B, 1] against [B] would be [B, B]: every value compared with every baseline."""
    mean, noise = torch.zeros(5, 2), torch.ones(5, 2)
    values, logits = torch.zeros(3), torch.zeros(3)
    calls = [
        lambda b: score_function_gradient(lambda z: z.sum(-1), mean, mean, noise, b)[0],
        lambda b: categorical_score_gradient(values, logits, torch.ones(5, 3), b),
        lambda b: sampled_cost(torch.zeros(5), torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64), b),
    ]
    for call in calls:
        shape = call(0.0).shape
        for right in (1, np.float64(0.5), torch.tensor(0.5), torch.zeros(1), torch.zeros(5)):
            assert call(right).shape == shape
        for wrong in (torch.zeros(5, 1), torch.zeros(1, 5), torch.zeros(4)):
            with pytest.raises(ValueError, match=r"^baseline: expected a number, or a shape .* \(5,\), got"):
                call(wrong)
