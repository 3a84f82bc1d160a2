# SPDX-License-Identifier: Apache-2.0
"""A check of float32: whether its contributions differ from float64's for known reasons only.

Not part of the package's interface. Rounding moves values across the kinks of activations, changes
secant slopes between close values, and may exchange rows with like maxima. A float64 run writes
down what it decided in each of these cases; a float32 run that obeys it has nothing left but the
rounding of linear operations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gftcore._native import core
from gftcore.attribution.paths import Parts, PathRunner
from gftcore.attribution.rules import Plan, points_of, secant_plan
from gftcore.graph.batch import GraphBatch
from gftcore.model.standardisation import standardised_batch
from gftcore.staging.inference import engine_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.model.files import Model

__all__ = ["CHANGED", "FAR", "Difference", "Precision", "precision"]

#: A multiplier that differs by more has changed; between distant values rounding does not.
CHANGED = 1e-4
#: A node, or an edge, that differs by more of the largest contribution is far off.
FAR = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far contributions are from float64's.

    Attributes
    ----------
    l1
        L1 norm of the difference relative to that of the contributions.
    largest
        Largest difference relative to the largest contribution.
    far
        Share of nodes or edges with a difference above `FAR` of the largest contribution.
    """

    l1: float
    largest: float
    far: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Float32 beside float64 for one graph.

    Attributes
    ----------
    plain
        The difference of float32.
    obeyed
        Of float32 with all of float64's decisions: multipliers, leading rows, crossings.
    repaired
        Of float32 with its own decisions but for those that changed.
    multipliers, changed
        How many multipliers of activations there are, and how many of them changed.
    maxima, exchanged
        How many maxima there are, and how many of them are led by other rows.
    """

    plain: Difference
    obeyed: Difference
    repaired: Difference
    multipliers: int
    changed: int
    maxima: int
    exchanged: int


def precision(
    model: Model,
    graphs: GraphBatch | Iterable[HeteroGraph],
    *,
    over: str = "nodes",
    kind: str = "logit",
    method: str = "secant",
    n: int = 16,
    places: Sequence[int] | None = None,
) -> Iterator[Precision]:
    """Compare both precisions, graph by graph; `places` are numbers of classes, -1 the predicted.

    Memory: 64 bytes a node, channel and activation.
    """
    config = model.config
    if not isinstance(graphs, GraphBatch):
        graphs = standardised_batch(config, graphs, dtype="float64")
    plan = secant_plan(n, coarse=False) if method == "secant" else points_of(method, n)
    widths = [len(features.columns) for features in config.features.values()]
    runner = PathRunner(
        model=model,
        dtype="float64",
        arrays=engine_arrays(config, graphs, np.dtype(np.float64)),
        baseline=[],
        targets=[(place, -1) for place in places or [-1] * graphs.num_graphs],
        kind=kind,
        over=over,
        threads=1,
    )
    arrays = engine_arrays(config, graphs, np.dtype(np.float32))
    quick = replace(runner, dtype="float32", arrays=arrays)
    for g in range(graphs.num_graphs):
        sums, counts = _four_ways(runner, quick, g, plan)
        want, *others = sums
        plain, obeyed, repaired = (
            _difference(found, want, widths if over == "nodes" else None) for found in others
        )
        multipliers, changed, maxima, exchanged = counts
        yield Precision(
            plain=plain,
            obeyed=obeyed,
            repaired=repaired,
            multipliers=multipliers,
            changed=changed,
            maxima=maxima,
            exchanged=exchanged,
        )


def _four_ways(
    runner: PathRunner, quick: PathRunner, graph: int, plan: Plan
) -> tuple[list[Parts], list[int]]:
    """Sums of float64, of float32 plain, obedient and repaired; counts.

    A chunk is a run of its own: decisions of a whole path take much memory.
    """
    sums: list[Parts] = [[], [], [], []]
    counts = np.zeros(4, dtype=np.int64)
    for first, last in itertools.pairwise(plan.chunk_ptr.tolist()):
        piece = replace(
            plan,
            panels=plan.panels[first:last],
            panel_sum=plan.panel_sum[first:last],
            chunk_ptr=np.array([0, last - first]),
        )
        exact, single = core.PathDecisions(), core.PathDecisions()
        ((place, against, *_, (want,)),) = replace(runner, decisions=exact).run([graph], [piece])
        same = replace(quick, targets=[(place, against)] * (graph + 1))
        found = [want]
        for decisions in (single, exact, single):
            if len(found) == 3:
                counts += _repair(exact, single, last - first)
            ((*_, (parts,)),) = replace(same, decisions=decisions).run([graph], [piece])
            found.append(parts)
        for total, parts in zip(sums, found, strict=True):
            total[:] = [a + b for a, b in zip(total, parts, strict=True)] if total else parts
    return sums, counts.tolist()


def _difference(found: Parts, want: Parts, widths: list[int] | None) -> Difference:
    rows = []
    for t, (ours, theirs) in enumerate(zip(found, want, strict=True)):
        difference = np.abs(ours - theirs)
        rows.append(difference.reshape(-1, widths[t]) if widths else difference[:, None])
    sizes = [float(np.abs(part).max(initial=0.0)) for part in want]
    norm = sum(float(np.abs(part).sum()) for part in want)
    scale = max(sizes, default=0.0) or 1.0
    by_row: NDArray[np.float64] = np.concatenate([part.max(axis=1) for part in rows]) / scale
    return Difference(
        l1=sum(float(part.sum()) for part in rows) / (norm or 1.0),
        largest=float(by_row.max(initial=0.0)),
        far=float((by_row > FAR).mean()) if by_row.size else 0.0,
    )


def _repair(exact: core.PathDecisions, single: core.PathDecisions, panels: int) -> list[int]:
    """Put float64's decisions where float32's are others, and count."""
    multipliers = changed = maxima = exchanged = 0
    for panel in range(panels):
        _, *want = exact.panel(0, 0, panel)
        _, *found = single.panel(0, 0, panel)
        theirs = [want[0], *want[1]]
        for sites, others in zip(theirs, [found[0], *found[1]], strict=True):
            for a, b in zip(sites, others, strict=True):
                far = np.abs(a - b) > CHANGED
                b[far] = a[far]
                multipliers += len(a)
                changed += int(far.sum())
        for led, leads in zip(want[2], found[2], strict=True):
            other = (led[0] != leads[0]) | (led[1] != leads[1])
            maxima += len(other)
            exchanged += int(other.sum())
            for a, b in zip(led, leads, strict=True):
                b[:] = a
    return [multipliers, changed, maxima, exchanged]
