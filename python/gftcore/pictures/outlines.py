# SPDX-License-Identifier: Apache-2.0
"""Outlines of sets of pixels as closed polygons, and as paths of SVG."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["grid_path", "outline", "outlines", "polygon_path", "simplified"]

# Steps along the sides of pixels in (x, y), clockwise as displayed: right, down, left, up. A side
# is walked with its pixel on the right hand.
_STEPS = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
# From the corner at which the walk stands, the pixel on the right hand of each step, as (row, col).
_RIGHT = ((0, 0), (0, -1), (-1, -1), (-1, 0))


def outline(mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the closed polygons around a set of pixels, as corners (x, y) of pixels.

    Outer polygons run clockwise as displayed, holes the other way round. Pixels that touch at a
    corner only belong to one polygon. Only corners at which the direction changes are given.

    Examples
    --------
    >>> [ring.tolist() for ring in outline(np.array([[True, True], [False, False]]))]
    [[[0, 0], [2, 0], [2, 1], [0, 1]]]
    """
    return outlines(mask.astype(np.int32)).get(1, [])


def outlines(label: NDArray[np.int32]) -> dict[int, list[NDArray[np.int64]]]:
    """Return the polygons around the pixels of each label, as `outline` does for one; 0 is none.

    Examples
    --------
    >>> {key: len(rings) for key, rings in outlines(np.array([[2, 0, 2], [0, 7, 0]])).items()}
    {2: 2, 7: 1}
    """
    rows, cols = label.shape
    padded = np.zeros((rows + 2, cols + 2), dtype=label.dtype)
    padded[1:-1, 1:-1] = label
    corners = (rows + 1) * (cols + 1)
    # whose[d] says of each corner which label the step in direction d from it is a side of: that of
    # its right pixel, unless its left one has the same.
    planes = []
    for direction in range(4):
        right = _shifted(padded, _RIGHT[direction])
        planes.append(np.where(right != _shifted(padded, _RIGHT[direction - 1]), right, 0))
    whose = np.stack(planes).reshape(4, corners)
    width = cols + 1
    following = _following(whose, [1, width, -1, -width])
    seen = bytearray(4 * corners)
    sides = whose.T.reshape(-1)
    starts = np.flatnonzero(sides)
    out: dict[int, list[NDArray[np.int64]]] = {}
    for start, name in zip(starts.tolist(), sides[starts].tolist(), strict=True):
        if seen[start]:
            continue
        ring, at = [], start
        while not seen[at]:
            seen[at] = 1
            after = following[at]
            if after % 4 != at % 4:
                ring.append(after // 4)
            at = after
        first = ring.index(min(ring))
        places = np.array(ring[first:] + ring[:first])
        out.setdefault(name, []).append(np.stack([places % width, places // width], axis=1))
    return out


def _shifted(padded: NDArray[np.int32], pixel: tuple[int, int]) -> NDArray[np.int32]:
    """Label of the pixel at an offset from each corner."""
    rows, cols = padded.shape[0] - 1, padded.shape[1] - 1
    row, col = pixel[0] + 1, pixel[1] + 1
    return padded[row : row + rows, col : col + cols]


def _following(whose: NDArray[np.int32], stride: list[int]) -> dict[int, int]:
    """The side after each side, sides as 4 * corner + direction.

    Left is tried first, so that pixels that touch at a corner stay together.
    """
    out: dict[int, int] = {}
    for direction in range(4):
        starts = np.flatnonzero(whose[direction])
        names = whose[direction, starts]
        ends = starts + stride[direction]
        after = np.full(len(starts), -1)
        for turn in (1, 0, -1):  # the last one that is there wins: left, then straight on, right
            towards = (direction + turn) % 4
            after = np.where(whose[towards, ends] == names, 4 * ends + towards, after)
        out.update(zip((4 * starts + direction).tolist(), after.tolist(), strict=True))
    return out


def simplified(line: NDArray[Any], tolerance: float, *, closed: bool = True) -> NDArray[Any]:
    """Return a line with fewer corners: no dropped one is farther than a tolerance.

    References
    ----------
    Douglas, D., Peucker, T. (1973). Algorithms for the reduction of the number of points required
    to represent a digitized line or its caricature. doi:10.3138/FM57-6770-U75U-7727

    Examples
    --------
    >>> square = np.array([[0, 0], [5, 1], [10, 0], [10, 10], [0, 10]])
    >>> simplified(square, 1.5).tolist()
    [[0, 0], [10, 0], [10, 10], [0, 10]]
    """
    points = line.astype(np.float64)
    if closed:
        if len(line) <= 4:
            return line
        # A closed line has no chord: it is cut at the corner that is farthest from the first.
        points = np.vstack([points, points[:1]])
        far = int(np.argmax(((points - points[0]) ** 2).sum(axis=1)))
        kept, waiting = {0, far}, [(0, far), (far, len(line))]
    else:
        kept, waiting = {0, len(line) - 1}, [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        off = _distances(points[first : last + 1])
        worst = int(np.argmax(off))
        if off[worst] > tolerance:
            middle = first + worst
            kept.add(middle)
            waiting += [(first, middle), (middle, last)]
    return line[sorted(kept)]


def _distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances of points from the straight line between the first and the last of them."""
    off = points - points[0]
    chord = off[-1]
    length = float(np.hypot(*chord))
    out: NDArray[np.float64] = np.hypot(off[:, 0], off[:, 1])
    if length > 0:
        out = np.abs(off[:, 0] * chord[1] - off[:, 1] * chord[0]) / length
    return out


def polygon_path(rings: Iterable[NDArray[Any]]) -> str:
    """Return closed polygons of whole numbers as data of an SVG path.

    Examples
    --------
    >>> polygon_path([np.array([[3, 4], [5, 4], [5, 9]])])
    'M3 4l2 0 0 5z'
    """
    parts = []
    for ring in rings:
        (x, y), *_ = ring.tolist()
        steps = np.diff(ring, axis=0).tolist()
        parts.append(f"M{x} {y}l" + " ".join(f"{dx} {dy}" for dx, dy in steps) + "z")
    return "".join(parts)


def grid_path(rings: Iterable[NDArray[Any]]) -> str:
    """Return polygons along the sides of pixels, as those of `outline`, as data of an SVG path.

    Examples
    --------
    >>> grid_path(outline(np.array([[False, True]])))
    'M1 0h1v1h-1z'
    """
    parts = []
    for ring in rings:
        (x, y), *_ = ring.tolist()
        steps = np.diff(ring, axis=0).tolist()
        parts.append(f"M{x} {y}" + "".join(f"h{dx}" if dx else f"v{dy}" for dx, dy in steps) + "z")
    return "".join(parts)
