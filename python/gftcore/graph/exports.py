# SPDX-License-Identifier: Apache-2.0
"""Graphs for other libraries: PyTorch Geometric and NetworkX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import DIRECTED, GraphBatch, directed_edges, finite_features
from gftcore.graph.hetero_graph import NODE_KINDS, NODE_TYPES, RELATIONS

if TYPE_CHECKING:
    from types import ModuleType

    import networkx
    from numpy.typing import NDArray
    from torch_geometric.data import HeteroData

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = [
    "batch_from_hetero",
    "batch_to_hetero",
    "graph_provenance",
    "to_hetero",
    "to_networkx",
]


def to_hetero(graph: HeteroGraph, *, nonfinite: str) -> HeteroData:
    """See `HeteroGraph.to_hetero`."""
    require_choice(nonfinite, ("keep", "zero", "error"), "nonfinite")
    torch = require("torch", extra="train", user="HeteroGraph.to_hetero")
    pyg = require("torch_geometric.data", extra="train", user="HeteroGraph.to_hetero")
    data = pyg.HeteroData()
    for name in NODE_TYPES:
        values = finite_features(graph.features(name), nonfinite, name)
        data[name].x = torch.from_numpy(values)
        data[name].pos = torch.from_numpy(graph.positions(name).astype(np.float32))
    # torch tensors are writable: they must not share memory with the read-only arrays.
    for relation, edges in directed_edges(graph).items():
        source, target = DIRECTED[relation]
        data[source, relation, target].edge_index = torch.from_numpy(edges.copy())
        data[source, relation, target].edge_attr = torch.from_numpy(_attributes(graph, relation))
    return data


def _attributes(graph: HeteroGraph, relation: str) -> NDArray[np.float32]:
    stored = {"iv": "vi", "fv": "vf", "fi": "if"}.get(relation, relation)
    values = graph.edge_attr[stored]
    return np.concatenate([values, values]) if relation in ("vv", "ii") else values.copy()


def batch_to_hetero(batch: GraphBatch) -> HeteroData:
    """See `GraphBatch.to_hetero`."""
    torch = require("torch", extra="train", user="GraphBatch.to_hetero")
    pyg = require("torch_geometric.data", extra="train", user="GraphBatch.to_hetero")
    data = pyg.HeteroData()
    # torch tensors are writable: they must not share memory with the read-only arrays.
    for name, ptr in batch.node_ptr.items():
        data[name].x = torch.from_numpy(batch.x[name].copy())
        data[name].ptr = torch.from_numpy(ptr.copy())
        data[name].batch = torch.from_numpy(np.repeat(np.arange(batch.num_graphs), np.diff(ptr)))
    for relation, (source, target) in DIRECTED.items():
        data[source, relation, target].edge_index = torch.from_numpy(batch.edge_index(relation))
    return data


def batch_from_hetero(data: object) -> GraphBatch:
    """See `GraphBatch.from_hetero`."""
    pyg = require("torch_geometric.data", extra="train", user="GraphBatch.from_hetero")
    if not isinstance(data, pyg.HeteroData):
        raise ArgumentTypeError(f"data must be a HeteroData, got {describe(data)}")
    stores: Any = data
    x, ptr, edges = {}, {}, {}
    for name in stores.node_types:
        if "x" in stores[name]:
            x[name] = stores[name].x.detach().cpu().numpy()
        if "ptr" in stores[name]:
            ptr[name] = stores[name].ptr.cpu().numpy()
    for kind in stores.edge_types:
        source, relation, target = kind
        if DIRECTED.get(relation) != (source, target):
            known = ", ".join(map(repr, DIRECTED))
            raise ArgumentError(f"data must have no other relations than {known}, got {kind!r}")
        if "edge_index" in stores[kind]:
            edges[relation] = stores[kind].edge_index.cpu().numpy()
    return GraphBatch.from_arrays(x, edges, node_ptr=ptr or None)


def to_networkx(graph: HeteroGraph, *, kind: str) -> networkx.Graph:
    """See `HeteroGraph.to_networkx`."""
    require_choice(kind, ("vessels", "contacts"), "kind")
    nx = require("networkx", extra="networkx", user="HeteroGraph.to_networkx")
    return _vessels(graph, nx) if kind == "vessels" else _contacts(graph, nx)


def graph_provenance(graph: HeteroGraph) -> dict[str, str | int | float]:
    """Return where a graph comes from, in single values: what an exported graph carries."""
    meta = graph.meta
    rows, cols = meta.shape
    known = {
        "schema": meta.schema,
        "gftcore": meta.versions.get("gftcore"),
        "simd_target": meta.simd_target,
        "config_hash": meta.config_hash,
        "sha256": meta.source.get("sha256"),
        "fov_mm": meta.fov_mm,
        "eye": meta.eye,
        "rows": rows,
        "cols": cols,
    }
    return {name: value for name, value in known.items() if value is not None}


def _vessels(graph: HeteroGraph, nx: ModuleType) -> networkx.MultiGraph:
    out = nx.MultiGraph(**graph_provenance(graph))
    places, radii = graph.node_rowcol.tolist(), graph.node_radius_px.tolist()
    for node, ((row, col), radius) in enumerate(zip(places, radii, strict=True)):
        kind = NODE_KINDS[graph.node_kind[node]]
        out.add_node(node, row=row, col=col, kind=kind, radius_px=radius)
    for segment, (start, end) in enumerate(graph.segment_nodes.tolist()):
        part = slice(*graph.point_ptr[segment : segment + 2])
        columns = dict(zip(graph.vessel_columns, graph.vessel_x[segment].tolist(), strict=True))
        out.add_edge(
            start,
            end,
            key=segment,
            points=graph.point_rowcol[part],
            radius_px=graph.point_radius_px[part],
            start_row=places[start][0],
            start_col=places[start][1],
            **columns,
        )
    return out


def _contacts(graph: HeteroGraph, nx: ModuleType) -> networkx.Graph:
    out = nx.Graph(**graph_provenance(graph))
    for name in NODE_TYPES:
        columns = graph.vessel_columns if name == "vessel" else graph.ica_columns
        places, table = graph.positions(name).tolist(), graph.features(name).tolist()
        for node, ((row, col), values) in enumerate(zip(places, table, strict=True)):
            features = dict(zip(columns, values, strict=True))
            out.add_node((name, node), **{"type": name, **features, "row": row, "col": col})
    for relation, (source, target) in RELATIONS.items():
        attribute = "shared_node" if relation == "vv" else "border_px"
        pairs, values = graph.edges[relation].T.tolist(), graph.edge_attr[relation].tolist()
        for (first, last), value in zip(pairs, values, strict=True):
            known = {attribute: value[0]} if value else {}
            out.add_edge((source, first), (target, last), relation=relation, **known)
    return out
