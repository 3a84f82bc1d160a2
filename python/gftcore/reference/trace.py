# SPDX-License-Identifier: Apache-2.0
"""From a skeleton image to nodes and segments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.label import label
from gftcore.reference.morphology import COL_STEP, ROW_STEP, BoolImage, neighbour_code
from gftcore.reference.thinning import minimal_pass


class NodeKind(IntEnum):
    """What a node is."""

    END = 0
    JUNCTION = 1
    BORDER = 2
    ISOLATED = 3
    RING = 4


@dataclass(frozen=True, slots=True)
class SkeletonGraph:
    """Multigraph of a skeleton: V nodes, S segments, P inner points.

    Attributes
    ----------
    shape
        Rows and columns of the image.
    skeleton
        The minimal skeleton [H, W] that was traced.
    anchors
        Border anchors [B, 2], ascending in raster order.
    node_rowcol
        Mean of each node's pixels [V, 2].
    node_degree
        Number of segment ends at each node [V]; a self-loop counts twice.
    node_pixels
        Number of pixels of each node [V].
    node_kind
        `NodeKind` of each node [V].
    node_ptr, node_pixel
        Pixels [N, 2] of node v are ``node_pixel[node_ptr[v]:node_ptr[v + 1]]``, in raster order.
    segment_nodes
        Start and end node [S, 2].
    segment_ends
        Node pixels [S, 2, 2] at which each chain leaves and arrives.
    point_ptr, point_pixel
        Inner pixels [P, 2]; those of segment s, in walk order, are
        ``point_pixel[point_ptr[s]:point_ptr[s + 1]]``.
    """

    shape: tuple[int, int]
    skeleton: BoolImage
    anchors: NDArray[np.int64]
    node_rowcol: NDArray[np.float64]
    node_degree: NDArray[np.int32]
    node_pixels: NDArray[np.int32]
    node_kind: NDArray[np.uint8]
    node_ptr: NDArray[np.int64]
    node_pixel: NDArray[np.int32]
    segment_nodes: NDArray[np.int64]
    segment_ends: NDArray[np.int32]
    point_ptr: NDArray[np.int64]
    point_pixel: NDArray[np.int32]

    @property
    def num_nodes(self) -> int:
        """V."""
        return len(self.node_kind)

    @property
    def num_segments(self) -> int:
        """S."""
        return len(self.segment_nodes)

    @property
    def num_points(self) -> int:
        """P."""
        return len(self.point_pixel)

    def chain(self, segment: int) -> NDArray[np.int32]:
        """Return the pixels of a segment from node pixel to node pixel, both included."""
        inner = self.point_pixel[self.point_ptr[segment] : self.point_ptr[segment + 1]]
        start, end = self.segment_ends[segment]
        return np.vstack([start[None], inner, end[None]])


def trace(skeleton: ArrayLike, *, anchors: ArrayLike | None = None) -> SkeletonGraph:
    """Trace a skeleton into nodes and segments, after the minimal pass.

    Parameters
    ----------
    skeleton
        Image [H, W]; foreground is what is not zero.
    anchors
        Skeleton pixels [B, 2] at which vessels leave the image; they become border nodes.

    Notes
    -----
    Two pixels are linked if they are 4-adjacent, or diagonal with both shared 4-neighbours off.
    Pixels with two links are path pixels, all others and the anchors are node pixels; 8-connected
    clusters of pixels with three or more links are one node unless they enclose a hole. A cycle
    without a node gets its raster-first pixel as ring node. Segments are the maximal chains of
    links between nodes; loops, parallel segments and segments without inner pixel stay.
    """
    given = np.asarray(() if anchors is None else anchors, dtype=np.int64).reshape(-1, 2)
    given = given[np.lexsort((given[:, 1], given[:, 0]))]
    thin_image = minimal_pass(skeleton, anchors=given)
    if not thin_image[given[:, 0], given[:, 1]].all():
        raise ValueError("each anchor must be a skeleton pixel")
    is_anchor = np.zeros(thin_image.shape, dtype=bool)
    is_anchor[given[:, 0], given[:, 1]] = True
    links = link_image(thin_image)
    node, kind = _add_rings(links, *_find_nodes(thin_image, links, is_anchor))
    ends, point_ptr, points = _walk(links.copy(), node)
    node_ptr, node_pixel = _grouped_pixels(node)
    segment_nodes = node.ravel()[ends] - 1
    return SkeletonGraph(
        shape=thin_image.shape,
        skeleton=thin_image,
        anchors=given,
        node_rowcol=_means(node_ptr, node_pixel),
        node_degree=np.bincount(segment_nodes.ravel(), minlength=len(kind)).astype(np.int32),
        node_pixels=np.diff(node_ptr).astype(np.int32),
        node_kind=kind,
        node_ptr=node_ptr,
        node_pixel=node_pixel,
        segment_nodes=segment_nodes,
        segment_ends=_pixels(ends, thin_image.shape[1]),
        point_ptr=point_ptr,
        point_pixel=_pixels(points, thin_image.shape[1]),
    )


@njit(cache=True)
def link_image(skeleton):  # type: ignore[no-untyped-def]
    """Byte image [H, W]: bit k is set if the pixel is linked to its neighbour k."""
    links = np.zeros(skeleton.shape, np.uint8)
    for row in range(skeleton.shape[0]):
        for col in range(skeleton.shape[1]):
            if skeleton[row, col]:
                code = neighbour_code(skeleton, row, col)
                for k in range(1, 8, 2):
                    beside = 1 << (k - 1) | 1 << ((k + 1) % 8)
                    if code & beside:
                        code &= ~(1 << k)
                links[row, col] = code
    return links


def _find_nodes(
    skeleton: BoolImage, links: NDArray[np.uint8], is_anchor: BoolImage
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Node number image (0 off nodes, ring nodes still missing) and kind by node number."""
    degree = _LINK_DEGREE[links]
    junction = degree >= 3
    single = skeleton & ~junction & ((degree != 2) | is_anchor)
    cluster = label(junction)
    holed = (cluster_euler(cluster) != 1)[cluster] & junction
    block = _blocks(holed)
    alone = single | (holed & (block == 0))
    node = np.where(junction & ~holed, cluster, 0).astype(np.int64)
    node[block > 0] = node.max(initial=0) + block[block > 0]
    node[alone] = node.max(initial=0) + 1 + np.arange(np.count_nonzero(alone))
    kind = np.full(node.max(initial=0) + 1, NodeKind.JUNCTION, dtype=np.uint8)
    kind[node[single & (degree == 1)]] = NodeKind.END
    kind[node[single & (degree == 0)]] = NodeKind.ISOLATED
    kind[node[is_anchor]] = NodeKind.BORDER
    return node, kind


