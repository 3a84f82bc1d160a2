# SPDX-License-Identifier: Apache-2.0
"""Path integrals by the compiled core: given grids, doubling, bisection."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._native import core
from gftcore.attribution.rules import Plan, points_of, secant_plan, split_plan
from gftcore.errors import ArgumentError
from gftcore.staging.inference import Arrays, engine_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.files import Model

__all__ = ["Integral", "PathRunner", "bisected", "doubled", "fixed", "integrator", "sha256_of"]

FIRST_PANELS = 4
MOST_PANELS = 256
#: With fewer panels, the estimate for a probability can be too small.
TRUSTED_PANELS = 24

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
            (g, *self.targets[g], plan.panels, plan.chunk_ptr)
            for g, plan in zip(graphs, plans, strict=True)
        ]
        sums = max((plan.sums for plan in plans), default=1)
        compiled = integrator(self.model, self.dtype)
        results = compiled.run(
            *self.arrays, self.baseline, requests, self.kind, self.over, sums, self.threads,
            self.decisions,
        )  # fmt: skip
        for g, (_, _, start, end, _) in zip(graphs, results, strict=True):
            if not (np.isfinite(start).all() and np.isfinite(end).all()):
                raise ArgumentError(
                    f"graph {g} gives logits that are not finite; "
                    "its features must be standardised, not raw"
                )
        return list(results)


def fixed(runner: PathRunner, count: int, method: str, n: int, *, estimate: bool) -> list[Integral]:
    """Run one grid for all graphs; n panels are compared with half as many."""
    coarse = method == "secant" and estimate and n > 1
    plan = secant_plan(n, coarse=coarse) if method == "secant" else points_of(method, n)
    found = []
    for *known, sums in runner.run(range(count), [plan] * count):
        error = relative_change(sums[0], sums[1]) if coarse else None
        found.append(_integral(known, sums[0], n, plan.grid, error))
    return found


def doubled(runner: PathRunner, count: int, rtol: float) -> list[Integral]:
    """Double the number of panels until the sums of two grids differ by at most `rtol`."""
    n = 2 * FIRST_PANELS
    out: dict[int, Integral] = {}
    left = list(range(count))
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
    return [out[g] for g in range(count)]


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
        halves = [half for leaf in self.leaves for half in leaf.halves]
        return [np.sum(part, axis=0) for part in zip(*halves, strict=True)]

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
    ends = np.arange(FIRST_PANELS + 1) / FIRST_PANELS
    first = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    plan = split_plan(first, whole=True)
    trees = [_Tree(rtol) for _ in range(count)]
    for tree, (*known, sums) in zip(trees, runner.run(range(count), [plan] * count), strict=True):
        tree.known = known
        for i, stretch in enumerate(first):
            tree.leaves.append(_leaf(stretch, sums[3 * i], (sums[3 * i + 1], sums[3 * i + 2])))
    left = {g: worst for g in range(count) if (worst := trees[g].worst())}
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
    return [tree.integral() for tree in trees]


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


_integrators: weakref.WeakKeyDictionary[Model, dict[tuple[str, bool], core.PathIntegrator]] = (
    weakref.WeakKeyDictionary()
)
_hashes: weakref.WeakKeyDictionary[Model, str] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def sha256_of(model: Model) -> str:
    """Return the hash of a network, computed on first use."""
    with _lock:
        if model not in _hashes:
            _hashes[model] = model.sha256
        return _hashes[model]


def integrator(model: Model, dtype: str, *, folded: bool | None = None) -> core.PathIntegrator:
    """Return the compiled form of a network, made on first use and kept as long as the model.

    By default the float32 form is folded and the float64 form is not.
    """
    key = dtype, dtype == "float32" if folded is None else folded
    with _lock:
        kept = _integrators.setdefault(model, {})
        if key not in kept:
            weights = {n: np.asarray(a, dtype=np.float64) for n, a in model.weights.items()}
            kept[key] = core.PathIntegrator(engine_options(model.config), weights, *key)
        return kept[key]
