# SPDX-License-Identifier: Apache-2.0
"""Graphs of every source become the same nodes, lines and radii."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from gftcore import errors, formats, graph


def line(**changes: object) -> formats.SpatialGraph:
    fields = {
        "node_rowcol": [[0, 0], [0, 10]],
        "segment_nodes": [[0, 1]],
        "point_ptr": [0, 2],
        "point_rowcol": [[0, 2], [0, 6]],
        "point_radius_px": [1, 3],
    }
    return formats.SpatialGraph(**(fields | changes))  # type: ignore[arg-type]


def test_samples_are_middles_of_equal_parts() -> None:
    samples = line().samples(2.5)
    assert samples.rowcol.tolist() == [[0, 1.25], [0, 3.75], [0, 6.25], [0, 8.75]]
    assert samples.arc_px.tolist() == [1.25, 3.75, 6.25, 8.75]
    assert samples.part_px.tolist() == [2.5] * 4
    # A node has the radius of the point beside it; between points it changes evenly.
    np.testing.assert_allclose(samples.radius_px, [1, 1 + 2 * 1.75 / 4, 3, 3])


def test_segments_of_no_length_have_no_sample_and_short_ones_have_one() -> None:
    item = formats.from_polylines(
        [[5, 5], [5, 5], [5, 5.25]], [[0, 1], [1, 2], [0, 0]], [[], [], [[5, 6]]]
    )
    samples = item.samples(1.0)
    assert samples.segment.tolist() == [1, 2, 2]
    assert samples.rowcol.tolist() == [[5, 5.125], [5, 5.5], [5, 5.5]]
    assert item.samples(0.5).segment.tolist() == [1, 2, 2, 2, 2]
    assert np.isnan(samples.radius_px).all()


def test_a_graph_without_segments_has_no_samples() -> None:
    empty = formats.from_polylines([], [], [])
    assert (empty.num_nodes, empty.num_segments, len(empty.samples())) == (0, 0, 0)
    assert empty.segment_length_px.shape == (0,)
    assert empty.branch_points().shape == (0, 2)
    assert formats.from_polylines([[1, 2]], [], []).node_degree.tolist() == [0]


@given(
    points=st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=8),
    step_px=st.sampled_from([0.3, 1.0, 7.0]),
)
def test_samples_stand_for_the_whole_line(
    points: list[tuple[float, float]], step_px: float
) -> None:
    item = formats.SpatialGraph(
        node_rowcol=np.array([points[0], points[-1]]),
        segment_nodes=np.array([[0, 1]]),
        point_ptr=np.array([0, len(points) - 2]),
        point_rowcol=np.array(points[1:-1]).reshape(-1, 2),
    )
    length = np.hypot(*np.diff(points, axis=0).T).sum()
    samples = item.samples(step_px)
    np.testing.assert_allclose(samples.part_px.sum(), length, atol=1e-6)
    assert (samples.part_px <= step_px * (1 + 1e-6)).all()
    steps = np.hypot(*np.diff(samples.rowcol, axis=0).T)
    assert (steps <= np.diff(samples.arc_px) + 1e-6).all()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"node_rowcol": [[0, 0, 0]]}, errors.ShapeError, "node_rowcol"),
        ({"node_rowcol": [[0, 0], [0, np.inf]]}, errors.ArgumentError, "finite"),
        ({"node_rowcol": "nodes"}, errors.ArgumentTypeError, "node_rowcol"),
        ({"segment_nodes": [[0, 2]]}, errors.ArgumentError, "nodes 0 to 1, got 0 to 2"),
        ({"segment_nodes": [[-1, 0]]}, errors.ArgumentError, "segment_nodes"),
        ({"segment_nodes": [[0, 0.5]]}, errors.ArgumentTypeError, "segment_nodes"),
        ({"point_ptr": [0, 1, 2]}, errors.ShapeError, "point_ptr must have 2 entries"),
        ({"point_ptr": [1, 2]}, errors.ArgumentError, "from 0 to 2"),
        ({"point_ptr": [0, 3]}, errors.ArgumentError, "from 0 to 2"),
        ({"point_radius_px": [1]}, errors.ShapeError, "point_radius_px"),
        ({"point_raw_rowcol": [[1, 1]]}, errors.ShapeError, "point_raw_rowcol"),
    ],
)
def test_bad_graphs(changes: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        line(**changes)


# --- sources ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::gftcore.errors.GftcoreWarning")
@given(mask=strategies.vessel_masks(max_side=40))
def test_an_extraction_keeps_its_lengths_and_degrees(mask: np.ndarray) -> None:
    item = graph.extract(mask, graph.ExtractConfig(features="centreline"))
    spatial = formats.from_hetero(item)
    assert np.array_equal(spatial.node_degree, item.node_degree)
    assert repr(spatial) == f"SpatialGraph({item.num_nodes} nodes, {item.num_segments} segments)"
    lines = item.node_kind[item.segment_nodes[:, 0]] != 4  # rings are smoothed across their node
    np.testing.assert_allclose(
        spatial.segment_length_px[lines], item.vessel("length")[lines], rtol=1e-5
    )
    assert np.array_equal(spatial.point_raw_rowcol, item.point_pixel)


def test_a_traced_skeleton_reads_radii_from_an_image() -> None:
    skeleton = np.zeros((7, 9), dtype=bool)
    skeleton[3, 1:8] = True
    traced = graph.trace(skeleton)
    assert formats.from_skeleton(traced).point_radius_px is None
    spatial = formats.from_skeleton(traced, radius_px=np.tile(np.arange(9.0), (7, 1)))
    assert spatial.node_rowcol.tolist() == [[3, 1], [3, 7]]
    assert spatial.point_rowcol.tolist() == [[3, c] for c in range(2, 7)]
    assert spatial.point_radius_px is not None
    assert spatial.point_radius_px.tolist() == [2, 3, 4, 5, 6]
    with pytest.raises(errors.ShapeError, match="radius_px must have shape"):
        formats.from_skeleton(traced, radius_px=np.zeros((9, 7)))


def test_networkx_round_trip() -> None:
    pytest.importorskip("networkx", reason="needs networkx")
    item = graph.extract(np.random.default_rng(4).random((50, 60)) < 0.55)
    there, back = formats.from_hetero(item), formats.from_networkx(item.to_networkx())
    assert np.array_equal(there.node_rowcol, back.node_rowcol)
    assert np.array_equal(there.node_degree, back.node_degree)
    # The library lists the edges in its own order, some from their second node.
    for each in (there, back):
        assert each.point_radius_px is not None
    np.testing.assert_allclose(sorted(there.segment_length_px), sorted(back.segment_length_px))


def test_networkx_edges_may_have_radii_at_points_for_all_or_none() -> None:
    nx = pytest.importorskip("networkx", reason="needs networkx")
    net = nx.MultiGraph()
    net.add_node("a", row=0.0, col=0.0)
    net.add_node("b", row=0.0, col=9.0)
    net.add_edge("b", "a", points=np.array([[0, 6], [0, 3]]), radius_px=[2.0, 1.0])
    net.add_edge("a", "b", points=np.array([[1, 3], [1, 6]]), radius_mean_px=4.0)
    net.add_edge("a", "b")
    spatial = formats.from_networkx(net)
    assert spatial.segment_nodes.tolist() == [[0, 1]] * 3
    assert spatial.point_rowcol.tolist() == [[0, 3], [0, 6], [1, 3], [1, 6]]
    assert spatial.point_radius_px is not None
    assert spatial.point_radius_px.tolist() == [1, 2, 4, 4]
    del net.nodes["b"]["row"]
    with pytest.raises(errors.FormatError, match="row and col"):
        formats.from_networkx(net)


def test_polylines_are_turned_to_run_from_their_first_node() -> None:
    item = formats.from_polylines(
        [[0, 0], [0, 9]], [[0, 1], [1, 0]], [[[0, 6], [0, 3]]] * 2, radius_px=[[6, 3]] * 2
    )
    assert item.point_rowcol.tolist() == [[0, 3], [0, 6], [0, 6], [0, 3]]
    assert item.point_radius_px is not None
    assert item.point_radius_px.tolist() == [3, 6, 6, 3]


@pytest.mark.parametrize(
    ("arguments", "radius_px", "words"),
    [
        (([[0, 0]], [[0, 1]], [[]]), None, "segment_nodes"),
        (([[0, 0]], [[0, 0]], []), None, "points must have one array per segment"),
        (([[0, 0]], [[0, 0]], [[[1], [2]]]), None, "points"),
        (([[0, 0]], [[0, 0]], [[[1, 1]]]), [[1, 2]], "radius_px"),
        (([[0], [0]], [], []), None, "node_rowcol"),
    ],
)
def test_bad_polylines(arguments: tuple[object, ...], radius_px: object, words: str) -> None:
    with pytest.raises(errors.GftcoreError, match=words):
        formats.from_polylines(*arguments, radius_px=radius_px)  # type: ignore[arg-type]


@pytest.mark.parametrize("function", [formats.from_hetero, formats.from_skeleton])
def test_other_objects_are_refused(function: object) -> None:
    with pytest.raises(errors.ArgumentTypeError, match="graph must"):
        function([[1]])  # type: ignore[operator]
