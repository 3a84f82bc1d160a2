# SPDX-License-Identifier: Apache-2.0
"""Polygons as masks, and which structures lie in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies  # noqa: F401  (no time limits)
from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.metrics import edge_hits, outline_mask, structure_hits

SQUARE = [[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]]


def by_pixel(polygon: np.ndarray, shape: tuple[int, int], grow: float) -> np.ndarray:
    """Look at every pixel and every side."""
    out = np.zeros(shape, dtype=bool)
    for row in range(shape[0]):
        for col in range(shape[1]):
            inside, nearest = False, np.inf
            for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
                if (a[0] > row) != (b[0] > row):
                    inside ^= bool(col > a[1] + (row - a[0]) / (b[0] - a[0]) * (b[1] - a[1]))
                along = b - a
                size = along @ along
                t = np.clip((np.array([row, col]) - a) @ along / size, 0, 1) if size > 0 else 0
                nearest = min(nearest, float(np.hypot(*(np.array([row, col]) - a - t * along))))
            out[row, col] = inside or (grow > 0 and nearest <= grow)
    return out


@given(
    seed=st.integers(0, 2**32), vertices=st.integers(3, 9), grow=st.sampled_from([0.0, 0.7, 2.5])
)
def test_polygons_are_seen_pixel_by_pixel(seed: int, vertices: int, grow: float) -> None:
    rng = np.random.default_rng(seed)
    polygon = rng.uniform(-4, 14, (vertices, 2))  # parts are outside; sides may cross
    found = outline_mask([polygon], (9, 11), grow_px=grow)
    np.testing.assert_array_equal(found, by_pixel(polygon, (9, 11), grow))


@given(seed=st.integers(0, 2**32))
def test_masks_of_polygons_turn_with_them(seed: int) -> None:
    polygon = np.random.default_rng(seed).uniform(0, 12, (6, 2))
    turned = np.stack([12 - polygon[:, 1], polygon[:, 0]], axis=1)  # as rot90 does
    found = outline_mask([polygon], (13, 13), grow_px=1.3)
    np.testing.assert_array_equal(np.rot90(found), outline_mask([turned], (13, 13), grow_px=1.3))


def test_polygons_by_hand() -> None:
    found = outline_mask([SQUARE], (4, 4))
    assert np.argwhere(found).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    # A polygon without a pixel's centre is there once it grows; several are joined.
    speck = [[1.2, 1.2], [1.2, 1.3], [1.3, 1.25]]
    assert not outline_mask([speck], (4, 4)).any()
    assert np.argwhere(outline_mask([speck], (4, 4), grow_px=0.4)).tolist() == [[1, 1]]
    both = outline_mask([SQUARE, speck], (4, 4), grow_px=0.4)
    assert (both == outline_mask([SQUARE], (4, 4), grow_px=0.4)).all()
    assert not outline_mask([], (3, 3)).any()


def cross() -> Any:
    mask = np.zeros((20, 20), dtype=bool)
    mask[9:11, :] = mask[:, 9:11] = True
    return graph.extract(mask, keep=("vessel_label", "ica_label"))


def test_half_of_the_own_pixels_suffice() -> None:
    found = cross()
    label = int(found.ica_label_id[0])
    own = np.argwhere(found.kept["ica_label"] == label)
    for count in (0, len(own) // 2 - 1, len(own) // 2, len(own)):
        area = np.zeros((20, 20), dtype=bool)
        area[tuple(own[:count].T)] = True
        hits = structure_hits(found, area)
        expected = np.zeros(found.num_icas, dtype=bool)
        expected[0] = 2 * count >= len(own)
        np.testing.assert_array_equal(hits["ica"], expected)
        assert not hits["vessel"].any()
        assert structure_hits(found, area, least_share=1e-9)["ica"][0] == (count > 0)


@pytest.mark.parametrize("name", ["vessel", "ica"])
def test_hits_count_each_structure_s_pixels(name: str) -> None:
    found = cross()
    area = np.random.default_rng(1).random((20, 20)) < 0.5
    hits = structure_hits(found, area, least_share=0.45)[name]
    ids = found.ica_label_id if name == "ica" else np.arange(1, found.num_segments + 1)
    image = found.kept[f"{name}_label"]
    shares = np.array([area[image == i].mean() for i in ids])
    np.testing.assert_array_equal(hits, shares >= 0.45)
    assert structure_hits(found, np.ones((20, 20), dtype=bool))[name].all()


def test_edges_need_both_ends() -> None:
    hits = {"vessel": np.array([True, True, False]), "ica": np.array([True, False])}
    pairs = {"vv": [[0, 0], [1, 2]], "vi": [[0, 0, 2], [0, 1, 0]], "vf": [[0], [0]]}
    found = edge_hits(pairs, hits)
    assert {r: each.tolist() for r, each in found.items()} == {
        "vv": [True, False],
        "vi": [True, False, False],
    }


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: outline_mask([SQUARE[:2]], (4, 4)), ShapeError),
        (lambda: outline_mask([[[0, 0], [0, np.nan], [1, 1]]], (4, 4)), ArgumentError),
        (lambda: outline_mask([SQUARE], (4, 4), grow_px=-1), ArgumentError),
        (lambda: outline_mask([SQUARE], (0, 4)), ArgumentError),
        (lambda: structure_hits(cross(), np.ones((3, 3), dtype=bool)), ShapeError),
        (lambda: structure_hits(cross(), np.ones((20, 20), bool), least_share=2), ArgumentError),
        (lambda: structure_hits(graph.extract([[1]]), [[True]]), ArgumentError),
        (lambda: structure_hits("graph", [[True]]), ArgumentTypeError),  # type: ignore[arg-type]
        (lambda: edge_hits({"vv": [[0], [5]]}, {"vessel": [True]}), ArgumentError),
        (lambda: edge_hits({"vv": [[0]]}, {"vessel": [True]}), ShapeError),
        (lambda: edge_hits({"xy": [[0], [0]]}, {"vessel": [True]}), ArgumentError),
    ],
)
@pytest.mark.filterwarnings("ignore::gftcore.errors.GftcoreWarning")
def test_what_is_refused(call: Any, error: type[GftcoreError]) -> None:
    with pytest.raises(error):
        call()
