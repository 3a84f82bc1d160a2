# SPDX-License-Identifier: Apache-2.0
"""Which structures of a graph lie in marked areas of its image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import (
    describe,
    require_array,
    require_choice,
    require_int,
    require_iterator,
    require_mask,
    require_real,
    require_same_shape,
)
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.hetero_graph import RELATIONS, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HIT_KEEP", "edge_hits", "outline_mask", "structure_hits"]

#: What `extract` must keep for `structure_hits`.
HIT_KEEP = ("vessel_label", "ica_label")
_MAX_SIDE = 32767


def outline_mask(
    outlines: Iterable[ArrayLike], shape: tuple[int, int], *, grow_px: float = 0.0
) -> NDArray[np.bool_]:
    """Return the pixels in or near some polygons as mask [H, W].

    Parameters
    ----------
    outlines
        Polygons [n, 2] of (row, col); a pixel's centre has its integers. Parts may lie outside of
        the image.
    shape
        Rows and columns of the image.
    grow_px
        How far outside of a polygon pixels still count, itself allowed.

    Notes
    -----
    Inside by the even-odd rule. Distances to the polygon's sides are exact, so that a polygon
    between two pixel centres is not lost when it grows.

    Examples
    --------
    >>> square = [[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]]
    >>> [int(outline_mask([square], (4, 4), grow_px=grow).sum()) for grow in (0, 0.5)]
    [4, 12]
    """
    grow = require_real(grow_px, "grow_px")
    if grow < 0:
        raise ArgumentError(f"grow_px must be at least 0, got {grow:g}")
    rows, cols = (require_int(side, "shape", 1, _MAX_SIDE) for side in shape)
    out = np.zeros((rows, cols), dtype=bool)
    for given in require_iterator(outlines, "outlines", "a sequence of polygons"):
        polygon = require_array(given, np.float64, name="outlines", ndim=2, cols=2)
        if len(polygon) < 3:
            raise ShapeError(f"outlines must have at least 3 vertices each, got {len(polygon)}")
        if not np.isfinite(polygon).all():
            raise ArgumentError("outlines must be finite, got NaN or infinity")
        _paint(out, polygon, grow)
    return out


def _paint(out: NDArray[np.bool_], polygon: NDArray[np.float64], grow: float) -> None:
    """Add a polygon and what is near it, side by side: each side's own rows and columns only."""
    inside = np.zeros((out.shape[0], out.shape[1] + 1), dtype=bool)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        low, high = (a, b) if a[0] <= b[0] else (b, a)
        rows = _centres(low[0], np.nextafter(high[0], -np.inf), out.shape[0])
        if rows.size and low[0] < high[0]:  # the lower end belongs to the side, the upper does not
            crossing = low[1] + (rows - low[0]) / (high[0] - low[0]) * (high[1] - low[1])
            first = np.clip(np.ceil(crossing), 0, out.shape[1]).astype(np.int64)
            inside[rows, first] ^= True
        if grow > 0:
            _paint_near(out, a, b, grow)
    out |= np.logical_xor.accumulate(inside, axis=1)[:, :-1]


def _paint_near(
    out: NDArray[np.bool_], a: NDArray[np.float64], b: NDArray[np.float64], grow: float
) -> None:
    """Add the pixels whose centre is at most `grow` from the side a b."""
    low, high = np.minimum(a, b) - grow, np.maximum(a, b) + grow
    rows = _centres(low[0], high[0], out.shape[0])[:, None]
    cols = _centres(low[1], high[1], out.shape[1])[None, :]
    if not (rows.size and cols.size):
        return
    along = b - a
    size = float(along @ along)
    share = ((rows - a[0]) * along[0] + (cols - a[1]) * along[1]) / size if size > 0 else 0.0
    share = np.clip(share, 0, 1)
    apart = (rows - a[0] - share * along[0]) ** 2 + (cols - a[1] - share * along[1]) ** 2
    out[rows[0, 0] : rows[-1, 0] + 1, cols[0, 0] : cols[0, -1] + 1] |= apart <= grow**2


