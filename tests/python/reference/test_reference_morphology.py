# SPDX-License-Identifier: Apache-2.0
"""Distance, labels, filling, anchors against SciPy, scikit-image and brute force (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import reference
from gftcore.reference.morphology import touches
from strategies import pixel_masks, vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")


@given(mask=vessel_masks(48))
def test_distance_equals_scipy(mask):
    if mask.all():
        assert (reference.squared_distance(mask) == 2**31 - 1).all()
    else:
        found = np.sqrt(reference.squared_distance(mask).astype(np.float32))
        expected = ndimage.distance_transform_edt(mask).astype(np.float32)
        np.testing.assert_array_equal(found, expected)
    padded = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    found = reference.squared_distance(mask, frame="background")
    np.testing.assert_array_equal(found, np.rint(padded**2))


@given(mask=vessel_masks(48), connectivity=st.sampled_from([4, 8]), background=st.booleans())
def test_labels_equal_scikit_image(mask, connectivity, background):
    measure = pytest.importorskip("skimage.measure")
    found = reference.label(mask, connectivity=connectivity, background=background)
    expected = measure.label(mask != background, connectivity=connectivity // 4)
    np.testing.assert_array_equal(found, expected)


@given(mask=vessel_masks(32), area=st.integers(0, 12), seed=st.integers(0, 9))
def test_fill_small_by_component(mask, area, seed):
    excluded = ~mask & (np.random.default_rng(seed).random(mask.shape) < 0.02)
    expected = mask.copy()
    labels, count = ndimage.label(~mask)
    for i in range(1, count + 1):
        hole = labels == i
        if hole.sum() < area and not (hole & excluded).any():
            expected |= hole
    found = reference.fill_small(mask, area_px=area, excluded=excluded)
    np.testing.assert_array_equal(found, expected)


@given(mask=pixel_masks(9))
def test_anchors_are_one_per_run(mask):
    anchors = reference.border_anchors(mask)
    frame = np.ones(mask.shape, dtype=bool)
    frame[1:-1, 1:-1] = False
    if min(mask.shape) < 3 or mask[frame].all():
        assert not len(anchors)
        return
    inner_off = mask & frame
    # on the frame alone, 4-connected runs are the cyclic runs
    labels, count = ndimage.label(inner_off)
    assert sorted(labels[anchors[:, 0], anchors[:, 1]]) == list(range(1, count + 1))
    index = anchors[:, 0] * mask.shape[1] + anchors[:, 1]
    assert (np.diff(index) > 0).all()


def test_anchor_position_in_even_and_wrapping_runs():
    mask = np.zeros((5, 6), dtype=bool)
    mask[0, 1:5] = True  # walked left to right, n = 4
    assert reference.border_anchors(mask).tolist() == [[0, 2]]
    mask = np.zeros((5, 6), dtype=bool)
    mask[1:5, 0] = True  # walked upwards from (4, 0)
    assert reference.border_anchors(mask).tolist() == [[3, 0]]
    mask[0, :3] = True  # run (4,0)..(0,0),(0,1),(0,2): n = 7
    assert reference.border_anchors(mask).tolist() == [[1, 0]]


@given(mask=pixel_masks(9))
def test_touches_is_dilation_by_a_square(mask):
    np.testing.assert_array_equal(touches(mask), ndimage.binary_dilation(mask, np.ones((3, 3))))


def test_bytes_of_bool_masks_are_normalised():
    mask = np.zeros((6, 7), dtype=np.uint8)
    mask[2:4, 1:6] = 255
    as_bool = mask.view(np.bool_)
    for variant in (as_bool, mask, mask.astype(np.int64), np.asfortranarray(mask), mask > 0):
        np.testing.assert_array_equal(reference.thin(variant), reference.thin(mask > 0))
        np.testing.assert_array_equal(reference.label(variant), reference.label(mask > 0))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_kernels_accept_empty_arrays(shape):
    mask = np.zeros(shape, dtype=bool)
    assert reference.thin(mask).shape == shape
    assert reference.squared_distance(mask).shape == shape
    assert reference.fill_small(mask, area_px=5).shape == shape
    graph = reference.trace(mask)
    assert (graph.num_nodes, graph.num_segments) == (0, 0)
    assert reference.segment_table(graph, mask, reference.squared_distance(mask)).values.size == 0
    assert reference.region_table(reference.label(mask)).values.size == 0
