# SPDX-License-Identifier: Apache-2.0
"""The network of a `ModelConfig` as torch module, with the names of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe, require_real
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import DIRECTED
from gftcore.model.config import ModelConfig
from gftcore.model.files import Model
from gftcore.model.weights import initial_weights, pooled_width

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from gftcore.nn.norm import BatchNorm  # noqa: E402
from gftcore.nn.ops import sage_layer, segment_pool  # noqa: E402
from gftcore.nn.row_ops import activated  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.nn.tensors import GraphTensors

__all__ = ["GraphNetwork"]


class _Linear(nn.Module):
    """Weight [out, in], and a bias unless it is left out; y = x W^T + b."""

    def __init__(self, depth: int, width: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, depth))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = functional.linear(x, self.weight, self.bias)
        return out


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x W^T + b, by the kernel of the graph layers where its widths fit."""
    wide = all(size % 16 == 0 for size in weight.shape)
    if x.dtype != torch.float32 or not wide or not x.requires_grad:
        out: Tensor = functional.linear(x, weight, bias)
        return out
    shift = weight.new_zeros(weight.shape[0]) if bias is None else bias
    product: list[Tensor] = sage_layer([x], [weight.t()], [], [shift], [], [], "none")
    return product[0]


class _Block(_Linear):
    """A linear layer and a norm."""

    def __init__(self, depth: int, width: int, *, norm: bool) -> None:
        super().__init__(depth, width)
        self.norm = BatchNorm(width) if norm else None

    def forward(self, x: Tensor, act: str = "none") -> Tensor:
        if self.norm is None:
            return activated(_product(x, self.weight, self.bias), act)
        if not self.training:
            return cast("Tensor", self.norm(_product(x, self.weight, self.bias), act=act))
        # A norm subtracts the mean, and the bias with it: its derivative is 0. Computed, it would
        # be rounding noise, of which AdamW makes steps of any size.
        return cast("Tensor", self.norm(_product(x, self.weight, None), self.bias, act=act))


class _Relation(nn.Module):
    def __init__(self, sources: int, targets: int, width: int, *, root: bool) -> None:
        super().__init__()
        self.root = _Linear(targets, width, bias=False) if root else None
        self.nbr = _Linear(sources, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(width))


