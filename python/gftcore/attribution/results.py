# SPDX-License-Identifier: Apache-2.0
"""What integrated gradients say about one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from gftcore.attribution.paths import Integral, norm
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.staging.inference import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = [
    "Attribution",
    "EdgeAttribution",
    "NodeAttribution",
    "PathSummary",
    "edge_result",
    "node_result",
]

_LEAST_SHARE = 1e-3  # of the L1 norm, below which a difference of the target is no scale
_UNDIRECTED = {"vv": ("vv",), "ii": ("ii",), "ff": ("ff",), "vi": ("vi", "iv"),
               "vf": ("vf", "fv"), "if": ("if", "fi")}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathSummary:
    """How exact a path integral is.

    Attributes
    ----------
    completeness_gap
        Sum of all contributions, less the target's change from the start of the path to its end.
    completeness_gap_rel
        Its size relative to that change, or to a thousandth of the contributions' L1 norm if that
        is larger. With secant panels it shows rounding only; see ``error``.
    error
        Estimated L1 error relative to the contributions' L1 norm; None if it was not estimated, as
        always with points, whose number says little about it, with a single panel, and with fewer
        than 24 for a probability, which all of them may miss to change.
    n
        Number of panels, or points; of the trapezoid, whose points are one more, of its stretches.
    grid
        Ends of the panels [n + 1], or points [n], of the trapezoid [n + 1].
    value_start, value_end
        The target at both ends of the path.
    logits_start, logits_end
        [C] at both ends of the path.
    """

    completeness_gap: float
    completeness_gap_rel: float
    error: float | None
    n: int
    grid: NDArray[np.float64]
    value_start: float
    value_end: float
    logits_start: NDArray[np.float64]
    logits_end: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeAttribution(PathSummary):
    """Contributions of features along the path from a baseline to the input; a `PathSummary`.

    Attributes
    ----------
    attributions
        Node type to [N_t, F_t].
    contribution
        Node type to [N_t]: sums over features, with their signs.
    magnitude
        Node type to [N_t]: sums of absolute values. It ranks nodes quite differently.
    feature_contribution
        Node type to [F_t]: sums over nodes.
    type_contribution
        Node type to the sum of all.
    """

    attributions: Mapping[str, NDArray[np.float64]]
    contribution: Mapping[str, NDArray[np.float64]]
    magnitude: Mapping[str, NDArray[np.float64]]
    feature_contribution: Mapping[str, NDArray[np.float64]]
    type_contribution: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeAttribution(PathSummary):
    """Contributions of messages along the path from none to all of them; a `PathSummary`.

    Features are fixed. Never to be added to contributions of nodes, which answer another question.

    Attributes
    ----------
    edge_ends
        Relation to (source, destination) [2, E_r], nodes of the graph. Of a `GraphBatch` in the
        order in which its edges were given, see `GraphBatch.edge_index`; of a `HeteroGraph` in that
        of its edges, for vv and ii first all as they stand, then all reversed.
    edge_contribution
        Relation to [E_r], in the order of `edge_ends`.
    edge_contribution_by_layer
        Relation to [n_layers, E_r].
    edge_pairs
        Undirected relation (vv, ii, ff, vi, vf, if) to pairs of nodes [2, P] that edges join,
        each pair once; nodes of the graph, by (first, second).
    edge_contribution_undirected, edge_magnitude_undirected
        Undirected relation to [P]: the sum over layers, both directions and parallel edges, with
        signs and of absolute values.
    """

    edge_ends: Mapping[str, NDArray[np.int64]]
    edge_contribution: Mapping[str, NDArray[np.float64]]
    edge_contribution_by_layer: Mapping[str, NDArray[np.float64]]
    edge_pairs: Mapping[str, NDArray[np.int64]]
    edge_contribution_undirected: Mapping[str, NDArray[np.float64]]
    edge_magnitude_undirected: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attribution:
    """Integrated gradients of one graph. Read-only.

    Attributes
    ----------
    nodes, edges
        Contributions; None if they were not asked for.
    classes
        Names of the classes.
    target
        The explained class.
    against
        The other class of a margin, else None.
    kind
        ``logit``, ``margin`` or ``prob``.
    method
        Rule along the path.
    logits, logits_baseline
        [C] at the input and at the baseline; None for the latter without ``nodes``.
    probabilities
        [C] at the input.
    baseline
        ``zero``, ``spatial``, ``rows`` (one a type) or ``given``.
    dtype, simd, model_sha256
        Precision, instruction set and network.
    """

    nodes: NodeAttribution | None
    edges: EdgeAttribution | None
    classes: tuple[str, ...]
    target: str
    against: str | None
    kind: str
    method: str
    logits: NDArray[np.float64]
    logits_baseline: NDArray[np.float64] | None
    probabilities: NDArray[np.float64]
    baseline: str
    dtype: str
    simd: str
    model_sha256: str


def _value(kind: str, logits: NDArray[np.float64], place: int, against: int) -> float:
    if kind == "prob":
        return float(softmax(logits)[place])
    return float(logits[place] - (logits[against] if kind == "margin" else 0.0))


def _summary(kind: str, found: Integral) -> dict[str, object]:
    start, end = (_value(kind, z, found.place, found.against) for z in (found.start, found.end))
    gap = float(sum(part.sum() for part in found.parts)) - (end - start)
    scale = max(abs(end - start), _LEAST_SHARE * norm(found.parts))
    return {
        "completeness_gap": gap,
        "completeness_gap_rel": abs(gap) / scale if scale > 0 else abs(gap),
        "error": found.error,
        "n": found.n,
        "grid": read_only(found.grid.copy()),
        "value_start": start,
        "value_end": end,
        "logits_start": read_only(found.start),
        "logits_end": read_only(found.end),
    }


def node_result(config: ModelConfig, kind: str, found: Integral) -> NodeAttribution:
    """Contributions of one graph's features."""
    each = {}
    for (name, features), part in zip(config.features.items(), found.parts, strict=True):
        each[name] = read_only(part.reshape(-1, len(features.columns)))
    return NodeAttribution(
        attributions=MappingProxyType(each),
        contribution=_mapped({t: a.sum(axis=1) for t, a in each.items()}),
        magnitude=_mapped({t: np.abs(a).sum(axis=1) for t, a in each.items()}),
        feature_contribution=_mapped({t: a.sum(axis=0) for t, a in each.items()}),
        type_contribution=MappingProxyType({t: float(a.sum()) for t, a in each.items()}),
        **_summary(kind, found),  # type: ignore[arg-type]
    )