def cluster_euler(cluster: NDArray[np.int32]) -> NDArray[np.int64]:
    """Components minus holes of each 8-connected cluster, by bit quads; entry 0 is 1.

    References
    ----------
    Gray, S. B. (1971). Local properties of binary images in two dimensions.
    doi:10.1109/T-C.1971.223289
    """
    padded = np.pad(cluster, 1)
    quads = np.stack([padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]])
    owner = quads.max(axis=0)  # a quad never meets two clusters: they would touch
    filled = (quads > 0).sum(axis=0)
    diagonal = (filled == 2) & ((quads[0] > 0) == (quads[3] > 0))
    weight = (filled == 1).astype(np.int64) - (filled == 3) - 2 * diagonal
    euler = np.zeros(cluster.max(initial=0) + 1, dtype=np.int64)
    np.add.at(euler, owner, weight)
    euler //= 4
    euler[0] = 1
    return euler


def _blocks(pixels: BoolImage) -> NDArray[np.int32]:
    """Label the unions of 2x2 blocks that share a pixel; 0 off blocks."""
    corner = np.zeros(pixels.shape, dtype=bool)  # top left pixels of full blocks
    corner[:-1, :-1] = pixels[:-1, :-1] & pixels[:-1, 1:] & pixels[1:, :-1] & pixels[1:, 1:]
    number = label(corner)  # blocks share a pixel where their corners are 8-adjacent
    out: NDArray[np.int32] = number.copy()
    for dr, dc in ((0, 1), (1, 0), (1, 1)):
        shifted = np.zeros_like(out)
        shifted[dr:, dc:] = number[: out.shape[0] - dr, : out.shape[1] - dc]
        np.maximum(out, shifted, out=out)
    return out


