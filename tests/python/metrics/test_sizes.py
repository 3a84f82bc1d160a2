# SPDX-License-Identifier: Apache-2.0
"""Radii and lengths of two graphs."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import formats
from gftcore.metrics.sizes import clear_pieces, radius_error, segment_radii

pytest.importorskip("scipy", reason="gftcore.metrics needs scipy")


def rows(lengths: list[float], radii: list[float], apart: float = 20.0) -> formats.SpatialGraph:
    """Lines along rows, each with one radius."""
    nodes = [[apart * i, col] for i, length in enumerate(lengths) for col in (0.0, length)]
    ends = [[2 * i, 2 * i + 1] for i in range(len(lengths))]
    points = [nodes[2 * i : 2 * i + 2] for i in range(len(lengths))]
    return formats.from_polylines(nodes, ends, points, radius_px=[[r, r] for r in radii])


def identity(count: int) -> np.ndarray:
    return np.stack([np.arange(count)] * 2, axis=1)


def test_mean_radii_of_matched_segments() -> None:
    truth, found = rows([9, 9, 9, 5], [1, 2, 4, 8]), rows([9, 9, 9, 9], [1.5, 3, 6, 80])
    radii = segment_radii(truth, found, identity(4))
    assert radii.count == 3  # the segment of 5 px is too short
    assert (radii.median_ratio, radii.median_error_px) == (1.5, 1.0)
    np.testing.assert_allclose(radii.correlation, 1)


def test_the_radius_is_averaged_along_the_line() -> None:
    # 2 px of radius 1 and 8 px of radius 3, whatever the number of points.
    uneven = formats.from_polylines(
        [[0, 0], [0, 10]], [[0, 1]], [[[0, 0], [0, 2], [0, 2], [0, 10]]], radius_px=[[1, 1, 3, 3]]
    )
    radii = segment_radii(rows([10], [1]), uneven, identity(1))
    np.testing.assert_allclose(radii.median_ratio, 2.6)
    assert np.isnan(radii.correlation)  # one segment has none


def test_unknown_radii_are_left_out() -> None:
    unknown = formats.from_polylines([[0, 0], [0, 9]], [[0, 1]], [[]])
    radii = segment_radii(rows([9], [1]), unknown, identity(1))
    assert (radii.count, np.isnan(radii.median_ratio)) == (0, True)
    truth = rows([9, 9], [4, 4]).samples(0.5)
    assert radius_error(truth, unknown).count == 0
    assert np.isnan(radius_error(truth, unknown).median_relative)


def test_radius_at_points_against_the_half_width() -> None:
    truth = rows([40, 40], [4.0, 2.5]).samples(0.5)
    found = formats.from_polylines(
        [[0, 0], [0, 40], [20, 0], [20, 40]],
        [[0, 1], [2, 3]],
        [[[0, 10], [1, 20], [1.6, 30]], [[20, 20]]],
        radius_px=[[5.0, 4.4, 9.0], [9.0]],
    )
    error = radius_error(truth, found)
    assert error.count == 2  # one point is too far, and half-widths up to 2.5 px do not count
    np.testing.assert_allclose(error.median_relative, (1 / 4 + 0.4 / 4) / 2)


def test_radii_count_where_they_were_measured() -> None:
    truth = rows([40], [4.0]).samples(0.5)
    found = formats.SpatialGraph(
        node_rowcol=np.array([[0.0, 0], [0, 40]]),
        segment_nodes=np.array([[0, 1]]),
        point_ptr=np.array([0, 1]),
        point_rowcol=np.array([[5.0, 20]]),
        point_radius_px=np.array([5.0]),
        point_raw_rowcol=np.array([[1.0, 20]]),
    )
    assert radius_error(truth, found).median_relative == 0.25


# --- clear pieces -------------------------------------------------------------------------------


def zigzag(length: float, height: float = 1.0) -> formats.SpatialGraph:
    cols = np.arange(1.0, length)
    points = np.stack([np.where(cols % 2, height, 0), cols], axis=1)
    return formats.from_polylines([[0, 0], [0, length]], [[0, 1]], [points])


def test_the_ratio_is_that_of_the_arcs_between_the_ends() -> None:
    truth = formats.from_polylines([[0, -30], [0, 70]], [[0, 1]], [[]]).samples(0.5)
    pieces = clear_pieces(truth, zigzag(40))
    assert pieces.count == 1
    np.testing.assert_allclose(pieces.reference_px, 40)
    np.testing.assert_allclose(pieces.ratio, np.sqrt(2))


@pytest.mark.parametrize("cut", [40.0, 40.2, 40.5])
def test_a_piece_up_to_the_end_of_a_chain_has_all_its_length(cut: float) -> None:
    # Samples alone end a quarter of a pixel before the line does.
    truth = formats.from_polylines([[0, 0], [0, cut]], [[0, 1]], [[]])
    pieces = clear_pieces(truth.samples(0.5), truth)
    np.testing.assert_allclose((pieces.reference_px, pieces.ratio), (cut, 1))


def test_what_is_not_clear_is_left_out() -> None:
    straight = formats.from_polylines([[0, 0], [0, 100]], [[0, 1]], [[]]).samples(0.5)
    assert clear_pieces(straight, zigzag(19, 0)).count == 0  # shorter than 20 px
    assert clear_pieces(straight, zigzag(20, 0)).count == 1
    assert clear_pieces(straight, zigzag(40, 2.2)).count == 0  # further than 2 px away
    ends_outside = formats.from_polylines([[0, 50], [0, 103]], [[0, 1]], [[]])
    assert clear_pieces(straight, ends_outside).count == 0
    broken = formats.from_polylines([[0, 0], [0, 50], [0, 100]], [[0, 1], [1, 2]], [[], []])
    across = formats.from_polylines([[0, 30], [0, 80]], [[0, 1]], [[]])
    assert clear_pieces(broken.samples(0.5), across).count == 0  # two chains
    nothing = clear_pieces(straight.where(np.zeros(len(straight), dtype=bool)), across)
    assert (nothing.count, np.isnan(nothing.ratio)) == (0, True)


def test_five_percent_of_the_samples_may_lie_on_another_chain() -> None:
    truth = formats.from_polylines(
        [[0, 0], [0, 100], [1.2, 40], [1.2, 43.9]], [[0, 1], [2, 3]], [[], []]
    ).samples(0.5)

    def piece(length: float) -> formats.SpatialGraph:
        bump = [[0.9, 40], [0.9, 44]]
        return formats.from_polylines(
            [[0, 0], [0, length]], [[0, 1]], [[[0, 39.9], *bump, [0, 44.1]]]
        )

    assert clear_pieces(truth, piece(95)).count == 1
    assert clear_pieces(truth, piece(60)).count == 0
