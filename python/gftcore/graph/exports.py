# SPDX-License-Identifier: Apache-2.0
"""Graphs for other libraries: PyTorch Geometric and NetworkX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import DIRECTED, GraphBatch, directed_edges, finite_features
from gftcore.graph.hetero_graph import NODE_KINDS, NODE_TYPES

if TYPE_CHECKING:
    import networkx
    from numpy.typing import NDArray
    from torch_geometric.data import HeteroData

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["batch_from_hetero", "batch_to_hetero", "to_hetero", "to_networkx"]


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


def to_networkx(graph: HeteroGraph) -> networkx.MultiGraph:
    """See `HeteroGraph.to_networkx`."""
    nx = require("networkx", extra="dev", user="HeteroGraph.to_networkx")
    out = nx.MultiGraph(schema=graph.meta.schema, fov_mm=graph.meta.fov_mm, eye=graph.meta.eye)
    for node in range(graph.num_nodes):
        row, col = graph.node_rowcol[node].tolist()
        out.add_node(
            node,
            row=row,
            col=col,
            kind=NODE_KINDS[graph.node_kind[node]],
            radius_px=float(graph.node_radius_px[node]),
        )
    for segment, (start, end) in enumerate(graph.segment_nodes.tolist()):
        first, last = graph.point_ptr[segment : segment + 2]
        columns = dict(zip(graph.vessel_columns, graph.vessel_x[segment].tolist(), strict=True))
        out.add_edge(start, end, key=segment, points=graph.point_rowcol[first:last], **columns)
    return out
