# SPDX-License-Identifier: Apache-2.0
"""Pixel assignment against brute force, on every instruction set (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core
from random_masks import random_mask
from strategies import vessel_masks

measure = pytest.importorskip("skimage.measure")
TARGETS = _core.simd_targets()


def assign(mask, points):
    points = np.ascontiguousarray(points, dtype=np.int32).reshape(-1, 2)
    return _core.assign_pixels(np.ascontiguousarray(mask, dtype=np.uint8), points)


def assign_slowly(mask, points):
    """Smallest (squared distance, id) among the points of the pixel's own component."""
    out = np.full(mask.shape, -1, dtype=np.int32)
    if len(points) == 0:
        return out
    labels = measure.label(mask, connectivity=2)
    component = labels[points[:, 0], points[:, 1]]
    for label in np.unique(component[component > 0]):
        ids = np.flatnonzero(component == label)
        pixels = np.argwhere(labels == label)
        for start in range(0, len(pixels), 4096):
            part = pixels[start : start + 4096]
            row = part[:, :1] - points[ids, 0]
            col = part[:, 1:] - points[ids, 1]
            out[part[:, 0], part[:, 1]] = ids[np.argmin(row**2 + col**2, axis=1)]
    return out


def assert_all_targets(mask, points):
    expected = assign_slowly(mask, points)
    before = _core.simd_target()
    try:
        for name in TARGETS:
            _core.set_simd_target(name)
            np.testing.assert_array_equal(assign(mask, points), expected)
    finally:
        _core.set_simd_target(before)


def random_points(rng, mask, count):
    """Mostly on the mask, some off it, some twice."""
    vessel = np.argwhere(mask)
    anywhere = rng.integers(0, mask.shape, (1 + count // 10, 2))
    if len(vessel) == 0:
        return anywhere
    return np.concatenate([vessel[rng.integers(0, len(vessel), count)], anywhere])


def test_nearest_point_of_the_own_component_on_random_masks():
    rng = np.random.default_rng(31)
    for _ in range(60):
        mask = random_mask(rng, 150)
        for count in (1, 8, 150):
            assert_all_targets(mask, random_points(rng, mask, count))


@given(mask=vessel_masks(64), count=st.integers(1, 300), seed=st.integers(0, 999))
def test_nearest_point_of_the_own_component(mask, count, seed):
    assert_all_targets(mask, random_points(np.random.default_rng(seed), mask, count))


def test_centreline_points_of_vessels():
    morphology = pytest.importorskip("skimage.morphology")
    rng = np.random.default_rng(32)
    for _ in range(20):
        mask = random_mask(rng, 120)
        points = np.argwhere(morphology.skeletonize(mask))
        assert_all_targets(mask, rng.permutation(points) if len(points) else points)


def test_a_winner_of_another_component_is_replaced():
    mask = np.zeros((9, 60), dtype=bool)
    mask[0] = mask[2, :30] = True
    points = np.array([[0, 59], [2, 0]])
    naive = 1  # the nearest point of pixel (0, 5) whatever its component
    assert assign(mask, points)[0, 5] == 0 != naive
    assert_all_targets(mask, points)


def test_components_without_points_and_empty_input():
    mask = np.eye(6, dtype=bool)
    assert (assign(mask, np.zeros((0, 2))) == -1).all()
    assert (assign(mask, [[0, 3]]) == -1).all()
    assert assign(np.zeros((0, 4)), np.zeros((0, 2))).shape == (0, 4)


def test_points_outside_are_refused():
    with pytest.raises(ValueError, match="point_pixel"):
        assign(np.ones((3, 3)), [[3, 0]])
