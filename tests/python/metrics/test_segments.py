# SPDX-License-Identifier: Apache-2.0
"""Segments that two graphs share, and lines that one has and the other lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import formats, metrics
from gftcore.metrics.segments import coverage, visible_samples

pytest.importorskip("scipy", reason="gftcore.metrics needs scipy")


def straight(nodes: object, segments: object) -> formats.SpatialGraph:
    return formats.from_polylines(nodes, segments, [[]] * len(np.reshape(segments, (-1, 2))))


def row(*cols: float, at: float = 0.0) -> formats.SpatialGraph:
    """Build a straight line along a row, cut at the given columns."""
    nodes = [[at, col] for col in cols]
    return straight(nodes, [[i, i + 1] for i in range(len(cols) - 1)])


@st.composite
def nets(draw: st.DrawFn) -> formats.SpatialGraph:
    """Graphs of up to eight straight segments, no two alike, so that votes have no ties."""
    seed, count = draw(st.integers(0, 10_000)), draw(st.integers(2, 6))
    random = np.random.default_rng(seed)
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    segments = random.permutation(pairs)[: draw(st.integers(0, 8))]
    return straight(random.uniform(0, 30, (count, 2)), segments)


def brute_force_pairs(
    reference: formats.SpatialGraph, prediction: formats.SpatialGraph
) -> list[tuple[int, int]]:
    """The vote rule, sample by sample."""

    def best(one: formats.SpatialGraph, two: formats.SpatialGraph) -> dict[int, tuple[int, float]]:
        ours, theirs = one.samples(1.0), two.samples(1.0)
        votes: dict[int, list[int]] = {}
        for position, segment in zip(ours.rowcol, ours.segment.tolist(), strict=True):
            distance = np.hypot(*(theirs.rowcol - position).T)
            near = int(distance.argmin()) if len(distance) else 0
            near_enough = len(distance) and distance[near] <= 4
            votes.setdefault(segment, []).append(int(theirs.segment[near]) if near_enough else -1)
        out = {}
        for segment, cast in votes.items():
            partners = sorted(
                {vote for vote in cast if vote >= 0}, key=lambda v: (-cast.count(v), v)
            )
            if partners:
                out[segment] = (partners[0], cast.count(partners[0]) / len(cast))
        return out

    there, back = best(reference, prediction), best(prediction, reference)
    return [
        (segment, partner)
        for segment, (partner, share) in sorted(there.items())
        if share >= 0.7 and back.get(partner, (-1, 0))[0] == segment and back[partner][1] >= 0.7
    ]


def test_a_shifted_line_is_the_same_segment_up_to_four_pixels() -> None:
    assert metrics.match_segments(row(0, 40), row(0, 40, at=4)).pairs.tolist() == [[0, 0]]
    assert metrics.match_segments(row(0, 40), row(0, 40, at=4.01)).pairs.tolist() == []


def test_seven_tenths_of_the_samples_must_agree() -> None:
    # Beyond 43.5 px, 4 px from the last sample, the longer line has no votes: 44 of 62, of 63.
    assert metrics.match_segments(row(0, 40), row(0, 62)).recall == 1
    assert metrics.match_segments(row(0, 40), row(0, 63)).recall == 0


def test_a_segment_cut_in_two_matches_at_most_its_larger_part() -> None:
    match = metrics.match_segments(row(0, 100), row(0, 75, 100))
    assert match.pairs.tolist() == [[0, 0]]
    assert (match.recall, match.precision, match.length_recall) == (1, 1 / 2, 1)
    assert metrics.match_segments(row(0, 100), row(0, 50, 100)).recall == 0


def test_equal_votes_go_to_the_lower_number() -> None:
    double = formats.from_polylines([[0, 0], [0, 40], [0, 20]], [[0, 2], [2, 1]], [[], []])
    match = metrics.match_segments(row(0, 40), double, min_share=0.5)
    assert match.pairs.tolist() == [[0, 0]]


def test_length_counts_only_what_lies_in_the_image() -> None:
    reference = straight([[0, 0], [0, 9.5], [5, 0], [5, 99.5]], [[0, 1], [2, 3]])
    match = metrics.match_segments(reference, row(0, 9), shape=(10, 10))
    assert match.pairs.tolist() == [[0, 0]]
    assert (match.recall, match.precision) == (1 / 2, 1)
    np.testing.assert_allclose(match.length_recall, 0.5, atol=0.02)
    assert metrics.match_segments(reference, row(0, 9)).length_recall < 0.1


def test_no_segments() -> None:
    nothing = formats.from_polylines([[0, 0]], [], [])
    both = metrics.match_segments(nothing, nothing)
    assert (both.recall, both.precision, both.length_recall) == (1, 1, 1)
    one = metrics.match_segments(nothing, row(0, 9))
    assert (one.recall, one.precision, one.length_recall) == (0, 0, 0)


@given(reference=nets(), prediction=nets())
def test_the_vote_rule_sample_by_sample(
    reference: formats.SpatialGraph, prediction: formats.SpatialGraph
) -> None:
    pairs = metrics.match_segments(reference, prediction).pairs
    assert [tuple(pair) for pair in pairs.tolist()] == brute_force_pairs(reference, prediction)


@given(reference=nets(), prediction=nets())
def test_the_graphs_change_places(
    reference: formats.SpatialGraph, prediction: formats.SpatialGraph
) -> None:
    there = metrics.match_segments(reference, prediction)
    back = metrics.match_segments(prediction, reference)
    assert sorted(map(tuple, there.pairs[:, ::-1].tolist())) == sorted(
        map(tuple, back.pairs.tolist())
    )
    assert (there.recall, there.precision) == (back.precision, back.recall)


def test_coverage() -> None:
    line, half = row(0, 40).samples(1.0), row(0, 20, at=2).samples(1.0)
    assert coverage(line, half) == 20 / 40
    assert coverage(half, line) == 1
    assert coverage(half, row(0, 40, at=-0.1).samples(1.0)) == 0
    nothing = row(0, 40).samples(1.0).where(np.zeros(40, dtype=bool))
    assert (coverage(nothing, line), coverage(line, nothing)) == (0, 0)
    assert coverage(nothing, nothing) == 1


def test_samples_outside_the_image_are_not_visible() -> None:
    samples = visible_samples(row(-10, 10), 1.0, (1, 5))
    np.testing.assert_allclose(samples.rowcol[:, 1], [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5])
