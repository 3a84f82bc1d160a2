# SPDX-License-Identifier: Apache-2.0
"""The nodes and edges that contributed most, with what a reader needs to know of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import describe, require_choice, require_int, require_real
from gftcore.attribution.paths import sha256_of
from gftcore.attribution.results import Attribution, EdgeAttribution, NodeAttribution
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS, HeteroGraph
from gftcore.model.files import Model
from gftcore.model.standardisation import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_SHARE", "SelectedEdge", "SelectedFeature", "SelectedNode", "Selection", "select"]

#: Before a selection by mass, smaller shares are dropped.
LEAST_SHARE = 5e-4
_DEFAULT_COUNT = 20
_MOST = 10**9

Count = int | Mapping[str, int]
Picked = list[tuple[str, int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedFeature:
    """A feature of a selected node.

    Attributes
    ----------
    name
        Column of the graph.
    value
        As it stands in the graph; NaN where it does not exist.
    standardised
        As the network read it; 0 for the training set's mean, and for what does not exist.
    contribution
        Integrated gradients of this one feature.
    """

    name: str
    value: float
    standardised: float
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedNode:
    """A node that contributed much.

    Attributes
    ----------
    rank
        From 1.
    node_type, id
        ``vessel``, ``ica`` or ``faz``, and its row in the graph.
    contribution, magnitude
        Sum over its features with their signs, and sum of absolute values.
    share
        Of what ranks, see `Selection`.
    row, col
        Position in pixels of the mask.
    features
        Those with the largest absolute contributions, largest first.
    """

    rank: int
    node_type: str
    id: int
    contribution: float
    magnitude: float
    share: float
    row: float
    col: float
    features: tuple[SelectedFeature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedEdge:
    """An undirected edge that contributed much.

    Attributes
    ----------
    rank
        From 1.
    relation, id
        ``vv``, ``ii``, ``vi``, ``vf``, ``if`` or ``ff``, and the column of ``edge_pairs``.
    ends
        Rows of both nodes in the graph, of the relation's first type and of its second.
    contribution, magnitude
        Sum over both directions and all layers with their signs, and sum of absolute values.
    share
        Of what ranks, see `Selection`.
    row, col
        Middle between both nodes, in pixels of the mask.
    """

    rank: int
    relation: str
    id: int
    ends: tuple[int, int]
    contribution: float
    magnitude: float
    share: float
    row: float
    col: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The nodes and edges that contributed most, best first.

    Attributes
    ----------
    by
        What ranks: ``contribution``, of which only positive ones count, or ``magnitude``.
    mass
        The asked part of the whole, None for the largest ones of a given number.
    nodes, edges
        Contributions of nodes and of edges answer different questions; each list has shares of its
        own sum.
    node_share, edge_share
        Sum of the shares.
    """

    by: str
    mass: float | None
    nodes: tuple[SelectedNode, ...]
    edges: tuple[SelectedEdge, ...]
    node_share: float
    edge_share: float


