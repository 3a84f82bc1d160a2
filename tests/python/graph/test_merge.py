# SPDX-License-Identifier: Apache-2.0
"""Merging of close junctions: which, into what, and what may never change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from figures import draw
from gftcore import graph, reference
from gftcore.errors import ArgumentError
from graph_bytes import SKELETON_GRAPH_FIELDS
from random_masks import random_mask

CROSSING = draw("#....#", ".#..#.", "..##..", ".#..#.", "#....#")
BRIDGED = draw("#.....#", ".#...#.", "..###..", ".#...#.", "#.....#")


def thin_distance(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.where(mask, 1, 0).astype(np.int32)


def pruned(mask: NDArray[np.bool_]) -> tuple[Any, NDArray[np.int32]]:
    distance = graph.squared_distance(mask)
    traced = graph.trace(graph.thin(mask), anchors=graph.border_anchors(mask))
    return graph.prune(traced, distance), distance


def count_loops(g: Any) -> int:
    return int((g.segment_nodes[:, 0] == g.segment_nodes[:, 1]).sum())


def test_a_bridge_of_one_pixel_becomes_part_of_the_crossing() -> None:
    before = graph.trace(BRIDGED)
    assert before.node_degree.tolist() == [1, 1, 3, 3, 1, 1]
    after = graph.merge_junctions(before, thin_distance(BRIDGED))
    assert after.node_degree.tolist() == [1, 1, 4, 1, 1]
    assert after.node_rowcol[2].tolist() == [2.0, 3.0]
    assert after.node_pixel[after.node_ptr[2] : after.node_ptr[3]].tolist() == [
        [2, 2],
        [2, 3],
        [2, 4],
    ]
    assert after.segment_nodes.tolist() == [[0, 2], [1, 2], [2, 3], [2, 4]]


def test_touching_junction_pixels_are_one_node_already() -> None:
    before = graph.trace(CROSSING)
    after = graph.merge_junctions(before, thin_distance(CROSSING))
    assert len(after.node_kind) == len(before.node_kind) == 5


@pytest.mark.parametrize(
    ("merge_px", "squared", "nodes"),
    [
        (3.0, 1, 5),
        (3.0, 2, 5),
        (3.0, 3, 6),  # not narrow: above 2
        (2.0, 1, 6),  # the limit is exclusive
        (2.001, 1, 5),
        (0.0, 1, 6),
        (-1.0, 1, 6),
    ],
)
def test_limits(merge_px: float, squared: int, nodes: int) -> None:
    distance = np.where(BRIDGED, squared, 0).astype(np.int32)
    after = graph.merge_junctions(graph.trace(BRIDGED), distance, merge_px=merge_px)
    assert len(after.node_kind) == nodes


def test_two_bridges_between_the_same_junctions_stay() -> None:
    # A ring with two stalks: both of its sides join the same junctions.
    eye = draw("#......", ".#.##..", "..#..#.", "...##.#", "......#")
    before = graph.trace(eye)
    assert before.segment_nodes.tolist().count([1, 2]) == 2
    after = graph.merge_junctions(before, thin_distance(eye), merge_px=9.0)
    np.testing.assert_array_equal(after.segment_nodes, before.segment_nodes)


def test_merge_px_must_be_finite() -> None:
    traced = graph.trace(BRIDGED)
    with pytest.raises(ArgumentError, match="merge_px must be finite"):
        graph.merge_junctions(traced, thin_distance(BRIDGED), merge_px=float("nan"))


@pytest.mark.parametrize("block", range(6))
def test_equals_reference(block: int) -> None:
    rng = np.random.default_rng(900 + block)
    merged = 0
    for _ in range(25):
        mask = random_mask(rng, 90)
        ours, distance = pruned(mask)
        theirs = reference.trace(ours.skeleton, anchors=ours.anchors)
        merge_px = float(rng.choice([0.0, 2.0, 3.0, 6.0]))
        ours = graph.merge_junctions(ours, distance, merge_px=merge_px)
        merged += theirs.num_nodes - len(ours.node_kind)
        theirs = reference.merge_junctions(theirs, distance, merge_px=merge_px)
        for name in SKELETON_GRAPH_FIELDS:
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    assert merged > 0


@pytest.mark.parametrize("block", range(6))
def test_pixels_topology_and_order_stay(block: int) -> None:
    rng = np.random.default_rng(950 + block)
    for _ in range(60):
        mask = random_mask(rng, 80)
        before, distance = pruned(mask)
        after = graph.merge_junctions(before, distance, merge_px=5.0)
        gone = len(before.node_kind) - len(after.node_kind)
        assert len(before.segment_nodes) - len(after.segment_nodes) == gone
        np.testing.assert_array_equal(after.skeleton, before.skeleton)
        owned = np.concatenate([after.node_pixel, after.point_pixel])
        assert len(owned) == np.count_nonzero(after.skeleton)
        assert after.skeleton[owned[:, 0], owned[:, 1]].all()
        assert len(np.unique(owned, axis=0)) == len(owned)
        first = after.node_pixel[after.node_ptr[:-1]] @ [mask.shape[1], 1]
        assert (np.diff(first) > 0).all()
        ends = np.bincount(after.segment_nodes.ravel(), minlength=len(after.node_kind))
        np.testing.assert_array_equal(ends, after.node_degree)
        loops = [
            int((g.segment_nodes[:, 0] == g.segment_nodes[:, 1]).sum()) for g in (before, after)
        ]
        assert loops[0] == loops[1]
        faces = [graph.faces(g) for g in (before, after)]
        assert faces[0].count == faces[1].count
        np.testing.assert_array_equal(faces[0].label, faces[1].label)


@pytest.mark.filterwarnings("ignore::gftcore.errors.GftcoreWarning")
@pytest.mark.parametrize("merge_px", [3.0, 0.0])
def test_extract_merges_with_the_configured_limit(merge_px: float) -> None:
    config = graph.ExtractConfig(merge_px=merge_px, features="centreline")
    assert merge_px == 0 or config == graph.ExtractConfig(features="centreline")
    rng = np.random.default_rng(7)
    merges = 0
    for _ in range(10):
        mask = random_mask(rng, 120)
        if min(mask.shape) < 3 or mask.all():  # no anchors, no skeleton
            continue
        before, distance = pruned(mask)
        expected = graph.merge_junctions(before, distance, merge_px=merge_px)
        got = graph.extract(mask, config)
        np.testing.assert_array_equal(got.node_degree, expected.node_degree)
        np.testing.assert_array_equal(got.segment_nodes, expected.segment_nodes)
        merges += len(before.node_kind) - len(got.node_kind)
    assert (merges > 0) == (merge_px > 0)
