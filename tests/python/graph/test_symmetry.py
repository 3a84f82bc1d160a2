# SPDX-License-Identifier: Apache-2.0
"""Turned, flipped and transposed masks: exact where a result can be, bounded for skeletons."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

import samples
from gftcore import graph
from gftcore.graph import ExtractConfig, HeteroGraph
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
BLOCK = 40
EIGHT = np.ones((3, 3), bool)
CONFIGS = {
    "fast": ExtractConfig(features="centreline"),
    "ordered": ExtractConfig(features="centreline", skeleton="ordered"),
}


def _turned(quarters: int, mirror: bool) -> Callable[[NDArray], NDArray]:
    return lambda image: np.ascontiguousarray(
        np.rot90(image[:, ::-1] if mirror else image, quarters)
    )


#: The seven symmetries of the square besides doing nothing; transposition is mirror, then rot90.
TURNS = {
    f"{'mirror ' if mirror else ''}rot{90 * quarters}": _turned(quarters, mirror)
    for mirror in (False, True)
    for quarters in range(4)
    if mirror or quarters
}


def masks(first: int, offset: int, max_side: int = 120) -> list[NDArray[np.bool_]]:
    seeds = range(first, min(first + BLOCK, MASKS))
    return [random_mask(np.random.default_rng(offset + seed), max_side) for seed in seeds]


def position_map(
    shape: tuple[int, int], turn: Callable[[NDArray], NDArray]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The affine map that takes (row, col) of the image to (row, col) of the turned one."""
    rows, cols = shape
    canvas = np.zeros((rows + 1, cols + 1), int)
    canvas[0, 0], canvas[rows, 0], canvas[0, cols] = 1, 2, 3
    moved = turn(canvas)
    images = np.array([np.argwhere(moved == k)[0] for k in (1, 2, 3)], float)
    linear = np.stack([(images[1] - images[0]) / rows, (images[2] - images[0]) / cols])
    # The canvas is one row and column larger than the image, so mirrored axes lose one.
    shift = images[0] + np.minimum(linear.sum(axis=0), 0)
    return lambda points: points @ linear + shift


def assert_same_partition(found: NDArray, expected: NDArray) -> NDArray:
    """Labels agree up to numbering; returns the found label of each expected one."""
    pairs = np.unique(np.stack([expected.ravel(), found.ravel()]), axis=1)
    count = len(np.unique(expected))
    assert pairs.shape[1] == count == len(np.unique(found))
    out = np.zeros(int(expected.max(initial=0)) + 1, int)
    out[pairs[0]] = pairs[1]
    return out


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_distance_and_labels_turn_exactly(first: int, turn: Callable) -> None:
    for mask in masks(first, 5000):
        turned = turn(mask)
        for frame in ("none", "background"):
            np.testing.assert_array_equal(
                graph.squared_distance(turned, frame=frame),
                turn(graph.squared_distance(mask, frame=frame)),
            )
        for connectivity in (4, 8):
            for background in (False, True):
                options = {"connectivity": connectivity, "background": background}
                found, expected = graph.label(turned, **options), graph.label(mask, **options)
                assert_same_partition(found, turn(expected))
        np.testing.assert_array_equal(
            graph.fill_small(turned, area_px=9), turn(graph.fill_small(mask, area_px=9))
        )


EXACT = ("area", "perimeter", "solidity", "feret_diameter_max", "extent")
ROUNDED = (
    "eccentricity",
    "equivalent_diameter_area",
    "axis_major_length",
    "axis_minor_length",
    "intensity_max",
    "intensity_min",
    "intensity_mean",
)


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("connectivity", [4, 8])
def test_region_table_turns_exactly(connectivity: int, turn: Callable) -> None:
    for mask in masks(0, 6000):
        labels = graph.label(mask, connectivity=connectivity)
        if labels.max() == 0:
            continue
        grey = np.random.default_rng(1).integers(0, 99, mask.shape).astype(np.uint8)
        renumbered = graph.label(turn(mask), connectivity=connectivity)
        row = assert_same_partition(renumbered, turn(labels))[1:] - 1
        before = graph.region_table(labels, intensity=grey)
        after = graph.region_table(renumbered, intensity=turn(grey))
        a = dict(zip(before.columns, before.values.T, strict=True))
        b = dict(zip(after.columns, after.values[row].T, strict=True))
        for name in EXACT:
            np.testing.assert_array_equal(b[name], a[name], err_msg=name)
        for name in ROUNDED:
            np.testing.assert_allclose(b[name], a[name], rtol=1e-9, atol=1e-9, err_msg=name)
        move = position_map(mask.shape, turn)
        for name in ("centroid", "centroid_weighted"):
            at = np.stack([a[f"{name}-0"], a[f"{name}-1"]], axis=1)
            moved = np.stack([b[f"{name}-0"], b[f"{name}-1"]], axis=1)
            np.testing.assert_allclose(moved, move(at), rtol=1e-9, atol=1e-9, err_msg=name)
        assert_same_axes(a, b, move)
        first, last = move(before.bbox[:, :2]), move(before.bbox[:, 2:] - 1)
        corners = np.hstack([np.minimum(first, last), np.maximum(first, last) + 1])
        np.testing.assert_array_equal(after.bbox[row], corners)


