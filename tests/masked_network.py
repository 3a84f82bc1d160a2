# SPDX-License-Identifier: Apache-2.0
"""A network in torch whose messages have explicit factors, for autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gftcore.graph import GraphBatch
from gftcore.graph.batch import DIRECTED
from gftcore.model import Model
from peers.pyg import pyg_network

__all__ = ["Masks", "masked_logits", "path_of_masks"]

Masks = Mapping[tuple[int, str], Tensor]


def masked_logits(network: Any, x: Mapping[str, Tensor], edges: Mapping[str, Tensor],
                  masks: Masks) -> Tensor:  # fmt: skip
    """Logits of one graph; the message of edge e in layer l is multiplied by masks[l, r][e]."""
    config = network.config
    h = dict(x)
    for t in config.types:
        for stage in network.pre[t]:
            h[t] = stage(h[t])
    for layer in range(config.n_layers):
        out: dict[str, list[Tensor]] = {t: [] for t in config.types}
        for r in config.relations:
            s, t = DIRECTED[r]
            conv = network.convs[layer].convs[s, r, t]
            u, v = edges[r]
            sums = torch.zeros(len(h[t]), h[s].shape[1], dtype=h[s].dtype)
            sums = sums.index_add(0, v, masks[layer, r][:, None] * h[s][u])
            degree = torch.bincount(v, minlength=len(h[t])).clamp(min=1)
            out[t].append(conv.lin_l(sums / degree[:, None]) + conv.lin_r(h[t]))
        for t in config.types:
            z = _joined(network, layer, t, out[t])
            if layer > 0 or config.n_pre > 0:
                z = z + h[t]
            out[t] = z if config.linear_ends and layer == config.n_layers - 1 else network.act(z)
        h = dict(out)
    for t in config.types:
        for stage in network.post[t]:
            h[t] = stage(h[t])
    pools = {"sum": lambda a: a.sum(0), "mean": lambda a: a.mean(0), "max": lambda a: a.max(0)[0]}
    pooled = torch.cat([pools[how](h[t]) for t in config.types for how in config.pool[t]])
    for k, linear in enumerate(network.head):
        pooled = linear(pooled)
        if k < len(network.head) - 1:
            pooled = network.act(pooled)
    return pooled


def _joined(network: Any, layer: int, t: str, terms: list[Tensor]) -> Tensor:
    aggregation = network.config.rel_aggr
    if aggregation == "cat":
        return network.cats[layer][t](torch.cat(terms, dim=1))
    total = torch.stack(terms).sum(dim=0)
    return total / len(terms) if aggregation == "mean" else total


def path_of_masks(
    model: Model, batch: GraphBatch, target: int, points: Any, weights: Any
) -> dict[str, Any]:
    """Relation to [n_layers, E_r]: weighted sums of derivatives by masks that are all alike."""
    network = pyg_network(model, dtype=torch.float64)
    config = model.config
    edges = {r: torch.tensor(batch.edge_index(r)) for r in config.relations or ()}
    x = {t: torch.tensor(batch.x[t], dtype=torch.float64) for t in config.types}
    total = {(k, r): torch.zeros(edges[r].shape[1]) for k in range(config.n_layers) for r in edges}
    for point, weight in zip(points, weights, strict=True):
        masks = {
            key: torch.full(value.shape, float(point), dtype=torch.float64, requires_grad=True)
            for key, value in total.items()
        }
        logit = masked_logits(network, x, edges, masks)[target]
        gradients = torch.autograd.grad(logit, list(masks.values()))
        for key, gradient in zip(masks, gradients, strict=True):
            total[key] = total[key] + weight * gradient
    return {r: torch.stack([total[k, r] for k in range(config.n_layers)]).numpy() for r in edges}
