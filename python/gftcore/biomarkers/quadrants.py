# SPDX-License-Identifier: Apache-2.0
"""The 8-vector: how nodes and edges of a graph spread over the quadrants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import describe, require_choice, require_excluded
from gftcore.biomarkers.sectors import quadrant_counts, quadrant_sizes
from gftcore.errors import ArgumentTypeError
from gftcore.graph import HeteroGraph
from gftcore.graph.hetero_graph import RELATIONS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "VECTOR_MODES",
    "excluded_of",
    "part_counts",
    "quadrant_vector",
    "scaled",
    "valid_counts",
]

VECTOR_MODES = ("fraction", "count", "per_mm2")


def quadrant_vector(
    graph: HeteroGraph,
    *,
    mode: Literal["fraction", "count", "per_mm2"] = "fraction",
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
) -> NDArray[np.float64]:
    """Return nodes in TL, TR, BL, BR, then edges there [8].

    Parameters
    ----------
    graph
        The graph.
    mode
        ``fraction``: share of all nodes and of all edges, 0 where there are none; ``count``;
        ``per_mm2``: count per area of the quadrant's valid pixels, NaN without any.
    exclude
        Pixels that were left out when the graph was made and are not in its settings, a mask or
        rectangles; only ``per_mm2`` depends on them.

    Notes
    -----
    Nodes are vessel segments, at the middle of their arc, and intercapillary areas, at their
    centroid. Edges are undirected and lie halfway between the positions of their nodes. The FAZ
    and its edges do not count. The image is split as by `quadrant_densities`.

    Examples
    --------
    >>> from gftcore.graph import extract
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[10:12] = mask[40:42] = mask[50:52] = True
    >>> quadrant_vector(extract(mask), mode="count").tolist()
    [1.0, 1.0, 2.0, 2.0, 1.0, 0.0, 3.0, 1.0]
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    require_choice(mode, VECTOR_MODES, "mode")
    excluded = excluded_of(graph, exclude)
    valid_px = valid_counts(graph.meta.shape, excluded)
    return scaled(part_counts(graph), mode, valid_px, graph.meta.mm_per_px)


def excluded_of(
    graph: HeteroGraph, exclude: ArrayLike | Iterable[Sequence[int]] | None
) -> NDArray[np.uint8] | None:
    """Return pixels that the graph's settings or the argument leave out."""
    shape = graph.meta.shape
    given = require_excluded(exclude, shape)
    stored = require_excluded([tuple(r) for r in graph.meta.config.get("exclude", ())], shape)
    if given is None or stored is None:
        return stored if given is None else given
    return given | stored


def valid_counts(shape: tuple[int, int], excluded: NDArray[np.uint8] | None) -> NDArray[np.int64]:
    """Number of pixels in each quadrant that are not excluded."""
    if excluded is not None:
        return quadrant_sizes(excluded) - quadrant_counts(excluded)
    return quadrant_sizes(np.broadcast_to(np.uint8(0), shape))


def part_counts(graph: HeteroGraph) -> NDArray[np.int64]:
    """Number of nodes, then of edges, in each quadrant [8]."""
    return np.concatenate([_counts(rowcol, graph.meta.shape) for rowcol in _positions(graph)])


def scaled(
    counts: NDArray[np.int64], mode: str, valid_px: NDArray[np.int64], mm_per_px: float
) -> NDArray[np.float64]:
    """Return the vector in one of its modes, given the valid pixels of the quadrants."""
    if mode == "count":
        return counts.astype(np.float64)
    kinds = counts.reshape(2, 4)
    out = np.full(kinds.shape, np.nan)
    if mode == "fraction":
        np.divide(kinds, np.maximum(kinds.sum(axis=1, keepdims=True), 1), out=out)
    else:
        np.divide(kinds, valid_px * mm_per_px**2, out=out, where=valid_px > 0)
    return out.ravel()


def _positions(graph: HeteroGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the positions of all nodes [N, 2] and edges [E, 2] but those of the FAZ."""
    of_type = {name: graph.positions(name) for name in ("vessel", "ica")}
    middles = [
        (of_type[source][graph.edges[name][0]] + of_type[target][graph.edges[name][1]]) / 2
        for name, (source, target) in RELATIONS.items()
        if "faz" not in (source, target)
    ]
    return np.concatenate([*of_type.values()]), np.concatenate(middles)


def _counts(rowcol: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    bottom = rowcol[:, 0] >= (shape[0] - 1) / 2
    right = rowcol[:, 1] >= (shape[1] - 1) / 2
    return np.bincount(2 * bottom + right, minlength=4)
