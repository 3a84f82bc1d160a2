# SPDX-License-Identifier: Apache-2.0
"""The choice of the foveal avascular zone against SciPy (exact)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core
from random_masks import random_mask
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")

OFFSETS = np.arange(-4, 5)
DISC = OFFSETS[:, None] ** 2 + OFFSETS**2 <= 16
STRUCTURE = {4: None, 8: np.ones((3, 3), int)}


def most_common(labels):
    votes = np.bincount(labels[labels > 0].ravel(), minlength=1)
    return int(votes.argmax()) if votes.any() else 0


def central_distance(shape):
    rows, cols = np.indices(shape)
    return (2 * rows - (shape[0] - 1)) ** 2 + (2 * cols - (shape[1] - 1)) ** 2


def slow_auto(void, areas, fov_mm, connectivity):
    if not areas.any():
        return 0, "none", math.nan
    eroded = ndimage.binary_erosion(void, DISC, border_value=1)
    opened = ndimage.binary_dilation(eroded, DISC)
    components, count = ndimage.label(opened, STRUCTURE[connectivity])
    distance = central_distance(void.shape)
    near = distance <= (2 * (0.4 / fov_mm * max(void.shape))) ** 2
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    sizes[~np.isin(np.arange(count + 1), components[near])] = 0
    sizes[0] = 0
    if sizes.any():
        largest = int(sizes.argmax())
        owner = most_common(areas[components == largest])
        if owner:
            first, second = sizes[largest], np.delete(sizes, largest).max(initial=0)
            return owner, "auto", 1 - second / first
    closest = distance[areas > 0].min()
    return int(areas[(areas > 0) & (distance == closest)].min()), "nearest", 0.0


def areas_of(void, connectivity, min_px):
    areas, count = ndimage.label(void, STRUCTURE[connectivity])
    small = np.bincount(areas.ravel(), minlength=count + 1) < min_px
    areas[small[areas]] = 0
    return areas.astype(np.int32)


def assert_equals_slow(void, *, fov_mm=3.0, connectivity=8, min_px=11):
    areas = areas_of(void, connectivity, min_px)
    ours = _core.find_faz(void.astype(np.uint8), areas, "auto", fov_mm, None, connectivity)
    theirs = slow_auto(void, areas, fov_mm, connectivity)
    assert ours[:2] == theirs[:2]
    np.testing.assert_array_equal(ours[2], theirs[2])
    return ours[1]


@given(
    void=vessel_masks(64),
    fov_mm=st.sampled_from([0.5, 3.0, 6.0]),
    connectivity=st.sampled_from([4, 8]),
    min_px=st.sampled_from([1, 11]),
)
def test_any_mask(void, fov_mm, connectivity, min_px):
    assert_equals_slow(void, fov_mm=fov_mm, connectivity=connectivity, min_px=min_px)


def test_larger_masks_reach_every_outcome():
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(60):
        coarse = ~random_mask(rng, 30)
        void = coarse.repeat(7, axis=0).repeat(7, axis=1)
        seen.add(assert_equals_slow(void, fov_mm=rng.uniform(1, 12)))
        seen.add(assert_equals_slow(~random_mask(rng, 90)))
    assert {"auto", "nearest"} <= seen


def test_fixed_point():
    rng = np.random.default_rng(4)
    for _ in range(30):
        void = random_mask(rng, 90)
        areas = areas_of(void, 8, 1)
        rows, cols = void.shape
        below = areas[600 * rows // 1216 :, 600 * cols // 1216]
        expected = int(below[below > 0][0]) if below.any() else 0
        label, method, confidence = _core.find_faz(void.astype(np.uint8), areas, "fixed")
        assert label == expected
        assert method == ("fixed" if expected else "none")
        assert math.isnan(confidence)


def test_mask():
    rng = np.random.default_rng(5)
    for _ in range(30):
        void = random_mask(rng, 90)
        given_mask = rng.random(void.shape) < 0.2
        areas = areas_of(void, 8, 1)
        expected = most_common(areas[given_mask])
        label, method, confidence = _core.find_faz(
            void.astype(np.uint8), areas, "mask", 3.0, given_mask.astype(np.uint8)
        )
        assert label == expected
        assert method == ("mask" if expected else "none")
        assert math.isnan(confidence)


def test_labels_need_not_be_consecutive():
    void = np.ones((30, 30), np.uint8)
    areas = np.full((30, 30), 7, np.int32)
    areas[:3] = 2_000_000_000
    assert _core.find_faz(void, areas)[:2] == (7, "auto")


def test_what_is_refused():
    void = np.ones((9, 9), np.uint8)
    areas = np.ones((9, 9), np.int32)
    with pytest.raises(ValueError, match="faz method"):
        _core.find_faz(void, areas, "nearest")
    with pytest.raises(ValueError, match="faz_mask"):
        _core.find_faz(void, areas, "mask")
    with pytest.raises(ValueError, match="connectivity"):
        _core.find_faz(void, areas, connectivity=6)
    with pytest.raises(ValueError, match="fov_mm"):
        _core.find_faz(void, areas, fov_mm=-1.0)
    with pytest.raises(ValueError, match="shape"):
        _core.find_faz(void, areas[:8])
