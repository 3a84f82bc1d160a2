# SPDX-License-Identifier: Apache-2.0
"""Lengths, radii and surface features of segments against geometry and the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from figures import annulus, bar, draw
from gftcore import graph, reference
from random_masks import random_mask

MODES = ("edt", "voreen_slab", "centreline")


def pruned(mask: NDArray[np.bool_]) -> tuple[Any, NDArray[np.int32]]:
    distance = graph.squared_distance(mask)
    g = graph.trace(graph.thin(mask), anchors=graph.border_anchors(mask))
    return graph.prune(g, distance), distance


def columns(mask: NDArray[np.bool_], **options: Any) -> dict[str, NDArray[np.float64]]:
    g, distance = pruned(mask)
    table = graph.segment_table(g, mask, distance, **options)
    return dict(zip(table.columns, table.values.T, strict=True))


def bar_through(rng: np.random.Generator, angle: float, half_width: float) -> NDArray[np.bool_]:
    """Draw a bar that crosses the whole image, so that it has no tips."""
    centre = tuple(180 + rng.uniform(-0.5, 0.5, 2))
    return bar((361, 361), centre, angle, 1000, half_width)


def longest(x: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return the row of the longest segment; a slanted bar may also keep one in its corner."""
    row = np.argmax(x["length"])
    return {name: float(values[row]) for name, values in x.items()}


def test_length_of_straight_bars_is_within_one_percent() -> None:
    rng = np.random.default_rng(0)
    for angle in np.linspace(0, np.pi, 60, endpoint=False):
        x = longest(columns(bar_through(rng, angle, rng.uniform(1.5, 6)), mode="centreline"))
        assert x["distance"] > 340
        assert x["distance"] <= x["length"] <= 1.01 * x["distance"]


@pytest.mark.parametrize("radius", [20, 25.3, 33, 50, 80.7])
@pytest.mark.parametrize("half_width", [1.5, 3.0, 6.0])
def test_length_of_rings_is_within_one_percent(radius: float, half_width: float) -> None:
    side = int(2 * radius + 30)
    x = columns(annulus((side, side), (side / 2, side / 2), radius, half_width), mode="centreline")
    assert x["length"].size == 1
    np.testing.assert_allclose(x["length"], 2 * np.pi * radius, rtol=0.01)
    assert np.isnan(x["curveness"]).all()
    assert (x["distance"] == 0).all()


def test_mean_radius_bias_is_at_most_015_px() -> None:
    rng = np.random.default_rng(1)
    errors = []
    for half_width in np.linspace(1.5, 15, 80):
        mask = bar_through(rng, rng.uniform(0, np.pi), half_width)
        errors.append(longest(columns(mask, mode="centreline"))["radius_mean_px"] - half_width)
    assert abs(np.mean(errors)) <= 0.15
    assert np.abs(errors).max() <= 0.6


def test_surface_radii_of_a_bar() -> None:
    rng = np.random.default_rng(2)
    for half_width in (2.5, 4.0, 7.2):
        x = longest(columns(bar_through(rng, rng.uniform(0, np.pi), half_width)))
        assert x["avgCrossSection"] == pytest.approx(2 * half_width, rel=0.12)
        assert x["minRadiusAvg"] == pytest.approx(half_width, abs=0.6)
        assert x["minRadiusAvg"] <= x["avgRadiusAvg"] <= x["maxRadiusAvg"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("block", range(3))
def test_equals_reference(block: int, mode: str) -> None:
    rng = np.random.default_rng(10 + block)
    images = (None, np.uint8, np.uint16, np.float32, np.float64)
    for i in range(15):
        mask = random_mask(rng, 90)
        mask = np.repeat(np.repeat(mask, 2, axis=0), 2, axis=1) if i % 2 else mask
        step = 2 if i % 4 == 1 else 1
        dtype = images[i % len(images)]
        shape = (mask.shape[0] // step, mask.shape[1] // step)
        image = None if dtype is None else (250 * rng.random(shape)).astype(dtype)
        g, distance = pruned(mask)
        theirs = reference.trace(g.skeleton, anchors=g.anchors)
        ours = graph.segment_table(g, mask, distance, mode=mode, intensity=image)
        wanted = reference.segment_table(theirs, mask, distance, mode=mode, intensity=image)
        assert tuple(ours.columns) == tuple(wanted.columns)
        np.testing.assert_allclose(ours.values, wanted.values, rtol=1e-9, atol=1e-9)


def test_volumes_add_up_to_the_mask_where_centrelines_have_points() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        mask = random_mask(rng, 80)
        g, distance = pruned(mask)
        labels, _ = ndimage.label(mask, np.ones((3, 3)))
        with_points = np.unique(labels[tuple(g.point_pixel.T)])
        table = graph.segment_table(g, mask, distance)
        volume = table.values[:, table.columns.index("volume")].sum()
        assert volume == np.isin(labels, with_points[with_points > 0]).sum()
        length = table.values[:, table.columns.index("length")]
        chord = table.values[:, table.columns.index("distance")]
        assert (length >= chord - 1e-9).all()


def test_segment_without_points() -> None:
    mask = draw("##", margin=2)
    g, distance = pruned(mask)
    edt = graph.segment_table(g, mask, distance)
    slab = graph.segment_table(g, mask, distance, mode="voreen_slab")
    x = dict(zip(edt.columns, edt.values[0], strict=True))
    y = dict(zip(slab.columns, slab.values[0], strict=True))
    assert x["length"] == 1
    assert x["volume"] == 0
    for name in ("avgCrossSection", "minRadiusAvg", "roundnessStd", "radius_mean_px"):
        assert np.isnan(x[name]), name
    assert y["volume"] == y["minRadiusAvg"] == y["roundnessStd"] == -1
    assert y["avgCrossSection"] == -1


def test_loop_curveness_by_mode() -> None:
    mask = annulus((61, 61), (30, 30), 20, 2)
    assert np.isnan(columns(mask)["curveness"]).all()
    assert np.isinf(columns(mask, mode="voreen_slab")["curveness"]).all()


def test_borders_and_degrees() -> None:
    mask = draw("..#..", "..#..", "#####", "..#..", "..#..")
    x = columns(mask)
    assert x["hasNodeAtSampleBorder"].tolist() == [1, 1, 1, 1]
    assert x["node1_degree"].tolist() == [1, 1, 1, 1]
    assert x["node2_degree"].tolist() == [4, 4, 4, 4]
    assert x["num_voxels"].tolist() == [1, 1, 1, 1]


def test_columns_do_not_depend_on_the_number_of_segments() -> None:
    image = np.zeros((6, 6), dtype=np.uint8)
    empty = np.zeros((6, 6), dtype=bool)
    g, distance = pruned(empty)
    table = graph.segment_table(g, empty, distance, intensity=image)
    assert table.values.shape == (0, 29)
    assert table.columns[-4:] == (
        "intensity_mean",
        "intensity_std",
        "intensity_q25",
        "intensity_q75",
    )


def test_wrong_shapes_are_refused() -> None:
    mask = draw("#####", margin=1)
    g, distance = pruned(mask)
    with pytest.raises(ValueError, match="mask"):
        graph.segment_table(g, np.zeros((4, 4), dtype=bool), distance)
    with pytest.raises(ValueError, match="intensity"):
        graph.segment_table(g, mask, distance, intensity=np.zeros((2, 7), dtype=np.uint8))
