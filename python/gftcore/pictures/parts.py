# SPDX-License-Identifier: Apache-2.0
"""Parts of pictures that come from a graph: centrelines, images of vessels and areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore import __version__
from gftcore._validation import MAX_SIDE, describe
from gftcore.errors import ArgumentTypeError
from gftcore.graph.exports import graph_provenance
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.pictures.words import line_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PICTURE_KEEP", "SCHEMA", "about", "centrelines", "mean_radii", "mm2_per_px", "origin"]
__all__ += ["places", "require_hetero", "vessel_mask"]

#: Version of what a picture says of itself.
SCHEMA = "gftcore-picture/1"
_ORIGIN = ("schema", "gftcore", "simd_target", "config_hash", "sha256")
_MAX_LETTERS = 200

#: What a graph keeps for pictures of everything in it: `gftcore.graph.extract(..., keep=...)`.
PICTURE_KEEP = ("vessel_label", "ica_label")


def require_hetero(graph: object) -> HeteroGraph:
    """Return a graph of this package, or say that something else was given."""
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    return graph


def centrelines(graph: Any) -> list[NDArray[np.float64]]:
    """Return the points (x, y) of each segment [n, 2], its nodes included.

    The graph is a `HeteroGraph` or has its names for nodes, segments and points.
    """
    nodes, points = places(graph.node_rowcol), places(graph.point_rowcol)
    starts, ends = graph.segment_nodes.T.tolist()
    ptr = graph.point_ptr.tolist()
    return [
        np.concatenate([nodes[start : start + 1], points[first:last], nodes[end : end + 1]])
        for start, end, first, last in zip(starts, ends, ptr[:-1], ptr[1:], strict=True)
    ]


def places(rowcol: NDArray[Any]) -> NDArray[np.float64]:
    """Return positions as (x, y); those of damaged files are brought near the image."""
    xy = np.asarray(rowcol, dtype=np.float64)[:, ::-1]
    return np.nan_to_num(xy).clip(-MAX_SIDE, 2 * MAX_SIDE)


def mean_radii(graph: HeteroGraph) -> NDArray[np.float64]:
    """Return the mean half-width of each segment [S]; that of its nodes if it has no points."""
    count = np.diff(graph.point_ptr)
    segment = np.repeat(np.arange(graph.num_segments), count)
    sums = np.bincount(segment, graph.point_radius_px, minlength=graph.num_segments)
    of_nodes = graph.node_radius_px[graph.segment_nodes].mean(axis=1)
    out: NDArray[np.float64] = np.where(count > 0, sums / np.maximum(count, 1), of_nodes)
    return np.nan_to_num(out, nan=0.5).clip(0, MAX_SIDE)


def vessel_mask(graph: HeteroGraph) -> NDArray[np.bool_] | None:
    """Return the vessel pixels, if the graph kept an image of them."""
    for name in ("mask", "vessel_label"):
        if name in graph.kept:
            return np.asarray(graph.kept[name] != 0)
    return None


def mm2_per_px(graph: HeteroGraph) -> float:
    """Return the area of a pixel; a product, since a power raises where it is too large."""
    return graph.meta.mm_per_px * graph.meta.mm_per_px


def origin(**graphs: object) -> tuple[tuple[str, str], ...]:
    """Return what a picture says of itself and of the graphs in it: no path, user or time.

    Examples
    --------
    >>> dict(origin())["schema"]
    'gftcore-picture/1'
    """
    known = [("schema", SCHEMA), ("gftcore", __version__)]
    for role, graph in graphs.items():
        if isinstance(graph, HeteroGraph):
            given = graph_provenance(graph)
            known += [
                (f"{role}.{name}", line_of(str(given[name]))[:_MAX_LETTERS])
                for name in _ORIGIN
                if name in given
            ]
    return tuple(known)


def about(graph: HeteroGraph) -> str:
    """Return size and side of the eye in words."""
    rows, cols = graph.meta.shape
    eye = "" if graph.meta.eye == "unknown" else f"{graph.meta.eye}, "
    return f"{eye}{cols} x {rows} px"
