# SPDX-License-Identifier: Apache-2.0
"""Box-counting dimension: known figures, the reference, and every side's sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core, errors
from gftcore.biomarkers import box_dimension
from random_masks import random_mask


def full(shape: tuple[int, int]) -> np.ndarray:
    return np.ones(shape, dtype=bool)


def carpet(order: int) -> np.ndarray:
    """Sierpinski carpet of 3**order px: the middle ninth of every square is left out."""
    out = np.ones((1, 1), dtype=bool)
    hole = np.ones((3, 3), dtype=bool)
    hole[1, 1] = False
    for _ in range(order):
        out = np.kron(out, hole)
    return out


@pytest.mark.parametrize("side", [64, 304, 1216, 243])
@pytest.mark.parametrize("place", [0.0, 0.37, 0.99])
def test_a_line_along_an_axis_has_dimension_1(side: int, place: float) -> None:
    line = np.zeros((side, side), dtype=bool)
    line[int(place * side)] = True
    for image in (line, line.T):
        found = box_dimension(image)
        assert found.dimension == pytest.approx(1.0, abs=1e-12)
        assert found.standard_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("side", [64, 304, 1216, 243])
def test_a_filled_square_has_dimension_2(side: int) -> None:
    found = box_dimension(np.ones((side, side), dtype=bool))
    assert found.dimension == pytest.approx(2.0, abs=1e-12)


def test_a_square_within_the_image_has_dimension_2() -> None:
    """Its sides cut boxes, so only boxes that are small beside it tell."""
    square = np.zeros((1216, 1216), dtype=bool)
    square[201:1003, 99:901] = True
    assert box_dimension(square, max_box_px=32).dimension == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("order", [4, 5, 6])
def test_a_carpet_has_its_dimension(order: int) -> None:
    found = box_dimension(carpet(order))
    assert found.box_px == tuple(3**k for k in range(order - 1))
    assert found.box_count == tuple(8 ** (order - k) for k in range(order - 1))
    assert found.dimension == pytest.approx(math.log(8) / math.log(3), abs=1e-12)
    # The control: boxes that cut its squares are too many.
    moved = box_dimension(np.roll(carpet(order), 1, axis=(0, 1)))
    assert abs(moved.dimension - math.log(8) / math.log(3)) > 0.02


def test_sizes_divide_both_sides() -> None:
    assert box_dimension(full((1216, 1216))).box_px == (
        1, 2, 4, 8, 16, 19, 32, 38, 64, 76, 152, 304,
    )  # fmt: skip
    assert box_dimension(full((300, 304))).box_px == (1, 2, 4)
    assert box_dimension(full((60, 40)), min_box_px=2, max_box_px=40).box_px == (2, 4, 5, 10, 20)
    two = box_dimension(full((8, 12)))
    assert two.box_px == (1, 2)
    assert two.dimension == pytest.approx(2.0)
    assert math.isnan(two.standard_error)
    for shape in ((1, 1), (7, 5), (3, 300)):
        assert math.isnan(box_dimension(full(shape)).dimension)
    assert math.isnan(box_dimension(np.zeros((64, 64), dtype=bool)).dimension)
    with pytest.raises(errors.ArgumentError, match="max_box_px must be at least min_box_px, 8"):
        box_dimension(full((64, 64)), min_box_px=8, max_box_px=4)
    with pytest.raises(errors.ArgumentTypeError, match="min_box_px must be an integer"):
        box_dimension(full((64, 64)), min_box_px=1.0)


def test_the_error_is_that_of_the_slope() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    mask = random_mask(np.random.default_rng(11), 96)[:64, :64]
    mask = np.pad(mask, [(0, 64 - n) for n in mask.shape])
    found = box_dimension(mask)
    line = stats.linregress(np.log(found.box_px), np.log(found.box_count))
    assert found.dimension == pytest.approx(-line.slope, rel=1e-12)
    assert found.standard_error == pytest.approx(line.stderr, rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.integers(1, 24), st.data())
def test_counts_are_those_of_blocks(seed: int, rows: int, cols: int, data: st.DataObject) -> None:
    """Any set of sizes, so that boxes are made of others in every way."""
    unit = data.draw(st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 30, 36]))
    rng = np.random.default_rng(seed)
    mask = rng.random((rows * unit, cols * unit)) < rng.choice([0.001, 0.02, 0.3])
    sides = [s for s in range(1, unit + 1) if unit % s == 0]
    sides = sorted(data.draw(st.sets(st.sampled_from(sides))))
    counts = _core.count_boxes(mask.astype(np.uint8), sides)
    for side, count in zip(sides, counts, strict=True):
        blocks = mask.reshape(mask.shape[0] // side, side, mask.shape[1] // side, side)
        assert count == blocks.any(axis=(1, 3)).sum()


@pytest.mark.parametrize("sides", [[0], [-1], [3], [2, 2], [4, 2], [16]])
def test_the_core_refuses_other_sizes(sides: list[int]) -> None:
    with pytest.raises(errors.ArgumentError, match="ascend and divide both sides"):
        _core.count_boxes(np.ones((8, 8), dtype=np.uint8), sides)