def edge_result(
    config: ModelConfig, kind: str, found: Integral, batch: GraphBatch, graph: int
) -> EdgeAttribution:
    """Contributions of one graph's messages, in the order of its edges in the batch."""
    by_layer: dict[str, NDArray[np.float64]] = {}
    ends: dict[str, NDArray[np.int64]] = {}
    for relation, part in zip(config.relations or (), found.parts, strict=True):
        source, target = DIRECTED[relation]
        first, last = batch.edge_ptr[relation][graph : graph + 2]
        order = np.argsort(batch.eid[relation][first:last])
        rows = batch.node_ptr[target][graph : graph + 2]
        degree = np.diff(batch.rowptr[relation][rows[0] : rows[1] + 1])
        v = np.repeat(np.arange(rows[1] - rows[0]), degree)
        u = batch.col[relation][first:last] - batch.node_ptr[source][graph]
        by_layer[relation] = part.reshape(config.n_layers, -1)[:, order]
        ends[relation] = np.stack([u, v])[:, order]
    total = {r: values.sum(axis=0) for r, values in by_layer.items()}
    size = {r: np.abs(values).sum(axis=0) for r, values in by_layer.items()}
    pairs, sums = _undirected(ends, {r: np.stack([total[r], size[r]]) for r in total})
    return EdgeAttribution(
        edge_ends=MappingProxyType({r: read_only(e) for r, e in ends.items()}),
        edge_contribution=_mapped(total),
        edge_contribution_by_layer=_mapped(by_layer),
        edge_pairs=MappingProxyType({r: read_only(p) for r, p in pairs.items()}),
        edge_contribution_undirected=_mapped({r: both[0] for r, both in sums.items()}),
        edge_magnitude_undirected=_mapped({r: both[1] for r, both in sums.items()}),
        **_summary(kind, found),  # type: ignore[arg-type]
    )


def _undirected(
    ends: Mapping[str, NDArray[np.int64]], values: Mapping[str, NDArray[np.float64]]
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.float64]]]:
    """Pairs of nodes [2, P], and the sums [k, P] of their edges' values [k, E]."""
    pairs: dict[str, NDArray[np.int64]] = {}
    sums: dict[str, NDArray[np.float64]] = {}
    for name, relations in _UNDIRECTED.items():
        given = [r for r in relations if r in ends]
        if not given:
            continue
        both = [ends[r] if r == name else ends[r][::-1] for r in given]
        all_pairs = np.concatenate(both, axis=1)
        if len(relations) == 1:
            all_pairs = np.sort(all_pairs, axis=0)
        size = int(all_pairs[1].max(initial=0)) + 1
        keys, place = np.unique(all_pairs[0] * size + all_pairs[1], return_inverse=True)
        pairs[name] = np.stack([keys // size, keys % size])
        all_values = np.concatenate([values[r] for r in given], axis=1)
        number = pairs[name].shape[1]
        sums[name] = np.stack([np.bincount(place.ravel(), v, number) for v in all_values])
    return pairs, sums


def _mapped(arrays: Mapping[str, NDArray[np.float64]]) -> Mapping[str, NDArray[np.float64]]:
    return MappingProxyType({name: read_only(array) for name, array in arrays.items()})
