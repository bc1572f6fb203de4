"""Sprites whose factors are known: every image shows what its factors say."""

import itertools
import math

import pytest
import torch

from hvae_lessons.data import FactorData, make_shapes

SIZE = 16


@pytest.fixture(scope="module")
def shapes():
    return make_shapes()


def moments(x):
    """Area of the white part in pixels, and its center: by sums over a grid of pixels."""
    image = x.reshape(-1, SIZE, SIZE).double()
    middle = torch.arange(SIZE, dtype=torch.float64) + 0.5
    area = image.sum((1, 2))
    return area, image.sum(1) @ middle / area, image.sum(2) @ middle / area


def test_every_combination_is_there_once(shapes):
    assert shapes.names == ("shape", "scale", "x", "y")
    assert shapes.image_shape == (SIZE, SIZE)
    expected = list(itertools.product(range(2), range(5), range(12), range(12)))
    assert shapes.factors.tolist() == [list(row) for row in expected]
    assert shapes.factors.dtype == torch.int64
    assert len(torch.unique(shapes.x, dim=0)) == len(expected)


def test_the_center_moves_as_x_and_y_say_and_as_nothing_else(shapes):
    _, across, down = moments(shapes.x)
    # The range is 0.48 of the side from left to right, 0.24 of it from top to bottom, in twelve parts.
    expected = SIZE / 2 + 0.48 * SIZE * (shapes.factors[:, 2] - 5.5) / 12
    torch.testing.assert_close(across, expected.double(), atol=0.06, rtol=0)
    expected = SIZE / 2 + 0.24 * SIZE * (shapes.factors[:, 3] - 5.5) / 12
    torch.testing.assert_close(down, expected.double(), atol=0.06, rtol=0)


def test_the_area_is_that_of_its_shape_and_scale(shapes):
    area, _, _ = moments(shapes.x)
    radius = SIZE * (0.12 + 0.14 * (torch.arange(5) + 0.5) / 5)
    of_square, of_ellipse = 2 * radius**2, math.pi / 2 * radius**2
    expected = torch.stack([of_square, of_ellipse])[shapes.factors[:, 0], shapes.factors[:, 1]]
    torch.testing.assert_close(area, expected.double(), atol=0, rtol=0.12)
    for part in shapes.factors[:, 0] == 0, shapes.factors[:, 0] == 1:
        per_scale = torch.stack([area[part & (shapes.factors[:, 1] == scale)].mean() for scale in range(5)])
        of_part = of_square if shapes.factors[part, 0].sum() == 0 else of_ellipse
        torch.testing.assert_close(per_scale, of_part.double(), atol=0, rtol=0.02)


def test_edges_are_smooth(shapes):
    assert 20 < len(shapes.x.unique()) <= 65  # of 8 x 8 samples, none to all are covered
    assert shapes.x.min() == 0
    assert shapes.x.max() == 1


def test_a_shape_turns_about_its_center():
    turned = make_shapes(shapes=("ellipse",), scales=1, orientations=4, columns=1, rows=1)
    assert turned.names == ("orientation",)
    image = turned.x.reshape(-1, SIZE, SIZE).double()
    offset = torch.arange(SIZE, dtype=torch.float64) + 0.5 - SIZE / 2
    wide, high = (image.sum(axis) @ offset**2 for axis in (1, 2))
    slanted = torch.einsum("nij,i,j->n", image, offset, offset)
    angle = torch.rad2deg(torch.atan2(2 * slanted, wide - high) / 2)  # of the long axis
    torch.testing.assert_close(angle, torch.tensor([0, 22.5, 45.0, 67.5]).double(), atol=1.5, rtol=0)


def test_no_shape_is_cut_off():
    data = make_shapes(orientations=8, columns=2, rows=2)
    image = data.x.reshape(-1, SIZE, SIZE)
    assert image[:, [0, -1]].sum() == 0  # above and below there is room
    area, _, _ = moments(data.x)
    squares = data.factors[:, 0] == 0
    radius = SIZE * (0.12 + 0.14 * (data.factors[:, 1] + 0.5) / 5)
    expected = torch.where(squares, 2 * radius**2, math.pi / 2 * radius**2)
    torch.testing.assert_close(area, expected.double(), atol=0, rtol=0.15)


def test_the_same_call_draws_the_same_images(shapes):
    assert torch.equal(make_shapes().x, shapes.x)


def test_a_factor_with_one_value_is_left_out():
    data = make_shapes(shapes=("square",), scales=3, columns=1, rows=2, size=20)
    assert data.names == ("scale", "y")
    assert data.x.shape == (6, 400)
    assert data.factors.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scales": 0}, "^scales: expected a whole number, 1 or more, got 0$"),
        ({"shapes": ()}, "^shapes: expected a grid of at least two images, got 0 of them$"),
        (
            {"shapes": ("square",), "scales": 1, "columns": 1, "rows": 1},
            "^shapes: expected a grid of at least two images, got 1 of them$",
        ),
        ({"shapes": ("heart",)}, "^shapes: expected one of 'square', 'ellipse', got 'heart'$"),
    ],
)
def test_an_empty_grid_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_shapes(**settings)


def test_parts_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match=r"^factors: expected \(1440, 3\), one value per image and name"):
        FactorData(shapes.x, shapes.factors, shapes.names[:3], shapes.image_shape)