def _add_rings(
    links: NDArray[np.uint8], node: NDArray[np.int64], kind: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Add ring nodes and renumber 1, 2, .. in raster order of first pixels."""
    components = label(links > 0)
    has_node = np.zeros(components.max(initial=0) + 1, dtype=bool)
    has_node[components[node > 0]] = True
    ring_of, first = np.unique(components, return_index=True)
    rings = first[~has_node[ring_of] & (ring_of > 0)]
    node = node.copy()
    node.ravel()[rings] = len(kind) + np.arange(len(rings))
    kind = np.append(kind, np.full(len(rings), NodeKind.RING, dtype=np.uint8))
    used, first = np.unique(node, return_index=True)
    used, first = used[used > 0], first[used > 0]
    order = used[np.argsort(first)]
    number = np.zeros(len(kind), dtype=np.int64)
    number[order] = 1 + np.arange(len(order))
    return number[node], kind[order]


@njit(cache=True)
def _walk(links, node):  # type: ignore[no-untyped-def]
    """Follow every link that leaves a node pixel; `links` is consumed."""
    cols = links.shape[1]
    pixels = np.flatnonzero(links)
    limit = 4 * pixels.size + 1
    ends = np.empty((limit, 2), np.int64)
    ptr = np.zeros(limit + 1, np.int64)
    points = np.empty(pixels.size, np.int64)
    segments = 0
    total = 0
    for start in pixels:
        row, col = start // cols, start % cols
        if node[row, col] == 0:
            continue
        for k in range(8):
            if not links[row, col] >> k & 1:
                continue
            r, c, heading = row + ROW_STEP[k], col + COL_STEP[k], k
            if node[r, c] == node[row, col]:
                continue  # inside the node
            links[row, col] &= ~(1 << k)
            links[r, c] &= ~(1 << (heading + 4) % 8)
            while node[r, c] == 0:  # one link is left on a path pixel
                points[total] = r * cols + c
                total += 1
                heading = 0
                while not links[r, c] >> heading & 1:
                    heading += 1
                links[r, c] = 0
                r, c = r + ROW_STEP[heading], c + COL_STEP[heading]
                links[r, c] &= ~(1 << (heading + 4) % 8)
            ends[segments, 0] = start
            ends[segments, 1] = r * cols + c
            segments += 1
            ptr[segments] = total
    return ends[:segments], ptr[: segments + 1], points[:total]


def _pixels(index: NDArray[np.int64], cols: int) -> NDArray[np.int32]:
    return np.stack(np.divmod(index, cols), axis=-1).astype(np.int32)


def _grouped_pixels(node: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """CSR of the pixels of each node, raster order inside a node."""
    index = np.flatnonzero(node)
    index = index[np.argsort(node.ravel()[index], kind="stable")]
    counts = np.bincount(node.ravel()[index], minlength=1)[1:]
    return np.concatenate([[0], np.cumsum(counts)]), _pixels(index, node.shape[1])


def _means(ptr: NDArray[np.int64], pixel: NDArray[np.int32]) -> NDArray[np.float64]:
    counts = np.diff(ptr)[:, None]
    sums = np.zeros((len(counts), 2), dtype=np.int64)
    np.add.at(sums, np.repeat(np.arange(len(counts)), counts[:, 0]), pixel)
    return sums / counts


_LINK_DEGREE = np.array([code.bit_count() for code in range(256)])
