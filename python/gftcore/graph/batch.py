# SPDX-License-Identifier: Apache-2.0
"""Several graphs as one set of CSR arrays, in the order that inference and training use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._native import core
from gftcore._validation import (
    as_array,
    describe,
    require_array,
    require_choice,
    require_iterator,
    require_mapping,
)
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.hetero_graph import NODE_TYPES, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch_geometric.data import HeteroData

__all__ = [
    "DIRECTED",
    "GraphBatch",
    "collate",
    "directed_edges",
    "finite_features",
    "join_graphs",
]

#: Directed relations and their (source, destination) node types.
DIRECTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "vv": ("vessel", "vessel"),
        "ii": ("ica", "ica"),
        "vi": ("vessel", "ica"),
        "iv": ("ica", "vessel"),
        "vf": ("vessel", "faz"),
        "fv": ("faz", "vessel"),
        "if": ("ica", "faz"),
        "fi": ("faz", "ica"),
        "ff": ("faz", "faz"),
    }
)
_REVERSED = {"iv": "vi", "fv": "vf", "fi": "if"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class GraphBatch:
    """B graphs with N_t nodes of type t and E_r directed edges of relation r. Read-only.

    Attributes
    ----------
    x
        Type to float32 (or float64) [N_t, F_t]; N_t < 2^31.
    node_ptr
        Type to int64 [B + 1]: nodes of graph g are ``node_ptr[g]:node_ptr[g + 1]``.
    rowptr, col
        Relation to int64 [N_dst + 1], [E_r]: edges by destination, each row sorted by (source,
        edge number); E_r < 2^31.
    eid
        Relation to int64 [E_r]: CSR slot to the caller's edge number.
    colptr, row, slot
        Relation to int64 [N_src + 1], [E_r], [E_r]: edges by source, and their CSR slot.
    inv_deg
        Relation to float32 (float64 if any ``x`` is) [N_dst]: 1 / max(in-degree, 1).
    edge_ptr
        Relation to int64 [B + 1]: CSR slots of graph g.
    """

    x: Mapping[str, NDArray[Any]]
    node_ptr: Mapping[str, NDArray[np.int64]]
    rowptr: Mapping[str, NDArray[np.int64]]
    col: Mapping[str, NDArray[np.int64]]
    eid: Mapping[str, NDArray[np.int64]]
    colptr: Mapping[str, NDArray[np.int64]]
    row: Mapping[str, NDArray[np.int64]]
    slot: Mapping[str, NDArray[np.int64]]
    inv_deg: Mapping[str, NDArray[np.floating[Any]]]
    edge_ptr: Mapping[str, NDArray[np.int64]]

    @property
    def num_graphs(self) -> int:
        """B."""
        return len(next(iter(self.node_ptr.values()))) - 1

    def edge_index(self, relation: str) -> NDArray[np.int64]:
        """Return (source, destination) [2, E_r] in the caller's edge order."""
        require_choice(relation, tuple(self.col), "relation")
        dst = np.repeat(np.arange(len(self.rowptr[relation]) - 1), np.diff(self.rowptr[relation]))
        out = np.empty((2, len(dst)), dtype=np.int64)
        out[:, self.eid[relation]] = self.col[relation], dst
        return out

    @staticmethod
    def from_arrays(
        x: Mapping[str, ArrayLike],
        edge_index: Mapping[str, ArrayLike],
        *,
        node_ptr: Mapping[str, ArrayLike] | None = None,
    ) -> GraphBatch:
        """Build a batch from feature matrices and directed edges.

        Parameters
        ----------
        x
            Node type (``vessel``, ``ica``, ``faz``; all of them) to features [N_t, F_t], finite;
            float64 stays, other types become float32.
        edge_index
            Relation to (source, destination) [2, E_r], numbered over the whole batch; a missing
            relation has no edges.
        node_ptr
            Type to [B + 1]; None means one graph.

        Raises
        ------
        ArgumentError
            If an edge leaves the range of its nodes or crosses graphs, a feature is not finite, or
            a key is missing or unknown.
        ArgumentTypeError, ShapeError
            If something is no mapping to arrays of the right type and shape.

        Examples
        --------
        >>> empty = np.zeros((0, 2))
        >>> x = {"vessel": np.ones((2, 3)), "ica": empty, "faz": empty}
        >>> GraphBatch.from_arrays(x, {"vv": [[0, 1], [1, 0]]}).col["vv"].tolist()
        [1, 0]
        """
        require_mapping(x, NODE_TYPES, "x", "node types")
        require_mapping(edge_index, tuple(DIRECTED), "edge_index", "relations")
        if node_ptr is not None:
            require_mapping(node_ptr, NODE_TYPES, "node_ptr", "node types")
        features = {t: _features(x, t) for t in NODE_TYPES}
        exact = any(values.dtype == np.float64 for values in features.values())
        ptr = {t: _pointers(node_ptr, t, len(features[t])) for t in NODE_TYPES}
        if len({len(ends) for ends in ptr.values()}) != 1:
            raise ShapeError("node_ptr must have the same length for all node types")
        none = np.empty((2, 0), dtype=np.int64)
        parts: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in _CSR_FIELDS}
        parts["edge_ptr"] = {}
        for relation, (source, target) in DIRECTED.items():
            edges = _edges(edge_index.get(relation, none), relation)
            _check_ends(edges, relation, ptr[source], ptr[target])
            arrays = core.csr_from_edges(
                np.ascontiguousarray(edges[0]),
                np.ascontiguousarray(edges[1]),
                len(features[source]),
                len(features[target]),
            )
            for name, array in zip(_CSR_FIELDS, arrays, strict=True):
                parts[name][relation] = read_only(array)
            if exact:
                degree = np.diff(parts["rowptr"][relation])
                parts["inv_deg"][relation] = read_only(1.0 / np.maximum(degree, 1))
            parts["edge_ptr"][relation] = read_only(parts["rowptr"][relation][ptr[target]])
        return GraphBatch(
            x=MappingProxyType(features),
            node_ptr=MappingProxyType(ptr),
            **{name: MappingProxyType(arrays) for name, arrays in parts.items()},
        )

    def to_hetero(self) -> HeteroData:
        """Return a PyTorch Geometric `HeteroData`; needs the extra ``train``.

        Node types have ``x``, ``ptr`` and ``batch``, relations ``edge_index`` in the caller's
        order.
        """
        from gftcore.graph.exports import batch_to_hetero

        return batch_to_hetero(self)

    @staticmethod
    def from_hetero(data: HeteroData) -> GraphBatch:
        """Build a batch from a `HeteroData` with our node types and relations.

        Parameters
        ----------
        data
            One graph, or a `torch_geometric.data.Batch` of several; features must be finite, see
            ``nonfinite`` of `HeteroGraph.to_hetero`.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError
            As for `from_arrays`.
        """
        from gftcore.graph.exports import batch_from_hetero

        return batch_from_hetero(data)

    def __repr__(self) -> str:
        nodes = ", ".join(f"{len(values)} {name}" for name, values in self.x.items())
        edges = sum(len(col) for col in self.col.values())
        return f"GraphBatch({self.num_graphs} graphs: {nodes} nodes, {edges} directed edges)"


