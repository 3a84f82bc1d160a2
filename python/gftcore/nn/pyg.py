# SPDX-License-Identifier: Apache-2.0
"""The network of a `Model` in plain PyTorch Geometric, and back."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import DIRECTED
from gftcore.model.config import ModelConfig
from gftcore.model.files import Model
from gftcore.model.weights import pooled_width, weight_shapes

require("torch", extra="train", user="gftcore.nn")
require("torch_geometric", extra="train", user="gftcore.nn.PygNetwork")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch_geometric.nn import (  # noqa: E402
    HeteroConv,
    SAGEConv,
    global_add_pool,
    global_max_pool,
    global_mean_pool,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PygNetwork", "model_of", "pyg_name"]

_ACTS = {"relu": nn.ReLU, "leaky": nn.LeakyReLU, "elu": nn.ELU}
_POOLS = {"sum": global_add_pool, "mean": global_mean_pool, "max": global_max_pool}
_PARTS = {"nbr.weight": "lin_l.weight", "bias": "lin_l.bias", "root.weight": "lin_r.weight"}


class PygNetwork(nn.Module):
    """A heterogeneous GraphSAGE network of plain PyTorch Geometric modules.

    It is there for tools that explain or export such modules; `GraphNetwork` trains faster and
    `gftcore.staging` infers faster. Its logits are theirs.

    Parameters
    ----------
    config
        What the network is; ``conv`` must be ``sage``.

    Attributes
    ----------
    pre, post
        Type to `ModuleList` of blocks with ``linear`` and, where there is a norm, ``norm``.
    convs
        `HeteroConv` of `SAGEConv` for each layer; its output has the layer's input added to it,
        unless it is the first one and there is no block before.
    cats
        Where relations are concatenated: for each layer type to the linear layer behind.
    head
        Linear layers behind the pools.

    Examples
    --------
    >>> from gftcore import graph, model, nn
    >>> features = model.FeatureSet(columns=("length",), mean=(1,), sd=(2,))
    >>> config = model.ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = nn.PygNetwork(config).eval()
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> data = model.standardised_batch(config, [bar]).to_hetero()
    >>> network(data.x_dict, data.edge_index_dict).shape
    torch.Size([1, 3])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if not isinstance(config, ModelConfig):
            raise ArgumentTypeError(f"config must be a ModelConfig, got {describe(config)}")
        if config.conv != "sage":
            raise ArgumentError(f"config must have conv 'sage', got '{config.conv}'")
        self.config = config
        self.act = _ACTS[config.act]()
        hidden, relations = config.hidden, config.relations or ()
        inputs = {name: len(one.columns) for name, one in config.features.items()}
        pre, post = {}, {}
        for name in config.types:
            norm = config.norm[name] == "batch"
            depths = [inputs[name], *[hidden] * config.n_pre]
            pre[name] = nn.ModuleList(_block(d, hidden, norm=norm) for d in depths[: config.n_pre])
            post[name] = nn.ModuleList(
                _block(hidden, hidden, norm=norm) for _ in range(config.n_post)
            )
        self.pre, self.post = nn.ModuleDict(pre), nn.ModuleDict(post)
        convs, cats = [], []
        for k in range(config.n_layers):
            depth = inputs if k == 0 and config.n_pre == 0 else dict.fromkeys(inputs, hidden)
            each = {}
            for relation in relations:
                source, target = DIRECTED[relation]
                ends = (depth[source], depth[target])
                each[source, relation, target] = SAGEConv(ends, hidden, aggr="mean")
            convs.append(HeteroConv(each, aggr=config.rel_aggr) if each else nn.Module())
            reached = {name: len(config.relations_into(name)) for name in config.types}
            behind = {
                name: nn.Linear(count * hidden, hidden) for name, count in reached.items() if count
            }
            cats.append(nn.ModuleDict(behind if config.rel_aggr == "cat" else {}))
        self.convs, self.cats = nn.ModuleList(convs), nn.ModuleList(cats)
        widths = [pooled_width(config), *[hidden] * (config.n_final - 1), len(config.classes)]
        self.head = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    @staticmethod
    def from_model(model: Model) -> PygNetwork:
        """Return a network with the weights of a model, ready for inference.

        It has the precision of the model's first weight.
        """
        if not isinstance(model, Model):
            raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
        out = PygNetwork(model.config)
        if next(iter(model.weights.values())).dtype == np.float64:
            out.double()
        state = {
            pyg_name(name): torch.tensor(np.asarray(array)) for name, array in model.weights.items()
        }
        # All that is in a state besides the weights are the counters of batch norms.
        out.load_state_dict({**out.state_dict(), **state})
        return out.eval()

    def to_model(self) -> Model:
        """Return configuration and weights as a model."""
        return model_of(self)

    def forward(
        self,
        x_dict: Mapping[str, Tensor],
        edge_index_dict: Mapping[tuple[str, str, str], Tensor],
        batch_dict: Mapping[str, Tensor] | None = None,
        batch_size: int | None = None,
    ) -> Tensor:
        """Logits [B, C]; without the last two arguments those of one graph [1, C].

        Parameters
        ----------
        x_dict
            Node type to standardised features; types that the network does not read are ignored.
        edge_index_dict
            (source, relation, target) to edges; all relations of the network, also without edges.
        batch_dict
            Node type to the number of each node's graph.
        batch_size
            B.
        """
        config = self.config
        h = {name: x_dict[name] for name in config.types}
        kinds = [(DIRECTED[r][0], r, DIRECTED[r][1]) for r in config.relations or ()]
        edges = {kind: edge_index_dict[kind] for kind in kinds}
        for name in config.types:
            for k, block in enumerate(_list(self.pre[name])):
                active = k < config.n_pre - 1 or not config.linear_ends
                h[name] = self._through(block, h[name], active=active)
        for k, (conv, cats) in enumerate(zip(self.convs, self.cats, strict=True)):
            out = conv(h, edges) if edges else {}
            active = k < config.n_layers - 1 or not config.linear_ends
            for name in config.types:
                z = out.get(name)
                if z is not None and name in cast("nn.ModuleDict", cats):
                    z = cast("nn.ModuleDict", cats)[name](z)
                if k > 0 or config.n_pre > 0:
                    z = h[name] if z is None else z + h[name]
                out[name] = self.act(z) if active else z
            h = {name: out[name] for name in config.types}
        pooled = []
        for name in config.types:
            for k, block in enumerate(_list(self.post[name])):
                h[name] = self._through(block, h[name], active=k < config.n_post - 1)
            batch, size = self._graphs(h[name], name, batch_dict, batch_size)
            pooled += [_POOLS[how](h[name], batch, size=size) for how in config.pool[name]]
        z = torch.cat(pooled, dim=1)
        for k, linear in enumerate(self.head):
            z = linear(z)
            z = self.act(z) if k < config.n_final - 1 else z
        return z

    def _through(self, block: Any, h: Tensor, *, active: bool) -> Tensor:
        z = block["linear"](h)
        if "norm" in block:
            z = block["norm"](z)
        return cast("Tensor", self.act(z) if active else z)

    @staticmethod
    def _graphs(
        h: Tensor, name: str, batch: Mapping[str, Tensor] | None, size: int | None
    ) -> tuple[Tensor, int]:
        if batch is None or size is None:  # a pool over no node is 0, also of one graph
            return torch.zeros(len(h), dtype=torch.int64, device=h.device), 1
        return batch[name], size


