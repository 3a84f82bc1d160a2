# SPDX-License-Identifier: Apache-2.0
"""Thinning against its peers, the reference, and the topology it promises (exact, every target)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from gftcore import _core, reference
from gftcore.reference.faces import closure
from random_masks import random_mask
from samples import load_label, sample_names
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")

BoolImage = NDArray[np.bool_]
Thin = Callable[[BoolImage], BoolImage]

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
OURS = ("fast", "ordered")
ORACLES = ("zhang-skimage", "zhang-opencv", "guohall-opencv")
NO_ANCHORS = np.empty((0, 2), dtype=np.int64)


def as_bytes(mask: BoolImage) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask, dtype=np.uint8)


def on_every_target() -> Iterator[str]:
    """Force each instruction set in turn, and the former one at the end."""
    before = _core.simd_target()
    try:
        for target in _core.simd_targets():
            _core.set_simd_target(target)
            yield target
    finally:
        _core.set_simd_target(before)


def peer(method: str) -> Thin:
    """The other library's thinning with the same pixels."""
    if method == "zhang-skimage":
        morphology = pytest.importorskip("skimage.morphology")
        return lambda mask: morphology.skeletonize(mask, method="zhang")
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "ximgproc"):
        pytest.skip("OpenCV without ximgproc")
    flags = {
        "zhang-opencv": cv2.ximgproc.THINNING_ZHANGSUEN,
        "guohall-opencv": cv2.ximgproc.THINNING_GUOHALL,
    }
    flag = flags[method]
    return lambda mask: cv2.ximgproc.thinning(as_bytes(mask) * 255, thinningType=flag) != 0


def topology(mask: BoolImage, anchors: NDArray[np.int64]) -> tuple[int, int]:
    """8-components of the image; 4-components of the closure's background, which are its faces."""
    return (
        ndimage.label(mask, np.ones((3, 3)))[1],
        ndimage.label(~closure(mask, anchors))[1],
    )


def thinned_by_core(mask: BoolImage) -> BoolImage:
    return _core.thin(as_bytes(mask), "fast", "anchor")


def keeps_the_promise(thin: Thin, mask: BoolImage) -> bool:
    """Guarantee 1: inside the mask, with its components and closure faces."""
    anchors = _core.border_anchors(as_bytes(mask))
    skeleton = thin(mask)
    return not (skeleton & ~mask).any() and topology(skeleton, anchors) == topology(mask, anchors)


@pytest.mark.parametrize("method", ORACLES)
def test_oracle_modes_equal_their_library_on_random_masks(method: str):
    other = peer(method)
    rng = np.random.default_rng(31)
    for _ in range(2 * MASKS):
        mask = random_mask(rng, 300)
        expected = other(mask)
        for target in on_every_target():
            ours = _core.thin(as_bytes(mask), method, "background")
            np.testing.assert_array_equal(ours, expected, err_msg=f"{target} {mask.shape}")


@pytest.mark.parametrize("method", ORACLES)
def test_oracle_modes_ignore_anchors(method: str):
    mask = as_bytes(random_mask(np.random.default_rng(32), 90))
    anchored = _core.thin(mask, method, "anchor")
    np.testing.assert_array_equal(anchored, _core.thin(mask, method, "background"))


@pytest.mark.parametrize("name", sample_names()[::6])
def test_samples(name: str):
    """Oracle modes equal their library, our modes keep the topology, on full-size labels."""
    mask = load_label(name)
    for method in ORACLES:
        ours = _core.thin(as_bytes(mask), method, "background")
        np.testing.assert_array_equal(ours, peer(method)(mask), err_msg=method)
    for method in OURS:
        assert keeps_the_promise(lambda m, how=method: _core.thin(as_bytes(m), how, "anchor"), mask)