#: Node and edge numbers fit into int32, which kernels on other devices use.
_MAX_COUNT = 2**31 - 1
_CSR_FIELDS = ("rowptr", "col", "eid", "colptr", "row", "slot", "inv_deg")


def _features(x: Mapping[str, ArrayLike], name: str) -> NDArray[Any]:
    label = f"x[{name!r}]"
    given = as_array(_of_type(x, "x", name), label, "a 2-D array of real numbers")
    dtype = np.float64 if given.dtype == np.float64 else np.float32
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes inf and is refused below
        values = require_array(given, dtype, name=label, ndim=2, max_side=_MAX_COUNT)
    if not np.isfinite(values).all():
        raise ArgumentError(f"{label} must be finite, got NaN or infinity")
    return read_only(values.copy())


def _pointers(node_ptr: Mapping[str, ArrayLike] | None, name: str, count: int) -> NDArray[np.int64]:
    given = [0, count] if node_ptr is None else _of_type(node_ptr, "node_ptr", name)
    ptr = require_array(given, np.int64, name=f"node_ptr[{name!r}]", ndim=1, max_side=_MAX_COUNT)
    if len(ptr) < 1 or ptr[0] != 0 or ptr[-1] != count or bool((ptr[1:] < ptr[:-1]).any()):
        raise ArgumentError(f"node_ptr[{name!r}] must rise from 0 to {count}")
    return read_only(ptr.copy())


def _of_type(values: Mapping[str, ArrayLike], argument: str, name: str) -> ArrayLike:
    if name not in values:
        raise ArgumentError(
            f"{argument} must have all node types {', '.join(NODE_TYPES)}; {name} is missing"
        )
    return values[name]


def _edges(edges: ArrayLike, relation: str) -> NDArray[np.int64]:
    label = f"edge_index[{relation!r}]"
    out = require_array(edges, np.int64, name=label, ndim=2, max_side=_MAX_COUNT)
    if out.shape[0] != 2:
        raise ShapeError(f"edge_index[{relation!r}] must have shape [2, E], got {out.shape}")
    return out


