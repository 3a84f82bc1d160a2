# SPDX-License-Identifier: Apache-2.0
"""What counts as the same answer: every check raises AssertionError if ours and theirs differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from skimage import measure

from gftcore import graph
from peers import baseline

Check = Callable[[Any, Any], None]


def same_image(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_array_equal(ours != 0, theirs != 0)


def same_topology(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Both are thin sets with the mask's components; different algorithms choose other pixels."""
    count = measure.label(theirs, connectivity=2).max()
    assert measure.label(ours, connectivity=2).max() == count, "other number of components"
    share = np.count_nonzero(ours) / np.count_nonzero(theirs)
    assert 0.8 < share < 1.25, f"{share:.3f} times the peer's pixels"


def same_distance(ours: np.ndarray, theirs: np.ndarray) -> None:
    """The squared distance is exact; peers hand out its root, some only nearly exact."""
    np.testing.assert_allclose(np.sqrt(ours), theirs, rtol=1e-4)


def same_partition(ours: np.ndarray, theirs: Any) -> None:
    theirs = theirs[1] if isinstance(theirs, tuple) else theirs
    pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]).astype(np.int64), axis=1)
    assert pairs.shape[1] == ours.max() + 1 == np.unique(theirs).size, "other components"


def same_faces(ours: graph.Faces, theirs: Any) -> None:
    """The peer labels the closure, which is one ring of pixels larger."""
    theirs = theirs[1] if isinstance(theirs, tuple) else theirs
    assert ours.count == theirs.max(), "other number of faces"
    same_partition(ours.label, theirs[1:-1, 1:-1])


def same_faz(ours: graph.FazChoice, theirs: tuple[int, float]) -> None:
    assert ours.method == "auto", f"no component of the opened void: {ours}"
    assert ours.label == theirs[0], f"region {ours.label}, not {theirs[0]}"
    np.testing.assert_allclose(ours.confidence, theirs[1], rtol=1e-12)


def nearest_points(mask: np.ndarray, points: np.ndarray) -> Check:
    """Equal distances, unless the peer's nearest point lies in another component."""
    component = measure.label(mask, connectivity=2)
    pixels = np.argwhere(mask)
    home = component[mask]

    def check(ours: np.ndarray, theirs: np.ndarray) -> None:
        assert (ours[~mask] == -1).all(), "background has a point"
        held = ours[mask] >= 0
        own = points[ours[mask]]
        nearest = theirs[:, mask].T
        at_home = component[tuple(nearest.T)] == home
        assert not at_home[~held].any(), "a pixel lacks its point"
        assert (component[tuple(own.T)] == home)[held].all(), "a point of another component"
        own_squared = ((own - pixels) ** 2).sum(axis=1)
        least_squared = ((nearest - pixels) ** 2).sum(axis=1)
        np.testing.assert_array_equal(own_squared[held & at_home], least_squared[held & at_home])
        assert (own_squared >= least_squared)[held].all(), "nearer than the nearest point"

    return check


def same_regions(ours: graph.RegionTable, theirs: dict[str, np.ndarray]) -> None:
    """Equal to 1e-9 wherever the peer's value is not the root or the sign of a rounding error."""
    major, minor = (theirs[f"axis_{name}_length"] for name in ("major", "minor"))
    oblong = major**2 - minor**2 > 1e-6 * major**2
    for column, values in zip(ours.columns, ours.values.T, strict=True):
        actual, expected, atol = values, theirs[column], 1e-9
        if column == "orientation":  # up to half a turn, and only where the axes differ
            actual, expected = np.sin(actual - expected)[oblong], 0
        elif column in ("axis_minor_length", "eccentricity"):
            unit = np.maximum(major, 1) if column == "axis_minor_length" else 1
            actual, expected, atol = (actual / unit) ** 2, (expected / unit) ** 2, 1e-12
        np.testing.assert_allclose(actual, expected, rtol=2e-9, atol=atol, err_msg=column)


def similar_length(ours: graph.Table, total_px: float) -> None:
    """Junction rules and smoothing differ between tools; the length of all vessels hardly does."""
    share = ours.values[:, ours.columns.index("length")].sum() / total_px
    assert 0.85 < share < 1.05, f"{share:.3f} times the peer's length"


def similar_branches(ours: graph.Table, theirs: Any) -> None:
    similar_length(ours, theirs[0]["branch_distance"].sum())


def similar_edges(ours: graph.Table, theirs: Any) -> None:
    similar_length(ours, sum(w for *_, w in theirs.edges(data="weight")))


def pruned_from(network: graph.SkeletonGraph) -> Callable[[graph.SkeletonGraph], None]:
    """Only segments go: the first Betti number and the border nodes stay."""

    def holds(pruned: graph.SkeletonGraph) -> None:
        assert 0 < len(pruned.segment_nodes) < len(network.segment_nodes), "nothing was pruned"
        assert cycles(pruned) == cycles(network), "other number of holes or components"
        for kind in (2, 4):  # border, ring
            ours, before = ((g.node_kind == kind).sum() for g in (pruned, network))
            assert ours >= before, f"nodes of kind {kind} went"

    return holds


