# SPDX-License-Identifier: Apache-2.0
"""The region table against scikit-image (integers exact, floats rtol 1e-9)."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core
from random_masks import mixture
from strategies import label_images, vessel_masks

measure = pytest.importorskip("skimage.measure")

SHAPE = (
    "centroid",
    "area",
    "perimeter",
    "eccentricity",
    "equivalent_diameter_area",
    "orientation",
    "solidity",
    "feret_diameter_max",
    "extent",
    "axis_major_length",
    "axis_minor_length",
)
INTENSITY = ("intensity_max", "intensity_mean", "intensity_min", "centroid_weighted")
EXACT = ("area", "extent", "solidity", "feret_diameter_max", "intensity_max", "intensity_min")


def oracle(labels, intensity=None):
    properties = ("label", "bbox", *SHAPE, *(INTENSITY if intensity is not None else ()))
    weights = None if intensity is None else intensity.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # weighted centroids of black regions
        return measure.regionprops_table(labels, weights, properties=properties)


def assert_column(name, ours, theirs, columns):
    major = columns["axis_major_length"]
    minor = columns["axis_minor_length"]
    if name in EXACT:
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    elif name == "axis_minor_length":
        # Ours is exactly 0 for pixels on one line; theirs is the root of a rounding error.
        np.testing.assert_array_less(np.abs(ours**2 - theirs**2), 1e-12 * major**2 + 1e-300)
        clear = minor > 1e-2 * major
        np.testing.assert_allclose(ours[clear], theirs[clear], rtol=1e-9, err_msg=name)
    elif name == "eccentricity":
        np.testing.assert_allclose(ours**2, theirs**2, rtol=0, atol=1e-12, err_msg=name)
        clear = ours > 1e-2
        np.testing.assert_allclose(ours[clear], theirs[clear], rtol=1e-9, err_msg=name)
    elif name == "orientation":
        # Defined up to half a turn, and only where the axes differ.
        clear = major**2 - minor**2 > 1e-6 * major**2
        np.testing.assert_allclose(np.sin(ours - theirs)[clear], 0, atol=1e-9, err_msg=name)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=name)


def assert_equals_skimage(labels, intensity=None, *, upsampled=None):
    columns, values, label_id, bbox = _core.region_table(labels, intensity)
    theirs = oracle(labels, intensity if upsampled is None else upsampled)
    np.testing.assert_array_equal(label_id, theirs["label"])
    np.testing.assert_array_equal(bbox, np.stack([theirs[f"bbox-{i}"] for i in range(4)], axis=1))
    named = dict(zip(columns, values.T, strict=True))
    assert [name for name in theirs if name != "label" and "bbox" not in name] == columns
    for name, ours in named.items():
        assert_column(name, ours, theirs[name], named)


def some_labels(rng, rows, cols):
    mask = mixture(rng, (rows, cols))
    kind = rng.integers(3)
    if kind < 2:
        return measure.label(mask, connectivity=kind + 1).astype(np.int32)
    values = rng.integers(0, 4, (rows // 5 + 1, cols // 5 + 1)) * rng.integers(1, 1000)
    return np.kron(values, np.ones((5, 5), int))[:rows, :cols].astype(np.int32) * mask


@given(labels=label_images(), seed=st.integers(0, 2**32 - 1))
def test_any_label_image(labels, seed):
    if not labels.any():
        return
    intensity = np.random.default_rng(seed).random(labels.shape) + 0.5
    assert_equals_skimage(labels, intensity)


@given(mask=vessel_masks(48), connectivity=st.sampled_from([1, 2]))
def test_components(mask, connectivity):
    labels = measure.label(mask, connectivity=connectivity).astype(np.int32)
    if labels.any():
        assert_equals_skimage(labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_intensity_types(dtype):
    rng = np.random.default_rng(11)
    for _ in range(15):
        rows, cols = rng.integers(1, 60, 2)
        labels = some_labels(rng, rows, cols)
        if labels.any():
            top = 60000 if dtype == np.uint16 else 255
            assert_equals_skimage(labels, (rng.random((rows, cols)) * top).astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("factor", [1, 2, 3, 4, 7])
def test_coarse_intensity_is_read_without_interpolation(dtype, factor):
    rng = np.random.default_rng(factor)
    for _ in range(5):
        rows, cols = rng.integers(1, 20, 2)
        labels = some_labels(rng, rows * factor, cols * factor)
        if not labels.any():
            continue
        coarse = (rng.random((rows, cols)) * 250).astype(dtype)
        upsampled = coarse.repeat(factor, axis=0).repeat(factor, axis=1)
        assert_equals_skimage(labels, coarse, upsampled=upsampled)


def test_black_regions_have_no_weighted_centroid():
    labels = np.array([[1, 1, 0, 2]], np.int32)
    assert_equals_skimage(labels, np.array([[0, 0, 9, 3]], np.uint8))


@pytest.mark.parametrize(
    "drawing",
    [
        ["1"],
        ["1111"],
        ["1", "1", "1"],
        ["1..", ".1.", "..1"],
        ["..1", ".1.", "1.."],
        ["1.1.1...1"],
        ["1....", ".....", ".1...", ".....", "..1.."],
        ["11", "11"],
        ["111", "1.1", "111"],
        [".1.", "111", ".1."],
        ["1.1", ".2.", "1.1"],
        ["1221", "2112", "2112", "1221"],
        ["11111", "1...1", "1.9.1", "1...1", "11111"],
    ],
)
def test_drawn_regions(drawing):
    rows = [[0 if mark == "." else int(mark) for mark in line] for line in drawing]
    assert_equals_skimage(np.array(rows, np.int32))


def test_label_values_do_not_matter():
    small = np.zeros((3, 70), np.int32)
    small[0, 3] = 2
    small[2, 60:] = 1
    large = np.array([0, 5, 2**31 - 1], np.int32)[small]
    _, values, label_id, bbox = _core.region_table(large, None)
    _, same_values, _, same_bbox = _core.region_table(small, None)
    np.testing.assert_array_equal(label_id, [5, 2**31 - 1])
    np.testing.assert_array_equal(values, same_values)
    np.testing.assert_array_equal(bbox, same_bbox)


def test_no_regions():
    for shape in [(4, 5), (0, 0), (0, 7)]:
        columns, values, label_id, bbox = _core.region_table(np.zeros(shape, np.int32), None)
        assert len(columns) == 12
        assert values.shape == (0, 12)
        assert label_id.shape == (0,)
        assert bbox.shape == (0, 4)


def test_arrays_are_typed_contiguous_and_read_only():
    _, values, label_id, bbox = _core.region_table(np.eye(3, dtype=np.int32), None)
    assert values.dtype == np.float64
    assert label_id.dtype == np.int32
    assert bbox.dtype == np.int32
    for array in (values, label_id, bbox):
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_what_is_refused():
    labels = np.ones((6, 4), np.int32)
    for shape in [(3, 4), (4, 6), (12, 8), (0, 0)]:
        with pytest.raises(ValueError, match="intensity"):
            _core.region_table(labels, np.ones(shape))
    with pytest.raises(ValueError, match="intensity"):
        _core.region_table(labels, np.ones((6, 4), np.int64))
    with pytest.raises(ValueError, match="two-dimensional"):
        _core.region_table(labels, np.ones(4))
    with pytest.raises(ValueError, match="negative"):
        _core.region_table(-labels, None)


def test_rotation_and_flip_keep_every_measure():
    rng = np.random.default_rng(5)
    labels = some_labels(rng, 50, 71)
    turns = {"rot90": np.rot90(labels), "transpose": labels.T, "flip": labels[:, ::-1]}
    columns, values, label_id, _ = _core.region_table(labels, None)
    placed = ("centroid-0", "centroid-1", "orientation")
    kept = [i for i, name in enumerate(columns) if name not in placed]
    for turned in turns.values():
        _, other, other_id, _ = _core.region_table(np.ascontiguousarray(turned), None)
        np.testing.assert_array_equal(other_id, label_id)
        np.testing.assert_array_equal(other[:, kept], values[:, kept])


@pytest.mark.skipif(
    "GFTCORE_OCTA_SYNTHETIC" not in os.environ, reason="GFTCORE_OCTA_SYNTHETIC is not set"
)
@pytest.mark.parametrize("connectivity", [1, 2])
def test_background_of_a_sample(connectivity):
    image_module = pytest.importorskip("PIL.Image")
    folder = Path(os.environ["GFTCORE_OCTA_SYNTHETIC"])
    path = sorted((folder / "labels").glob("*.png"))[connectivity]
    with image_module.open(path) as picture:
        mask = np.array(picture) != 0
    labels = measure.label(~mask, connectivity=connectivity).astype(np.int32)
    coarse = np.random.default_rng(0).integers(0, 256, (304, 304), dtype=np.uint8)
    upsampled = coarse.repeat(4, axis=0).repeat(4, axis=1)
    assert_equals_skimage(labels, coarse, upsampled=upsampled)
