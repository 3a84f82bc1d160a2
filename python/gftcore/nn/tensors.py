# SPDX-License-Identifier: Apache-2.0
"""Batches of graphs as torch tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentTypeError, ShapeError
from gftcore.graph.batch import DIRECTED, GraphBatch

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["GraphTensors", "graph_tensors"]


class GraphTensors(NamedTuple):
    """B graphs as a `GraphNetwork` reads them.

    Attributes
    ----------
    x
        Node type to standardised features [N_t, F_t].
    ptr
        Node type to int64 [B + 1]: nodes of graph g are ``ptr[g]:ptr[g + 1]``.
    csr
        int32 ``rowptr, col, colptr, row`` of each relation of the network, one after the other.
    degree
        GCN only: number of edges of each node, the one to itself counted [N, 1].
    """

    x: dict[str, Tensor]
    ptr: dict[str, Tensor]
    csr: list[Tensor]
    degree: Tensor | None = None

    @property
    def num_graphs(self) -> int:
        """B."""
        return len(next(iter(self.ptr.values()))) - 1


def graph_tensors(
    config: ModelConfig, batch: GraphBatch, *, dtype: str | None = None
) -> GraphTensors:
    """Return a batch of standardised graphs as tensors.

    Parameters
    ----------
    config
        The network that will read them.
    batch
        From `gftcore.model.standardised_batch`.
    dtype
        ``float32`` or ``float64``; None keeps that of the batch.

    Examples
    --------
    >>> from gftcore import graph, model, nn
    >>> features = model.FeatureSet(columns=("length",), mean=(1,), sd=(2,))
    >>> config = model.ModelConfig(features={"vessel": features})
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> batch = model.standardised_batch(config, [bar, bar])
    >>> nn.graph_tensors(config, batch).x["vessel"].tolist()
    [[0.5], [0.5]]
    """
    if not isinstance(batch, GraphBatch):
        raise ArgumentTypeError(f"batch must be a GraphBatch, got {describe(batch)}")
    if dtype is not None:
        require_choice(dtype, ("float32", "float64"), "dtype")
    x, ptr = {}, {}
    for name, features in config.features.items():
        values = batch.x[name]
        if values.shape[1] != len(features.columns):
            raise ShapeError(
                f"batch must have {len(features.columns)} columns of {name}, as the network does, "
                f"got {values.shape[1]}"
            )
        x[name] = torch.from_numpy(np.array(values, dtype=dtype or values.dtype, order="C"))
        ptr[name] = torch.from_numpy(batch.node_ptr[name].copy())
    if config.conv == "gcn":
        batch = _with_loops(config, batch)
    csr: list[Tensor] = []
    for relation in config.relations or ():
        parts = (batch.rowptr, batch.col, batch.colptr, batch.row)
        csr += [torch.from_numpy(part[relation].astype(np.int32)) for part in parts]
    degree = None
    if config.conv == "gcn":
        only = next(iter(x.values()))
        degree = csr[0].diff().to(only.dtype)[:, None]
    return GraphTensors(x, ptr, csr, degree)


def _with_loops(config: ModelConfig, batch: GraphBatch) -> GraphBatch:
    """Give every node exactly one edge to itself."""
    relation = (config.relations or ())[0]
    name = DIRECTED[relation][0]
    edges: NDArray[np.int64] = batch.edge_index(relation)
    loops = np.arange(len(batch.x[name]))
    proper = edges[:, edges[0] != edges[1]]
    joined = np.concatenate([proper, [loops, loops]], axis=1)
    return GraphBatch.from_arrays(_features(batch), {relation: joined}, node_ptr=batch.node_ptr)


def _features(batch: GraphBatch) -> dict[str, Any]:
    return {name: values[:, :0] for name, values in batch.x.items()}
