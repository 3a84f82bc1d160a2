# SPDX-License-Identifier: Apache-2.0
"""What extraction promises for every mask: topology, no redundant pixel, conservation.

Masks are random (`GFTCORE_TEST_MASKS` of them) and, where they are, real samples.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.ndimage as ndi

import samples
from gftcore import graph
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "240"))
BLOCK = 40
SQUARE = np.ones((3, 3), bool)
CROSS = ndi.generate_binary_structure(2, 1)


@dataclass(frozen=True)
class Topology:
    """Counted by SciPy's labelling, not by ours."""

    components: int
    holes: int
    faces: int


def closure(image: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The image in a ring of background, cut outside each anchor."""
    closed = np.pad(image, 1)
    rows, cols = image.shape
    for r, c in anchors:
        dr = -1 if r == 0 else int(r == rows - 1)
        dc = -1 if c == 0 else int(c == cols - 1)
        closed[r + 1 + dr, c + 1 + dc] = True
    return closed


def topology(image: np.ndarray, anchors: np.ndarray) -> Topology:
    return Topology(
        ndi.label(image, SQUARE)[1],
        ndi.label(~np.pad(image, 1), CROSS)[1] - 1,
        ndi.label(~closure(image, anchors), CROSS)[1],
    )


def redundant_pixels(skeleton: np.ndarray) -> np.ndarray:
    """Pixels that could go, each by itself: simple, with two or more neighbours."""
    off = ~np.pad(skeleton, 1)
    ring = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    rows, cols = skeleton.shape
    q = [off[1 + r : 1 + r + rows, 1 + c : 1 + c + cols] for r, c in ring]
    crossings = sum((q[k] & ~(q[k + 1] & q[(k + 2) % 8])).astype(int) for k in (0, 2, 4, 6))
    neighbours = 8 - sum(x.astype(int) for x in q)
    return skeleton & (crossings == 1) & (neighbours >= 2)


def redundant(skeleton: np.ndarray, anchors: np.ndarray) -> int:
    """How many pixels other than anchors could go."""
    found = redundant_pixels(skeleton)
    found[tuple(anchors.T)] = False
    return int(found.sum())


def check_skeleton(mask: np.ndarray, method: str) -> None:
    anchors = graph.border_anchors(mask)
    before = topology(mask, anchors)
    skeleton = graph.thin(mask, method=method)
    assert not (skeleton & ~mask).any()
    assert topology(skeleton, anchors) == before
    assert redundant(skeleton, anchors) == 0

    distance = graph.squared_distance(mask)
    traced = graph.trace(skeleton, anchors=anchors)
    check_graph(traced, before, anchors)
    pruned = graph.prune(traced, distance)
    assert topology(pruned.skeleton, anchors) == before
    check_graph(pruned, before, anchors)
    again = graph.prune(pruned, distance)
    np.testing.assert_array_equal(again.skeleton, pruned.skeleton)
    if method == "fast":
        check_assignment(mask, pruned)


def check_graph(traced: graph.SkeletonGraph, expected: Topology, anchors: np.ndarray) -> None:
    """Every pixel in one place, and both Euler identities."""
    nodes, segments = len(traced.node_kind), len(traced.segment_nodes)
    points = len(traced.point_pixel)
    assert points + traced.node_pixels.sum() == traced.skeleton.sum()
    assert len(np.unique(traced.point_pixel, axis=0)) == points
    labels, components = ndi.label(traced.skeleton, SQUARE)
    at_anchor = len(np.unique(labels[tuple(anchors.T)]))
    faces = graph.faces(traced).count
    assert faces == expected.faces
    assert nodes - segments + faces == 1 + components + len(anchors) - at_anchor
    assert segments - nodes + components == expected.holes


def check_assignment(mask: np.ndarray, traced: graph.SkeletonGraph) -> None:
    """Each component with centreline points hands out all its pixels, the others none."""
    point = graph.assign_pixels(traced, mask)
    labels, _ = ndi.label(mask, SQUARE)
    with_points = np.unique(labels[tuple(traced.point_pixel.T)])
    np.testing.assert_array_equal(point >= 0, np.isin(labels, with_points[with_points > 0]))


@pytest.mark.parametrize("method", ["fast", "ordered"])
@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_random_masks(first: int, method: str) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(seed), 120)
        if mask.all():
            continue  # no distance, hence no graph
        try:
            check_skeleton(mask, method)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {mask.shape}: {error}") from None


@pytest.mark.parametrize("name", samples.sample_names())
def test_samples(name: str) -> None:
    check_skeleton(samples.load_label(name), "fast")


@pytest.mark.parametrize("name", samples.sample_names()[:6])
def test_samples_ordered(name: str) -> None:
    check_skeleton(samples.load_label(name), "ordered")


def test_negative_control_padding_instead_of_anchors_merges_faces() -> None:
    """Replicated borders, thinned and cropped: the frame's faces do not survive."""
    failures = 0
    for seed in range(40):
        mask = random_mask(np.random.default_rng(seed), 80)
        if min(mask.shape) < 3 or mask.all():
            continue
        anchors = graph.border_anchors(mask)
        padded = np.pad(mask, 10, mode="edge")
        cropped = graph.thin(padded, border="background")[10:-10, 10:-10]
        failures += topology(cropped, anchors) != topology(mask, anchors)
    assert failures > 0


def test_negative_control_thinning_alone_leaves_redundant_pixels() -> None:
    """Guo-Hall as OpenCV runs it, without the minimal pass."""
    mask = random_mask(np.random.default_rng(4), 120)
    skeleton = graph.thin(mask, method="guohall-opencv")
    assert redundant(skeleton, np.zeros((0, 2), int)) > 0


def test_negative_control_deleting_at_once_breaks_the_topology() -> None:
    """A broken minimal pass: what could go is judged once, then goes all together."""
    failures = 0
    none = np.zeros((0, 2), int)
    for seed in range(40):
        mask = random_mask(np.random.default_rng(seed), 60)
        thin = graph.thin(mask, method="guohall-opencv")
        failures += topology(thin & ~redundant_pixels(thin), none) != topology(thin, none)
        kept = graph.minimal_pass(thin)
        assert topology(kept, none) == topology(thin, none)
    assert failures > 0


def test_negative_control_textbook_zhang_suen_erases_a_square() -> None:
    square = np.zeros((6, 6), bool)
    square[2:4, 2:4] = True
    none = np.zeros((0, 2), int)
    assert not graph.thin(square, method="zhang-opencv").any()
    assert topology(graph.thin(square), none) == topology(square, none)
    assert graph.trace(graph.thin(square)).node_kind.tolist() == [3]  # isolated


def test_negative_control_nodes_by_degree_alone_lose_rings() -> None:
    """A cycle without branch has no pixel whose degree is not two; it would vanish."""
    ring = np.zeros((12, 12), bool)
    ring[2:10, 2:10] = True
    ring[3:9, 3:9] = False
    traced = graph.trace(ring)
    neighbours = ndi.convolve(traced.skeleton.astype(int), np.ones((3, 3), int), mode="constant")
    assert (neighbours[traced.skeleton] == 3).all()  # two neighbours and itself
    assert traced.segment_nodes.tolist() == [[0, 0]]
    assert len(traced.point_pixel) + traced.node_pixels.sum() == traced.skeleton.sum()
