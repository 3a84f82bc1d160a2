# SPDX-License-Identifier: Apache-2.0
"""Component labels against scikit-image, and the filling of small holes (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core
from random_masks import random_mask
from strategies import vessel_masks

measure = pytest.importorskip("skimage.measure")


def as_bytes(mask):
    return np.ascontiguousarray(mask, dtype=np.uint8)


def assert_equals_skimage(mask):
    for neighbours in (4, 8):
        for background in (False, True):
            ours, count = _core.label(as_bytes(mask), neighbours, background)
            theirs = measure.label(~mask if background else mask, connectivity=neighbours // 4)
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == np.int32
            assert count == theirs.max(initial=0)


def filled_slowly(mask, area_px, excluded):
    holes = measure.label(~mask, connectivity=1)
    small = np.bincount(holes.ravel()) < area_px
    small[holes[excluded]] = False
    small[0] = False
    return mask | small[holes]


def test_labels_equal_skimage_on_random_masks():
    rng = np.random.default_rng(21)
    for _ in range(200):
        assert_equals_skimage(random_mask(rng, 300))


@given(mask=vessel_masks(64))
def test_labels_equal_skimage(mask):
    assert_equals_skimage(mask)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 64), (64, 3)])
@pytest.mark.parametrize("value", [False, True])
def test_constant_images(shape, value):
    assert_equals_skimage(np.full(shape, value))


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_empty_images(shape):
    labels, count = _core.label(np.zeros(shape, dtype=np.uint8), 8, True)
    assert labels.shape == shape
    assert count == 0


@given(mask=vessel_masks(64), area_px=st.integers(0, 20), seed=st.integers(0, 9))
def test_fill_small_fills_exactly_the_small_holes(mask, area_px, seed):
    excluded = np.random.default_rng(seed).random(mask.shape) < 0.03
    ours = _core.fill_small(as_bytes(mask), area_px, as_bytes(excluded))
    np.testing.assert_array_equal(ours, filled_slowly(mask, area_px, excluded))
    nothing = np.zeros_like(excluded)
    ours = _core.fill_small(as_bytes(mask), area_px, None)
    np.testing.assert_array_equal(ours, filled_slowly(mask, area_px, nothing))


def test_wrong_arguments_are_refused():
    mask = np.zeros((3, 4), dtype=np.uint8)
    with pytest.raises(ValueError, match="connectivity"):
        _core.label(mask, 6, False)
    with pytest.raises(ValueError, match="excluded"):
        _core.fill_small(mask, 3, mask.T.copy())
