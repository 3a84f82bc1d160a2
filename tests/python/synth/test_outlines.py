# SPDX-License-Identifier: Apache-2.0
"""Polygons and vessels cut at them: against scikit-image; what is cut plus what stays is all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from gftcore.synth.draws import Draws
from gftcore.synth.network import Network
from gftcore.synth.outlines import area_of, blob, capsule, contains, cut, distances, scaled

SEEDS = st.integers(0, 10**6)


def random_blob(seed, jaggedness=0.2, size=0.2):
    draws = Draws(seed, 0)
    centre = 0.2 + 0.6 * draws.uniforms(2)
    return scaled(blob(centre, draws, jaggedness=jaggedness), centre, size**2)


def random_network(seed, count=60, longest=0.3):
    rng = np.random.default_rng(seed)
    start = np.column_stack([rng.uniform(-0.1, 1.1, (count, 2)), np.zeros(count)])
    end = start + rng.uniform(-longest, longest, (count, 3)) * [1, 1, 0]
    kind = rng.integers(0, 5, count)
    end[kind == 0] = start[kind == 0]
    end[kind == 1, 0] = start[kind == 1, 0]
    return Network(
        proximal=start,
        distal=end,
        radius=rng.uniform(0.001, 0.003, count),
        segment=np.arange(count) // 2,
        lesion=np.full(count, -1),
    )


@given(seed=SEEDS)
def test_contains_agrees_with_scikit_image(seed):
    polygon = random_blob(seed)
    points = np.random.default_rng(seed).uniform(0, 1, (500, 2))
    off = distances(polygon, points) > 1e-9  # on the border both may say either
    np.testing.assert_array_equal(
        contains(polygon, points)[off], points_in_poly(points, polygon)[off]
    )


@given(seed=SEEDS)
def test_distances_are_those_to_the_nearest_of_many_points(seed):
    polygon = random_blob(seed)
    points = np.random.default_rng(seed).uniform(0, 1, (50, 2))
    share = np.linspace(0, 1, 400)[:, None, None]
    border = (polygon + share * (np.roll(polygon, -1, axis=0) - polygon)).reshape(-1, 2)
    apart = points[:, None] - border
    expected = np.sqrt((apart**2).sum(axis=2)).min(axis=1)
    assert np.abs(distances(polygon, points) - expected).max() < 1e-4


@given(seed=SEEDS, area=st.floats(1e-4, 0.2))
def test_blobs_have_the_area_and_shape_that_are_wanted(seed, area):
    draws = Draws(seed, 1)
    centre = draws.uniforms(2)
    polygon = scaled(blob(centre, draws, jaggedness=0.15), centre, area)
    assert area_of(polygon) == pytest.approx(area, rel=1e-9)
    radius = np.sqrt(((polygon - centre) ** 2).sum(axis=1))
    assert 0.05 < radius.std() / radius.mean() < 0.25
    assert contains(polygon, centre[None])[0]


def test_capsules_hold_the_circles_around_their_axis():
    a, b = np.array([0.3, 0.4]), np.array([0.32, 0.37])
    polygon = capsule(a, b, 0.01)
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = 0.01 * np.column_stack([np.cos(turn), np.sin(turn)])
    rim = np.concatenate([a + circle, b + circle])
    inside = contains(polygon, rim) | (distances(polygon, rim) < 1e-6)
    assert inside.all()
    exact = np.pi * 0.01**2 + 0.02 * np.hypot(0.02, 0.03)
    assert exact < area_of(polygon) < 1.02 * exact
    # A point has the circle around it.
    assert area_of(capsule(a, a, 0.01)) == pytest.approx(np.pi * 0.01**2, rel=0.01)


@given(seed=SEEDS)
def test_cut_parts_and_rests_are_all(seed):
    """Sampled along the edges: rests lie outside, and what is missing lay inside."""
    network, polygon = random_network(seed), random_blob(seed)
    may = np.random.default_rng(seed).random(len(network)) < 0.7
    rest, segments = cut(network, polygon, may)
    assert (np.diff(rest.segment) >= 0).all()

    share = np.linspace(0.01, 0.99, 33)
    # Of edges that may be cut: the length outside, by sampling, is that of the rests.
    cuttable = network.take(may)
    points = (
        cuttable.proximal[:, None, :2]
        + share[:, None] * (cuttable.distal - cuttable.proximal)[:, None, :2]
    )
    outside = ~contains(polygon, points.reshape(-1, 2)).reshape(len(cuttable), -1)
    sampled = (outside.mean(axis=1) * cuttable.lengths).sum()
    kept = rest.lengths.sum() - network.take(~may).lengths.sum()
    assert kept == pytest.approx(sampled, abs=0.03 * cuttable.lengths.sum() + 1e-9)
    touched = cuttable.segment[~outside.all(axis=1)]
    assert set(touched.tolist()) <= set(segments.tolist())

    # Every piece lies on the edge it was cut from, and none inside of the polygon.
    whole = {tuple(row) for row in network.edges().plane.tolist()}
    new = np.array([tuple(row) not in whole for row in rest.edges().plane.tolist()], dtype=bool)
    middle = (rest.proximal[new, :2] + rest.distal[new, :2]) / 2
    assert not contains(polygon, middle).any()


@given(seed=SEEDS)
def test_what_may_not_be_cut_stays_to_the_bit(seed):
    network, polygon = random_network(seed), random_blob(seed)
    rest, segments = cut(network, polygon, np.zeros(len(network), dtype=bool))
    assert len(segments) == 0
    np.testing.assert_array_equal(rest.edges().plane, network.edges().plane)


@given(seed=SEEDS)
def test_a_second_cut_finds_nothing(seed):
    network, polygon = random_network(seed), random_blob(seed)
    every = np.ones(len(network), dtype=bool)
    once, _ = cut(network, polygon, every)
    smaller = polygon.mean(axis=0) + (1 - 1e-7) * (polygon - polygon.mean(axis=0))
    twice, segments = cut(once, smaller, np.ones(len(once), dtype=bool))
    assert twice.lengths.sum() == pytest.approx(once.lengths.sum(), abs=1e-5)
    assert len(segments) <= 2  # at corners, which the smaller polygon may reach
