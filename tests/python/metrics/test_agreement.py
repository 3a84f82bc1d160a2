# SPDX-License-Identifier: Apache-2.0
"""All measures together: on hand-made cases, by symmetry, and on graphs with a known truth."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from gftcore import errors, formats, graph, metrics

pytest.importorskip("scipy", reason="gftcore.metrics needs scipy")


def straight(nodes: object, segments: object) -> formats.SpatialGraph:
    return formats.from_polylines(nodes, segments, [[]] * len(np.reshape(segments, (-1, 2))))


def star(row: float = 50.0, col: float = 50.0) -> formats.SpatialGraph:
    """Three arms of 40 px with a radius of 3, 4 and 5 px."""
    ends = [[row - 40, col], [row, col + 40], [row + 40, col]]
    arms = [[[row, col], end] for end in ends]
    return formats.from_polylines(
        [[row, col], *ends], [[0, 1], [0, 2], [0, 3]], arms, radius_px=[[3, 3], [4, 4], [5, 5]]
    )


def test_a_graph_agrees_with_itself() -> None:
    same = metrics.graph_agreement(star(), star())
    assert [item.within_px for item in same.nodes] == [8, 5, 3]
    for item in (*same.nodes, same.resolvable):
        assert (item.precision, item.recall, item.f1) == (1, 1, 1)
    assert (same.segment_recall, same.segment_precision, same.segment_length_recall) == (1, 1, 1)
    assert (same.completeness, same.correctness) == (1, 1)
    np.testing.assert_allclose(same.radius_correlation, 1)
    assert (same.radius_median_ratio, same.radius_median_error_px) == (1, 0)
    assert (same.radius_relative_error, same.num_radius_points) == (0, 6)
    assert same.length_ratio == 1
    assert same.num_clear_pieces > 0  # the end at the branch lies on all three chains alike
    np.testing.assert_allclose(same.clear_length_ratio, 1)


def test_a_shift_of_six_pixels() -> None:
    moved = metrics.graph_agreement(star(), star(row=50, col=56))
    assert (moved.node_f1(8), moved.node_f1(5), moved.node_f1(3)) == (1, 0, 0)
    # The arm along the row keeps 34 of its 40 px and 2 px of tolerance; of the other two arms
    # nothing is near.
    assert moved.segment_recall == 1 / 3
    assert moved.completeness == 36 / 120
    assert moved.length_ratio == 1


def test_crossings_are_nodes_only_of_a_projection() -> None:
    nodes = [[0, 0], [60, 60], [0, 60], [60, 0]]
    crossing = straight(nodes, [[0, 1], [2, 3]])
    joined = straight([*nodes, [30, 30]], [[0, 4], [4, 1], [2, 4], [4, 3]])
    projected = metrics.graph_agreement(crossing, joined)
    assert (projected.num_reference_nodes, projected.node_f1(3)) == (1, 1)
    assert (projected.segment_recall, projected.segment_precision) == (1, 1)
    as_it_is = metrics.graph_agreement(crossing, joined, project=False)
    assert (as_it_is.num_reference_nodes, as_it_is.node_f1(3)) == (0, 0)
    assert as_it_is.segment_recall == 0


def test_nodes_of_degree_two_do_not_matter() -> None:
    chain = straight([[0, 0], [0, 30], [0, 60]], [[0, 1], [1, 2]])
    whole = straight([[0, 0], [0, 60]], [[0, 1]])
    assert repr(metrics.graph_agreement(chain, whole)) == repr(
        metrics.graph_agreement(whole, whole)
    )


def test_close_nodes_are_one_where_they_cannot_be_resolved() -> None:
    ends = [[0, 0], [0, 60], [60, 0], [60, 60]]
    pair = straight([[30, 29], [30, 31], *ends], [[0, 1], [0, 2], [1, 3], [0, 4], [1, 5]])
    single = straight([[30, 30], *ends], [[0, 1], [0, 2], [0, 3], [0, 4]])
    agreement = metrics.graph_agreement(pair, single)
    assert (agreement.num_reference_nodes, agreement.num_resolvable_nodes) == (2, 1)
    assert agreement.node_f1(8) == pytest.approx(2 / 3)
    assert agreement.resolvable.f1 == 1


def test_what_lies_outside_the_image_does_not_count() -> None:
    inner = star()
    nodes = np.concatenate([inner.node_rowcol, inner.node_rowcol + np.array([0, 200])])
    both = straight(nodes, [[0, 1], [0, 2], [0, 3], [4, 5], [4, 6], [4, 7]])
    cropped = metrics.graph_agreement(both, inner, shape=(100, 100))
    assert (cropped.node_f1(5), cropped.completeness, cropped.length_ratio) == (1, 1, 1)
    assert metrics.graph_agreement(both, inner).completeness == 0.5


def test_empty_graphs() -> None:
    nothing = formats.from_polylines([], [], [])
    both = metrics.graph_agreement(nothing, nothing)
    assert (both.node_f1(5), both.segment_recall, both.completeness, both.correctness) == (1,) * 4
    assert math.isnan(both.length_ratio)
    assert math.isnan(both.radius_correlation)
    missing = metrics.graph_agreement(star(), nothing)
    assert (missing.node_f1(5), missing.completeness, missing.length_ratio) == (0, 0, 0)
    assert metrics.graph_agreement(nothing, star()).correctness == 0


@st.composite
def nets(draw: st.DrawFn) -> formats.SpatialGraph:
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    segments = random.integers(0, 7, (draw(st.integers(1, 10)), 2))
    return straight(random.uniform(0, 60, (7, 2)), segments)


@given(reference=nets(), prediction=nets())
def test_precision_and_recall_change_places(
    reference: formats.SpatialGraph, prediction: formats.SpatialGraph
) -> None:
    there = metrics.graph_agreement(reference, prediction, project=False)
    back = metrics.graph_agreement(prediction, reference, project=False)
    for one, two in zip(there.nodes, back.nodes, strict=True):
        assert (one.precision, one.recall, one.f1) == (two.recall, two.precision, two.f1)
    assert there.segment_recall == back.segment_precision
    assert there.completeness == back.correctness


@given(reference=nets(), prediction=nets())
def test_a_quarter_turn_of_both_changes_nothing(
    reference: formats.SpatialGraph, prediction: formats.SpatialGraph
) -> None:
    def turned(item: formats.SpatialGraph) -> formats.SpatialGraph:
        return dataclasses.replace(item, node_rowcol=item.node_rowcol[:, ::-1] * [1, -1])

    before = metrics.graph_agreement(reference, prediction)
    after = metrics.graph_agreement(turned(reference), turned(prediction))
    assert [item.f1 for item in before.nodes] == [item.f1 for item in after.nodes]
    assert before.completeness == after.completeness
    assert before.num_reference_nodes == after.num_reference_nodes


def test_all_sources_are_taken_as_they_are() -> None:
    pytest.importorskip("networkx", reason="needs networkx")
    mask = np.zeros((64, 64), dtype=bool)
    mask[30:35, :] = mask[30:, 30:35] = True
    item = graph.extract(mask)
    traced = graph.trace(graph.thin(mask), anchors=graph.border_anchors(mask))
    for other in (item, traced, item.to_networkx(), formats.from_hetero(item)):
        assert metrics.graph_agreement(other, item).node_f1(3) == 1
    with pytest.raises(errors.ArgumentTypeError, match="reference must be a SpatialGraph"):
        metrics.graph_agreement(mask, item)  # type: ignore[arg-type]
    with pytest.raises(errors.ArgumentError, match="within_px must be one of 8, 5, 3, got 4"):
        metrics.graph_agreement(item, item).node_f1(4)
    with pytest.raises(errors.ArgumentTypeError, match="node_within_px"):
        metrics.graph_agreement(item, item, node_within_px=5)  # type: ignore[arg-type]


# --- extraction against a known graph ------------------------------------------------------------


def drawn_net(seed: int, side: int = 400) -> tuple[formats.SpatialGraph, np.ndarray]:
    """Nodes on a jittered lattice, half-widths of 3 to 5 px, and the mask of it all."""
    random = np.random.default_rng(seed)
    lattice = np.stack(np.meshgrid(*[np.arange(40, side, 80)] * 2, indexing="ij"), axis=-1)
    nodes = lattice.reshape(-1, 2) + random.uniform(-12, 12, (lattice.size // 2, 2))
    number = np.arange(len(nodes)).reshape(lattice.shape[:2])
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    segments = np.concatenate([across, down[random.random(len(down)) < 0.8]])
    radius = random.uniform(3, 5, len(segments))
    points = [nodes[pair] for pair in segments]
    truth = formats.from_polylines(
        nodes, segments, points, radius_px=[[r, r] for r in radius.tolist()]
    )
    pixels = np.stack(np.mgrid[:side, :side], axis=-1).astype(float)
    mask = np.zeros((side, side), dtype=bool)
    for (start, stop), half_width in zip(points, radius, strict=True):
        along = stop - start
        share = np.clip(((pixels - start) @ along) / (along @ along), 0, 1)
        away = np.linalg.norm(pixels - start - share[..., None] * along, axis=2)
        mask |= away <= half_width
    return truth, mask


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("skeleton", ["fast", "ordered"])
def test_extraction_finds_a_drawn_graph(seed: int, skeleton: str) -> None:
    truth, mask = drawn_net(seed)
    found = graph.extract(mask, graph.ExtractConfig(skeleton=skeleton, skeleton_fill_px=0))
    agreement = metrics.graph_agreement(truth, found)
    assert agreement.num_reference_nodes > 10
    assert agreement.node_f1(5) > 0.9
    assert min(agreement.segment_recall, agreement.segment_precision) > 0.85
    assert min(agreement.completeness, agreement.correctness) > 0.98
    assert agreement.radius_relative_error < 0.06
    assert abs(agreement.clear_length_ratio - 1) < 0.03
    # Negative control: the same graph turned by a quarter.
    turned = formats.from_hetero(found)
    turned = dataclasses.replace(
        turned, node_rowcol=turned.node_rowcol[:, ::-1] * [1, -1] + [0, mask.shape[0] - 1]
    )
    chance = metrics.graph_agreement(truth, turned)
    assert chance.node_f1(5) < 0.6


def test_extraction_finds_the_true_graphs_better_than_chance() -> None:
    name = samples.true_graph_names()[0]
    mask = samples.load_label(name)
    truth = formats.read_vessel_csv(
        samples.true_graph_path(name), side_px=mask.shape[0], half_width=samples.HALF_WIDTH
    )
    found = graph.extract(mask, graph.ExtractConfig(skeleton_fill_px=0))
    agreement = metrics.graph_agreement(truth, found)
    assert agreement.node_f1(5) > 0.70
    assert agreement.completeness > 0.93
    assert agreement.correctness > 0.98
    assert agreement.radius_relative_error < 0.06
    assert abs(agreement.clear_length_ratio - 1) < 0.03
