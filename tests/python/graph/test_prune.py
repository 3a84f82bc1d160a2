# SPDX-License-Identifier: Apache-2.0
"""Pruning: what goes, what stays, and what may never change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import euler_number

from figures import bar, disc, draw
from gftcore import graph, reference
from graph_bytes import SKELETON_GRAPH_FIELDS
from random_masks import random_mask

EIGHT = np.ones((3, 3))


def traced(mask: NDArray[np.bool_]) -> tuple[Any, NDArray[np.int32]]:
    g = graph.trace(graph.thin(mask), anchors=graph.border_anchors(mask))
    return g, graph.squared_distance(mask)


def same(a: Any, b: Any) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in SKELETON_GRAPH_FIELDS)


def total_length(g: Any, mask: NDArray[np.bool_], distance: NDArray[np.int32]) -> float:
    table = graph.segment_table(g, mask, distance, mode="centreline")
    return float(table.values[:, table.columns.index("length")].sum())


@pytest.mark.parametrize("method", ["bulge", "length", "none"])
@pytest.mark.parametrize("block", range(4))
def test_equals_reference(block: int, method: str) -> None:
    rng = np.random.default_rng(block)
    for _ in range(12):
        mask = random_mask(rng, 90)
        ours, distance = traced(mask)
        theirs = reference.trace(graph.thin(mask), anchors=graph.border_anchors(mask))
        options = {
            "method": method,
            "bulge": float(rng.choice([1.0, 3.0, 9.0])),
            "max_rounds": int(rng.choice([1, 2, 100])),
        }
        ours = graph.prune(ours, distance, **options)
        assert same(ours, reference.prune(theirs, distance, **options))


@pytest.mark.parametrize("block", range(8))
def test_keeps_components_holes_and_faces_and_is_idempotent(block: int) -> None:
    rng = np.random.default_rng(50 + block)
    for _ in range(60):
        mask = random_mask(rng, 70)
        before, distance = traced(mask)
        after = graph.prune(before, distance)
        assert not (after.skeleton & ~before.skeleton).any()
        counts = [
            (
                ndimage.label(g.skeleton, EIGHT)[1],
                euler_number(np.pad(g.skeleton, 1), connectivity=2),
                len(g.anchors),
                len(g.segment_nodes) - len(g.node_kind),
            )
            for g in (before, after)
        ]
        assert counts[0] == counts[1]
        assert same(graph.prune(after, distance), after)


def test_length_method_is_not_bound_to_keep_vessels() -> None:
    # Negative control of sparing: a short Y loses all its arms to `length`, none to `bulge`.
    mask = draw("#...#", ".#.#.", "..#..", "..#..", "..#..", margin=2)
    g, distance = traced(mask)
    assert len(graph.prune(g, distance, method="length").segment_nodes) == 0
    assert len(graph.prune(g, distance).segment_nodes) == 1


def test_spur_on_a_vessel_goes_and_the_vessel_becomes_one_segment() -> None:
    mask = bar((40, 120), (20, 60), 0.0, 50, 4)
    mask[15, 60] = True
    mask[14, 60] = True
    g, distance = traced(mask)
    pruned = graph.prune(g, distance)
    assert len(pruned.segment_nodes) == 1
    assert sorted(pruned.node_kind.tolist()) == [0, 0]


def test_real_branch_stays() -> None:
    mask = bar((90, 120), (20, 60), 0.0, 50, 3) | bar((90, 120), (45, 60), np.pi / 2, 25, 3)
    g, distance = traced(mask)
    pruned = graph.prune(g, distance)
    assert len(pruned.segment_nodes) == 3
    assert (pruned.node_kind == 1).sum() == 1


@pytest.mark.parametrize("degrees", [0, 17, 45, 71, 90])
def test_single_vessel_with_forked_tip_keeps_its_length(degrees: int) -> None:
    angle = np.deg2rad(degrees)
    mask = bar((200, 200), (100, 100), angle, 80, 4)
    tip = np.array([100 + 80 * np.sin(angle), 100 + 80 * np.cos(angle)])
    across = np.array([np.cos(angle), -np.sin(angle)])
    for side in (-1, 1):
        mask |= disc(mask.shape, tuple(tip + side * 4 * across), 2.5)
    g, distance = traced(mask)
    pruned = graph.prune(g, distance)
    assert len(pruned.segment_nodes) == 1
    assert total_length(pruned, mask, distance) > 150


def test_border_ends_are_never_leaves() -> None:
    mask = np.zeros((41, 60), dtype=bool)
    mask[18:23, :] = True
    mask[:18, 28:33] = True
    g, distance = traced(mask)
    pruned = graph.prune(g, distance, bulge=1e9)
    assert (pruned.node_kind == 2).sum() == 3
    assert len(pruned.segment_nodes) == 3


def test_result_is_a_new_graph() -> None:
    g, distance = traced(random_mask(np.random.default_rng(3), 120))
    skeleton = g.skeleton.copy()
    graph.prune(g, distance, bulge=50.0)
    np.testing.assert_array_equal(g.skeleton, skeleton)


def test_wrong_arguments_are_refused() -> None:
    g, distance = traced(draw("#####", margin=1))
    with pytest.raises(ValueError, match="squared_distance"):
        graph.prune(g, distance[:-1].copy())
    with pytest.raises(ValueError, match="method"):
        graph.prune(g, distance, method="sometimes")