def _centres(low: float, high: float, side: int) -> NDArray[np.int64]:
    """Return the integers from `low` to `high` that are in an image's side."""
    first, last = max(int(np.ceil(low)), 0), min(int(np.floor(high)), side - 1)
    return np.arange(first, last + 1)


def structure_hits(
    graph: HeteroGraph, area: ArrayLike, *, least_share: float = 0.5
) -> Mapping[str, NDArray[np.bool_]]:
    """Say which vessels and intercapillary areas lie in marked pixels.

    Parameters
    ----------
    graph
        Graph extracted with ``keep=("vessel_label", "ica_label")``.
    area
        Marked pixels [H, W], as from `outline_mask`.
    least_share
        Share of a structure's own pixels that must be marked, itself allowed; above 0.

    Returns
    -------
    Mapping of str to bool array
        ``vessel`` [S] and ``ica`` [A]. A structure without own pixels is no hit.

    Raises
    ------
    ArgumentError
        If the graph does not hold the two images.

    Examples
    --------
    >>> from gftcore import graph
    >>> cross = np.zeros((20, 20), dtype=bool)
    >>> cross[9:11, :] = cross[:, 9:11] = True
    >>> found = graph.extract(cross, keep=("vessel_label", "ica_label"))
    >>> left = np.arange(20) < 9
    >>> hits = structure_hits(found, np.tile(left, (20, 1)))
    >>> int(hits["vessel"].sum()), int(hits["ica"].sum()), found.num_icas
    (1, 1, 3)
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    for name in HIT_KEEP:
        if name not in graph.kept:
            raise ArgumentError(f"graph holds no {name}; extract it with keep={HIT_KEEP}")
    marked = require_mask(area, name="area")
    require_same_shape(marked, graph.meta.shape, name="area")
    share = require_real(least_share, "least_share", above=0.0)
    if share > 1:
        raise ArgumentError(f"least_share must be at most 1, got {share:g}")
    marked = marked.astype(bool)
    labels: dict[str, NDArray[Any]] = {
        "vessel": np.arange(1, graph.num_segments + 1),
        "ica": graph.ica_label_id,
    }
    out = {}
    for kept, (name, own) in zip(HIT_KEEP, labels.items(), strict=True):
        image = graph.kept[kept]
        size = int(max(image.max(initial=0), own.max(initial=0))) + 1
        whole = np.bincount(image.ravel(), minlength=size)[own]
        part = np.bincount(image[marked], minlength=size)[own]
        out[name] = read_only((whole > 0) & (part >= share * whole))
    return MappingProxyType(out)


def edge_hits(
    pairs: Mapping[str, ArrayLike], hits: Mapping[str, Any]
) -> Mapping[str, NDArray[np.bool_]]:
    """Say which edges join two hits.

    Parameters
    ----------
    pairs
        Undirected relation (``vv``, ``ii``, ``vi``) to pairs of nodes [2, P]; relations of types
        without hits, as those of the FAZ, are left out of the result.
    hits
        Node type to which of its nodes are hits, as from `structure_hits`.

    Examples
    --------
    >>> edge_hits({"vi": [[0, 1], [0, 0]]}, {"vessel": [True, False], "ica": [True]})["vi"].tolist()
    [True, False]
    """
    out = {}
    for relation, given in pairs.items():
        ends = RELATIONS[require_choice(relation, tuple(RELATIONS), "each of pairs")]
        if not set(ends) <= set(hits):
            continue
        numbers = require_array(given, np.int64, name=f"pairs[{relation!r}]", ndim=2)
        if numbers.shape[0] != 2:
            raise ShapeError(f"pairs[{relation!r}] must have 2 rows, got {numbers.shape}")
        both = []
        for row, end in zip(numbers, ends, strict=True):
            known = np.asarray(hits[end], dtype=bool)
            if row.size and (int(row.min()) < 0 or int(row.max()) >= len(known)):
                raise ArgumentError(
                    f"pairs[{relation!r}] must be numbers of the {len(known)} {end}"
                )
            both.append(known[row])
        out[relation] = read_only(both[0] & both[1])
    return MappingProxyType(out)