def _block(depth: int, width: int, *, norm: bool) -> nn.ModuleDict:
    parts: dict[str, nn.Module] = {"linear": nn.Linear(depth, width)}
    if norm:
        parts["norm"] = nn.BatchNorm1d(width)
    return nn.ModuleDict(parts)


def _list(of: nn.Module) -> list[nn.Module]:
    return list(cast("nn.ModuleList", of))


def pyg_name(name: str) -> str:
    """Name in the state of a `PygNetwork` of a weight of a model file."""
    stage, *rest = name.split(".")
    if stage in ("pre", "post"):
        where = rest[2:] if rest[2] == "norm" else ["linear", *rest[2:]]
        return ".".join([stage, *rest[:2], *where])
    if stage == "head":
        return name
    layer, what, *part = rest
    if what == "cat":
        return ".".join(["cats", layer, *part])
    source, target = what.split("__")
    relation = next(r for r, ends in DIRECTED.items() if ends == (source, target))
    kind = f"<{source}___{relation}___{target}>"
    return f"convs.{layer}.convs.{kind}.{_PARTS['.'.join(part)]}"


def model_of(network: nn.Module) -> Model:
    """Return the model of a module that has the attributes of a `PygNetwork`.

    Raises
    ------
    ArgumentError
        If its state has other names or shapes than its configuration implies.
    """
    config = getattr(network, "config", None)
    if not isinstance(config, ModelConfig) or config.conv != "sage":
        raise ArgumentError(
            "the network must say what it is in an attribute config, a ModelConfig with conv "
            f"'sage', got {describe(config)}"
        )
    state = {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    names = {pyg_name(name): name for name in weight_shapes(config)}
    for problem, those in (
        ("lacks", [name for name in names if name not in state]),
        ("has unknown", [name for name in state if name not in names]),
    ):
        if those:
            raise ArgumentError(
                f"the network {problem} {', '.join(those):.200}; its state must have the names of "
                "a PygNetwork of its config"
            )
    weights = {names[name]: tensor.detach().cpu().numpy() for name, tensor in state.items()}
    return Model(config=config, weights=weights)