class GraphNetwork(nn.Module):
    """A heterogeneous GraphSAGE network for training.

    Its state has the names and shapes of a model file, see `gftcore.model.weight_shapes`.
    Inference is `gftcore.staging`'s: the same weights give the same logits there, many times
    faster.

    Parameters
    ----------
    config
        What the network is.
    seed
        First weights are those of `gftcore.model.initial_weights`.
    dropout
        Share of values that is dropped after each activation of the head, in training only.
    sum_scale
        Node type to what its sum pool is multiplied by; types without an entry have 1.

    Notes
    -----
    A sum over thousands of nodes is thousands of times as large as what the head can learn from.
    So training scales it, best by 1 / (mean number of nodes), and `to_model` multiplies the weights
    behind it instead: the saved network has plain sums.

    Nodes see no dropout. It would change the variance that the batch norms behind it measure
    (Li, Chen, Hu and Yang, CVPR 2019, https://doi.org/10.1109/CVPR.2019.00279), and a sum pool
    would add that shift up over all nodes.

    Examples
    --------
    >>> from gftcore import graph, model, nn
    >>> features = model.FeatureSet(columns=("length",), mean=(1,), sd=(2,))
    >>> config = model.ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = nn.GraphNetwork(config, seed=1).eval()
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> batch = model.standardised_batch(config, [bar])
    >>> network(nn.graph_tensors(config, batch)).shape
    torch.Size([1, 3])
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        seed: int = 0,
        dropout: float = 0.0,
        sum_scale: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(config, ModelConfig):
            raise ArgumentTypeError(f"config must be a ModelConfig, got {describe(config)}")
        self.config = config
        self.dropout = require_real(dropout, "dropout")
        if not 0 <= self.dropout < 1:
            raise ArgumentError(f"dropout must be at least 0 and below 1, got {self.dropout:g}")
        self.sum_scale = {
            name: require_real((sum_scale or {}).get(name, 1.0), "sum_scale", above=0)
            for name in config.types
        }
        inputs = {name: len(one.columns) for name, one in config.features.items()}
        hidden = config.hidden
        pre, post = {}, {}
        for name in config.types:
            norm = config.norm[name] == "batch"
            depths = [inputs[name], *[hidden] * config.n_pre]
            pre[name] = nn.ModuleList(
                _Block(depths[k], hidden, norm=norm) for k in range(config.n_pre)
            )
            post[name] = nn.ModuleList(
                _Block(hidden, hidden, norm=norm) for _ in range(config.n_post)
            )
        self.pre, self.post = nn.ModuleDict(pre), nn.ModuleDict(post)
        widths = dict.fromkeys(inputs, hidden)
        self.conv = nn.ModuleList(
            _layer(config, inputs if k == 0 and config.n_pre == 0 else widths)
            for k in range(config.n_layers)
        )
        ends = [pooled_width(config), *[hidden] * (config.n_final - 1), len(config.classes)]
        self.head = nn.ModuleList(_Linear(a, b) for a, b in pairwise(ends))
        self.set_weights(initial_weights(config, seed=seed))

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Take weights over that have the names of a model file."""
        self.load_state_dict({name: torch.tensor(np.asarray(a)) for name, a in weights.items()})

    @staticmethod
    def from_model(model: Model, *, dropout: float = 0.0) -> GraphNetwork:
        """Return a network with the weights of a model, in the precision of its first weight."""
        if not isinstance(model, Model):
            raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
        out = GraphNetwork(model.config, dropout=dropout)
        if next(iter(model.weights.values())).dtype == np.float64:
            out.double()
        out.set_weights(model.weights)
        return out

    def to_model(self, *, training: Mapping[str, Any] | None = None) -> Model:
        """Return configuration and weights as a model that can be saved and used for staging.

        Parameters
        ----------
        training
            Record of the training: any plain values. None keeps that of the configuration.
        """
        config = self.config if training is None else self.config.replace(training=training)
        weights = {name: t.detach().numpy().copy() for name, t in self.state_dict().items()}
        factors = np.concatenate([self._pool_factors(name) for name in config.types])
        head = weights["head.0.weight"]
        weights["head.0.weight"] = (head * factors).astype(head.dtype)
        return Model(config=config, weights=weights)

    def _pool_factors(self, name: str) -> NDArray[np.float64]:
        """What each pooled column of a type is multiplied by."""
        scale = {"sum": self.sum_scale[name]}
        factors = [scale.get(how, 1.0) for how in self.config.pool[name]]
        return np.repeat(factors, self.config.hidden)

    def forward(self, graphs: GraphTensors) -> Tensor:
        """Logits [B, C] of B graphs."""
        config = self.config
        h = dict(graphs.x)
        for name in config.types:
            for k, block in enumerate(_blocks(self.pre[name])):
                linear = config.linear_ends and k == config.n_pre - 1
                h[name] = self._through(block, h[name], active=not linear)
        for k, layer in enumerate(self.conv):
            h = self._convolved(k, layer, h, graphs)
        pooled = []
        for name in config.types:
            for k, block in enumerate(_blocks(self.post[name])):
                last = k == config.n_post - 1
                h[name] = self._through(block, h[name], active=not last)
            hows, scale = config.pool[name], self.sum_scale[name]
            pooled += _pools(h[name], graphs.ptr[name], hows, scale)
        out = torch.cat(pooled, dim=1)
        for k, part in enumerate(self.head):
            out = part(out)
            if k < config.n_final - 1:
                out = activated(out, config.act)
                out = functional.dropout(out, self.dropout, self.training)
        return out

    def _through(self, block: _Block, h: Tensor, *, active: bool) -> Tensor:
        if not active:
            return cast("Tensor", block(h))
        return cast("Tensor", block(h, self.config.act))

    def _convolved(
        self, k: int, layer: Any, h: dict[str, Tensor], graphs: GraphTensors
    ) -> dict[str, Tensor]:
        config = self.config
        linear = config.linear_ends and k == config.n_layers - 1
        act = "none" if linear else config.act
        skip = k > 0 or config.n_pre > 0
        if config.conv == "gcn":
            return _gcn(config, layer, h, graphs, act=act, skip=skip)
        return _sage(config, layer, h, graphs, act=act, skip=skip)


def _blocks(of: nn.Module) -> list[_Block]:
    return list(cast("nn.ModuleList", of))  # type: ignore[arg-type]


