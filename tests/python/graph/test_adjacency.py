# SPDX-License-Identifier: Apache-2.0
"""Which segments and areas touch: drawn networks by hand, random ones from the faces."""

from __future__ import annotations

import os
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from figures import draw
from gftcore import graph
from gftcore.graph import ExtractConfig, HeteroGraph
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
BLOCK = 40
FAZ = -2

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


def pairs(relation: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [tuple(edge) for edge in relation.T.tolist()]


def weights(relation: tuple[NDArray[np.int64], NDArray[np.float32]]) -> dict[Any, int]:
    edges, attr = relation
    return dict(zip(pairs(edges), attr[:, 0].astype(int).tolist(), strict=True))


def relations(mask: NDArray[np.bool_], method: str = "planar") -> dict[str, dict[Any, int]]:
    """Relations of a mask that is its own skeleton, with every void an area, the FAZ included."""
    traced = graph.trace(mask, anchors=graph.border_anchors(mask))
    labels = graph.label(mask, connectivity=4, background=True)
    found = graph.adjacency(
        traced,
        graph.faces(traced),
        labels,
        method=method,
        squared_distance=graph.squared_distance(mask),
    )
    return {name: weights(relation) for name, relation in found.items()}


def cross(side: int) -> NDArray[np.bool_]:
    mask = np.zeros((side, side), bool)
    mask[side // 2] = mask[:, side // 2] = True
    return mask


def test_one_vessel_between_two_areas() -> None:
    mask = np.zeros((9, 12), bool)
    mask[4] = True
    assert relations(mask) == {"vv": {}, "ii": {(0, 1): 10}, "vi": {(0, 0): 10, (0, 1): 10}}


def test_a_crossing_from_frame_to_frame() -> None:
    """Segments up, left, right, down; areas in reading order."""
    found = relations(cross(13))
    middle = 2  # nodes in raster order: top, left, middle, right, bottom
    assert found["vv"] == dict.fromkeys(combinations(range(4), 2), middle)
    assert found["ii"] == {(0, 1): 5, (0, 2): 5, (1, 3): 5, (2, 3): 5}
    sides = {0: (0, 1), 1: (0, 2), 2: (1, 3), 3: (2, 3)}
    assert found["vi"] == {(s, area): 5 for s, areas in sides.items() for area in areas}


def test_a_dangling_vessel_touches_one_area_once() -> None:
    mask = np.zeros((9, 12), bool)
    mask[4, 3:9] = True
    assert relations(mask) == {"vv": {}, "ii": {}, "vi": {(0, 0): 4}}


def test_a_ring_separates_inside_from_outside() -> None:
    mask = draw(".###.", "#...#", "#...#", "#...#", ".###.", margin=3)
    assert relations(mask) == {"vv": {}, "ii": {(0, 1): 11}, "vi": {(0, 0): 11, (0, 1): 11}}


def test_parallel_segments_pair_once_and_add_up() -> None:
    mask = draw("...#...", "..#.#..", "##...##", "..#.#..", "...#...", margin=2)
    found = relations(mask)
    assert found["vv"] == {(0, 1): 1, (0, 2): 1, (1, 2): 1, (1, 3): 2, (2, 3): 2}
    assert found["ii"] == {(0, 1): 6}  # both arms, three points each
    assert found["vi"] == {(0, 0): 0, (1, 0): 3, (1, 1): 3, (2, 0): 3, (2, 1): 3, (3, 0): 0}


def test_a_self_loop_pairs_with_the_others_only() -> None:
    found = relations(draw("...#.", "###.#", "...#.", margin=2))
    assert found["vv"] == {(0, 1): 1}
    assert found["ii"] == {(0, 1): 3}


def test_centerline4_does_not_see_through_the_frame() -> None:
    """Two pixels at each end of a vessel lie in the drawn frame, the others touch both areas."""
    mask = np.zeros((11, 20), bool)
    mask[5] = True
    found = relations(mask, "centerline4")
    inner = 20 - 2 * 2
    assert found["ii"] == {(0, 1): inner}
    assert found["vi"] == {(0, 0): inner, (0, 1): inner}


def test_centerline4_discs_hide_points_at_wide_nodes() -> None:
    mask = cross(41)
    rows, cols = np.ogrid[:41, :41]
    away = (rows - 20) ** 2 + (cols - 20) ** 2
    distance = graph.squared_distance(mask | (away <= 36))
    traced = graph.trace(mask, anchors=graph.border_anchors(mask))
    labels = graph.label(mask, connectivity=4, background=True)
    found = graph.adjacency(
        traced,
        graph.faces(traced),
        labels,
        method="centerline4",
        squared_distance=distance,
    )
    radius = int(np.sqrt(distance[20, 20]) / 1.75) + 1
    # Points of an arm outside the frame whose neighbour beside the arm is not in the disc.
    seen = int((away[2:20, 19] > radius**2).sum())
    assert 0 < seen < 17
    assert set(weights(found["vi"]).values()) == {seen}


def naive_planar(found: HeteroGraph) -> dict[str, dict[Any, int]]:
    """Relations written again from segment_faces, face_ica and segment_nodes."""
    points = np.diff(found.point_ptr).tolist()
    out: dict[str, Counter] = {name: Counter() for name in ("vi", "vf", "ii", "if")}
    for segment, faces in enumerate(found.segment_faces.tolist()):
        touched = sorted({int(found.face_ica[face]) for face in faces} - {-1})
        for area in touched:
            name, row = ("vf", 0) if area == FAZ else ("vi", area)
            out[name][segment, row] += points[segment]
        if len(touched) == 2:
            name, pair = ("if", (touched[1], 0)) if FAZ in touched else ("ii", tuple(touched))
            out[name][pair] += points[segment]
    shared: dict[Any, int] = {}
    for node in range(found.num_nodes):
        here = np.unique(np.nonzero(found.segment_nodes == node)[0]).tolist()
        for pair in combinations(here, 2):
            shared.setdefault(pair, node)
    return {**out, "vv": shared}


def assert_valid(found: HeteroGraph) -> None:
    """Edges are sorted, unique, without loops and in range; degrees count each edge once."""
    sizes = {"v": found.num_segments, "i": found.num_icas, "f": len(found.faz_x)}
    for name, edges in found.edges.items():
        ours = pairs(edges)
        assert ours == sorted(set(ours)), name
        assert all(0 <= a < sizes[name[0]] and 0 <= b < sizes[name[1]] for a, b in ours), name
        if name in ("vv", "ii"):
            assert all(a < b for a, b in ours), name
    edges = found.edges
    count = np.bincount
    vessels, areas = found.num_segments, found.num_icas
    of_vessels = count(edges["vi"][0], minlength=vessels) + count(edges["vf"][0], minlength=vessels)
    for column, expected in (
        (found.vessel("degree"), count(edges["vv"].ravel(), minlength=vessels)),
        (found.vessel("hetero_degree"), of_vessels),
        (found.ica("degree"), count(edges["ii"].ravel(), minlength=areas)),
        (found.ica("hetero_degree"), count(edges["vi"][1], minlength=areas)),
    ):
        np.testing.assert_array_equal(column, expected)


def assert_faz_is_no_area(found: HeteroGraph) -> None:
    assert found.faz_info.label not in found.ica_label_id
    assert (found.faz_info.label > 0) == (len(found.faz_x) == 1)
    assert pairs(found.edges["ff"]) == [(0, 0)] * len(found.faz_x)
    labels = found.kept["ica_label"]
    assert np.array_equal(
        np.setdiff1d(np.unique(labels), [0, found.faz_info.label]), np.sort(found.ica_label_id)
    )
    degrees = [found.edges["if"].shape[1], found.edges["vf"].shape[1]]
    for row in found.faz_x:
        at = [found.ica_columns.index(name) for name in ("degree", "hetero_degree")]
        assert row[at].tolist() == degrees


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_planar_relations_follow_from_faces(first: int, connectivity: int) -> None:
    config = ExtractConfig(ica_connectivity=connectivity)
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(seed), 120)
        found = graph.extract(mask, config, keep=("ica_label",))
        assert_valid(found)
        assert_faz_is_no_area(found)
        assert (found.vessel("hetero_degree") <= 2).all()
        for name, expected in naive_planar(found).items():
            ours = weights((found.edges[name], found.edge_attr[name]))
            assert ours == expected, f"seed {seed}, {name}"


@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_centerline4_relations_are_valid(first: int) -> None:
    config = ExtractConfig(adjacency="centerline4", faz="fixed")
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(20_000 + seed), 120)
        found = graph.extract(mask, config, keep=("ica_label",))
        assert_valid(found)
        assert_faz_is_no_area(found)


def test_the_faz_has_relations_of_its_own() -> None:
    """A grid of 3 x 3 cells; the middle one is the FAZ, its four neighbours touch it."""
    mask = np.zeros((96, 96), bool)
    for k in (3, 32, 61, 90):
        mask[k : k + 3, 3:93] = mask[3:93, k : k + 3] = True
    found = graph.extract(mask, keep=("ica_label",))
    outside = found.kept["ica_label"][0, 0]
    assert found.kept["ica_label"][48, 48] == found.faz_info.label
    assert found.edges["vf"].shape[1] == found.edges["if"].shape[1] == 4
    assert found.ica_label_id.tolist() == [k for k in range(1, 11) if k != found.faz_info.label]
    assert outside in found.ica_label_id
    assert_valid(found)
    assert_faz_is_no_area(found)
