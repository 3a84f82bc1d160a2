# SPDX-License-Identifier: Apache-2.0
"""Squared distances against SciPy, on every instruction set (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gftcore import _core
from random_masks import random_mask
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")
NO_BACKGROUND = np.iinfo(np.int32).max
TARGETS = _core.simd_targets()


@pytest.fixture(params=TARGETS)
def target(request):
    before = _core.simd_target()
    _core.set_simd_target(request.param)
    yield request.param
    _core.set_simd_target(before)


def distances(mask, frame="none"):
    return _core.squared_distance(np.ascontiguousarray(mask, dtype=np.uint8), frame)


def scipy_float32(mask):
    return ndimage.distance_transform_edt(mask).astype(np.float32)


def assert_equals_scipy(mask):
    ours = distances(mask)
    assert ours.dtype == np.int32
    if mask.all():
        assert (ours == NO_BACKGROUND).all()
    else:
        np.testing.assert_array_equal(
            np.sqrt(ours.astype(np.float64)).astype(np.float32), scipy_float32(mask)
        )
    framed = np.sqrt(distances(mask, "background").astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(framed, scipy_float32(np.pad(mask, 1))[1:-1, 1:-1])


@pytest.mark.usefixtures("target")
def test_float_root_equals_scipy_bit_for_bit():
    rng = np.random.default_rng(11)
    for _ in range(150):
        assert_equals_scipy(random_mask(rng, 300))


@given(mask=vessel_masks(64))
def test_every_target_equals_scipy_and_each_other(mask):
    before = _core.simd_target()
    try:
        for name in TARGETS:
            _core.set_simd_target(name)
            assert_equals_scipy(mask)
    finally:
        _core.set_simd_target(before)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_turning_and_mirroring_transform_exactly(quarters, mirror):
    rng = np.random.default_rng(quarters)
    for _ in range(10):
        mask = random_mask(rng, 120)

        def moved(image):
            return np.rot90(image.T if mirror else image, quarters)

        np.testing.assert_array_equal(distances(moved(mask)), moved(distances(mask)))


@pytest.mark.usefixtures("target")
def test_far_and_near_rows_in_one_image():
    mask = np.ones((400, 400), dtype=bool)
    mask[390, 3] = mask[5, 5:300:7] = False
    assert_equals_scipy(mask)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_empty_images(shape):
    assert distances(np.zeros(shape)).shape == shape


@pytest.mark.usefixtures("target")
def test_every_nonzero_byte_is_vessel():
    mask = np.zeros((5, 40), dtype=np.uint8)
    mask[1:4, 3:30] = 255
    np.testing.assert_array_equal(distances(mask), distances(mask > 0))


def test_unknown_frame_is_refused():
    with pytest.raises(ValueError, match="frame"):
        distances(np.zeros((2, 2)), "mirror")