def cycles(network: graph.SkeletonGraph) -> int:
    """Holes minus components."""
    return len(network.segment_nodes) - len(network.node_kind)


def skeleton_px(network: graph.SkeletonGraph) -> int:
    return len(network.point_pixel) + len(network.node_pixel)


def similar_skeleton(ours: graph.SkeletonGraph, theirs: Any) -> None:
    """Which leaf goes first differs; how many pixels are left hardly does."""
    share = skeleton_px(ours) / np.count_nonzero(theirs.skeleton_image)
    assert 0.97 < share < 1.03, f"{share:.3f} times the peer's pixels"


def stays_minimal(anchors: np.ndarray) -> Callable[[np.ndarray], None]:
    """A second pass changes nothing."""

    def holds(skeleton: np.ndarray) -> None:
        np.testing.assert_array_equal(graph.minimal_pass(skeleton, anchors=anchors), skeleton)

    return holds


def describes_pixels(count: int) -> Callable[[graph.Table], None]:
    """The volumes of all segments add up to the assigned pixels."""

    def holds(table: graph.Table) -> None:
        volume = table.values[:, table.columns.index("volume")]
        assert volume[volume > 0].sum() == count, f"{volume[volume > 0].sum()} of {count} pixels"

    return holds


def touches_part_of(planar: Any) -> Callable[[Any], None]:
    """The published rule finds most of what lies left and right of segments, and little else."""

    def holds(relations: Any) -> None:
        np.testing.assert_array_equal(relations["vv"][0], planar["vv"][0])
        for name in ("vi", "ii"):
            found, known = pairs_of(relations[name][0]), pairs_of(planar[name][0])
            assert len(found) == relations[name][0].shape[1], f"{name} has an edge twice"
            assert len(found - known) < 0.01 * len(found), f"{name} has edges of its own"
            assert len(found) > 0.6 * len(known), f"{name}: only {len(found)} of {len(known)}"

    return holds


def pairs_of(ends: np.ndarray) -> set[tuple[int, int]]:
    return set(map(tuple, ends.T.tolist()))


def same_pairs(ours: Any, theirs: np.ndarray) -> None:
    """Ours lie at a segment. The peer also joins labels that meet at a junction only."""
    pairs, peer = pairs_of(ours["ii"][0] + 1), pairs_of(theirs)
    found = len(pairs & peer) / len(pairs)
    assert found > 0.998, f"the peer has {found:.4f} of our pairs"
    assert len(peer) < 1.4 * len(pairs), f"{len(peer)} pairs, not {len(pairs)}"


def same_rows(ours: graph.GraphBatch, theirs: dict[str, Any]) -> None:
    for relation, (rows, cols) in theirs.items():
        np.testing.assert_array_equal(ours.rowptr[relation], rows.indptr, err_msg=relation)
        np.testing.assert_array_equal(ours.col[relation], rows.indices, err_msg=relation)
        np.testing.assert_array_equal(ours.eid[relation], rows.data, err_msg=relation)
        np.testing.assert_array_equal(ours.row[relation], cols.indices, err_msg=relation)


def similar_response(quantile: float | None) -> Check:
    """Interpolation differs (Keys or B-splines); which pixels are vessels hardly does."""

    def check(ours: np.ndarray, theirs: np.ndarray) -> None:
        correlation = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
        assert correlation > 0.99, f"correlation {correlation:.4f}"
        masks = [a > (0 if quantile is None else np.quantile(a, quantile)) for a in (ours, theirs)]
        agreement = np.mean(masks[0] == masks[1])
        assert agreement > 0.97, f"{agreement:.4f} of the pixels agree"

    return check


def same_areas(ours: graph.HeteroGraph, theirs: baseline.BaselineTables) -> None:
    """Total void area agrees but for the holes and specks that the graph leaves out."""
    area = ours.ica_x[:, ours.ica_columns.index("area")].sum()
    area += ours.faz_x[:, ours.ica_columns.index("area")].sum()
    share = area / theirs.areas["area"].sum()
    assert 0.98 < share <= 1.0, f"{share:.4f} times the peer's area"


def any_tables(ours: graph.HeteroGraph, theirs: baseline.BaselineTables) -> None:
    """Two segmentations: only that both found a network."""
    assert len(ours.vessel_x) > 100, f"only {len(ours.vessel_x)} segments"
    assert len(theirs.branches) > 100, f"the peer found only {len(theirs.branches)} branches"


def same_graphs(ours: list[graph.HeteroGraph], theirs: list[graph.HeteroGraph]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.vessel_x, b.vessel_x)
        np.testing.assert_array_equal(a.ica_x, b.ica_x)
