# SPDX-License-Identifier: Apache-2.0
"""Outlines: drawn figures, the pixels that they enclose, and how far fewer corners may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gftcore.pictures.outlines import outline, polygon_path, simplified

MASKS = npst.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def doubled_area(ring: Any) -> int:
    x, y = ring.T
    return int((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def inside(rings: list[Any], shape: tuple[int, int]) -> Any:
    """Pixels whose centre a ray to the left leaves by an odd number of vertical sides."""
    crossings = np.zeros(shape, dtype=int)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if x0 == x1:
                crossings[min(y0, y1) : max(y0, y1), x0:] += 1
    return crossings % 2 == 1


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (["#"], [[[0, 0], [1, 0], [1, 1], [0, 1]]]),
        (["."], []),
        (
            ["###", "#.#", "###"],
            [[[0, 0], [3, 0], [3, 3], [0, 3]], [[1, 1], [1, 2], [2, 2], [2, 1]]],
        ),
        # Pixels that touch at a corner are one polygon.
        (["#.", ".#"], [[[0, 0], [1, 0], [1, 1], [2, 1], [2, 2], [1, 2], [1, 1], [0, 1]]]),
        (["#.#"], [[[0, 0], [1, 0], [1, 1], [0, 1]], [[2, 0], [3, 0], [3, 1], [2, 1]]]),
    ],
)
def test_drawn_figures(rows: list[str], wanted: Any) -> None:
    mask = np.array([[c == "#" for c in row] for row in rows])
    assert [ring.tolist() for ring in outline(mask)] == wanted


@given(mask=MASKS)
def test_outlines_enclose_exactly_their_pixels(mask: Any) -> None:
    rings = outline(mask)
    assert (inside(rings, mask.shape) == mask).all()
    assert sum(doubled_area(ring) for ring in rings) == 2 * mask.sum()
    for ring in rings:
        steps = np.roll(ring, -1, axis=0) - ring
        assert ((steps == 0).sum(axis=1) == 1).all()  # along one axis, never nowhere
        assert ((steps != 0) != (np.roll(steps, -1, axis=0) != 0)).all()  # turns at each corner


@given(mask=MASKS, tolerance=st.sampled_from([0.0, 0.8, 1.5, 4.0]))
def test_dropped_corners_are_near(mask: Any, tolerance: float) -> None:
    for ring in outline(mask):
        few = simplified(ring, tolerance)
        kept = {tuple(p) for p in few.tolist()}
        assert kept <= {tuple(p) for p in ring.tolist()}
        ends = np.roll(few, -1, axis=0)
        for point in ring:
            chord, off = ends - few, point - few
            length = np.maximum((chord**2).sum(axis=1), 1)
            at = np.clip((chord * off).sum(axis=1) / length, 0, 1)[:, None]
            nearest = np.hypot(*(off - at * chord).T).min()
            assert nearest <= max(tolerance, 1e-9) * 1.5 + 1e-9


def test_open_lines_keep_their_ends() -> None:
    line = np.array([[0, 0], [1, 0.2], [2, 0], [2, 5], [2, 0.1]])
    assert simplified(line, 0.5, closed=False).tolist() == [[0, 0], [2, 0], [2, 5], [2, 0.1]]
    loop = np.array([[0, 0], [4, 0], [4, 4], [0, 0]])
    assert simplified(loop, 1.0, closed=False).tolist() == loop.tolist()


def test_paths_are_relative() -> None:
    square = np.array([[1, 2], [4, 2], [4, 6], [1, 6]])
    assert polygon_path([square, square[:3]]) == "M1 2l3 0 0 4 -3 0zM1 2l3 0 0 4z"
