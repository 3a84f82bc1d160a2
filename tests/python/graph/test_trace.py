# SPDX-License-Identifier: Apache-2.0
"""Tracing: drawn figures, the reference, and what holds for any mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import euler_number

from figures import FIGURES, Figure, draw
from gftcore import graph, reference
from graph_bytes import SKELETON_GRAPH_FIELDS
from random_masks import random_mask

EIGHT = np.ones((3, 3))


def traced(mask: NDArray[np.bool_]) -> Any:
    anchors = graph.border_anchors(mask)
    return graph.trace(graph.thin(mask), anchors=anchors)


def num_faces(skeleton: NDArray[np.bool_], anchors: NDArray[np.integer]) -> int:
    """4-connected components of the closure's background."""
    closure = np.pad(skeleton, 1)
    last = np.array(skeleton.shape) - 1
    outwards = (anchors == last).astype(int) - (anchors == 0)
    rows, cols = (anchors + 1 + outwards).T
    closure[rows, cols] = True
    return int(ndimage.label(~closure)[1])


def assert_same_graph(ours: Any, theirs: Any) -> None:
    for name in SKELETON_GRAPH_FIELDS:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_drawn_figures(figure: Figure) -> None:
    g = traced(figure.mask)
    if figure.skeleton is not None:
        np.testing.assert_array_equal(g.skeleton, figure.skeleton)
        nodes = zip(
            g.node_rowcol.tolist(), g.node_kind.tolist(), g.node_degree.tolist(), strict=True
        )
        assert tuple((r, c, kind, degree) for (r, c), kind, degree in nodes) == figure.nodes
        points = np.diff(g.point_ptr).tolist()
        segments = zip(g.segment_nodes.tolist(), points, strict=True)
        assert tuple((start, end, n) for (start, end), n in segments) == figure.segments
    assert tuple(map(tuple, g.anchors.tolist())) == figure.anchors
    assert num_faces(g.skeleton, g.anchors) == figure.faces


@pytest.mark.parametrize("block", range(10))
def test_random_masks_keep_the_identities(block: int) -> None:
    rng = np.random.default_rng(block)
    for _ in range(100):
        mask = random_mask(rng, 60)
        g = traced(mask)
        nodes, segments = len(g.node_kind), len(g.segment_nodes)
        labels, components = ndimage.label(g.skeleton, EIGHT)
        on_border = len(np.unique(labels[tuple(g.anchors.T)]))
        holes = components - euler_number(np.pad(g.skeleton, 1), connectivity=2)
        faces = num_faces(g.skeleton, g.anchors)
        assert nodes - segments + faces == 1 + components + len(g.anchors) - on_border
        assert segments - nodes + components == holes
        assert components == ndimage.label(mask, EIGHT)[1]
        assert faces == num_faces(mask, g.anchors)
        assert_every_pixel_once(g)


def assert_every_pixel_once(g: Any) -> None:
    seen = np.zeros(g.shape, dtype=int)
    for pixels in (g.node_pixel, g.point_pixel):
        np.add.at(seen, tuple(pixels.T), 1)
    np.testing.assert_array_equal(seen, g.skeleton)
    assert (np.bincount(g.segment_nodes.ravel(), minlength=len(g.node_kind)) == g.node_degree).all()


def test_identity_fails_when_a_holed_cluster_stays_whole() -> None:
    # Negative control of the splitting rule: one node for the four junctions around a hole.
    figure = next(f for f in FIGURES if f.name == "cluster_with_hole")
    g = traced(figure.mask)
    nodes, segments, components, holes = len(g.node_kind), len(g.segment_nodes), 1, 1
    assert segments - nodes + components == holes
    inner = int((g.node_kind == 1).sum())
    assert (segments - inner) - (nodes - inner + 1) + components != holes


@pytest.mark.parametrize("block", range(5))
def test_equals_reference(block: int) -> None:
    rng = np.random.default_rng(100 + block)
    for i in range(20):
        mask = random_mask(rng, 80)
        anchors = graph.border_anchors(mask)
        skeleton = mask if i % 3 == 0 else graph.thin(mask)  # any pixels are a valid input
        ours = graph.trace(skeleton, anchors=anchors)
        assert_same_graph(ours, reference.trace(skeleton, anchors=anchors))


def test_walk_is_a_chain_of_neighbours() -> None:
    g = traced(random_mask(np.random.default_rng(7), 200))
    for s, (first, last) in enumerate(zip(g.point_ptr[:-1], g.point_ptr[1:], strict=True)):
        chain = np.vstack([g.segment_ends[s, :1], g.point_pixel[first:last], g.segment_ends[s, 1:]])
        assert (np.abs(np.diff(chain, axis=0)).max(axis=1) == 1).all()


def test_input_is_made_minimal_first() -> None:
    g = graph.trace(np.ones((4, 7), dtype=bool))
    assert g.node_kind.tolist() == [0, 0]
    assert len(g.point_pixel) == 5


def test_anchors_off_the_skeleton_are_refused() -> None:
    skeleton = draw(".....", ".###.", ".....")
    with pytest.raises(ValueError, match="anchors"):
        graph.trace(skeleton, anchors=np.array([[0, 0], [1, 1]]))
    assert graph.trace(skeleton, anchors=np.array([[1, 1]])).node_kind.tolist() == [2, 0]


def test_arrays_are_read_only_and_outlive_the_graph() -> None:
    g = traced(draw("#####", margin=1))
    positions = g.node_rowcol
    assert not positions.flags.writeable
    del g
    assert positions.shape == (2, 2)


def test_anchor_outside_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="anchors"):
        graph.trace(np.zeros((3, 3), dtype=bool), anchors=np.array([[0, 3]]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (65, 129)])
def test_full_and_empty_images(shape: tuple[int, int]) -> None:
    assert len(graph.trace(np.zeros(shape, dtype=bool)).node_kind) == 0
    full = traced(np.ones(shape, dtype=bool))
    assert_every_pixel_once(full)
    assert len(full.node_kind) - len(full.segment_nodes) == 1


def test_worst_patterns_stay_fast() -> None:
    # Nearly every pixel of a checkerboard is a node; every tile of the other is a ring.
    side = 600
    rows, cols = np.mgrid[:side, :side]
    board = graph.trace((rows + cols) % 2 == 0)
    assert len(board.node_kind) > 0.49 * side * side
    tile = draw(".#.", "#.#", ".#.", margin=1)
    rings = graph.trace(np.tile(tile, (side // 5, side // 5)))
    assert (rings.node_kind == 4).all()
    assert len(rings.segment_nodes) == (side // 5) ** 2
