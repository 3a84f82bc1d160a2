# SPDX-License-Identifier: Apache-2.0
"""Graphs in memory, as small as training needs them, and how they are joined to batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore.graph.batch import DIRECTED, join_graphs
from gftcore.graph.hetero_graph import NODE_TYPES
from gftcore.model.spatial import image_fractions
from gftcore.model.standardisation import standardised_columns

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402

from gftcore.nn.tensors import GraphTensors  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.model.config import FeatureSet, ModelConfig

__all__ = ["NetworkInput", "RawGraph", "join_inputs", "network_input", "raw_graph"]

_PARTS = ("rowptr", "col", "colptr", "row")


@dataclass(frozen=True, slots=True)
class RawGraph:
    """One graph: features as measured, and edges by target and by source.

    Attributes
    ----------
    x
        Node type to float64 [N, F].
    csr
        Relation to int32 ``rowptr, col, colptr, row``.
    positions
        Node type to float32 [N, 2], (row, col) as fractions of the image; empty where nodes have
        no places.
    """

    x: Mapping[str, NDArray[np.float64]]
    csr: Mapping[str, tuple[NDArray[np.int32], ...]]
    positions: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """One graph with standardised features; edges as in `RawGraph`."""

    x: Mapping[str, NDArray[Any]]
    csr: Mapping[str, tuple[NDArray[np.int32], ...]]


def raw_graph(graph: HeteroGraph, columns: Mapping[str, Sequence[str]]) -> RawGraph:
    """Pick the columns of a graph and sort its edges."""
    x = {}
    for name, names in columns.items():
        there = graph.vessel_columns if name == "vessel" else graph.ica_columns
        x[name] = np.ascontiguousarray(graph.features(name)[:, [there.index(n) for n in names]])
    none = {name: [np.zeros((len(graph.features(name)), 0), np.float32)] for name in NODE_TYPES}
    batch = join_graphs([graph], none)
    csr = {
        relation: tuple(getattr(batch, part)[relation].astype(np.int32) for part in _PARTS)
        for relation, ends in DIRECTED.items()
        if set(ends) <= set(columns)
    }
    positions = {
        name: image_fractions(graph.positions(name), graph.meta.shape).astype(np.float32)
        for name in columns
    }
    return RawGraph(x, csr, positions)


def network_input(
    graph: RawGraph, features: Mapping[str, FeatureSet], dtype: str = "float32"
) -> NetworkInput:
    """Standardise the features of a graph as `gftcore.model.standardise` does."""
    x = {name: standardised_columns(graph.x[name], one, dtype) for name, one in features.items()}
    return NetworkInput(x, graph.csr)


def join_inputs(
    config: ModelConfig, graphs: Sequence[NetworkInput], *, dtype: str = "float32"
) -> GraphTensors:
    """Join graphs to a batch; none give a batch of no graph."""
    x, ptr = {}, {}
    for name, features in config.features.items():
        none = np.zeros((0, len(features.columns)), dtype=dtype)
        x[name] = torch.from_numpy(np.concatenate([none, *(graph.x[name] for graph in graphs)]))
        counts = [len(graph.x[name]) for graph in graphs]
        ptr[name] = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
    csr: list[torch.Tensor] = []
    for relation in config.relations or ():
        source, target = DIRECTED[relation]
        parts = [graph.csr[relation] for graph in graphs]
        edges = np.concatenate([[0], np.cumsum([len(part[1]) for part in parts])]).astype(np.int32)
        pointers = [_joined([part[place][1:] for part in parts], edges) for place in (0, 2)]
        ends = [
            _joined([part[place] for part in parts], ptr[name])
            for place, name in ((1, source), (3, target))
        ]
        for pointer, end in zip(pointers, ends, strict=True):
            whole = np.concatenate([np.zeros(1, np.int32), pointer])
            csr += [torch.from_numpy(whole), torch.from_numpy(end)]
    return GraphTensors(x, {name: torch.from_numpy(values) for name, values in ptr.items()}, csr)


def _joined(parts: Sequence[NDArray[np.int32]], first: NDArray[Any]) -> NDArray[np.int32]:
    none = np.zeros(0, dtype=np.int32)
    moved = [part + np.int32(start) for part, start in zip(parts, first, strict=False)]
    return np.concatenate([none, *moved])
