# SPDX-License-Identifier: Apache-2.0
"""Which places of an image are near others: the image in strips, each sorted from left to right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Nearby"]

#: Lower strips hold fewer places that are not near, but more of them have to be searched.
_STRIP_PX = 8
#: About as many pairs are compared at once, so that their arrays stay in the cache.
_CHUNK = 2**15


class Nearby:
    """Places of an image, sorted once, of which those near others are found.

    Parameters
    ----------
    place
        float64 [M, 2], in px.
    shape
        Of the image.

    Examples
    --------
    >>> place = np.array([[0.0, 0], [3, 4], [9, 9]])
    >>> [(of, near, apart)] = Nearby(place, (10, 10)).pairs(place, np.array([5.0, 0, 0]))
    >>> of, near, apart
    (array([0, 0, 1, 2]), array([0, 1, 1, 2]), array([0., 5., 0., 0.]))
    """

    def __init__(self, place: NDArray[np.float64], shape: tuple[int, int]) -> None:
        self._most = np.array(shape) - 1
        keys = self._key(self._strip(place[:, 0]), place[:, 1])
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        self._place = place[self._order]

    def pairs(
        self, centre: NDArray[np.float64], reach: NDArray[np.float64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """Yield which places are no farther from which centres than these reach, and how far.

        Parameters
        ----------
        centre, reach
            float64 [N, 2] and [N], in px.

        Yields
        ------
        of, near, apart
            int64 rows of centres, ascending, int64 rows of places, and float64 distances. All
            pairs of a centre come at once.
        """
        # Rounding never swaps two numbers, so that no place near enough lies outside of its run.
        top = self._strip(centre[:, 0] - reach)
        strips = (self._strip(centre[:, 0] + reach) - top).astype(np.int64) + 1
        owner = np.repeat(np.arange(len(centre)), strips)
        strip = top[owner] + _steps(strips)
        left, right = (centre[:, 1] - reach)[owner], (centre[:, 1] + reach)[owner]
        low = np.searchsorted(self._keys, self._key(strip, left))
        high = np.searchsorted(self._keys, self._key(strip, right), side="right")
        length = high - low
        total = np.cumsum(np.bincount(owner, length, minlength=len(centre)))
        last = np.arange(_CHUNK, total[-1] if len(total) else 0, _CHUNK)
        cuts = np.searchsorted(owner, np.searchsorted(total, last))
        for begin, end in pairwise(np.unique([0, *cuts, len(owner)]).tolist()):
            count = length[begin:end]
            of = np.repeat(owner[begin:end], count)
            at = np.repeat(low[begin:end], count) + _steps(count)
            offset = self._place.take(at, axis=0) - centre.take(of, axis=0)
            apart = np.hypot(offset[:, 0], offset[:, 1])
            close = np.flatnonzero(apart <= reach[of])
            yield of[close], self._order[at[close]], apart[close]

    def _strip(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        strip: NDArray[np.float64] = np.floor(np.clip(row, 0, self._most[0]) / _STRIP_PX)
        return strip

    def _key(self, strip: NDArray[np.float64], col: NDArray[np.float64]) -> NDArray[np.float64]:
        key: NDArray[np.float64] = strip * (self._most[1] + 1) + np.clip(col, 0, self._most[1])
        return key


def _steps(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, ... count - 1 for each count, one after the other."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