def _layer(config: ModelConfig, depth: Mapping[str, int]) -> nn.ModuleDict:
    parts: dict[str, nn.Module] = {}
    for relation in config.relations or ():
        source, target = DIRECTED[relation]
        parts[f"{source}__{target}"] = _Relation(
            depth[source], depth[target], config.hidden, root=config.conv == "sage"
        )
    reached = {name: len(config.relations_into(name)) for name in config.types}
    if config.rel_aggr == "cat" and any(reached.values()):
        parts["cat"] = nn.ModuleDict(
            {
                name: _Linear(config.hidden * count, config.hidden)
                for name, count in reached.items()
                if count
            }
        )
    return nn.ModuleDict(parts)


def _sage(
    config: ModelConfig,
    layer: Any,
    h: Mapping[str, Tensor],
    graphs: GraphTensors,
    *,
    act: str,
    skip: bool,
) -> dict[str, Tensor]:
    """Root matrices, aggregation and skip of a type become one matrix S_t.

    Autograd spreads its derivative.
    """
    types, relations = config.types, config.relations or ()
    places = {name: i for i, name in enumerate(types)}
    self_: dict[str, Tensor] = {}
    nbr: dict[str, Tensor] = {}
    bias: dict[str, Tensor] = {}
    rels: list[int] = []
    for name in types:
        into = config.relations_into(name)
        mixes = _mixes(config, layer, name, len(into))
        parts = [layer[_key(relation)] for relation in into]
        terms = [part.root.weight.t() for part in parts]
        shifts = [part.bias for part in parts]
        messages = [part.nbr.weight.t() for part in parts]
        if mixes is not None:
            terms, shifts, messages = (
                [a @ mix for a, mix in zip(each, mixes, strict=True)]
                for each in (terms, shifts, messages)
            )
        share = 1 / len(into) if config.rel_aggr == "mean" and into else 1.0
        width = config.hidden
        root = share * torch.stack(terms).sum(dim=0) if terms else h[name].new_zeros(width, width)
        shift = share * torch.stack(shifts).sum(dim=0) if shifts else h[name].new_zeros(width)
        if mixes is not None:
            shift = shift + layer["cat"][name].bias
        eye = torch.eye(width, dtype=root.dtype)
        self_[name] = root + eye if skip else root
        bias[name] = shift
        nbr.update(zip(into, (share * m for m in messages), strict=True))
    for relation in relations:
        rels += [places[end] for end in DIRECTED[relation]]
    out = sage_layer(
        [h[name] for name in types],
        [self_[name] for name in types],
        [nbr[relation] for relation in relations],
        [bias[name] for name in types],
        graphs.csr,
        rels,
        act,
    )
    return dict(zip(types, out, strict=True))


def _key(relation: str) -> str:
    return "__".join(DIRECTED[relation])


def _mixes(config: ModelConfig, layer: Any, name: str, count: int) -> list[Tensor] | None:
    """Blocks C_r of the matrix behind a concatenation."""
    if config.rel_aggr != "cat" or count == 0:
        return None
    return list(layer["cat"][name].weight.t().split(config.hidden))


def _gcn(
    config: ModelConfig,
    layer: Any,
    h: Mapping[str, Tensor],
    graphs: GraphTensors,
    *,
    act: str,
    skip: bool,
) -> dict[str, Tensor]:
    """Sum over u of h_u / sqrt(d_u d_v) = sqrt(d_v) times the mean of h_u / sqrt(d_u)."""
    (name,), (relation,) = config.types, config.relations or ()
    assert graphs.degree is not None
    root = graphs.degree.sqrt()
    part = layer[_key(relation)]
    none = h[name].new_zeros(h[name].shape[1], config.hidden)
    (mean,) = sage_layer(
        [h[name] / root],
        [none],
        [part.nbr.weight.t()],
        [none.new_zeros(config.hidden)],
        graphs.csr,
        [0, 0],
        "none",
    )
    z = mean * root + part.bias
    if config.rel_aggr == "cat":
        z = layer["cat"][name](z)
    return {name: activated(z + h[name] if skip else z, act)}


def _pools(h: Tensor, ptr: Tensor, hows: tuple[str, ...], scale: float) -> list[Tensor]:
    total, most, _ = segment_pool(h, ptr, "max" in hows)
    count = ptr.diff().clamp(min=1)[:, None].to(h.dtype)
    pools = {"sum": total * scale, "mean": total / count, "max": most}
    return [pools[how] for how in hows]
