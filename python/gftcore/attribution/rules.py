# SPDX-License-Identifier: Apache-2.0
"""Panels and points of the path, in the order in which the core takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHUNK", "METHODS", "Plan", "points_of", "secant_plan", "split_plan"]

METHODS = (
    "secant",
    "gausslegendre",
    "riemann_left",
    "riemann_right",
    "riemann_middle",
    "riemann_trapezoid",
)
#: Panels whose multipliers the core adds up in its own precision, and that one thread takes.
CHUNK = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What the core runs for one graph.

    Attributes
    ----------
    panels
        [P, 4]: begin, end, weight and the number of the sum that it is added to.
    chunk_ptr
        int64 [K + 1]: panels of chunk k are ``chunk_ptr[k]:chunk_ptr[k + 1]``.
    sums
        How many sums there are.
    grid
        Ends of the panels of the first sum, or its points.
    """

    panels: NDArray[np.float64]
    chunk_ptr: NDArray[np.int64]
    sums: int
    grid: NDArray[np.float64]


def secant_plan(n: int, *, coarse: bool) -> Plan:
    """N equal panels in sum 0; with `coarse` also pairs of them as one panel each, in sum 1.

    A pair follows its halves, so that the values at its ends are still there.
    """
    ends = np.arange(n + 1) / n
    panels: list[tuple[float, float, float, int]] = []
    ptr = [0]

    def add(first: int, last: int, to: int) -> None:
        panels.append((float(ends[first]), float(ends[last]), (last - first) / n, to))

    for first in range(0, n, CHUNK):
        for i in range(first, min(first + CHUNK, n)):
            add(i, i + 1, 0)
            if coarse and (i % 2 == 1 or i == n - 1):
                add(i - i % 2, i + 1, 1)
        ptr.append(len(panels))
    return Plan(panels=np.array(panels), chunk_ptr=_int64(ptr), sums=1 + coarse, grid=ends)


def points_of(method: str, n: int) -> Plan:
    """Points and weights of a rule; the trapezoid has n + 1 of them."""
    k = np.arange(n, dtype=np.float64)
    weights = np.full(n, 1 / n)
    if method == "gausslegendre":
        xi, weights = np.polynomial.legendre.leggauss(n)
        points, weights = (1 + xi) / 2, weights / 2
    elif method == "riemann_trapezoid":
        points = np.arange(n + 1) / n
        weights = np.full(n + 1, 1 / n)
        weights[[0, -1]] /= 2
    else:
        points = {"riemann_left": k, "riemann_middle": k + 0.5, "riemann_right": k + 1}[method] / n
    panels = np.stack([points, points, weights, np.zeros(len(points))], axis=1)
    ptr = [*range(0, len(points), CHUNK), len(points)]
    return Plan(panels=panels, chunk_ptr=_int64(ptr), sums=1, grid=points)


def split_plan(stretches: list[tuple[float, float]], *, whole: bool) -> Plan:
    """Both halves of each stretch, in sums of their own; with `whole` the stretch itself before.

    Each stretch is a chunk.
    """
    panels: list[tuple[float, float, float, int]] = []
    ptr = [0]
    for begin, end in stretches:
        middle = (begin + end) / 2
        parts = [(begin, end)] if whole else []
        for a, b in [*parts, (begin, middle), (middle, end)]:
            panels.append((a, b, b - a, len(panels)))
        ptr.append(len(panels))
    return Plan(
        panels=np.array(panels).reshape(-1, 4),
        chunk_ptr=_int64(ptr),
        sums=len(panels),
        grid=np.array(stretches),
    )


def _int64(values: Any) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)
