# SPDX-License-Identifier: Apache-2.0
"""Wide spots against a plain definition that compares each with all places. Exactness: exact."""

from __future__ import annotations

import warnings
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gftcore import graph, io, segmentation, synth
from gftcore.errors import GftcoreWarning
from gftcore.findings import nearby
from gftcore.findings.nearby import Nearby
from gftcore.findings.wide_spots import WideSpots, wide_spots
from gftcore.graph import HeteroGraph
from irregular_eyes import irregular_graphs
from random_masks import random_mask
from strategies import vessel_masks

MM = 3 / 304


def eye_of(mask: np.ndarray) -> HeteroGraph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)  # some masks have no vessel
        return graph.extract(mask)


def plain(eye: HeteroGraph, mm_per_px: float) -> WideSpots:
    """The definition: one vessel after the other, against all points and nodes."""
    place = np.concatenate([eye.point_rowcol, eye.node_rowcol]).astype(float)
    radius = np.concatenate([eye.point_radius_px, eye.node_radius_px]).astype(float)
    spots = []
    for segment in range(eye.num_segments):
        first, last = eye.segment_nodes[segment] + eye.num_points
        points = np.arange(eye.point_ptr[segment], eye.point_ptr[segment + 1])
        at = first
        if len(points):  # of equal ones the last, but no node unless it is wider
            at = points[::-1][np.argmax(radius[points[::-1]])]
        for end in (first, last):
            at = end if radius[end] > radius[at] else at
        spots.append((plain_ratio(place, radius, at, eye.meta.shape, mm_per_px), segment, at))
    kept: list[tuple[float, int, int]] = []
    for ratio, segment, at in sorted(spots, key=lambda spot: -spot[0]):
        apart = [np.hypot(*(place[other] - place[at])) for _, _, other in kept]
        if ratio > 0 and all(a > 1.5 * radius[at] + 1 for a in apart):
            kept.append((ratio, segment, at))
    kept.sort(key=lambda spot: spot[1])
    return WideSpots(
        rowcol=np.array([place[at] for _, _, at in kept]).reshape(-1, 2),
        segment=np.array([segment for _, segment, _ in kept], dtype=np.int64),
        ratio=np.array([ratio for ratio, _, _ in kept], dtype=float),
    )


def plain_ratio(
    place: np.ndarray, radius: np.ndarray, at: int, shape: tuple[int, int], mm_per_px: float
) -> float:
    own, capillary, margin = radius[at], 0.0085 / mm_per_px, 0.06 / mm_per_px
    low, high = np.full(2, margin), np.array(shape) - 1 - margin
    if own <= 1.5 * capillary or (place[at] <= low).any() or (place[at] >= high).any():
        return 0.0
    apart = np.hypot(*(place - place[at]).T)
    next_to_it = apart <= 1.5 * own + 1
    reach = 2 * own + 0.03 / mm_per_px
    around = radius[~next_to_it & (apart <= reach)]
    if (radius[next_to_it] > own).any() or not len(around):
        return 0.0
    return float(own / max(np.quantile(around, 0.9), capillary))


def same(eye: HeteroGraph, mm_per_px: float) -> int:
    """Compare and return how many spots there are."""
    found, wanted = wide_spots(eye, mm_per_px), plain(eye, mm_per_px)
    for name in ("rowcol", "segment", "ratio"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes(), name
    return len(found.ratio)


def test_one_spot_by_hand() -> None:
    """A disc on a bar whose radius is 1.75 everywhere."""
    mask = np.zeros((121, 400), dtype=bool)
    mask[59:62] = True
    row, col = np.ogrid[:121, :400]
    mask |= (row - 60) ** 2 + (col - 100) ** 2 <= 81
    eye = eye_of(mask)
    found = wide_spots(eye, MM)
    assert np.abs(found.rowcol - (60, 100)).max() <= 1
    (ratio,) = found.ratio
    assert ratio == float(eye.point_radius_px.max()) / 1.75
    assert same(eye, MM) == 1


def test_nothing_in_nothing() -> None:
    assert same(eye_of(np.zeros((9, 9), dtype=bool)), MM) == 0
    assert same(eye_of(np.ones((3, 3), dtype=bool)), MM) == 0


def test_places_just_as_far_as_the_reach_are_near() -> None:
    place = np.array([[50.0, 50], [40, 50], [60, 50], [50, 40], [50, 60]])
    ((of, near, apart),) = Nearby(place, (101, 101)).pairs(place[:1], np.array([10.0]))
    assert of.tolist() == [0] * 5
    assert sorted(near.tolist()) == [0, 1, 2, 3, 4]
    assert sorted(apart.tolist()) == [0, 10, 10, 10, 10]


@pytest.mark.parametrize("label", ["Healthy", "NPDR", "PDR"])
def test_synthetic_eyes(label: str) -> None:
    growth = synth.GrowthOptions.test_profile()
    parameters = synth.draw_parameters(seed=3, label=label).replace(growth=growth)
    mask = synth.make_eye(seed=3, parameters=parameters).mask
    assert same(eye_of(mask), 3 / 1216) > 20


def test_the_sample_of_the_demo() -> None:
    with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as file:
        mask = segmentation.segment(io.read_image(file))
    assert same(eye_of(mask), 3 / max(mask.shape)) > 20


def test_irregular_eyes() -> None:
    spots = [same(eye, mm) for eye in irregular_graphs(4) for mm in (MM / 2, MM, 0.015, 1.0)]
    assert sum(spots) > 20


def test_random_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "_CHUNK", 40)  # many chunks even of a small eye
    rng = np.random.default_rng(0)
    masks = [random_mask(rng, 96) for _ in range(150)]
    spots = sum(same(eye_of(mask), 0.03) for mask in masks)
    assert spots > 100


@given(mask=vessel_masks(), mm_per_px=st.sampled_from([0.0025, 0.01, 0.015, 0.02, 0.1]))
@settings(max_examples=100)
def test_any_mask(mask: np.ndarray, mm_per_px: float) -> None:
    same(eye_of(mask), mm_per_px)


@given(seed=st.integers(0, 2**32 - 1), chunk=st.sampled_from([1, 7, 2**15]))
def test_nearby_places_are_those_of_all_pairs(seed: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols = rng.integers(1, 60, 2).tolist()
    count, centres = rng.integers(0, 40, 2).tolist()
    grid = rng.choice([1.0, 2.0, 7.0])  # on a grid many are just as far as the reach
    place = np.floor(rng.uniform(0, 1, (count, 2)) * (rows, cols) * grid) / grid
    centre = rng.uniform(-5, 5, (centres, 2)) if seed % 2 else rng.permutation(place)[:centres]
    reach = rng.integers(0, 30, len(centre)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearby, "_CHUNK", chunk)
        chunks = list(Nearby(place, (rows, cols)).pairs(centre, reach))
    found = {(i, j): a for c in chunks for i, j, a in zip(*(x.tolist() for x in c), strict=True)}
    apart = np.hypot(*(place[None] - centre[:, None]).transpose(2, 0, 1))
    wanted = {(i, j): apart[i, j] for i, j in np.argwhere(apart <= reach[:, None]).tolist()}
    assert found == wanted
    owners = [set(of.tolist()) for of, _, _ in chunks]
    assert sum(map(len, owners)) == len(set().union(*owners))  # no centre in two chunks
    assert all((np.diff(of) >= 0).all() for of, _, _ in chunks)
