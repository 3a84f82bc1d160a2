# SPDX-License-Identifier: Apache-2.0
"""Drawing of vessels: against the reference, exact for masks; figures; symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from gftcore import synth
from gftcore.reference import raster as reference
from gftcore.synth import Edges


def random_edges(rng, count, longest=0.4, outside=0.15):
    """Vessels of all directions, some on the grid, some points, some beyond the field."""
    start = rng.uniform(-outside, 1 + outside, (count, 3))
    end = start + rng.uniform(-longest, longest, (count, 3))
    kind = rng.integers(0, 6, count)
    end[kind == 0, 0] = start[kind == 0, 0]
    end[kind == 1, 1] = start[kind == 1, 1]
    end[kind == 2] = start[kind == 2]
    return Edges(node1_xyz=start, node2_xyz=end, radius=rng.uniform(0.001, 0.08, count))


def moved(edges, change):
    return Edges(
        node1_xyz=change(edges.node1_xyz), node2_xyz=change(edges.node2_xyz), radius=edges.radius
    )


@given(seed=st.integers(0, 10**6), count=st.integers(0, 12), side=st.integers(1, 24),
       oversampling=st.integers(1, 5))  # fmt: skip
def test_equals_the_reference(seed, count, side, oversampling):
    """Exact for the mask: the same operations in the same order. The image to 1e-6."""
    edges = random_edges(np.random.default_rng(seed), count)
    mask, image = synth.draw_vessels(edges, side_px=side, oversampling=oversampling)
    expected = reference.draw_vessels(edges.plane, side_px=side, oversampling=oversampling)
    np.testing.assert_array_equal(mask, expected[0])
    np.testing.assert_allclose(image, expected[1], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(synth.draw_mask(edges, side_px=side * oversampling), mask)
    drawn = synth.draw_image(edges, side_px=side, oversampling=oversampling)
    np.testing.assert_array_equal(drawn, image)


def test_a_grown_forest_equals_the_reference():
    options = synth.GrowthOptions.test_profile(svc=8, dvc=2)
    edges = synth.grow_vessels(seed=3, options=options).edges()
    assert len(edges) > 100
    mask, image = synth.draw_vessels(edges, side_px=50)
    expected = reference.draw_vessels(edges.plane, side_px=50)
    np.testing.assert_array_equal(mask, expected[0])
    np.testing.assert_allclose(image, expected[1], rtol=0, atol=1e-6)


def test_half_width_and_place():
    """Row = x * side - 0.5; half-width 0.9028 radius; pixels at that very distance are vessel."""
    side = 64
    edges = Edges(node1_xyz=[[0.25, 0.5, 0]], node2_xyz=[[0.75, 0.5, 0]], radius=[0.05])
    half_width = 0.9028 * 0.05 * side
    row, col = np.nonzero(synth.draw_mask(edges, side_px=side))
    assert row.min() == np.ceil(0.25 * side - 0.5 - half_width)
    assert row.max() == np.floor(0.75 * side - 0.5 + half_width)
    assert col.min() == np.ceil(0.5 * side - 0.5 - half_width)
    assert col.max() == np.floor(0.5 * side - 0.5 + half_width)
    exact = Edges(
        node1_xyz=[[0.5 / side, 0.5, 0]], node2_xyz=[[0.5 / side, 0.5, 0]],
        radius=[np.nextafter(1.5 / 0.9028 / side, 1)],
    )  # fmt: skip
    assert synth.draw_mask(exact, side_px=side)[0].sum() == 4  # 0.5 and 1.5 px from it, each side


def test_grey_is_the_area_of_a_straight_side():
    """A vessel along the rows: the mean over pixels across it is its width, to rounding."""
    edges = Edges(node1_xyz=[[-1, 0.5, 0]], node2_xyz=[[2, 0.5, 0]], radius=[0.0337])
    for side, oversampling in [(100, 1), (25, 4), (10, 10)]:
        image = synth.draw_image(edges, side_px=side, oversampling=oversampling)
        width_px = 2 * 0.9028 * 0.0337 * side
        np.testing.assert_allclose(image.sum(axis=1), width_px, atol=0.5 / oversampling)
        assert image.dtype == np.float32
        assert image.min() == 0
        assert image.max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_order_and_transposition_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, 30)
    mask, image = synth.draw_vessels(edges, side_px=40)
    order = rng.permutation(len(edges))
    shuffled = Edges(
        node1_xyz=edges.node1_xyz[order], node2_xyz=edges.node2_xyz[order],
        radius=edges.radius[order],
    )  # fmt: skip
    for other in (shuffled, moved(edges, lambda p: p * [1, 1, 5] + [0, 0, 3])):  # z is dropped
        again = synth.draw_vessels(other, side_px=40)
        np.testing.assert_array_equal(again[0], mask)
        np.testing.assert_array_equal(again[1], image)
    turned = synth.draw_vessels(moved(edges, lambda p: p[:, [1, 0, 2]]), side_px=40)
    np.testing.assert_array_equal(turned[0], mask.T)
    np.testing.assert_allclose(turned[1], image.T, atol=1e-6)


def test_nothing_drawn_is_empty():
    none = Edges(node1_xyz=[], node2_xyz=[], radius=[])
    mask, image = synth.draw_vessels(none, side_px=3)
    assert mask.shape == (12, 12)
    assert not mask.any()
    assert not image.any()


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_published_masks_are_drawn_from_their_graphs():
    for name in samples.true_graph_names():
        label = samples.load_label(name)
        mask = synth.draw_mask(synth.read_edges(samples.true_graph_path(name)))
        assert dice(mask, label) > 0.97
        assert mask.mean() == pytest.approx(label.mean(), rel=0.01)
        assert dice(mask.T, label) < 0.6  # negative control: rows and columns exchanged
