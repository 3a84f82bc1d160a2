# SPDX-License-Identifier: Apache-2.0
"""Faces of the closure: one for each void of the mask, the same along every link of a segment."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

import samples
from figures import FIGURES, Figure, draw
from gftcore import graph
from gftcore.graph import ExtractConfig, HeteroGraph
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "240"))
BLOCK = 40
NO_AREA, FAZ = -1, -2
EVERY_VOID = {"ica_connectivity": 4, "ica_fill_px": 0, "ica_min_px": 1}
CONFIGS = (
    ExtractConfig(**EVERY_VOID),
    ExtractConfig(**EVERY_VOID, skeleton="ordered"),
    ExtractConfig(**EVERY_VOID, prune="none", features="centreline"),
    ExtractConfig(**EVERY_VOID, prune="length"),
)

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


def closed_labels(skeleton: NDArray[np.bool_], anchors: NDArray[np.int64]) -> NDArray[np.int32]:
    """SciPy's labels of the closure's background, 0 on the skeleton and outside the anchors."""
    closed = np.pad(skeleton, 1)
    last = np.array(skeleton.shape) - 1
    outwards = (anchors == last).astype(int) - (anchors == 0)
    closed[tuple((anchors + 1 + outwards).T)] = True
    labels: NDArray[np.int32] = ndimage.label(~closed)[0]
    return labels


def links(traced: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """First pixel [L, 2], step [L, 2] and segment [L] of all links, in walk direction."""
    sizes = np.diff(traced.point_ptr)
    segment = np.repeat(np.arange(len(sizes)), sizes + 2)
    first = np.cumsum(sizes + 2) - sizes - 2
    chain = np.zeros((len(segment), 2), np.int64)
    inner = np.ones(len(segment), bool)
    for place, end in ((first, 0), (first + sizes + 1, 1)):
        chain[place] = traced.segment_ends[:, end]
        inner[place] = False
    chain[inner] = traced.point_pixel
    same = segment[1:] == segment[:-1]
    return chain[:-1][same], np.diff(chain, axis=0)[same], segment[1:][same]


def beside(traced: Any, labels: NDArray[np.int32], side: int) -> NDArray[np.int64]:
    """(segment, closure label) of every off pixel left (side 0) or right (1) of a link [N, 2].

    Beside a straight link lie two pixels on each side, beside a diagonal one the neighbour that
    both ends share.
    """
    here, step, segment = links(traced)
    across = np.stack([-step[:, 1], step[:, 0]], axis=1) * (1 - 2 * side)
    straight = np.abs(step).sum(axis=1) == 1
    shared = here + (step + across) // 2
    near = np.where(straight[:, None], here + across, shared)
    far = np.where(straight[:, None], here + step + across, shared)
    found = np.concatenate([labels[tuple((near + 1).T)], labels[tuple((far + 1).T)]])
    pairs = np.stack([np.tile(segment, 2), found], axis=1)
    return np.unique(pairs[found > 0], axis=0)


def check_links(traced: Any) -> None:
    """Every link of a segment sees the faces that the segment is said to separate."""
    labels = closed_labels(traced.skeleton, traced.anchors)
    found = graph.faces(traced)
    assert found.count == labels.max(initial=0)
    np.testing.assert_array_equal(found.label, labels[1:-1, 1:-1])
    for side in (0, 1):  # one label for each segment, so all its links agree
        faces = np.stack([np.arange(len(found.segment_faces)), found.segment_faces[:, side] + 1], 1)
        np.testing.assert_array_equal(beside(traced, labels, side), faces)


def traced(mask: NDArray[np.bool_], method: str = "fast") -> Any:
    return graph.trace(graph.thin(mask, method=method), anchors=graph.border_anchors(mask))


def check_bijection(mask: NDArray[np.bool_], config: ExtractConfig) -> None:
    """Faces, areas and 4-connected voids are the same sets; the FAZ is one of them."""
    found: HeteroGraph = graph.extract(mask, config, keep=("ica_label", "face_label"))
    void, count = ndimage.label(~mask)
    has_faz = len(found.faz_x)
    assert found.num_icas + has_faz == count
    np.testing.assert_array_equal(found.kept["ica_label"], void)

    # A frame that is all vessel leaves a face of ring pixels only; it owns no area.
    frame = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    expected = [*range(found.num_icas), *[FAZ] * has_faz, *[NO_AREA] * bool(frame.all())]
    assert sorted(found.face_ica.tolist()) == sorted(expected)

    area_of_label = np.full(count + 1, FAZ)
    area_of_label[found.ica_label_id] = np.arange(found.num_icas)
    off = ~mask
    faces = found.kept["face_label"][off] - 1
    np.testing.assert_array_equal(found.face_ica[faces], area_of_label[void[off]])


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_drawn_figures(figure: Figure) -> None:
    found = traced(figure.mask)
    assert graph.faces(found).count == figure.faces
    check_links(found)


@pytest.mark.parametrize("method", ["fast", "ordered", "zhang-skimage"])
@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_links_of_random_masks_agree(first: int, method: str) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(9000 + seed), 60)
        skeleton = graph.thin(mask, method=method)
        anchors = graph.border_anchors(mask)
        kept = anchors[skeleton[tuple(anchors.T)]]
        before = graph.trace(skeleton, anchors=kept)
        check_links(before)
        if not mask.all():
            check_links(graph.prune(before, graph.squared_distance(mask)))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.skeleton}-{c.prune}")
@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_faces_areas_and_voids_of_random_masks_are_one(first: int, config: ExtractConfig) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(seed), 100)
        if mask.all() or min(mask.shape) < 3:
            continue  # no graph, or no anchors
        check_bijection(mask, config)


@pytest.mark.parametrize("name", samples.sample_names()[:4])
def test_samples(name: str) -> None:
    mask = samples.load_label(name)
    check_bijection(mask, CONFIGS[0])
    check_links(graph.prune(traced(mask), graph.squared_distance(mask)))


def test_areas_joined_by_diagonals_own_several_faces() -> None:
    """With 8-connected areas a diagonal line of vessel separates faces but not areas."""
    mask = np.eye(24, dtype=bool)
    four = graph.extract(mask, ExtractConfig(**EVERY_VOID))
    eight = graph.extract(mask)
    assert (four.num_icas + len(four.faz_x), len(four.face_ica)) == (2, 2)
    assert (eight.num_icas + len(eight.faz_x), len(eight.face_ica)) == (1, 2)
    assert len(set(eight.face_ica.tolist())) == 1


def test_small_voids_are_faces_without_area() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:30, 10:30] = True
    mask[18:21, 18:20] = False  # 6 px: too few for an area, too many to be filled
    found = graph.extract(mask)
    assert found.face_ica.tolist().count(NO_AREA) == 1
    assert len(found.face_ica) == 2


def test_negative_control_without_anchors_one_face_lies_on_both_sides() -> None:
    mask = draw(".....", ".....", "#####", ".....", ".....")
    found = traced(mask)
    naive = closed_labels(found.skeleton, np.zeros((0, 2), np.int64))
    np.testing.assert_array_equal(beside(found, naive, 0), beside(found, naive, 1))
    assert graph.faces(found).segment_faces.tolist() == [[0, 1]]


def test_negative_control_8_connected_faces_leak_through_diagonals() -> None:
    mask = np.eye(9, dtype=bool)
    found = traced(mask)
    leaky = ndimage.label(~np.pad(found.skeleton, 1), np.ones((3, 3)))[0]
    np.testing.assert_array_equal(beside(found, leaky, 0), beside(found, leaky, 1))
    assert graph.faces(found).count == 2
