# SPDX-License-Identifier: Apache-2.0
"""Other cuts of the same lines: whole chains, and parts between crossings."""

from __future__ import annotations

import numpy as np

from gftcore.formats.spatial_graph import SpatialGraph
from gftcore.metrics.planar import find_crossings

__all__ = ["join_chains", "split_at_crossings"]


def join_chains(graph: SpatialGraph) -> SpatialGraph:
    """Return the graph without nodes of degree 2: their two segments become one.

    A closed line without any other node keeps one of its nodes. Radii stay what they are along
    the line.

    Examples
    --------
    >>> from gftcore.formats import from_polylines
    >>> graph = from_polylines([[0, 0], [0, 3], [4, 3]], [[0, 1], [2, 1]], [[], []])
    >>> join_chains(graph).segment_length_px.tolist()
    [7.0]
    """
    ends = graph.segment_nodes
    order = np.argsort(ends.ravel(), kind="stable")
    first = np.searchsorted(ends.ravel()[order], np.arange(graph.num_nodes))
    passed = np.zeros(graph.num_nodes, dtype=np.bool_)
    two = np.flatnonzero(graph.node_degree == 2)
    passed[two] = order[first[two]] // 2 != order[first[two] + 1] // 2
    # Segment end 2 s + e lies at a node; where that node is passed, the walk goes on at `onward`.
    onward = np.full(2 * len(ends), -1)
    through = np.flatnonzero(passed)
    one, other = order[first[through]], order[first[through] + 1]
    onward[one], onward[other] = other, one

    chains = _walk(onward.tolist())
    lines = graph.polylines()
    vertices, nodes = [], []
    for chain in chains:
        parts = []
        for end in chain:  # the walk enters segment end // 2 at this end
            part = np.arange(lines.ptr[end // 2], lines.ptr[end // 2 + 1])
            parts.append(part if end % 2 == 0 else part[::-1])
        vertices.append(np.concatenate(parts)[1:-1])
        nodes.append((ends.flat[chain[0]], ends.flat[chain[-1] ^ 1]))
    segment_nodes = np.array(nodes, dtype=np.int64).reshape(-1, 2)
    kept = ~passed
    kept[segment_nodes.ravel()] = True
    number = np.cumsum(kept) - 1
    index = np.concatenate([np.empty(0, np.int64), *vertices])
    return SpatialGraph(
        node_rowcol=graph.node_rowcol[kept],
        segment_nodes=number[segment_nodes],
        point_ptr=np.cumsum([0, *map(len, vertices)]),
        point_rowcol=lines.rowcol[index],
        point_radius_px=None if graph.point_radius_px is None else lines.radius_px[index],
    )


def _walk(onward: list[int]) -> list[list[int]]:
    """Return the chains, each a list of the segment ends at which the walk enters a segment."""
    done = [False] * (len(onward) // 2)
    chains = []
    starts = [end for end, next_end in enumerate(onward) if next_end < 0]
    for start in starts + list(range(0, len(onward), 2)):  # what is left are closed lines
        if done[start // 2]:
            continue
        chain, end = [], start
        while end >= 0 and not done[end // 2]:
            done[end // 2] = True
            chain.append(end)
            end = onward[end ^ 1]
        chains.append(chain)
    return chains


def split_at_crossings(graph: SpatialGraph) -> SpatialGraph:
    """Return the graph as its image shows it: each proper crossing of two segments is a node.

    The new nodes have degree 4 and follow the others, so the nodes of degree 3 or more are those
    of `planar_reference`.

    Examples
    --------
    >>> from gftcore.formats import from_polylines
    >>> nodes = [[0, 0], [8, 8], [0, 8], [8, 0]]
    >>> split_at_crossings(from_polylines(nodes, [[0, 1], [2, 3]], [[], []]))
    SpatialGraph(5 nodes, 4 segments)
    """
    lines = graph.polylines()
    crossings = find_crossings(lines)
    cut_vertex = crossings.vertex.ravel()
    cut_share = crossings.share.ravel()
    cut_node = graph.num_nodes + np.repeat(np.arange(len(crossings.rowcol)), 2)
    cut_rowcol = np.repeat(crossings.rowcol, 2, axis=0)
    before, after = lines.radius_px[cut_vertex], lines.radius_px[cut_vertex + 1]
    cut_radius = before * (1 - cut_share) + after * cut_share

    # A cut adds four vertices: a point and the end of a part, the start of the next and a point.
    # The points hold the radius, which nodes do not have.
    vertex = np.concatenate([np.arange(len(lines.rowcol)), np.repeat(cut_vertex, 4)])
    share = np.concatenate([np.full(len(lines.rowcol), -1.0), np.repeat(cut_share, 4)])
    rowcol = np.concatenate([lines.rowcol, np.repeat(cut_rowcol, 4, axis=0)])
    radius = np.concatenate([lines.radius_px, np.repeat(cut_radius, 4)])
    node = np.full(len(lines.rowcol), -1)
    node[lines.ptr[:-1]] = graph.segment_nodes[:, 0]
    node[lines.ptr[1:] - 1] = graph.segment_nodes[:, 1]
    cut = np.full((len(cut_node), 4), -1)
    cut[:, 1] = cut[:, 2] = cut_node
    node = np.concatenate([node, cut.ravel()])
    order = np.lexsort((share, vertex))  # stable: the four of one cut stay together
    rowcol, radius, node = rowcol[order], radius[order], node[order]

    ends = np.flatnonzero(node >= 0)  # first and last vertex of each part, in turn
    inner = node < 0
    count = ends[1::2] - ends[::2] - 1
    return SpatialGraph(
        node_rowcol=np.concatenate([graph.node_rowcol, crossings.rowcol]),
        segment_nodes=node[ends].reshape(-1, 2),
        point_ptr=np.concatenate([[0], np.cumsum(count)]),
        point_rowcol=rowcol[inner],
        point_radius_px=None if graph.point_radius_px is None else radius[inner],
    )
