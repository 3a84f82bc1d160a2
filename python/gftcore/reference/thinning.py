# SPDX-License-Identifier: Apache-2.0
"""Thinning: parallel schemes as 256-entry tables, the minimal pass, distance-ordered thinning."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference._skimage_table import SKIMAGE_ZHANG
from gftcore.reference.distance import squared_distance
from gftcore.reference.morphology import BoolImage, as_mask, border_anchors, neighbour_code

ORACLE_METHODS = ("zhang-skimage", "zhang-opencv", "guohall-opencv")
METHODS = ("fast", "ordered", *ORACLE_METHODS)


class PassTables(NamedTuple):
    """What each of the two alternating passes deletes, by neighbour code (bit 0 = N, clockwise)."""

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]


def thin(mask: ArrayLike, *, method: str = "fast", border: str = "anchor") -> BoolImage:
    """Thin a mask to a skeleton [H, W].

    Parameters
    ----------
    mask
        Vessel mask [H, W]; foreground is what is not zero.
    method
        ``"fast"``: Guo-Hall, then the minimal pass. ``"ordered"``: simple pixels go in the order
        (squared distance, raster index). ``"zhang-skimage"``, ``"zhang-opencv"`` and
        ``"guohall-opencv"`` equal their namesakes, 2x2 blocks and frame included.
    border
        ``"anchor"``: border anchors are never deleted. ``"background"``: no anchors; the oracle
        methods always use this.

    References
    ----------
    Guo, Z., Hall, R. W. (1989). Parallel thinning with two-subiteration algorithms.
    doi:10.1145/62065.62074
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if border not in ("anchor", "background"):
        raise ValueError(f"border must be 'anchor' or 'background', got {border!r}")
    mask = as_mask(mask)
    if method in ORACLE_METHODS:
        frozen = np.zeros(mask.shape, dtype=bool) if method == "zhang-skimage" else _frame(mask)
        return _parallel(mask, frozen, *_TABLES[method])  # type: ignore[no-any-return]
    anchors = border_anchors(mask) if border == "anchor" else None
    frozen = _marked(mask.shape, anchors)
    if method == "fast":
        return minimal_pass(_parallel(mask, frozen, *_TABLES[method]), anchors=anchors)
    distance = squared_distance(mask).ravel()
    on = np.flatnonzero(mask)
    return _sweep(mask, frozen, on[np.argsort(distance[on], kind="stable")])


def minimal_pass(skeleton: ArrayLike, *, anchors: ArrayLike | None = None) -> BoolImage:
    """Delete simple pixels that are no line ends, in raster order, in place, until stable.

    A pixel goes if it is no anchor, has at least two foreground neighbours, and is simple (Yokoi
    number 1: deletion changes neither components nor holes).

    References
    ----------
    Yokoi, S., Toriwaki, J., Fukumura, T. (1975). An analysis of topological properties of
    digitized binary pictures using local features. Computer Graphics and Image Processing 4(1).
    """
    skeleton = as_mask(skeleton)
    return _sweep(skeleton, _marked(skeleton.shape, anchors), np.flatnonzero(skeleton))


def yokoi_number(code: int) -> int:
    """Yokoi's 8-connectivity number: sum over k in N, E, S, W of q_k - q_k q_k+1 q_k+2.

    q is 1 where a neighbour is off. Equals the number of 8-connected foreground pieces that meet
    at the pixel; 1 means simple.
    """
    q = [1 - (code >> k & 1) for k in range(8)]
    return sum(q[k] - q[k] * q[k + 1] * q[(k + 2) % 8] for k in (0, 2, 4, 6))


