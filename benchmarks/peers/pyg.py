# SPDX-License-Identifier: Apache-2.0
"""The same network in PyTorch Geometric: HeteroConv of SAGEConv, BatchNorm, global pools."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.nn import (
    GCNConv,
    HeteroConv,
    SAGEConv,
    global_add_pool,
    global_max_pool,
    global_mean_pool,
)

from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.model import Model, ModelConfig

__all__ = ["PygNetwork", "hetero_data", "pyg_logits", "pyg_network", "with_sparse_matrices"]

ACTS = {"relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.01), "elu": nn.ELU}
POOLS = {"sum": global_add_pool, "mean": global_mean_pool, "max": global_max_pool}
_NAMES = {"nbr.weight": "lin_l.weight", "root.weight": "lin_r.weight", "bias": "lin_l.bias"}


class Stage(nn.Module):
    """One block: linear layer, batch norm, activation."""

    def __init__(self, depth: int, width: int, norm: str, act: nn.Module | None) -> None:
        super().__init__()
        self.linear = nn.Linear(depth, width)
        self.norm = nn.BatchNorm1d(width) if norm == "batch" else None
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        z = self.linear(x)
        z = z if self.norm is None else self.norm(z)
        return z if self.act is None else self.act(z)


class PygNetwork(nn.Module):
    """The network of a `ModelConfig`, with its own random weights."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.act = ACTS[config.act]()
        hidden = config.hidden
        inputs = {t: len(f.columns) for t, f in config.features.items()}
        self.pre = nn.ModuleDict({t: nn.ModuleList() for t in config.types})
        self.post = nn.ModuleDict({t: nn.ModuleList() for t in config.types})
        for t in config.types:
            for k in range(config.n_pre):
                linear = config.linear_ends and k == config.n_pre - 1
                act = None if linear else self.act
                self.pre[t].append(Stage(hidden if k else inputs[t], hidden, config.norm[t], act))
            for k in range(config.n_post):
                act = self.act if k < config.n_post - 1 else None
                self.post[t].append(Stage(hidden, hidden, config.norm[t], act))
        self.convs = nn.ModuleList()
        self.cats = nn.ModuleList()
        for layer in range(config.n_layers):
            depth = inputs if layer == 0 and config.n_pre == 0 else dict.fromkeys(inputs, hidden)
            convs = {}
            for r in config.relations:
                s, t = DIRECTED[r]
                if config.conv == "gcn":
                    convs[s, r, t] = GCNConv(depth[s], hidden)
                else:
                    convs[s, r, t] = SAGEConv((depth[s], depth[t]), hidden, aggr="mean")
            self.convs.append(HeteroConv(convs, aggr=config.rel_aggr) if convs else nn.Module())
            reached = {t: len(config.relations_into(t)) for t in config.types}
            cats = {t: nn.Linear(n * hidden, hidden) for t, n in reached.items() if n}
            self.cats.append(nn.ModuleDict(cats if config.rel_aggr == "cat" else {}))
        width = hidden * sum(len(config.pool[t]) for t in config.types)
        widths = [width] + [hidden] * (config.n_final - 1) + [len(config.classes)]
        self.head = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, data: HeteroData) -> Tensor:
        config = self.config
        h = {t: data[t].x for t in config.types}
        kinds = [(DIRECTED[r][0], r, DIRECTED[r][1]) for r in config.relations]
        edges = {kind: data[kind].edge_index for kind in kinds}
        for t in config.types:
            for stage in self.pre[t]:
                h[t] = stage(h[t])
        for layer, (conv, cats) in enumerate(zip(self.convs, self.cats, strict=True)):
            out = conv(h, edges) if edges else {}
            for t in config.types:
                z = cats[t](out[t]) if t in cats else out.get(t, 0.0)
                if layer > 0 or config.n_pre > 0:
                    z = z + h[t]
                linear = config.linear_ends and layer == config.n_layers - 1
                out[t] = z if linear else self.act(z)
            h = {t: out[t] for t in h}
        for t in config.types:
            for stage in self.post[t]:
                h[t] = stage(h[t])
        size = int(data[config.types[0]].ptr.numel()) - 1
        pooled = [
            POOLS[how](h[t], data[t].batch, size=size)
            for t in config.types
            for how in config.pool[t]
        ]
        out = torch.cat(pooled, dim=1)
        for k, linear in enumerate(self.head):
            out = linear(out)
            if k < len(self.head) - 1:
                out = self.act(out)
        return out


def _torch_name(name: str, config: ModelConfig) -> str:
    stage, *rest = name.split(".")
    if stage in ("pre", "post"):
        t, k, *part = rest
        where = "norm." + part[1] if part[0] == "norm" else f"linear.{part[0]}"
        return f"{stage}.{t}.{k}.{where}"
    if stage == "head":
        return name
    if rest[1] == "cat":
        return f"cats.{rest[0]}.{rest[2]}.{rest[3]}"
    s, t = rest[1].split("__")
    relation = next(r for r, ends in DIRECTED.items() if ends == (s, t))
    part = ".".join(rest[2:])
    part = (
        {"nbr.weight": "lin.weight", "bias": "bias"}[part] if config.conv == "gcn" else _NAMES[part]
    )
    return f"convs.{rest[0]}.convs.<{s}___{relation}___{t}>.{part}"


def pyg_network(model: Model, *, dtype: torch.dtype = torch.float64) -> PygNetwork:
    """Return the network with the weights of a model, ready for inference."""
    network = PygNetwork(model.config).to(dtype)
    state = {
        _torch_name(name, model.config): torch.tensor(array, dtype=dtype)
        for name, array in model.weights.items()
    }
    have = network.state_dict()
    counters = {name: have[name] for name in have if name.endswith("num_batches_tracked")}
    network.load_state_dict(state | counters)
    return network.eval()


def hetero_data(batch: GraphBatch, *, dtype: torch.dtype = torch.float64) -> HeteroData:
    """Return a batch as PyG takes it, features in the given precision."""
    data = batch.to_hetero()
    for name in batch.x:
        data[name].x = data[name].x.to(dtype)
    return data


def with_sparse_matrices(data: HeteroData, batch: GraphBatch) -> HeteroData:
    """Return the data with relations as sparse matrices by target, which PyG multiplies with."""
    out = data.clone()
    for relation, (source, target) in DIRECTED.items():
        size = len(batch.x[target]), len(batch.x[source])
        ends = (torch.tensor(part[relation]) for part in (batch.rowptr, batch.col))
        ones = torch.ones(len(batch.col[relation]))
        matrix = torch.sparse_csr_tensor(*ends, ones, size=size)
        out[source, relation, target].edge_index = matrix
    return out


def pyg_logits(network: PygNetwork, data: HeteroData) -> Any:
    """Logits of a batch as NumPy array."""
    with torch.no_grad():
        return network(data).numpy()
