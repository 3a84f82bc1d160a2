# SPDX-License-Identifier: Apache-2.0
"""Crossings, nodes that merge, whole chains, and parts between crossings."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gftcore import errors, formats, metrics
from gftcore.metrics.planar import find_crossings

pytest.importorskip("scipy", reason="gftcore.metrics needs scipy")

CORNERS = [[0, 0], [8, 8], [0, 8], [8, 0]]


def straight(nodes: object, segments: object) -> formats.SpatialGraph:
    """Segments without points between their nodes."""
    return formats.from_polylines(nodes, segments, [[]] * len(np.reshape(segments, (-1, 2))))


@st.composite
def straight_graphs(draw: st.DrawFn, side: int = 12) -> formats.SpatialGraph:
    count = draw(st.integers(2, 10))
    nodes = draw(hnp.arrays(np.int64, (count, 2), elements=st.integers(0, side)))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    return straight(nodes, draw(st.lists(pairs, min_size=1, max_size=12)))


def brute_force_crossings(graph: formats.SpatialGraph) -> list[tuple[Fraction, Fraction]]:
    """All pairs, in exact arithmetic; shares on this lattice are never within .001 of an end."""
    nodes = [tuple(map(int, position)) for position in graph.node_rowcol]
    pieces = [(nodes[a], nodes[b]) for a, b in graph.segment_nodes.tolist()]
    found = []
    for i, (a, b) in enumerate(pieces):
        for c, d in pieces[i + 1 :]:
            r, s, q = ((y[0] - x[0], y[1] - x[1]) for x, y in ((a, b), (c, d), (a, c)))
            turn = r[0] * s[1] - r[1] * s[0]
            if not turn or {a, b} & {c, d}:
                continue
            t = Fraction(q[0] * s[1] - q[1] * s[0], turn)
            u = Fraction(q[0] * r[1] - q[1] * r[0], turn)
            if 0 < t < 1 and 0 < u < 1:
                found.append((a[0] + t * r[0], a[1] + t * r[1]))
    return sorted(found)


@pytest.mark.parametrize(
    ("nodes", "segments", "expected"),
    [
        (CORNERS, [[0, 1], [2, 3]], [[4, 4]]),  # X
        ([[0, 0], [0, 8], [0, 4], [8, 4]], [[0, 1], [2, 3]], []),  # T that touches
        ([[0, 0], [8, 8], [8, 0]], [[0, 1], [1, 2]], []),  # a common node
        ([[0, 0], [0, 8], [0, 2], [0, 6]], [[0, 1], [2, 3]], []),  # one upon the other
        ([[0, 0], [0, 8], [4, 0], [4, 8]], [[0, 1], [2, 3]], []),  # parallel
        ([[0, 4], [8, 4], [4, 0], [4, 4.004]], [[0, 1], [2, 3]], []),  # passes by .001 of itself
        ([[0, 4], [8, 4], [4, 0], [4, 4.01]], [[0, 1], [2, 3]], [[4, 4]]),
        ([[3, 3], [3, 3], *CORNERS], [[0, 1], [2, 3]], []),  # a segment of no length
    ],
)
def test_crossings_of_two(nodes: object, segments: object, expected: object) -> None:
    crossings = find_crossings(straight(nodes, segments).polylines())
    assert crossings.rowcol.tolist() == expected


def test_a_segment_may_cross_itself() -> None:
    line = formats.from_polylines([[0, 0], [8, 0]], [[0, 1]], [[[1, 1], [8, 8], [0, 8], [7, 1]]])
    assert metrics.planar_reference(line).tolist() == [[4, 4]]


@given(graph=straight_graphs())
def test_crossings_equal_brute_force(graph: formats.SpatialGraph) -> None:
    found = sorted(map(tuple, find_crossings(graph.polylines()).rowcol))
    np.testing.assert_allclose(
        np.array(found).reshape(-1, 2),
        np.array(brute_force_crossings(graph), dtype=float).reshape(-1, 2),
        atol=1e-9,
    )


def test_the_grid_loses_no_crossing_of_long_and_short_lines() -> None:
    random = np.random.default_rng(5)
    start = random.integers(0, 900, (400, 2))
    stop = start + np.where(random.random((400, 1)) < 0.05, 1, 0.02) * random.integers(
        -900, 900, (400, 2)
    )
    nodes = np.concatenate([start, np.rint(stop)])
    graph = straight(nodes, np.stack([np.arange(400), np.arange(400, 800)], axis=1))
    assert len(find_crossings(graph.polylines()).rowcol) == len(brute_force_crossings(graph)) > 100


def test_planar_reference_counts_branches_and_crossings_in_the_image() -> None:
    nodes = [*CORNERS, [20, 20], [20, 22], [22, 20], [18, 18]]
    graph = straight(nodes, [[0, 1], [2, 3], [4, 5], [4, 6], [4, 7]])
    assert metrics.planar_reference(graph).tolist() == [[20, 20], [4, 4]]
    assert metrics.planar_reference(graph, shape=(20, 30)).tolist() == [[4, 4]]
    # The image ends half a pixel beyond its last pixel's centre.
    edge = straight([[9.5, -0.5], [3, 3], [4, 1], [1, 7]], [[0, 1], [0, 2], [0, 3]])
    assert len(metrics.planar_reference(edge, shape=(10, 8))) == 1
    assert len(metrics.planar_reference(edge, shape=(9, 8))) == 0


@pytest.mark.parametrize("shape", [(0, 5), (5,), (5, 2.5)])
def test_bad_shapes(shape: tuple[int, int]) -> None:
    with pytest.raises(errors.GftcoreError, match="shape"):
        metrics.planar_reference(straight(CORNERS, [[0, 1]]), shape=shape)


# --- merging ------------------------------------------------------------------------------------


def brute_force_merge(points: np.ndarray, within_px: float) -> list[list[float]]:
    groups = [[point] for point in points]
    merged = True
    while merged:
        merged = False
        for a in range(len(groups)):
            for b in range(a + 1, len(groups)):
                apart = [np.hypot(*(p - q)) for p in groups[a] for q in groups[b]]
                if min(apart) <= within_px:
                    groups[a] += groups.pop(b)
                    merged = True
                    break
            if merged:
                break
    return sorted(np.mean(group, axis=0).tolist() for group in groups)


def test_a_chain_of_close_nodes_is_one() -> None:
    points = [[0, 0], [0, 2], [0, 4], [0, 6.1], [9, 9]]
    assert metrics.merge_nodes(points).tolist() == [[0, 2], [0, 6.1], [9, 9]]
    assert metrics.merge_nodes(np.empty((0, 2))).shape == (0, 2)


@given(
    points=hnp.arrays(np.float64, st.tuples(st.integers(0, 10), st.just(2)),
                      elements=st.integers(0, 9)),
    within_px=st.sampled_from([0.0, 1.0, 1.5, 2.0]),
)  # fmt: skip
def test_merging_equals_brute_force(points: np.ndarray, within_px: float) -> None:
    merged = sorted(metrics.merge_nodes(points, within_px).tolist())
    np.testing.assert_allclose(
        np.reshape(merged, (-1, 2)), np.reshape(brute_force_merge(points, within_px), (-1, 2))
    )


# --- chains and parts ---------------------------------------------------------------------------


def test_a_chain_becomes_one_segment() -> None:
    nodes = [[0, 0], [0, 4], [3, 4], [3, 9], [9, 4]]
    graph = formats.from_polylines(
        nodes,
        [[1, 0], [1, 2], [3, 2], [2, 4]],
        [[[0, 2]], [], [[3, 6]], []],
        radius_px=[[1.0], [], [3.0], []],
    )
    chains = metrics.join_chains(graph)
    assert chains.node_rowcol.tolist() == [[0, 0], [3, 4], [3, 9], [9, 4]]
    assert chains.segment_nodes.tolist() == [[0, 1], [2, 1], [1, 3]]
    assert chains.segment_length_px.tolist() == [7, 5, 6]
    assert chains.node_degree.tolist() == [1, 3, 1, 1]
    assert chains.point_rowcol[:1].tolist() == [[0, 2]]
    assert chains.point_radius_px is not None
    assert chains.point_radius_px[0] == 1.0


def test_a_closed_line_keeps_one_node() -> None:
    square = straight([[0, 0], [0, 5], [5, 5], [5, 0]], [[0, 1], [1, 2], [3, 2], [3, 0]])
    ring = metrics.join_chains(square)
    assert (ring.num_nodes, ring.segment_nodes.tolist()) == (1, [[0, 0]])
    assert ring.segment_length_px.tolist() == [20]
    again = metrics.join_chains(ring)
    assert (again.num_nodes, again.segment_length_px.tolist()) == (1, [20])


def test_the_parts_of_a_cross() -> None:
    cross = formats.from_polylines(
        CORNERS, [[0, 1], [2, 3]], [CORNERS[:2], CORNERS[2:]], radius_px=[[1, 3], [2, 2]]
    )
    parts = metrics.split_at_crossings(cross)
    assert parts.node_rowcol[4:].tolist() == [[4, 4]]
    assert sorted(parts.segment_nodes.tolist()) == [[0, 4], [2, 4], [4, 1], [4, 3]]
    np.testing.assert_allclose(parts.segment_length_px, np.sqrt(32))
    radius = parts.samples(1.0).radius_px
    assert radius.min() >= 1
    assert radius.max() <= 3
    at_crossing = [parts.point_rowcol.tolist().index([4, 4])]
    assert parts.point_radius_px is not None
    assert parts.point_radius_px[at_crossing].tolist() == [2]


@given(graph=straight_graphs())
def test_joining_and_splitting_keep_lines_and_nodes(graph: formats.SpatialGraph) -> None:
    chains = metrics.join_chains(graph)
    parts = metrics.split_at_crossings(chains)
    total = graph.segment_length_px.sum()
    np.testing.assert_allclose(chains.segment_length_px.sum(), total)
    np.testing.assert_allclose(parts.segment_length_px.sum(), total)
    expected = sorted(metrics.planar_reference(graph).tolist())
    for points in (metrics.planar_reference(chains), parts.branch_points()):
        np.testing.assert_allclose(sorted(points.tolist()), expected, atol=1e-9)
    assert chains.num_nodes - chains.num_segments == graph.num_nodes - graph.num_segments
    isolated = [np.count_nonzero(g.node_degree == 0) for g in (graph, chains)]
    assert isolated[0] == isolated[1]
    loops = chains.segment_nodes[:, 0] == chains.segment_nodes[:, 1]
    passable = np.flatnonzero(chains.node_degree == 2).tolist()
    assert set(passable) <= set(chains.segment_nodes[loops, 0].tolist())


@given(graph=straight_graphs())
def test_joining_twice_changes_nothing(graph: formats.SpatialGraph) -> None:
    once = metrics.join_chains(graph)
    twice = metrics.join_chains(once)
    assert np.array_equal(once.node_rowcol, twice.node_rowcol)
    assert np.array_equal(once.segment_nodes, twice.segment_nodes)
    assert np.array_equal(once.point_rowcol, twice.point_rowcol)
