# SPDX-License-Identifier: Apache-2.0
"""Graphs without what lies far outside their image."""

from __future__ import annotations

import numpy as np

from gftcore.formats.spatial_graph import SpatialGraph

__all__ = ["clipped"]

#: What is drawn at this distance from the image does not reach into it.
_MARGIN_PX = 16.0


def clipped(graph: SpatialGraph, shape: tuple[int, int]) -> SpatialGraph:
    """Return a graph whose lines run along the sides of a box about the image where they left it.

    Within the box nothing changes; numbers of nodes and segments stay. So the length of a line,
    and what it takes to sample it, is bounded whatever coordinates a file holds.

    Examples
    --------
    >>> from gftcore.formats import from_polylines
    >>> line = from_polylines([[5, 0], [5, 1e30]], [[0, 1]], [[]])
    >>> clipped(line, (10, 20)).segment_length_px.tolist()
    [36.0]
    """
    lines = graph.polylines()
    rowcol = lines.rowcol
    segment = np.repeat(np.arange(graph.num_segments), np.diff(lines.ptr))
    low, high = np.full(2, -_MARGIN_PX), np.array(shape) + _MARGIN_PX
    every = np.concatenate([rowcol, graph.node_rowcol])
    if not ((every < low) | (every > high)).any():
        return graph
    # One side after the other: what lay beyond it then lies on it, and never crosses the image.
    for axis in (0, 1):
        for limit, sign in ((low[axis], 1.0), (high[axis], -1.0)):
            beyond = sign * rowcol[:, axis] < sign * limit
            here = np.flatnonzero((beyond[1:] != beyond[:-1]) & (segment[1:] == segment[:-1]))
            # Halves: the difference of the largest floats would be infinite.
            start, stop = rowcol[here] / 2, rowcol[here + 1] / 2
            width = stop[:, axis] - start[:, axis]
            share = ((limit / 2 - start[:, axis]) / np.where(width == 0, 1, width))[:, None]
            crossing = 2 * (start * (1 - share) + stop * share)
            rowcol = np.insert(rowcol, here + 1, crossing, axis=0)
            segment = np.insert(segment, here + 1, segment[here])
            rowcol[:, axis] = sign * np.maximum(sign * rowcol[:, axis], sign * limit)
    count = np.bincount(segment, minlength=graph.num_segments)
    ends = np.cumsum(count)
    inner = np.ones(len(rowcol), dtype=np.bool_)
    inner[ends - count] = inner[ends - 1] = False
    return SpatialGraph(
        node_rowcol=graph.node_rowcol.clip(low, high),
        segment_nodes=graph.segment_nodes,
        point_ptr=np.concatenate([[0], np.cumsum(count - 2)]),
        point_rowcol=rowcol[inner],
    )
