# SPDX-License-Identifier: Apache-2.0
"""Excluded pixels are background, belong to no area, and act as the frame of the image."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from gftcore import graph
from gftcore.graph import ExtractConfig
from graph_bytes import assert_same_graph_bytes
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
BLOCK = 40
BORDER = 2
SQUARE = np.ones((3, 3), bool)
KEEP = ("mask", "skeleton", "vessel_label", "ica_label")

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


def grid(side: int = 90) -> NDArray[np.bool_]:
    """Vessels 3 px wide, every 15 px."""
    mask = np.zeros((side, side), bool)
    for k in range(7, side, 15):
        mask[k : k + 3] = mask[:, k : k + 3] = True
    return mask


def random_exclusion(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """A rectangle, single pixels, or both."""
    rows, cols = shape
    out = rng.random(shape) < rng.choice([0.0, 0.01])
    top, left = rng.integers(0, rows), rng.integers(0, cols)
    out[top : top + rng.integers(0, rows + 1), left : left + rng.integers(0, cols + 1)] = True
    return out


@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_excluded_pixels_count_in_nothing(first: int) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        rng = np.random.default_rng(40_000 + seed)
        mask = random_mask(rng, 110)
        exclude = random_exclusion(rng, mask.shape)
        grey = rng.integers(0, 100, mask.shape).astype(np.float64)
        grey[exclude] = 1e6
        found = graph.extract(mask, exclude=exclude, intensity=grey, keep=KEEP)

        # What an excluded pixel holds has no influence.
        for other in (mask | exclude, mask & ~exclude):
            again = graph.extract(other, exclude=exclude, intensity=grey, keep=KEEP)
            assert_same_graph_bytes(again, found, f"seed {seed}")
        for image in found.kept.values():
            assert not image[exclude].any()
        assert (found.ica("intensity_max") < 100).all()
        labels = found.kept["ica_label"]
        areas = found.ica("area").sum() + found.faz_info.area_px2
        assert areas == (labels > 0).sum()
        check_border_flags(found, exclude)


def check_border_flags(found: Any, exclude: NDArray[np.bool_]) -> None:
    """Areas and nodes in contact with the frame, or 8-adjacent to an excluded pixel."""
    near = ndimage.binary_dilation(exclude, SQUARE)
    frame = np.ones(exclude.shape, bool)
    frame[1:-1, 1:-1] = False
    labels = found.kept["ica_label"]
    touching = np.unique(labels[near | frame])
    np.testing.assert_array_equal(
        found.ica_touches_border, np.isin(found.ica_label_id, touching[touching > 0])
    )
    ends = near[tuple(np.round(found.node_rowcol).astype(int).T)]
    single = found.node_pixels == 1
    assert (found.node_kind[single & ends] == BORDER).all()
    at_border = (found.node_kind[found.segment_nodes] == BORDER).any(axis=1)
    np.testing.assert_array_equal(found.vessel("hasNodeAtSampleBorder"), at_border)


def test_an_excluded_strip_cuts_areas_as_the_frame_does() -> None:
    """Without filling, the areas are those of the image that ends at the strip."""
    config = ExtractConfig(ica_fill_px=0, ica_min_px=1)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        mask = random_mask(rng, 90)
        if len(mask) < 3:
            continue
        cut = int(rng.integers(1, len(mask)))
        strip = (cut, 0, *mask.shape)
        whole = graph.extract(mask, config, exclude=[strip], keep=("ica_label",))
        part = graph.extract(mask[:cut], config, keep=("ica_label",))
        np.testing.assert_array_equal(whole.kept["ica_label"][:cut], part.kept["ica_label"])
        assert not whole.kept["ica_label"][cut:].any()
        ours, theirs = (
            dict(zip(g.ica_label_id.tolist(), g.ica_touches_border.tolist(), strict=True))
            for g in (whole, part)
        )
        for label in ours.keys() & theirs.keys():  # the FAZ may be another one
            assert ours[label] == theirs[label]


def test_an_excluded_strip_acts_as_image_border() -> None:
    mask = np.zeros((41, 60), bool)
    mask[20] = True
    found = graph.extract(mask, exclude=[(0, 40, 41, 60)], keep=KEEP)
    assert found.node_kind.tolist() == [BORDER, BORDER]
    np.testing.assert_array_equal(found.node_rowcol, [[20, 0], [20, 39]])
    assert found.vessel("hasNodeAtSampleBorder").tolist() == [1]
    assert found.ica_touches_border.all()
    assert found.ica("area").sum() + found.faz_info.area_px2 == 2 * 20 * 40


def test_negative_control_painting_black_leaks_into_areas() -> None:
    mask = np.zeros((41, 60), bool)
    mask[20] = True
    painted = mask.copy()
    painted[:, 40:] = False
    found = graph.extract(painted)
    assert found.node_kind.tolist() != [BORDER, BORDER]
    assert found.ica("area").sum() + found.faz_info.area_px2 > 2 * 20 * 40


def test_rectangles_masks_and_settings_are_one() -> None:
    mask = grid()
    rectangles = [(0, 0, 20, 33), (10, 10, 40, 40), (88, 80, 90, 90)]
    exclude = np.zeros_like(mask)
    for top, left, bottom, right in rectangles:
        exclude[top:bottom, left:right] = True
    expected = graph.extract(mask, exclude=exclude, keep=KEEP)
    forms = {
        "rectangles": (ExtractConfig(), rectangles),
        "array of rectangles": (ExtractConfig(), [list(r) for r in rectangles]),
        "settings": (ExtractConfig(exclude=tuple(rectangles)), None),
        "both": (ExtractConfig(exclude=tuple(rectangles[:1])), rectangles[1:]),
        "settings and mask": (ExtractConfig(exclude=tuple(rectangles[:2])), exclude),
    }
    for name, (config, argument) in forms.items():
        found = graph.extract(mask, config, exclude=argument, keep=KEEP)
        assert_same_graph_bytes(found, expected, name)


def test_densities_use_valid_pixels() -> None:
    dense = np.zeros((100, 100), bool)
    dense[:40] = True
    dense[:40, ::20] = False  # 95 % of the upper part, 38 % of the image
    upper = [(40, 0, 100, 100)]
    assert "DENSITY_SUSPECT" in graph.extract(dense, exclude=upper).meta.warnings
    assert "DENSITY_SUSPECT" not in graph.extract(dense).meta.warnings

    thin = np.zeros((100, 100), bool)
    thin[5, 10:90] = True  # 8 % of the upper part, .8 % of the image
    assert "DENSITY_SUSPECT" in graph.extract(thin).meta.warnings
    assert "DENSITY_SUSPECT" not in graph.extract(thin, exclude=[(10, 0, 100, 100)]).meta.warnings


def test_a_mask_with_excluded_pixels_is_not_full() -> None:
    """All valid pixels are vessel, but the excluded ones are background: there is a graph."""
    found = graph.extract(np.ones((30, 40), bool), exclude=[(0, 0, 30, 10)])
    assert found.num_segments == 1
    assert found.meta.warnings == ("DENSITY_SUSPECT",)


def test_a_hole_beside_excluded_pixels_is_not_filled() -> None:
    mask = np.ones((30, 30), bool)
    mask[10, 10:12] = False
    mask[20, 20:22] = False
    config = ExtractConfig(ica_fill_px=3, ica_min_px=1)
    found = graph.extract(mask, config, exclude=[(10, 12, 11, 13)], keep=("ica_label",))
    assert np.argwhere(found.kept["ica_label"]).tolist() == [[10, 10], [10, 11]]


def test_everything_excluded_leaves_nothing() -> None:
    mask = grid(40)
    found = graph.extract(mask, exclude=np.ones_like(mask), keep=KEEP)
    assert (found.num_nodes, found.num_segments, found.num_icas, len(found.faz_x)) == (0, 0, 0, 0)
    assert "EMPTY_MASK" in found.meta.warnings
    assert not any(image.any() for image in found.kept.values())


def test_nothing_excluded_changes_nothing() -> None:
    mask = grid()
    expected = graph.extract(mask, keep=KEEP)
    for exclude in ([], np.zeros_like(mask)):
        found = graph.extract(mask, exclude=exclude, keep=KEEP)
        assert_same_graph_bytes(found, expected, "nothing excluded")