@pytest.mark.parametrize("method", OURS)
@pytest.mark.parametrize("border", ["anchor", "background"])
def test_our_modes_equal_the_reference(method: str, border: str):
    rng = np.random.default_rng(33)
    for _ in range(MASKS // 2):
        mask = random_mask(rng, 150)
        expected = reference.thin(mask, method=method, border=border)
        for target in on_every_target():
            ours = _core.thin(as_bytes(mask), method, border)
            np.testing.assert_array_equal(ours, expected, err_msg=f"{target} {mask.shape}")


@given(mask=vessel_masks(48))
def test_anchors_and_minimal_pass_equal_the_reference(mask: BoolImage):
    """The minimal pass takes any image, not only thin ones."""
    anchors = _core.border_anchors(as_bytes(mask))
    np.testing.assert_array_equal(anchors, reference.border_anchors(mask))
    for kept in (anchors, NO_ANCHORS):
        ours = _core.minimal_pass(as_bytes(mask), kept)
        np.testing.assert_array_equal(ours, reference.minimal_pass(mask, anchors=kept))


@pytest.mark.parametrize("method", OURS)
@given(mask=vessel_masks(64))
def test_guarantee(method: str, mask: BoolImage):
    anchors = _core.border_anchors(as_bytes(mask))
    assert keeps_the_promise(lambda m: _core.thin(as_bytes(m), method, "anchor"), mask)
    skeleton = _core.thin(as_bytes(mask), method, "anchor")
    assert skeleton[tuple(anchors.T)].all()
    again = _core.minimal_pass(as_bytes(skeleton), anchors)
    np.testing.assert_array_equal(again, skeleton)
    unanchored = _core.thin(as_bytes(mask), method, "background")
    assert topology(unanchored, NO_ANCHORS) == topology(mask, NO_ANCHORS)


def bulk_masks() -> Iterator[BoolImage]:
    rng = np.random.default_rng(34)
    for _ in range(MASKS):
        yield random_mask(rng, 64)


def broken_minimal_pass(mask: BoolImage) -> BoolImage:
    """Negative control: all redundant pixels at once, without looking again after each."""
    skeleton = thinned_by_core(mask) | (mask & ~ndimage.binary_erosion(mask))
    counts = ndimage.convolve(skeleton.astype(int), np.ones((3, 3), int), mode="constant") - 1
    return skeleton & ~((counts >= 2) & (counts <= 6))


def replicated_border(mask: BoolImage) -> BoolImage:
    """Negative control: 40 copies of the frame's pixels around, thinned, and cropped again."""
    wide = _core.thin(as_bytes(np.pad(mask, 40, mode="edge")), "fast", "background")
    return wide[40:-40, 40:-40]


def textbook_zhang_suen(mask: BoolImage) -> BoolImage:
    """Negative control: vanishing squares, frame pixels left as they are."""
    return _core.thin(as_bytes(mask), "zhang-opencv", "background")


def withdrawn_border(mask: BoolImage) -> BoolImage:
    """Negative control: without anchors lines leave the border, and faces merge."""
    return _core.thin(as_bytes(mask), "fast", "background")


def test_the_guarantee_holds_in_bulk():
    assert all(keeps_the_promise(thinned_by_core, mask) for mask in bulk_masks())


@pytest.mark.parametrize(
    "broken", [broken_minimal_pass, replicated_border, textbook_zhang_suen, withdrawn_border]
)
def test_naive_versions_break_the_guarantee(broken: Thin):
    assert not all(keeps_the_promise(broken, mask) for mask in bulk_masks())


def test_textbook_zhang_suen_erases_a_square():
    square = np.zeros((6, 6), dtype=bool)
    square[2:4, 2:4] = True
    assert not textbook_zhang_suen(square).any()
    assert thinned_by_core(square).any()


@pytest.mark.parametrize("method", OURS + ORACLES)
@pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0), (1, 1), (1, 700), (700, 1), (2, 65)])
@pytest.mark.parametrize("value", [False, True])
def test_degenerate_shapes(method: str, shape: tuple[int, int], value: bool):
    mask = np.full(shape, value)
    skeleton = _core.thin(as_bytes(mask), method, "anchor")
    assert skeleton.shape == shape
    assert skeleton.any() == mask.any()
    if method in OURS and 1 in shape:
        np.testing.assert_array_equal(skeleton, mask)  # a line is thin already


@pytest.mark.parametrize("method", OURS)
def test_full_mask_thins_to_one_pixel_or_line(method: str):
    """No background anywhere: equal distances, so `ordered` goes by raster order."""
    skeleton = _core.thin(np.ones((70, 130), dtype=np.uint8), method, "anchor")
    assert topology(skeleton, NO_ANCHORS) == (1, 1)
    assert skeleton.sum() <= 130


def test_wrong_arguments_are_refused():
    mask = np.ones((5, 5), dtype=np.uint8)
    with pytest.raises(ValueError, match="method"):
        _core.thin(mask, "lee", "anchor")
    with pytest.raises(ValueError, match="border"):
        _core.thin(mask, "fast", "replicate")
    with pytest.raises(ValueError, match="anchors"):
        _core.minimal_pass(mask, np.array([[5, 0]], dtype=np.int64))
