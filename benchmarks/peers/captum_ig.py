# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients of a graph's features by captum, over the same network in PyG."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor
from torch_geometric.data import HeteroData

from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.model import Model
from peers.pyg import PygNetwork, pyg_network

__all__ = ["GraphCopies", "captum_gradients", "hand_batched_gradients"]


class GraphCopies:
    """A network as a function of features [k, N_t, F_t] of k copies of one graph, to [k, C]."""

    def __init__(self, model: Model, batch: GraphBatch, *, dtype: torch.dtype) -> None:
        self.types = model.config.types
        self.network: PygNetwork = pyg_network(model, dtype=dtype)
        self.nodes = {t: len(batch.x[t]) for t in self.types}
        self.x = tuple(torch.tensor(np.asarray(batch.x[t]), dtype=dtype)[None] for t in self.types)
        self.edges = {r: torch.tensor(batch.edge_index(r)) for r in model.config.relations or ()}
        self._copies: dict[int, HeteroData] = {}

    def __call__(self, *x: Tensor) -> Tensor:
        data = self._graph(len(x[0]))
        for name, values in zip(self.types, x, strict=True):
            data[name].x = values.reshape(-1, values.shape[-1])
        return self.network(data)

    def _graph(self, k: int) -> HeteroData:
        if k not in self._copies:
            data = HeteroData()
            for t, nodes in self.nodes.items():
                data[t].ptr = torch.arange(k + 1) * nodes
                data[t].batch = torch.arange(k).repeat_interleave(nodes)
            for r, ends in self.edges.items():
                source, target = DIRECTED[r]
                step = torch.tensor([[self.nodes[source]], [self.nodes[target]]])
                copies = [ends + i * step for i in range(k)]
                data[source, r, target].edge_index = torch.cat(copies, dim=1)
            self._copies[k] = data
        return self._copies[k]


def captum_gradients(
    copies: GraphCopies, target: int, *, n: int, internal: int, method: str = "gausslegendre"
) -> dict[str, Any]:
    """Type to [N_t, F_t], `internal` points of the path at a time."""
    found = IntegratedGradients(copies).attribute(
        copies.x, target=target, n_steps=n, method=method, internal_batch_size=internal
    )
    return {t: a[0].detach().numpy() for t, a in zip(copies.types, found, strict=True)}


def hand_batched_gradients(
    copies: GraphCopies, target: int, *, n: int, together: int
) -> dict[str, Any]:
    """Return the same by plain torch: `together` points of the path as one batch of graphs."""
    xi, weight = np.polynomial.legendre.leggauss(n)
    points = torch.tensor((1 + xi) / 2, dtype=copies.x[0].dtype)
    weights = torch.tensor(weight / 2, dtype=copies.x[0].dtype)
    sums = [torch.zeros_like(x[0]) for x in copies.x]
    for first in range(0, n, together):
        part = slice(first, first + together)
        inputs = [
            (points[part, None, None] * x).requires_grad_(requires_grad=True) for x in copies.x
        ]
        logits = copies(*inputs)[:, target]
        gradients = torch.autograd.grad((logits * weights[part]).sum(), inputs)
        sums = [s + g.sum(dim=0) for s, g in zip(sums, gradients, strict=True)]
    return {t: (s * x[0]).numpy() for t, s, x in zip(copies.types, sums, copies.x, strict=True)}
