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
