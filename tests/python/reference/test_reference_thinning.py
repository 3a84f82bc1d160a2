# SPDX-License-Identifier: Apache-2.0
"""Thinning against scikit-image, OpenCV, drawn figures and the topology it promises (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from figures import FIGURES, Figure
from gftcore import reference
from gftcore.reference.faces import closure
from gftcore.reference.thinning import yokoi_number
from random_masks import random_mask
from strategies import vessel_masks

pytest.importorskip("scipy")
ndimage = pytest.importorskip("scipy.ndimage")
TOPOLOGY_METHODS = ("fast", "ordered")
EIGHT = np.ones((3, 3))


def counts(mask, anchors):
    """8-components of the image; 4-components of the closure's background."""
    return ndimage.label(mask, EIGHT)[1], ndimage.label(~closure(mask, anchors))[1]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
def test_figure_skeletons(figure: Figure):
    assert tuple(map(tuple, reference.border_anchors(figure.mask).tolist())) == figure.anchors
    if figure.skeleton is not None:
        np.testing.assert_array_equal(reference.thin(figure.mask), figure.skeleton)


def test_zhang_equals_scikit_image():
    morphology = pytest.importorskip("skimage.morphology")
    rng = np.random.default_rng(0)
    for _ in range(300):
        mask = random_mask(rng, 80)
        expected = morphology.skeletonize(mask, method="zhang")
        np.testing.assert_array_equal(reference.thin(mask, method="zhang-skimage"), expected)


@pytest.mark.parametrize(
    ("method", "flag"),
    [("zhang-opencv", "THINNING_ZHANGSUEN"), ("guohall-opencv", "THINNING_GUOHALL")],
)
def test_parallel_modes_equal_opencv(method, flag):
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "ximgproc"):
        pytest.skip("OpenCV without ximgproc")
    rng = np.random.default_rng(1)
    for _ in range(300):
        mask = random_mask(rng, 80)
        expected = cv2.ximgproc.thinning(
            np.where(mask, 255, 0).astype(np.uint8), thinningType=getattr(cv2.ximgproc, flag)
        )
        np.testing.assert_array_equal(reference.thin(mask, method=method), expected != 0)


@pytest.mark.parametrize("method", TOPOLOGY_METHODS)
@given(mask=vessel_masks(40))
def test_skeleton_keeps_components_and_faces(method, mask):
    anchors = reference.border_anchors(mask)
    skeleton = reference.thin(mask, method=method)
    assert not (skeleton & ~mask).any()
    assert skeleton[anchors[:, 0], anchors[:, 1]].all()
    assert counts(skeleton, anchors) == counts(mask, anchors)
    np.testing.assert_array_equal(reference.minimal_pass(skeleton, anchors=anchors), skeleton)


def test_textbook_zhang_suen_breaks_the_promise():
    """Negative control: it erases a 2x2 block."""
    mask = np.zeros((6, 6), dtype=bool)
    mask[2:4, 2:4] = True
    none = np.empty((0, 2), dtype=np.int64)
    assert counts(reference.thin(mask, method="zhang-opencv"), none) != counts(mask, none)


@pytest.mark.parametrize("method", TOPOLOGY_METHODS)
@given(mask=vessel_masks(24))
def test_background_border_keeps_components(method, mask):
    none = np.empty((0, 2), dtype=np.int64)
    skeleton = reference.thin(mask, method=method, border="background")
    assert counts(skeleton, none) == counts(mask, none)


def test_yokoi_number_counts_pieces():
    """The number equals the foreground pieces at the pixel, 0 inside and for isolated pixels."""
    for code in range(256):
        patch = np.zeros((3, 3), dtype=bool)
        for k, (dr, dc) in enumerate(
            [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
        ):
            patch[1 + dr, 1 + dc] = code >> k & 1
        pieces = ndimage.label(patch, EIGHT)[1]
        surrounded = patch[0, 1] and patch[1, 0] and patch[1, 2] and patch[2, 1]
        if surrounded:
            assert yokoi_number(code) == 0
        elif pieces == 1:
            assert yokoi_number(code) == 1 or patch.sum() > 1
        holes = ndimage.label(~np.pad(patch, 1))[1]
        with_centre = patch.copy()
        with_centre[1, 1] = True
        same = (
            pieces == ndimage.label(with_centre, EIGHT)[1]
            and holes == ndimage.label(~np.pad(with_centre, 1))[1]
        )
        assert same == (yokoi_number(code) == 1)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="method"):
        reference.thin(np.ones((3, 3)), method="lee")
    with pytest.raises(ValueError, match="border"):
        reference.thin(np.ones((3, 3)), border="replicate")