def _zhang_tables() -> PassTables:
    """Zhang, T. Y., Suen, C. Y. (1984). doi:10.1145/357994.358023."""
    first, second = np.zeros((2, 256), dtype=bool)
    for code in range(256):
        p = _numbered(code)
        ring = [p[i] for i in range(2, 10)]
        steps = sum(a < b for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
        if steps == 1 and 2 <= sum(ring) <= 6:
            first[code] = not p[2] * p[4] * p[6] and not p[4] * p[6] * p[8]
            second[code] = not p[2] * p[4] * p[8] and not p[2] * p[6] * p[8]
    return PassTables(first, second)


def _guo_hall_tables() -> PassTables:
    first, second = np.zeros((2, 256), dtype=bool)
    for code in range(256):
        p = _numbered(code)
        corners = ((2, 3, 4), (4, 5, 6), (6, 7, 8), (8, 9, 2))
        crossings = sum(not p[a] and (p[b] or p[c]) for a, b, c in corners)
        pairs_1 = sum(p[a] or p[b] for a, b in ((9, 2), (3, 4), (5, 6), (7, 8)))
        pairs_2 = sum(p[a] or p[b] for a, b in ((2, 3), (4, 5), (6, 7), (8, 9)))
        if crossings == 1 and 2 <= min(pairs_1, pairs_2) <= 3:
            first[code] = not ((p[6] or p[7] or not p[9]) and p[8])
            second[code] = not ((p[2] or p[3] or not p[5]) and p[4])
    return PassTables(first, second)


def _skimage_tables() -> PassTables:
    first, second = np.zeros((2, 256), dtype=bool)
    for code in range(256):
        rotated = (code << 1 & 255) | code >> 7  # their bit 0 is NW, ours N
        first[code] = SKIMAGE_ZHANG[rotated] in "13"
        second[code] = SKIMAGE_ZHANG[rotated] in "23"
    return PassTables(first, second)


def _numbered(code: int) -> dict[int, int]:
    """Name the neighbours as in the literature: P2 = north, clockwise to P9."""
    return {k + 2: code >> k & 1 for k in range(8)}


_TABLES = {
    "fast": _guo_hall_tables(),
    "guohall-opencv": _guo_hall_tables(),
    "zhang-opencv": _zhang_tables(),
    "zhang-skimage": _skimage_tables(),
}
_DELETABLE = np.array([yokoi_number(c) == 1 and c.bit_count() >= 2 for c in range(256)])


def _frame(mask: BoolImage) -> BoolImage:
    frame = np.ones(mask.shape, dtype=bool)
    frame[1:-1, 1:-1] = False
    return frame


def _marked(shape: tuple[int, int], pixels: ArrayLike | None) -> BoolImage:
    image = np.zeros(shape, dtype=bool)
    if pixels is not None:
        rows_cols = np.asarray(pixels, dtype=np.int64).reshape(-1, 2)
        image[rows_cols[:, 0], rows_cols[:, 1]] = True
    return image


@njit(cache=True)
def _parallel(mask, frozen, first, second):  # type: ignore[no-untyped-def]
    """Alternate both passes; each decides on the state before it. Stop after two idle passes."""
    image = mask.copy()
    cols = image.shape[1]
    live = np.flatnonzero(image)
    idle = 0
    odd = False
    while idle < 2:
        deleted = np.zeros(live.size, np.bool_)
        for i in range(live.size):
            row, col = live[i] // cols, live[i] % cols
            if not frozen[row, col]:
                code = neighbour_code(image, row, col)
                deleted[i] = second[code] if odd else first[code]
        for index in live[deleted]:
            image[index // cols, index % cols] = False
        idle = 0 if deleted.any() else idle + 1
        live = live[~deleted]
        odd = not odd
    return image


@njit(cache=True)
def _sweep_until_stable(image, frozen, order, deletable):  # type: ignore[no-untyped-def]
    cols = image.shape[1]
    changed = True
    while changed:
        changed = False
        for index in order:
            row, col = index // cols, index % cols
            candidate = image[row, col] and not frozen[row, col]
            if candidate and deletable[neighbour_code(image, row, col)]:
                image[row, col] = False
                changed = True
    return image


def _sweep(image: BoolImage, frozen: BoolImage, order: NDArray[np.int64]) -> BoolImage:
    return _sweep_until_stable(image.copy(), frozen, order, _DELETABLE)  # type: ignore[no-any-return]
