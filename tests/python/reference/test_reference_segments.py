# SPDX-License-Identifier: Apache-2.0
"""Pixel assignment, centrelines and the segment table against brute force and true shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import annulus, bar, draw
from gftcore import reference
from gftcore.reference.centreline import centrelines, node_radius, point_radius
from gftcore.reference.segments import contour
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")


def pruned(mask):
    distance = reference.squared_distance(mask)
    graph = reference.trace(reference.thin(mask), anchors=reference.border_anchors(mask))
    return reference.prune(graph, distance), distance


def column(table, name):
    return table.values[:, table.columns.index(name)]


@given(mask=vessel_masks(28))
def test_assignment_is_the_nearest_point_of_the_component(mask):
    graph, _ = pruned(mask)
    found = reference.assign_pixels(graph, mask)
    component = reference.label(mask)
    points = graph.point_pixel.astype(np.int64)
    owner = component[points[:, 0], points[:, 1]]
    expected = np.full(mask.shape, -1)
    for row, col in np.argwhere(mask):
        own = np.flatnonzero(owner == component[row, col])
        if len(own):
            d2 = ((points[own] - (row, col)) ** 2).sum(axis=1)
            expected[row, col] = own[np.argmin(d2)]
    np.testing.assert_array_equal(found, expected)


@given(mask=vessel_masks(28))
def test_contour_ignores_the_image_border(mask):
    eroded = ndimage.binary_erosion(mask, border_value=1)
    np.testing.assert_array_equal(contour(mask), mask & ~eroded)


@given(mask=vessel_masks(40), mode=st.sampled_from(["edt", "voreen_slab", "centreline"]))
def test_table_against_definitions(mask, mode):
    graph, distance = pruned(mask)
    table = reference.segment_table(graph, mask, distance, mode=mode)
    lines = centrelines(graph)
    assert table.values.shape == (graph.num_segments, len(table.columns))
    assigned = reference.assign_pixels(graph, mask)
    surface = mask if mode == "voreen_slab" else contour(mask)
    shift = 0.0 if mode == "voreen_slab" else 0.5
    radii = point_radius(graph, distance)
    for s in range(graph.num_segments):
        points = slice(graph.point_ptr[s], graph.point_ptr[s + 1])
        row = dict(zip(table.columns, table.values[s], strict=True))
        assert row["num_voxels"] == points.stop - points.start
        chord = graph.node_rowcol[graph.segment_nodes[s]]
        assert row["distance"] == pytest.approx(np.linalg.norm(chord[1] - chord[0]))
        assert row["length"] == lines.length[s] >= row["distance"] - 1e-9
        if points.stop > points.start:
            np.testing.assert_allclose(
                [row[f"radius_{n}_px"] for n in ("mean", "std", "min", "max")],
                [f(radii[points]) for f in (np.mean, np.std, np.min, np.max)],
                atol=1e-9,
            )
        if mode == "centreline":
            assert "volume" not in row
            continue
        sets = []
        for i in range(points.start, points.stop):
            pixels = np.argwhere((assigned == i) & surface)
            if len(pixels):
                sets.append(np.linalg.norm(pixels - graph.point_pixel[i], axis=1) + shift)
        if points.stop > points.start:
            inside = (assigned >= points.start) & (assigned < points.stop)
            assert row["volume"] == np.count_nonzero(inside)
        if not sets:
            continue
        for name, function in (("min", np.min), ("avg", np.mean), ("max", np.max)):
            values = [function(d) for d in sets]
            assert row[f"{name}RadiusAvg"] == pytest.approx(np.mean(values))
            assert row[f"{name}RadiusStd"] == pytest.approx(np.std(values), abs=1e-9)
        ratio = [d.min() / d.max() if d.max() else 1.0 for d in sets]
        assert row["roundnessAvg"] == pytest.approx(np.mean(ratio))
        assert row["roundnessStd"] == pytest.approx(np.std(ratio), abs=1e-9)


def test_segments_without_points():
    mask = draw("##", margin=2)
    graph, distance = pruned(mask)
    edt = reference.segment_table(graph, mask, distance)
    slab = reference.segment_table(graph, mask, distance, mode="voreen_slab")
    assert graph.num_segments == 1
    assert graph.num_points == 0
    assert column(edt, "volume")[0] == 0
    assert np.isnan(column(edt, "avgCrossSection")[0])
    assert np.isnan(column(edt, "roundnessStd")[0])
    assert np.isnan(column(edt, "radius_mean_px")[0])
    assert column(slab, "volume")[0] == -1
    assert column(slab, "avgCrossSection")[0] == -1.0
    assert column(slab, "minRadiusAvg")[0] == column(slab, "roundnessStd")[0] == -1


def test_loops_have_no_curveness():
    mask = annulus((61, 61), (30, 30), 20, 1.5)
    graph, distance = pruned(mask)
    assert graph.num_segments == 1
    edt = reference.segment_table(graph, mask, distance)
    slab = reference.segment_table(graph, mask, distance, mode="voreen_slab")
    assert np.isnan(column(edt, "curveness")[0])
    assert np.isposinf(column(slab, "curveness")[0])


@pytest.mark.parametrize("radius", [20, 35, 50])
def test_ring_length(radius):
    side = 2 * radius + 15
    graph, _ = pruned(annulus((side, side), (side / 2, side / 2), radius, 2))
    assert graph.num_segments == 1
    assert centrelines(graph).length[0] == pytest.approx(2 * np.pi * radius, rel=0.01)


def test_bar_lengths_at_many_angles():
    for angle in np.linspace(0, np.pi, 60, endpoint=False):
        mask = bar((160, 160), (79.3, 80.1), angle, 400, 2.5)
        graph, _ = pruned(mask)
        lines = centrelines(graph)
        long = np.argmax(lines.length)
        assert lines.length[long] == pytest.approx(lines.distance[long], rel=0.01)


def test_mean_radius_bias():
    rng = np.random.default_rng(7)
    bias = []
    for _ in range(120):
        half_width = rng.uniform(1.5, 15)
        centre = 70 + rng.uniform(-0.5, 0.5, 2)
        mask = bar((140, 140), tuple(centre), rng.uniform(0, np.pi), 300, half_width)
        graph, distance = pruned(mask)
        radii = point_radius(graph, distance)
        middle = np.abs(graph.point_pixel - 70).max(axis=1) < 40
        bias.append(radii[middle].mean() - half_width)
    assert abs(np.mean(bias)) <= 0.15


def test_intensity_columns_and_quantiles():
    mask = bar((64, 64), (32, 32), 0.7, 25, 2)
    graph, distance = pruned(mask)
    image = np.random.default_rng(0).random((32, 32))
    table = reference.segment_table(graph, mask, distance, intensity=image)
    values = image[graph.point_pixel[:, 0] // 2, graph.point_pixel[:, 1] // 2]
    assert graph.num_segments == 1
    np.testing.assert_allclose(
        table.values[0, -4:],
        [values.mean(), values.std(), *np.quantile(values, [0.25, 0.75])],
        rtol=1e-12,
    )
    with pytest.raises(ValueError, match="intensity"):
        reference.segment_table(graph, mask, distance, intensity=np.ones((30, 32)))


def test_midpoints_and_smoothing_of_a_straight_line():
    mask = draw("#########", margin=2)
    graph, distance = pruned(mask)
    table = reference.segment_table(graph, mask, distance)
    assert column(table, "row")[0] == 2
    assert column(table, "col")[0] == pytest.approx(6)
    assert column(table, "pos_compat_col")[0] == 6
    assert column(table, "length")[0] == pytest.approx(8)
    assert column(table, "curveness")[0] == pytest.approx(1)


@given(mask=vessel_masks(30))
def test_node_radius_is_the_largest_around_its_pixels(mask):
    graph, distance = pruned(mask)
    biggest = ndimage.grey_dilation(distance, footprint=np.ones((3, 3)), mode="nearest")
    found = node_radius(graph, distance)
    for v in range(graph.num_nodes):
        r, c = graph.node_pixel[graph.node_ptr[v] : graph.node_ptr[v + 1]].T
        assert found[v] == np.sqrt(biggest[r, c].max()) - 0.25
