# SPDX-License-Identifier: Apache-2.0
"""A heterogeneous graph network, step by step in float64, without any folding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["network_logits", "pooled_nodes"]

Values = dict[str, "NDArray[np.float64]"]
Weights = Mapping[str, "NDArray[Any]"]

_NORM_EPS = 1e-5
_ENDS = {"v": "vessel", "i": "ica", "f": "faz"}


def network_logits(
    config: ModelConfig,
    weights: Weights,
    x: Mapping[str, NDArray[Any]],
    edge_index: Mapping[str, NDArray[np.int64]],
    node_ptr: Mapping[str, NDArray[np.int64]] | None = None,
) -> NDArray[np.float64]:
    """Logits [B, C] of B graphs.

    Parameters
    ----------
    config, weights
        The network, see `gftcore.model`.
    x
        Node type to standardised features [N_t, F_t].
    edge_index
        Relation to (source, destination) [2, E_r]; a missing relation has no edges.
    node_ptr
        Node type to [B + 1]; None means one graph.
    """
    h = pooled_nodes(config, weights, x, edge_index, node_ptr)
    for k in range(config.n_final):
        h = h @ _matrix(weights, f"head.{k}.weight") + weights[f"head.{k}.bias"]
        if k < config.n_final - 1:
            h = _phi(config.act, h)
    return h


def pooled_nodes(
    config: ModelConfig,
    weights: Weights,
    x: Mapping[str, NDArray[Any]],
    edge_index: Mapping[str, NDArray[np.int64]],
    node_ptr: Mapping[str, NDArray[np.int64]] | None = None,
) -> NDArray[np.float64]:
    """Return what the head reads, [B, P]; arguments as for `network_logits`."""
    h = {t: np.asarray(x[t], dtype=np.float64) for t in config.features}
    for t in config.types:
        for k in range(config.n_pre):
            linear = config.linear_ends and k == config.n_pre - 1
            h[t] = _block(config, weights, f"pre.{t}.{k}", h[t], phi=not linear)
    none = np.empty((2, 0), dtype=np.int64)
    for layer in range(config.n_layers):
        z = {}
        for t in config.types:
            messages = [
                _relation(config, weights, layer, r, h, np.asarray(edge_index.get(r, none)))
                for r in config.relations or ()
                if _ENDS[r[1]] == t
            ]
            z[t] = _joined(config, weights, f"conv.{layer}.cat.{t}", messages)
            if layer > 0 or config.n_pre > 0:
                z[t] = z[t] + h[t]
        linear = config.linear_ends and layer == config.n_layers - 1
        h = z if linear else {t: _phi(config.act, values) for t, values in z.items()}
    for t in config.types:
        for k in range(config.n_post):
            h[t] = _block(config, weights, f"post.{t}.{k}", h[t], phi=k < config.n_post - 1)
    ptr = node_ptr or {t: np.array([0, len(values)]) for t, values in h.items()}
    pooled = [
        np.concatenate(
            [_pool(how, h[t][ptr[t][g] : ptr[t][g + 1]]) for t in h for how in config.pool[t]]
        )
        for g in range(len(next(iter(ptr.values()))) - 1)
    ]
    width = config.hidden * sum(len(config.pool[t]) for t in h)
    return np.asarray(np.array(pooled, dtype=np.float64).reshape(-1, width))


def _matrix(weights: Weights, name: str) -> NDArray[np.float64]:
    """From rows of inputs to rows of outputs; files have it the other way round."""
    return np.asarray(np.asarray(weights[name], dtype=np.float64).T)


def _phi(act: str, z: NDArray[np.float64]) -> NDArray[np.float64]:
    if act == "relu":
        return np.where(z > 0, z, 0.0)
    if act == "leaky":
        return np.where(z > 0, z, 0.01 * z)
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _block(
    config: ModelConfig, weights: Weights, name: str, h: NDArray[np.float64], *, phi: bool
) -> NDArray[np.float64]:
    """Apply a linear layer, batch norm with running statistics, activation."""
    z = h @ _matrix(weights, f"{name}.weight") + weights[f"{name}.bias"]
    if config.norm[name.split(".")[1]] == "batch":
        part = {p: np.asarray(weights[f"{name}.norm.{p}"], dtype=np.float64) for p in
                ("weight", "bias", "running_mean", "running_var")}  # fmt: skip
        z = (z - part["running_mean"]) / np.sqrt(part["running_var"] + _NORM_EPS)
        z = z * part["weight"] + part["bias"]
    return _phi(config.act, z) if phi else z


def _relation(
    config: ModelConfig,
    weights: Weights,
    layer: int,
    relation: str,
    h: Values,
    edges: NDArray[np.int64],
) -> NDArray[np.float64]:
    source, target = (_ENDS[end] for end in relation)
    name = f"conv.{layer}.{source}__{target}"
    nbr = _matrix(weights, f"{name}.nbr.weight")
    bias = weights[f"{name}.bias"]
    if config.conv == "gcn":
        return _gcn_mean(h[target], edges) @ nbr + bias
    mean = np.zeros((len(h[target]), h[source].shape[1]))
    degree = np.zeros(len(h[target]))
    for u, v in edges.T:
        mean[v] += h[source][u]
        degree[v] += 1
    mean /= np.maximum(degree, 1)[:, None]
    return h[target] @ _matrix(weights, f"{name}.root.weight") + mean @ nbr + bias


def _gcn_mean(h: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over neighbours and the node itself, weighted by 1 / sqrt(d_u d_v).

    Every node has exactly one edge to itself, which counts in d.
    """
    loops = np.arange(len(h))
    proper = edges[:, edges[0] != edges[1]]
    edges = np.concatenate([proper, [loops, loops]], axis=1)
    degree = np.bincount(edges[1], minlength=len(h)).astype(np.float64)
    out = np.zeros_like(h)
    for u, v in edges.T:
        out[v] += h[u] / np.sqrt(degree[u] * degree[v])
    return out


def _joined(
    config: ModelConfig, weights: Weights, name: str, messages: list[NDArray[np.float64]]
) -> Any:
    """All relations into one type as one matrix; 0 where there is no relation."""
    if not messages:
        return 0.0
    if config.rel_aggr == "sum":
        return sum(messages)
    if config.rel_aggr == "mean":
        return sum(messages) / len(messages)
    together = np.concatenate(messages, axis=1)
    return together @ _matrix(weights, f"{name}.weight") + weights[f"{name}.bias"]


def _pool(how: str, h: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(h) == 0:
        return np.zeros(h.shape[1])
    if how == "max":
        return np.asarray(h.max(axis=0))
    return np.asarray(h.sum(axis=0) if how == "sum" else h.mean(axis=0))