def _check_ends(
    edges: NDArray[np.int64],
    relation: str,
    source: NDArray[np.int64],
    target: NDArray[np.int64],
) -> None:
    for ends, ptr in zip(edges, (source, target), strict=True):
        if len(ends) and (int(ends.min()) < 0 or int(ends.max()) >= int(ptr[-1])):
            raise ArgumentError(f"edge_index[{relation!r}] must name nodes 0 to {int(ptr[-1]) - 1}")
    graphs = [
        np.searchsorted(ptr, ends, side="right")
        for ends, ptr in zip(edges, (source, target), strict=True)
    ]
    if not np.array_equal(graphs[0], graphs[1]):
        raise ArgumentError(f"edge_index[{relation!r}] has edges between different graphs")


def directed_edges(graph: HeteroGraph) -> dict[str, NDArray[np.int64]]:
    """Return all directed relations of a graph as (source, destination) [2, E_r].

    vv and ii hold each stored edge forwards, then each backwards; ff holds its loop once; iv, fv
    and fi are vi, vf and if turned round.
    """
    out = {}
    for relation in DIRECTED:
        stored = graph.edges[_REVERSED.get(relation, relation)]
        if relation in _REVERSED:
            out[relation] = np.ascontiguousarray(stored[::-1])
        elif relation in ("vv", "ii"):
            out[relation] = np.concatenate([stored, stored[::-1]], axis=1)
        else:
            out[relation] = stored
    return out


def finite_features(values: NDArray[np.float64], nonfinite: str, name: str) -> NDArray[np.float32]:
    """Return features as float32, with NaN and infinity kept, set to 0 or refused."""
    with np.errstate(over="ignore"):
        out = values.astype(np.float32)
    if nonfinite == "zero":
        np.nan_to_num(out, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    elif nonfinite == "error" and not np.isfinite(out).all():
        raise ArgumentError(f"{name} features hold NaN or infinity; use nonfinite='zero'")
    return out


def collate(
    graphs: Iterable[HeteroGraph], *, nonfinite: Literal["zero", "error"] = "zero"
) -> GraphBatch:
    """Join graphs with the same feature columns into one batch.

    Parameters
    ----------
    graphs
        At least one graph.
    nonfinite
        What happens to NaN and infinity, which say that a feature does not exist (such as the
        curveness of a loop). Standardise features before this step where they feed a model.

    Examples
    --------
    >>> from gftcore import graph
    >>> mask = [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    >>> collate([graph.extract(mask), graph.extract(mask)]).node_ptr["vessel"].tolist()
    [0, 1, 2]
    """
    require_choice(nonfinite, ("zero", "error"), "nonfinite")
    hint = "; put a single graph into a list"
    given = list(require_iterator(graphs, "graphs", "a sequence of HeteroGraph", hint))
    _check_graphs(given)
    tables = {
        name: [finite_features(graph.features(name), nonfinite, name) for graph in given]
        for name in NODE_TYPES
    }
    return join_graphs(given, tables)


def join_graphs(
    graphs: Sequence[HeteroGraph], tables: Mapping[str, Sequence[NDArray[Any]]]
) -> GraphBatch:
    """Join graphs whose nodes have the given feature matrices, one a graph for each type."""
    x: dict[str, NDArray[Any]] = {}
    ptr: dict[str, NDArray[np.int64]] = {}
    for name in NODE_TYPES:
        x[name] = np.concatenate(tables[name])
        ptr[name] = np.cumsum([0, *map(len, tables[name])], dtype=np.int64)
    edges: dict[str, NDArray[np.int64]] = {}
    each = [directed_edges(graph) for graph in graphs]
    for relation, (source, target) in DIRECTED.items():
        shifted = [
            part[relation] + np.array([[ptr[source][g]], [ptr[target][g]]])
            for g, part in enumerate(each)
        ]
        edges[relation] = np.concatenate(shifted, axis=1)
    return GraphBatch.from_arrays(x, edges, node_ptr=ptr)


def _check_graphs(graphs: Sequence[object]) -> None:
    if not graphs:
        raise ArgumentError("graphs must hold at least one graph")
    columns = set()
    for graph in graphs:
        if not isinstance(graph, HeteroGraph):
            raise ArgumentTypeError(f"graphs must hold HeteroGraph, got {describe(graph)}")
        columns.add((graph.vessel_columns, graph.ica_columns))
    if len(columns) != 1:
        raise ArgumentError("graphs must have the same feature columns; extract them alike")
