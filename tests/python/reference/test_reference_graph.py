# SPDX-License-Identifier: Apache-2.0
"""Trace, faces and pruning: drawn figures, Euler identities, invariants (exact)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from figures import FIGURES, Figure, bar, draw
from gftcore import reference
from gftcore.reference import NodeKind
from gftcore.reference.prune import find_leaves
from gftcore.reference.trace import cluster_euler, link_image
from random_masks import random_mask
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")
EIGHT = np.ones((3, 3))


def unpruned(mask, method="fast"):
    return reference.trace(
        reference.thin(mask, method=method), anchors=reference.border_anchors(mask)
    )


def assert_euler(graph):
    """V - S + F = 1 + C + B - C_b and S - V + C = holes."""
    labels, components = ndimage.label(graph.skeleton, EIGHT)
    holes = ndimage.label(~np.pad(graph.skeleton, 1))[1] - 1
    anchors = graph.anchors
    touching = len(np.unique(labels[anchors[:, 0], anchors[:, 1]]))
    vertices, segments = graph.num_nodes, graph.num_segments
    faces = reference.faces(graph).count
    assert vertices - segments + faces == 1 + components + len(anchors) - touching
    assert segments - vertices + components == holes


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
def test_figure_graphs(figure: Figure):
    graph = unpruned(figure.mask)
    position, kind, degree = graph.node_rowcol.tolist(), graph.node_kind, graph.node_degree
    nodes = [(*rc, int(k), int(d)) for rc, k, d in zip(position, kind, degree, strict=True)]
    assert nodes == [tuple(node) for node in figure.nodes]
    points = np.diff(graph.point_ptr)[:, None]
    segments = np.hstack([graph.segment_nodes, points]).tolist()
    assert segments == [list(segment) for segment in figure.segments]
    assert reference.faces(graph).count == figure.faces
    assert_euler(graph)


@given(mask=vessel_masks(40), method=st.sampled_from(["fast", "ordered"]))
def test_graph_invariants(mask, method):
    graph = unpruned(mask, method)
    assert_euler(graph)
    pixels = np.vstack([graph.node_pixel, graph.point_pixel])
    index = np.sort(pixels[:, 0] * mask.shape[1] + pixels[:, 1])
    np.testing.assert_array_equal(index, np.flatnonzero(graph.skeleton))
    assert graph.node_degree.sum() == 2 * graph.num_segments
    first = graph.node_pixel[graph.node_ptr[:-1]]
    assert (np.diff(first[:, 0] * mask.shape[1] + first[:, 1]) > 0).all()
    links = link_image(graph.skeleton)
    for s in range(graph.num_segments):
        chain = graph.chain(s)
        steps = np.diff(chain, axis=0)
        assert (np.abs(steps).max(axis=1) == 1).all()
        for (row, col), (dr, dc) in zip(chain[:-1], steps, strict=True):
            if dr and dc:
                assert not graph.skeleton[row + dr, col]
                assert not graph.skeleton[row, col + dc]
        inner = chain[1:-1]
        assert all(int(links[r, c]).bit_count() == 2 for r, c in inner)


@given(mask=vessel_masks(32))
def test_oracle_skeletons_can_be_traced(mask):
    for method in ("zhang-skimage", "zhang-opencv", "guohall-opencv"):
        skeleton = reference.thin(mask, method=method)
        graph = reference.trace(skeleton)
        assert_euler(graph)


@given(mask=vessel_masks(24))
def test_cluster_euler_number(mask):
    labels = reference.label(mask)
    euler = cluster_euler(labels)
    for i in range(1, labels.max(initial=0) + 1):
        holes = ndimage.label(~np.pad(labels == i, 1))[1] - 1
        assert euler[i] == 1 - holes


def test_clusters_with_holes_occur_in_random_masks():
    """The rule for them is exercised: without it the Euler identity fails on these."""
    rng = np.random.default_rng(3)
    seen = 0
    for _ in range(400):
        mask = random_mask(rng, 40)
        skeleton = reference.thin(mask)
        degree = np.array([c.bit_count() for c in range(256)])[link_image(skeleton)]
        clusters = reference.label(degree >= 3)
        seen += bool((cluster_euler(clusters) != 1).any())
    assert seen > 5


def test_anchor_must_be_on_the_skeleton():
    with pytest.raises(ValueError, match="anchor"):
        reference.trace(np.zeros((4, 4), dtype=bool), anchors=[[0, 1]])


@given(mask=vessel_masks(40), method=st.sampled_from(["bulge", "length"]))
def test_prune_keeps_topology(mask, method):
    graph = unpruned(mask)
    pruned = reference.prune(graph, reference.squared_distance(mask), method=method)
    assert ndimage.label(pruned.skeleton, EIGHT)[1] == ndimage.label(graph.skeleton, EIGHT)[1]
    assert reference.faces(pruned).count == reference.faces(graph).count
    assert not (pruned.skeleton & ~graph.skeleton).any()
    assert_euler(pruned)


@given(mask=vessel_masks(40))
def test_bulge_pruning_is_idempotent(mask):
    distance = reference.squared_distance(mask)
    once = reference.prune(unpruned(mask), distance)
    twice = reference.prune(once, distance)
    np.testing.assert_array_equal(once.skeleton, twice.skeleton)


def test_prune_drops_a_bump_and_keeps_the_vessel():
    mask = bar((40, 90), (20, 45), 0.0, 35, 5)
    mask[12:15, 44:47] = True
    graph = reference.trace(draw_line_with_spur())
    pruned = reference.prune(graph, reference.squared_distance(mask))
    assert graph.num_segments == 3
    assert pruned.num_segments == 1
    assert NodeKind.JUNCTION not in pruned.node_kind
    np.testing.assert_array_equal(pruned.node_rowcol, [[20.0, 14.0], [20.0, 76.0]])


def draw_line_with_spur():
    """Return the axis of the bar with a branch that ends in the bump."""
    skeleton = np.zeros((40, 90), dtype=bool)
    skeleton[20, 14:77] = True
    for i in range(1, 8):
        skeleton[20 - i, 45 + i % 2] = True
    return skeleton


def test_prune_spares_two_leaves_of_a_lone_fork():
    """A star of three short leaves keeps its two largest bulges."""
    mask = draw("#.......#", ".#.....#.", "..#...#..", "...#.#...", "....#....", margin=2)
    mask[7:9, 6] = True
    thick = ndimage.binary_dilation(mask, EIGHT)
    graph = reference.trace(mask)
    assert graph.num_segments == 3
    distance = reference.squared_distance(thick)
    pruned = reference.prune(graph, distance, bulge=1e9)
    assert pruned.num_segments == 1
    assert sorted(pruned.node_kind) == [NodeKind.END, NodeKind.END]
    lengths = [leaf.length for leaf in find_leaves(graph, np.sqrt(distance))]
    np.testing.assert_allclose(lengths, [4 * np.sqrt(2), 4 * np.sqrt(2), 2])
    at_junction = np.sqrt(distance[6, 6])  # length has no sparing
    by_length = reference.prune(graph, distance, method="length")
    assert by_length.num_segments == (1 if 4 * np.sqrt(2) >= at_junction + 3 else 0)
    assert reference.prune(graph, distance, method="none") is graph
    assert reference.prune(graph, distance, bulge=1e9, max_rounds=0) is graph


@given(mask=vessel_masks(40))
def test_faces_match_void_components(mask):
    """Closure faces and 4-connected voids are in bijection if nothing is filled or dropped.

    Images with a side below 3 have no anchors, so their voids meet in the ring.
    """
    assume(min(mask.shape) >= 3)
    graph = unpruned(mask)
    faces = reference.faces(graph)
    void = reference.label(mask, connectivity=4, background=True)
    owner = reference.match_faces(faces, void)
    assert sorted(owner[owner > 0]) == list(range(1, void.max(initial=0) + 1))
    inside = np.unique(faces.label[(void > 0)])
    assert len(inside) == void.max(initial=0)


def test_faces_left_and_right():
    graph = unpruned(draw(".....", ".....", "#####", ".....", "....."))
    faces = reference.faces(graph)
    assert faces.label[0, 0] == 1
    assert faces.label[4, 0] == 2
    assert faces.segment_faces.tolist() == [[0, 1]]  # walked east: left is up


def test_padding_instead_of_anchors_loses_faces():
    """Negative control: a skeleton that withdraws from the border merges areas."""
    mask = np.zeros((30, 30), dtype=bool)
    mask[12:19] = True
    withdrawn = reference.trace(reference.thin(mask, border="background"))
    assert reference.faces(withdrawn).count == 1
    assert reference.faces(unpruned(mask)).count == 2


def test_without_a_minimal_pass_paths_are_not_thin():
    """Negative control: blocks that parallel thinning leaves are merged into nodes or removed."""
    mask = np.zeros((8, 8), dtype=bool)
    mask[3:5, 1:7] = True
    thick = reference.thin(mask, method="guohall-opencv")
    thick[3:5, 3:5] = True
    traced = reference.trace(thick)
    assert traced.skeleton.sum() < thick.sum()
    assert NodeKind.JUNCTION not in traced.node_kind
