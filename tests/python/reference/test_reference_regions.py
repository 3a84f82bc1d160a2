# SPDX-License-Identifier: Apache-2.0
"""Region table against scikit-image (rtol 1e-9)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import reference
from gftcore.reference.regions import label_regions
from strategies import label_images, vessel_masks

measure = pytest.importorskip("skimage.measure")
PROPERTIES = (
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
WEIGHTED = ("intensity_max", "intensity_mean", "intensity_min", "centroid_weighted")


def assert_equal_tables(labels, intensity=None):
    found = reference.region_table(labels, intensity=intensity)
    properties = PROPERTIES + (WEIGHTED if intensity is not None else ())
    expected = measure.regionprops_table(
        labels, intensity, properties=("label", "bbox", *properties)
    )
    np.testing.assert_array_equal(found.label_id, expected["label"])
    bbox = np.stack([expected[f"bbox-{i}"] for i in range(4)], axis=1)
    np.testing.assert_array_equal(found.bbox, bbox)
    # roots of differences of nearly equal numbers: their squares are what is exact
    isotropic = expected["axis_major_length"] - expected["axis_minor_length"] < 1e-6
    for name, values in zip(found.columns, found.values.T, strict=True):
        oracle = np.asarray(expected[name], dtype=np.float64)
        if name == "orientation":  # free for isotropic regions, equal modulo pi otherwise
            np.testing.assert_allclose(np.sin(values - oracle)[~isotropic], 0, atol=1e-9)
        elif name in ("eccentricity", "axis_minor_length"):
            np.testing.assert_allclose(values**2, oracle**2, rtol=1e-9, atol=1e-9)
        else:
            np.testing.assert_allclose(values, oracle, rtol=1e-9, atol=1e-9)
    return found


@given(mask=vessel_masks(40), connectivity=st.sampled_from([4, 8]), seed=st.integers(0, 99))
def test_components(mask, connectivity, seed):
    labels = reference.label(mask, connectivity=connectivity, background=True)
    intensity = np.random.default_rng(seed).random(mask.shape) + 0.1
    if labels.any():
        assert_equal_tables(labels, intensity)


@given(labels=label_images())
def test_arbitrary_label_images(labels):
    if labels.any():
        assert_equal_tables(labels)


def test_orientation_is_equal_where_it_is_defined():
    labels = np.zeros((12, 12), dtype=np.int32)
    labels[1, 1:7] = 1
    labels[3:9, 1] = 2
    labels[range(4, 9), range(5, 10)] = 3
    labels[range(9, 4, -1), range(6, 11)] = np.maximum(labels[range(9, 4, -1), range(6, 11)], 4)
    found = reference.region_table(labels)
    expected = measure.regionprops_table(labels, properties=("orientation",))["orientation"]
    column = found.values[:, found.columns.index("orientation")]
    np.testing.assert_allclose(column, expected, atol=1e-9)


def test_intensity_is_enlarged_by_repetition():
    labels = reference.label(np.random.default_rng(0).random((24, 36)) < 0.6)
    small = np.random.default_rng(1).random((8, 12))
    found = reference.region_table(labels, intensity=small)
    full = reference.region_table(labels, intensity=np.kron(small, np.ones((3, 3))))
    np.testing.assert_array_equal(found.values, full.values)
    with pytest.raises(ValueError, match="intensity"):
        reference.region_table(labels, intensity=np.ones((8, 18)))


def test_no_regions():
    table = reference.region_table(np.zeros((5, 5), dtype=np.int32))
    assert table.values.shape == (0, 12)
    assert table.bbox.shape == (0, 4)


@given(mask=vessel_masks(32), min_px=st.integers(0, 15))
def test_small_regions_are_left_out(mask, min_px):
    labels = reference.label(mask, connectivity=8)
    kept = label_regions(mask, connectivity=8, min_px=min_px)
    area = np.bincount(labels.ravel())
    wanted = [i for i in range(1, len(area)) if area[i] >= min_px]
    assert kept.max(initial=0) == len(wanted)
    for row, i in enumerate(wanted):
        assert (kept[labels == i] == row + 1).all()
