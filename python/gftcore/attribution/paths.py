# SPDX-License-Identifier: Apache-2.0
"""Path integrals by the compiled core: given grids, doubling, bisection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._native import core
from gftcore.attribution.rules import Plan, points_of, secant_plan, split_plan
from gftcore.errors import ArgumentError
from gftcore.model.per_model import per_model
from gftcore.staging.inference import Arrays, engine_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.files import Model

__all__ = ["Integral", "PathRunner", "bisected", "doubled", "fixed", "integrator", "sha256_of"]

FIRST_PANELS = 4
MOST_PANELS = 256
#: With fewer panels, the estimate for a probability can be too small, and is not given.
TRUSTED_PANELS = 24
#: Graphs a thread that the core takes at once. Between such groups Python sees signals, and results
#: that are not needed any more are freed; larger groups keep threads busier to their end.
GRAPHS_PER_THREAD = 4

Parts = list["NDArray[np.float64]"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Integral:
    """The path integral of one graph.

    Attributes
    ----------
    place, against
        Numbers of the explained class and of the one its margin is over (else -1).
    start, end
        Logits at both ends of the path [C].
    parts
        Flat arrays, one for each node type or relation.
    n
        Number of panels or points.
    grid
        Ends of the panels, or points.
    error
        Estimated L1 error relative to the L1 norm of all parts; None if it was not estimated.
    """

    place: int
    against: int
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    parts: Parts
    n: int
    grid: NDArray[np.float64]
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathRunner:
    """A network, graphs, and what is asked about each of them."""

    model: Model
    dtype: str
    arrays: Arrays
    baseline: list[NDArray[Any]]
    targets: Sequence[tuple[int, int]]
    kind: str
    over: str
    threads: int
    decisions: core.PathDecisions | None = None

    def run(self, graphs: Sequence[int], plans: Sequence[Plan]) -> list[Any]:
        """Return class, other class, logits at both ends and sums of parts for each graph."""
        requests = [
            (g, *self.targets[g], plan.panels, plan.panel_sum, plan.chunk_ptr)
            for g, plan in zip(graphs, plans, strict=True)
        ]
        sums = max((plan.sums for plan in plans), default=1)
        compiled = integrator(self.model, self.dtype)
        results = compiled.run(
            *self.arrays, self.baseline, requests, self.kind, self.over, sums, self.threads,
            self.decisions,
        )  # fmt: skip
        for g, (_, _, start, end, parts) in zip(graphs, results, strict=True):
            self._require_finite(g, start, end, parts)
        return list(results)

    def groups(self, count: int, per_thread: int) -> Iterator[range]:
        """Split graphs 0 .. count into groups that the core takes at once."""
        size = per_thread * self.threads
        return (range(g, min(g + size, count)) for g in range(0, count, size))

    def _require_finite(
        self, g: int, start: NDArray[np.float64], end: NDArray[np.float64], sums: list[Parts]
    ) -> None:
        what = "logits"
        if np.isfinite(start).all() and np.isfinite(end).all():
            if all(np.isfinite(part).all() for parts in sums for part in parts):
                return
            what = "contributions"
        # The change from a huge baseline is as huge at the input, and the other way round.
        x, node_ptr, *_ = self.arrays
        of_x0, of_x = (self._largest(rows, node_ptr, g) for rows in (self.baseline, x))
        wrong = "baseline" if of_x0 > of_x else "features"
        raise ArgumentError(
            f"graph {g} gives {what} that are not finite; its {wrong} must be standardised, not raw"
        )

    @staticmethod
    def _largest(rows: list[Any], node_ptr: list[Any], g: int) -> float:
        each = zip(rows, node_ptr, strict=False)
        return max((np.abs(x[p[g] : p[g + 1]]).max(initial=0.0) for x, p in each), default=0.0)


def fixed(runner: PathRunner, count: int, method: str, n: int, *, estimate: bool) -> list[Integral]:
    """Run one grid for all graphs; n panels are compared with half as many.

    A probability changes on a short stretch of the path, which few panels and half as many miss
    together: their difference would be no estimate.
    """
    estimate = estimate and (runner.kind != "prob" or n >= TRUSTED_PANELS)
    plan = secant_plan(n, coarse=estimate) if method == "secant" else points_of(method, n)
    found = []
    for group in runner.groups(count, GRAPHS_PER_THREAD):
        for *known, sums in runner.run(group, [plan] * len(group)):
            error = relative_change(sums[0], sums[1]) if plan.sums > 1 else None
            found.append(_integral(known, sums[0], n, plan.grid, error))
    return found


def doubled(runner: PathRunner, count: int, rtol: float) -> list[Integral]:
    """Double the number of panels until the sums of two grids differ by at most `rtol`."""
    found = []
    for group in runner.groups(count, GRAPHS_PER_THREAD):
        found += _doubled(runner, group, rtol)
    return found


def _doubled(runner: PathRunner, group: Sequence[int], rtol: float) -> list[Integral]:
    n = 2 * FIRST_PANELS
    out: dict[int, Integral] = {}
    left = list(group)
    while left:
        plan = secant_plan(n, coarse=not out)
        results = runner.run(left, [plan] * len(left))
        for g, (*known, sums) in zip(left, results, strict=True):
            before = out[g].parts if g in out else sums[1]
            error = relative_change(sums[0], before)
            out[g] = _integral(known, sums[0], n, plan.grid, error)
        left = [g for g in left if (out[g].error or 0.0) > rtol]
        n *= 2
        if n > MOST_PANELS:
            break
    return [out[g] for g in group]


@dataclass(slots=True, eq=False)
class _Leaf:
    """A stretch of the path with the integrals over its halves."""

    begin: float
    end: float
    halves: tuple[Parts, Parts]
    error: float


@dataclass(slots=True, eq=False)
class _Tree:
    """The stretches of one graph's path."""

    rtol: float
    known: list[Any] = field(default_factory=list)
    leaves: list[_Leaf] = field(default_factory=list)

    def worst(self) -> list[_Leaf]:
        """Leaves to split: those without which the rest of the error is half of what is allowed."""
        panels = 2 * len(self.leaves)
        allowed = self.rtol * norm(self.total())
        error = self.error()
        by_error = sorted(self.leaves, key=lambda leaf: -leaf.error)
        least = max(0, (TRUSTED_PANELS - panels + 1) // 2)
        chosen: list[_Leaf] = []
        for leaf in by_error[: max(0, (MOST_PANELS - panels) // 2)]:
            if len(chosen) >= least and (self.error() <= allowed or error <= allowed / 2):
                break
            chosen.append(leaf)
            error -= leaf.error
        return sorted(chosen, key=lambda leaf: leaf.begin)

    def error(self) -> float:
        return float(sum(leaf.error for leaf in self.leaves))

    def total(self) -> Parts:
        out = [np.zeros_like(part) for part in self.leaves[0].halves[0]]
        for leaf in self.leaves:
            for half in leaf.halves:
                for i, part in enumerate(half):
                    out[i] += part
        return out

    def replace(self, leaf: _Leaf, first: _Leaf, second: _Leaf) -> None:
        place = self.leaves.index(leaf)
        self.leaves[place : place + 1] = [first, second]

    def integral(self) -> Integral:
        total = self.total()
        size = norm(total)
        ends = [leaf.begin for leaf in self.leaves] + [1.0]
        middles = [(leaf.begin + leaf.end) / 2 for leaf in self.leaves]
        return _integral(
            self.known,
            total,
            2 * len(self.leaves),
            np.sort(np.array(ends + middles)),
            self.error() / size if size > 0 else self.error(),
        )


def bisected(runner: PathRunner, count: int, rtol: float) -> list[Integral]:
    """Halve the worst stretches of each path until their errors add up to `rtol` of the whole."""
    found = []
    for group in runner.groups(count, 1):  # a tree holds the parts of each of its panels
        found += _bisected(runner, group, rtol)
    return found


def _bisected(runner: PathRunner, group: Sequence[int], rtol: float) -> list[Integral]:
    ends = np.arange(FIRST_PANELS + 1) / FIRST_PANELS
    first = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    plan = split_plan(first, whole=True)
    trees = {g: _Tree(rtol) for g in group}
    for g, (*known, sums) in zip(group, runner.run(group, [plan] * len(group)), strict=True):
        trees[g].known = known
        for i, stretch in enumerate(first):
            leaf = _leaf(stretch, sums[3 * i], (sums[3 * i + 1], sums[3 * i + 2]))
            trees[g].leaves.append(leaf)
    left = {g: worst for g in group if (worst := trees[g].worst())}
    while left:
        plans = []
        for worst in left.values():
            halves = [half for leaf in worst for half in _halves(leaf)]
            plans.append(split_plan(halves, whole=False))
        results = runner.run(list(left), plans)
        for (g, worst), (*_, sums) in zip(left.items(), results, strict=True):
            for i, leaf in enumerate(worst):
                quarters = sums[4 * i : 4 * i + 4]
                both = [
                    _leaf(half, leaf.halves[k], (quarters[2 * k], quarters[2 * k + 1]))
                    for k, half in enumerate(_halves(leaf))
                ]
                trees[g].replace(leaf, *both)
        left = {g: worst for g in left if (worst := trees[g].worst())}
    return [tree.integral() for tree in trees.values()]


def _leaf(stretch: tuple[float, float], whole: Parts, halves: tuple[Parts, Parts]) -> _Leaf:
    change = [a + b - c for a, b, c in zip(*halves, whole, strict=True)]
    return _Leaf(*stretch, halves, norm(change))


def _halves(leaf: _Leaf) -> list[tuple[float, float]]:
    middle = (leaf.begin + leaf.end) / 2
    return [(leaf.begin, middle), (middle, leaf.end)]


def norm(parts: Parts) -> float:
    """Sum of absolute values."""
    return float(sum(np.abs(part).sum() for part in parts))


def relative_change(now: Parts, before: Parts) -> float:
    """L1 norm of the change relative to that of `now`; the change itself if that is 0."""
    change = norm([a - b for a, b in zip(now, before, strict=True)])
    size = norm(now)
    return change / size if size > 0 else change


def _integral(
    known: list[Any], parts: Parts, n: int, grid: NDArray[np.float64], error: float | None
) -> Integral:
    place, against, start, end = known
    return Integral(
        place=place, against=against, start=start, end=end, parts=parts, n=n, grid=grid, error=error
    )


@per_model
def sha256_of(model: Model) -> str:
    """Return the hash of a network, computed on first use."""
    return model.sha256


@per_model
def _integrator(model: Model, dtype: str, folded: bool) -> core.PathIntegrator:
    weights = {n: np.asarray(a, dtype=np.float64) for n, a in model.weights.items()}
    return core.PathIntegrator(engine_options(model.config), weights, dtype, folded)


def integrator(model: Model, dtype: str, *, folded: bool | None = None) -> core.PathIntegrator:
    """Return the compiled form of a network, made on first use and kept as long as the model.

    By default the float32 form is folded and the float64 form is not.
    """
    return _integrator(model, dtype, dtype == "float32" if folded is None else folded)
