# SPDX-License-Identifier: Apache-2.0
"""Random numbers that stay the same with every version of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Draws", "alike"]

# How far a number of an eye lies from the subject's at most, as a share of its range.
_EYE_TO_EYE = 0.15


class Draws:
    """Draws made of the uniform numbers of Philox with key (seed, stream) alone.

    NumPy may change what its distributions return, but not what the generator does.
    """

    def __init__(self, seed: int, stream: int) -> None:
        key = np.array([seed, stream], dtype=np.uint64)
        self._generator = np.random.Generator(np.random.Philox(key=key))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def uniforms(self, count: int) -> NDArray[np.float64]:
        """Return numbers [count] in [0, 1)."""
        return self._generator.random(count)

    def order(self, count: int) -> NDArray[np.int64]:
        """Return 0 .. count - 1 in random order."""
        return np.argsort(self.uniforms(count), kind="stable")

    def pick(self, items: NDArray[np.int64]) -> int:
        """Return one of the items."""
        return int(items[int(self.uniform(0, len(items)))])


def alike(own: NDArray[np.float64], shared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return uniform numbers near those of the subject, as the other eye's are.

    The sum of a uniform number and a jitter, reflected at 0 and 1, is uniform again.

    Examples
    --------
    >>> alike(np.array([0.0, 1.0]), np.array([0.1, 0.95])).round(2).tolist()
    [0.05, 0.9]
    """
    moved = np.abs(shared + _EYE_TO_EYE * (2 * own - 1))
    return np.where(moved < 1, moved, 2 - moved)
