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
        [P, 3]: begin, end and weight.
    panel_sum
        int64 [P]: number of the sum that a panel is added to.
    chunk_ptr
        int64 [K + 1]: panels of chunk k are ``chunk_ptr[k]:chunk_ptr[k + 1]``.
    sums
        How many sums there are.
    grid
        Ends of the panels of the first sum, or its points.
    """

    panels: NDArray[np.float64]
    panel_sum: NDArray[np.int64]
    chunk_ptr: NDArray[np.int64]
    sums: int
    grid: NDArray[np.float64]


def secant_plan(n: int, *, coarse: bool) -> Plan:
    """N equal panels in sum 0; with `coarse` also pairs of them as one panel each, in sum 1.

    Of an odd number the last three are one panel; one panel alone is not compared. A pair follows
    its halves, so that the values at its ends are still there.
    """
    ends = np.arange(n + 1) / n
    coarse = coarse and n > 1
    panels: list[tuple[float, float, float]] = []
    sums: list[int] = []
    ptr = [0]

    def add(first: int, last: int, to: int) -> None:
        panels.append((float(ends[first]), float(ends[last]), (last - first) / n))
        sums.append(to)

    for first in range(0, n, CHUNK):
        for i in range(first, min(first + CHUNK, n)):
            add(i, i + 1, 0)
            if coarse and i == n - 1:
                add(i - 1 - n % 2, n, 1)
            elif coarse and i % 2 == 1 and i != n - 2:
                add(i - 1, i + 1, 1)
        ptr.append(len(panels))
    return Plan(
        panels=np.array(panels),
        panel_sum=_int64(sums),
        chunk_ptr=_int64(ptr),
        sums=1 + coarse,
        grid=ends,
    )


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
    panels = np.stack([points, points, weights], axis=1)
    ptr = [*range(0, len(points), CHUNK), len(points)]
    zeros = np.zeros(len(points), dtype=np.int64)
    return Plan(panels=panels, panel_sum=zeros, chunk_ptr=_int64(ptr), sums=1, grid=points)


def split_plan(stretches: list[tuple[float, float]], *, whole: bool) -> Plan:
    """Both halves of each stretch, in sums of their own; with `whole` the stretch itself before.

    Each stretch is a chunk.
    """
    panels: list[tuple[float, float, float]] = []
    ptr = [0]
    for begin, end in stretches:
        middle = (begin + end) / 2
        parts = [(begin, end)] if whole else []
        for a, b in [*parts, (begin, middle), (middle, end)]:
            panels.append((a, b, b - a))
        ptr.append(len(panels))
    return Plan(
        panels=np.array(panels).reshape(-1, 3),
        panel_sum=np.arange(len(panels), dtype=np.int64),
        chunk_ptr=_int64(ptr),
        sums=len(panels),
        grid=np.array(stretches),
    )


def _int64(values: Any) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)