def select(
    found: Attribution,
    graph: HeteroGraph,
    model: Model,
    *,
    nodes: Count | None = None,
    edges: Count | None = None,
    mass: float | None = None,
    by: Literal["contribution", "magnitude"] = "contribution",
    features: int = 5,
) -> Selection:
    """Pick the nodes and the undirected edges that contributed most.

    A share is a contribution divided by the sum of all positive ones, or a magnitude divided by
    the sum of all. Only what has a positive share is picked. Of equals, the one whose type stands
    first in vessel, ica, faz or vv, ii, vi, vf, if, ff comes first, then the one with the lower
    number.

    Parameters
    ----------
    found
        From `integrated_gradients`; without nodes or edges there are none in the selection.
    graph, model
        What it explains.
    nodes, edges
        How many at most: of all types together (None means 20), or of each type or relation that
        is named, and none of the others.
    mass
        In place of numbers: as few as make up this part, above 0 and at most 1, of the whole that
        is left after shares below 0.05 % were dropped.
    by
        What ranks.
    features
        Number of features of each node.

    Raises
    ------
    ArgumentError
        If the graph or the network is another than the explained one, or options exclude each
        other.

    Examples
    --------
    >>> from gftcore import attribution, graph
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> lengths = FeatureSet(columns=("length", "degree"), mean=(30, 3), sd=(20, 2))
    >>> config = ModelConfig(features={"vessel": lengths}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> cross = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    >>> grid = graph.extract(np.kron(cross, np.ones((9, 9), dtype=int)))
    >>> (found,) = attribution.integrated_gradients(network, [grid], of="both")
    >>> best = select(found, grid, network, nodes=3, by="magnitude")
    >>> [one.rank for one in best.nodes], best.nodes[0].features[0].name
    ([1, 2, 3], 'length')
    """
    wanted = Wanted.checked(nodes=nodes, edges=edges, mass=mass, by=by, features=features)
    _require_same(found, graph, model)
    picked_nodes: Picked = []
    picked_edges: Picked = []
    if found.nodes is not None:
        picked_nodes = _picked(getattr(found.nodes, by), NODE_TYPES, wanted.nodes, mass)
    if found.edges is not None:
        values = getattr(found.edges, f"edge_{by}_undirected")
        picked_edges = _picked(values, tuple(RELATIONS), wanted.edges, mass)
    return Selection(
        by=by,
        mass=mass,
        nodes=tuple(_nodes(picked_nodes, found.nodes, graph, model, wanted.features)),
        edges=tuple(_edges(picked_edges, found.edges, graph)),
        node_share=sum((share for *_, share in picked_nodes), 0.0),
        edge_share=sum((share for *_, share in picked_edges), 0.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What `select` is asked for."""

    nodes: Count
    edges: Count
    features: int

    @staticmethod
    def checked(
        *, nodes: Count | None, edges: Count | None, mass: float | None, by: str, features: int
    ) -> Wanted:
        """Check the options of `select` without a result to select from."""
        require_choice(by, ("contribution", "magnitude"), "by")
        if mass is not None:
            if nodes is not None or edges is not None:
                raise ArgumentError("mass must not be given together with nodes or edges")
            if require_real(mass, "mass", above=0.0) > 1:
                raise ArgumentError(f"mass must be at most 1, got {mass}")
        return Wanted(
            nodes=_counts(nodes, NODE_TYPES, "nodes"),
            edges=_counts(edges, tuple(RELATIONS), "edges"),
            features=require_int(features, "features", 0, 1000),
        )


def _counts(count: Count | None, types: Sequence[str], name: str) -> Count:
    if isinstance(count, Mapping):
        return {
            require_choice(key, types, name): require_int(k, f"{name}[{key!r}]", 0, _MOST)
            for key, k in count.items()
        }
    return _DEFAULT_COUNT if count is None else require_int(count, name, 0, _MOST)


def require_same_nodes(nodes: NodeAttribution, graph: HeteroGraph) -> None:
    """Refuse a graph that cannot be what was explained."""
    for name, values in nodes.contribution.items():
        there = len(graph.features(name))
        if len(values) != there:
            raise ArgumentError(
                f"graph must be the one that was explained, with {len(values)} nodes of {name}, "
                f"got {there}"
            )


def _require_same(found: Attribution, graph: HeteroGraph, model: Model) -> None:
    """Refuse a graph or a network that cannot be what was explained."""
    for value, kind, name in ((found, Attribution, "found"), (graph, HeteroGraph, "graph"),
                              (model, Model, "model")):  # fmt: skip
        if not isinstance(value, kind):
            raise ArgumentTypeError(f"{name} must be of {kind.__name__}, got {describe(value)}")
    if found.model_sha256 != sha256_of(model):
        raise ArgumentError("model must be the network that was explained, got another one")
    if found.nodes is not None:
        require_same_nodes(found.nodes, graph)
    if found.edges is not None:
        for relation, pairs in found.edges.edge_pairs.items():
            for end, name in zip(pairs, RELATIONS[relation], strict=True):
                if end.max(initial=-1) >= len(graph.features(name)):
                    raise ArgumentError(
                        f"graph must be the one that was explained, got one with fewer nodes of "
                        f"{name}"
                    )


def _picked(
    values: Mapping[str, NDArray[np.float64]],
    types: Sequence[str],
    count: Count,
    mass: float | None,
) -> Picked:
    """Type, number and share of what is selected, best first."""
    names = [name for name in types if name in values]
    if not names:
        return []
    flat = np.concatenate([values[name] for name in names])
    ptr = np.cumsum([0, *(len(values[name]) for name in names)])
    total = float(flat[flat > 0].sum())
    # Stable, so that of equals the first type and the lowest number come first.
    order = np.argsort(-flat, kind="stable")
    order = order[flat[order] > 0]
    if mass is not None:
        order = _heaviest(flat, order, total, mass)
    elif isinstance(count, Mapping):
        kept = [
            order[(order >= first) & (order < last)][: count.get(name, 0)]
            for name, first, last in zip(names, ptr[:-1], ptr[1:], strict=True)
        ]
        order = order[np.isin(order, np.concatenate(kept))]
    else:
        order = order[:count]
    places = np.searchsorted(ptr, order, side="right") - 1
    return [
        (names[place], at - int(ptr[place]), float(flat[at]) / total)
        for place, at in zip(places.tolist(), order.tolist(), strict=True)
    ]


def _heaviest(
    flat: NDArray[np.float64], order: NDArray[np.intp], total: float, mass: float
) -> NDArray[np.intp]:
    left = order[flat[order] >= LEAST_SHARE * total]
    sums = np.cumsum(flat[left])
    if not len(sums):
        return left
    return left[: int(np.searchsorted(sums, mass * sums[-1])) + 1]


def _nodes(
    picked: Picked, found: NodeAttribution | None, graph: HeteroGraph, model: Model, count: int
) -> Iterator[SelectedNode]:
    if found is None or not picked:
        return
    inputs = standardise(model.config, graph)
    for rank, (name, node, share) in enumerate(picked, 1):
        columns = graph.vessel_columns if name == "vessel" else graph.ica_columns
        each = found.attributions[name][node]
        order = np.argsort(-np.abs(each), kind="stable")[:count].tolist()
        used = model.config.features[name].columns
        row, col = graph.positions(name)[node].tolist()
        yield SelectedNode(
            rank=rank,
            node_type=name,
            id=node,
            contribution=float(found.contribution[name][node]),
            magnitude=float(found.magnitude[name][node]),
            share=share,
            row=row,
            col=col,
            features=tuple(
                SelectedFeature(
                    name=used[i],
                    value=float(graph.features(name)[node, columns.index(used[i])]),
                    standardised=float(inputs[name][node, i]),
                    contribution=float(each[i]),
                )
                for i in order
            ),
        )


def _edges(
    picked: Picked, found: EdgeAttribution | None, graph: HeteroGraph
) -> Iterator[SelectedEdge]:
    if found is None or not picked:
        return
    positions = {name: graph.positions(name) for name in NODE_TYPES}
    for rank, (relation, edge, share) in enumerate(picked, 1):
        first, second = found.edge_pairs[relation][:, edge].tolist()
        one, other = RELATIONS[relation]
        row, col = ((positions[one][first] + positions[other][second]) / 2).tolist()
        yield SelectedEdge(
            rank=rank,
            relation=relation,
            id=edge,
            ends=(first, second),
            contribution=float(found.edge_contribution_undirected[relation][edge]),
            magnitude=float(found.edge_magnitude_undirected[relation][edge]),
            share=share,
            row=row,
            col=col,
        )
