"""Schedules at their corners."""

from hvae_lessons.training.schedules import linear_warm_up


def test_linear_warm_up_climbs_and_stays():
    beta = linear_warm_up(4)
    assert [beta(step) for step in (0, 1, 2, 4, 100)] == [0.0, 0.25, 0.5, 1.0, 1.0]
    down = linear_warm_up(10, start=2.0, end=1.0)
    assert [down(step) for step in (0, 5, 10)] == [2.0, 1.5, 1.0]