def assert_same_axes(a: dict, b: dict, move: Callable) -> None:
    """The major axis turns with the image; round regions have none."""
    long = a["eccentricity"] > 0.01
    angle, turned = a["orientation"][long], b["orientation"][long]
    axis = move(np.stack([np.cos(angle), np.sin(angle)], axis=1)) - move(np.zeros((1, 2)))
    off = axis[:, 0] * np.sin(turned) - axis[:, 1] * np.cos(turned)
    np.testing.assert_allclose(off, 0, atol=1e-6)


@pytest.mark.parametrize("method", ["fast", "ordered"])
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_components_holes_and_faces_turn_exactly(turn: Callable, method: str) -> None:
    for mask in masks(0, 7000, 90):
        if mask.all():
            continue
        before, after = topology(mask, method), topology(turn(mask), method)
        assert after[:2] == before[:2]
        # Where the mask is off, its faces are the same sets of pixels.
        off = turn(~mask)
        assert_same_partition(np.where(off, after[2], 0), np.where(off, turn(before[2]), 0))


def topology(mask: NDArray[np.bool_], method: str) -> tuple[int, int, NDArray[np.int32]]:
    """Components, faces and face labels of the pruned skeleton."""
    traced = graph.trace(graph.thin(mask, method=method), anchors=graph.border_anchors(mask))
    pruned = graph.prune(traced, graph.squared_distance(mask))
    found = graph.faces(pruned)
    return ndimage.label(pruned.skeleton, EIGHT)[1], found.count, found.label


def test_negative_control_skeleton_pixels_cannot_turn() -> None:
    """A bar of even width has no symmetric thin line; that is why drift is bounded only."""
    mask = np.zeros((12, 30), bool)
    mask[5:7, 3:27] = True
    turned = graph.thin(np.ascontiguousarray(np.rot90(mask, 2)))
    assert not np.array_equal(turned, np.rot90(graph.thin(mask), 2))


def matched_share(
    found: NDArray[np.float64], expected: NDArray[np.float64], limit_px: float
) -> float:
    """F score of a maximum-cardinality matching of points within a distance."""
    near = cKDTree(found).sparse_distance_matrix(cKDTree(expected), limit_px).tocoo()
    pairs = sparse.csr_matrix((np.ones(near.nnz), (near.row, near.col)), shape=near.shape)
    matching = sparse.csgraph.maximum_bipartite_matching(pairs, perm_type="column")
    return 2 * int((matching >= 0).sum()) / (len(found) + len(expected))


def branches(found: HeteroGraph) -> NDArray[np.float64]:
    return found.node_rowcol[found.node_degree >= 3].astype(float)


@pytest.mark.parametrize("method", ["fast", "ordered"])
@pytest.mark.parametrize("name", samples.sample_names()[:12])
def test_skeleton_drift_on_samples_is_bounded(name: str, method: str) -> None:
    mask = samples.load_label(name)
    before = graph.extract(mask, CONFIGS[method])
    length = before.vessel("length").sum()
    for label, turn in TURNS.items():
        after = graph.extract(turn(mask), CONFIGS[method])
        assert abs(after.num_segments / before.num_segments - 1) <= 0.01, label
        assert abs(after.vessel("length").sum() / length - 1) <= 0.005, label
        expected = position_map(mask.shape, turn)(branches(before))
        assert matched_share(branches(after), expected, 3.0) >= 0.93, label


def test_negative_control_another_network_does_not_match() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1216, (1500, 2))
    assert matched_share(points, rng.uniform(0, 1216, (1500, 2)), 3.0) < 0.93
    assert matched_share(points[::-1] + 1.0, points, 3.0) == 1.0
