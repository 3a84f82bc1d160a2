# SPDX-License-Identifier: Apache-2.0
"""A graph network as a list of operations, each with its panel multipliers.

See `gftcore.reference.attribution` for what a panel multiplier is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["Operations", "Values", "max_split", "network_operations", "phi", "secant"]

Array = Any  # of float64
Values = dict[str, Array]

_NORM_EPS = 1e-5
_ROUNDINGS = 256
_ENDS = {"v": "vessel", "i": "ica", "f": "faz"}


class Operation(Protocol):
    """y = f(u_1 .. u_m)."""

    def run(self, *u: Array) -> Array:
        """Return y."""

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:
        """Return the multipliers of all u from that of y; a and b are the values of u."""


@dataclass
class Operations:
    """All operations, in an order in which they can be run."""

    steps: list[tuple[str, Operation, tuple[str, ...]]] = field(default_factory=list)
    masks: dict[str, int] = field(default_factory=dict)  # name to number of edges

    def add(self, name: str, operation: Operation, *inputs: str) -> str:
        """Append y = operation(inputs)."""
        self.steps.append((name, operation, inputs))
        return name

    def run(self, inputs: Mapping[str, Array]) -> Values:
        """Return all values; masks that are not given are 1."""
        values = {name: np.ones(size) for name, size in self.masks.items()} | dict(inputs)
        for name, operation, of in self.steps:
            values[name] = operation.run(*(values[u] for u in of))
        return values

    def pull(self, mu: Array, a: Values, b: Values) -> Values:
        """Return the multipliers of all values, from those of the logits."""
        out = {name: np.zeros_like(value) for name, value in a.items()}
        out["logits"] = mu
        for name, operation, of in reversed(self.steps):
            parts = operation.pull(out[name], [a[u] for u in of], [b[u] for u in of])
            for u, part in zip(of, parts, strict=True):
                out[u] = out[u] + part
        return out


@dataclass
class Affine:
    """Y = u W + b."""

    weight: Array
    bias: Array

    def run(self, *u: Array) -> Array:
        return u[0] @ self.weight + self.bias

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:  # noqa: ARG002
        return [mu @ self.weight.T]


@dataclass
class Phi:
    """Y = act(u)."""

    act: str

    def run(self, *u: Array) -> Array:
        return phi(self.act, u[0])

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:
        return [mu * secant(self.act, a[0], b[0])]


@dataclass
class Messages:
    """Y_v = sum over edges e = (u, v) of c_e m_e h_u, + c_v h_v with loops; inputs h and m."""

    edges: Array  # [2, E]
    factor: Array  # [E]
    loops: Array  # [N], or 0
    targets: int

    def run(self, *u: Array) -> Array:
        h, mask = u
        out = np.zeros((self.targets, h.shape[1]))
        np.add.at(out, self.edges[1], (self.factor * mask)[:, None] * h[self.edges[0]])
        return out + self.loops[:, None] * h if self.loops.ndim else out

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:
        h, mask = ((a[i] + b[i]) / 2 for i in (0, 1))
        along = self.factor[:, None] * mu[self.edges[1]]
        to_h = self.loops[:, None] * mu if self.loops.ndim else np.zeros_like(h)
        np.add.at(to_h, self.edges[0], mask[:, None] * along)
        return [to_h, (along * h[self.edges[0]]).sum(axis=1)]


@dataclass
class Sum:
    """Y = factor * sum of all u."""

    factor: float = 1.0

    def run(self, *u: Array) -> Array:
        return self.factor * sum(u[1:], start=u[0])

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:  # noqa: ARG002
        return [self.factor * mu] * len(a)


class Joined:
    """All u, one beside the other."""

    def run(self, *u: Array) -> Array:
        return np.concatenate(u, axis=1)

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:  # noqa: ARG002
        return list(np.split(mu, np.cumsum([part.shape[1] for part in a])[:-1], axis=1))


@dataclass
class Pooled:
    """One row from all; 0 where there is none."""

    how: str

    def run(self, *u: Array) -> Array:
        if len(u[0]) == 0:
            return np.zeros((1, u[0].shape[1]))
        if self.how == "max":
            return u[0].max(axis=0)[None]
        return (u[0].sum(axis=0) if self.how == "sum" else u[0].mean(axis=0))[None]

    def pull(self, mu: Array, a: Sequence[Array], b: Sequence[Array]) -> list[Array]:
        rows = len(a[0])
        if rows == 0:
            return [np.zeros_like(a[0])]
        if self.how != "max":
            share = 1.0 if self.how == "sum" else 1.0 / rows
            return [np.repeat(share * mu, rows, axis=0)]
        out = np.zeros_like(a[0])
        first, last, part = max_split(a[0], b[0])
        channels = np.arange(out.shape[1])
        out[first, channels] += part * mu[0]
        out[last, channels] += (1 - part) * mu[0]
        return [out]


def max_split(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Rows that lead at both ends, and the first one's share: when the other one overtakes it.

    At a baseline many rows have the same values, but for rounding: of those that lead at a, the
    one with the largest value at b is taken.
    """
    near = _ROUNDINGS * np.finfo(np.float64).eps * np.abs(a.max(axis=0)).max()
    first = np.where(a >= a.max(axis=0) - near, b, -np.inf).argmax(axis=0)
    last = b.argmax(axis=0)
    channels = np.arange(a.shape[1])
    before = np.maximum(a[first, channels] - a[last, channels], 0)
    after = b[last, channels] - b[first, channels]
    length = before + after
    return first, last, np.where(length > 0, before / np.where(length > 0, length, 1), 1.0)


def phi(act: str, z: Array) -> Array:
    """Apply an activation."""
    if act == "relu":
        return np.where(z > 0, z, 0.0)
    if act == "leaky":
        return np.where(z > 0, z, 0.01 * z)
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def secant(act: str, a: Array, b: Array) -> Array:
    """(phi(b) - phi(a)) / (b - a) without cancellation; the slope where a = b."""
    above_a, above_b = a > 0, b > 0
    same = above_a == above_b
    step = np.where(same, 1.0, b - a)
    mixed = (phi(act, b) - phi(act, a)) / step
    if act != "elu":
        below = 0.0 if act == "relu" else 0.01
        return np.where(same, np.where(above_a, 1.0, below), mixed)
    far = np.abs(b - a)
    ratio = np.where(far > 0, -np.expm1(-far) / np.where(far > 0, far, 1.0), 1.0)
    both_below = np.exp(np.minimum(np.maximum(a, b), 0)) * ratio
    return np.where(same, np.where(above_a, 1.0, both_below), mixed)


def network_operations(
    config: ModelConfig,
    weights: Mapping[str, NDArray[Any]],
    x: Mapping[str, ArrayLike],
    edge_index: Mapping[str, ArrayLike],
) -> Operations:
    """Operations of a network on one graph: from ``x.{type}`` and ``mask.{l}.{r}`` to ``logits``.

    Only the sizes of `x` are read.
    """
    return _Builder(config, weights, {t: len(np.asarray(x[t])) for t in config.types}, edge_index)()


@dataclass
class _Builder:
    config: ModelConfig
    weights: Mapping[str, NDArray[Any]]
    nodes: dict[str, int]
    edge_index: Mapping[str, ArrayLike]
    out: Operations = field(default_factory=Operations)

    def __call__(self) -> Operations:
        config = self.config
        h = {t: f"x.{t}" for t in config.types}
        for t in config.types:
            for k in range(config.n_pre):
                linear = config.linear_ends and k == config.n_pre - 1
                h[t] = self._block(f"pre.{t}.{k}", h[t], act=not linear)
        for layer in range(config.n_layers):
            linear = config.linear_ends and layer == config.n_layers - 1
            h = {t: self._layer(layer, t, h, act=not linear) for t in h}
        for t in h:
            for k in range(config.n_post):
                h[t] = self._block(f"post.{t}.{k}", h[t], act=k < config.n_post - 1)
        pooled = [
            self.out.add(f"pool.{t}.{how}", Pooled(how), h[t]) for t in h for how in config.pool[t]
        ]
        last = self.out.add("pooled", Joined(), *pooled)
        for k in range(config.n_final):
            is_last = k == config.n_final - 1
            name = "logits" if is_last else f"head.{k}"
            last = self.out.add(name, self._affine(f"head.{k}"), last)
            if not is_last:
                last = self.out.add(f"head.{k}.act", Phi(config.act), last)
        return self.out

    def _matrix(self, name: str) -> Array:
        """From rows of inputs to rows of outputs; files have it the other way round."""
        return np.asarray(self.weights[name], dtype=np.float64).T

    def _vector(self, name: str) -> Array:
        return np.asarray(self.weights[name], dtype=np.float64)

    def _affine(self, name: str) -> Affine:
        return Affine(self._matrix(f"{name}.weight"), self._vector(f"{name}.bias"))

    def _block(self, name: str, u: str, *, act: bool) -> str:
        last = self.out.add(f"{name}.linear", self._affine(name), u)
        if self.config.norm[name.split(".")[1]] == "batch":
            norm = {p: self._vector(f"{name}.norm.{p}") for p in
                    ("weight", "bias", "running_mean", "running_var")}  # fmt: skip
            scale = norm["weight"] / np.sqrt(norm["running_var"] + _NORM_EPS)
            shift = norm["bias"] - norm["running_mean"] * scale
            last = self.out.add(f"{name}.norm", Affine(np.diag(scale), shift), last)
        return self.out.add(name, Phi(self.config.act), last) if act else last

    def _layer(self, layer: int, t: str, h: Mapping[str, str], *, act: bool) -> str:
        config = self.config
        name = f"conv.{layer}.{t}"
        relations = [r for r in config.relations or () if _ENDS[r[1]] == t]
        terms = [self._relation(layer, r, h) for r in relations]
        if config.rel_aggr == "cat" and terms:
            terms = [self.out.add(f"{name}.all", Joined(), *terms)]
            mix = self._affine(f"conv.{layer}.cat.{t}")
            terms = [self.out.add(f"{name}.mixed", mix, *terms)]
        elif config.rel_aggr == "mean" and terms:
            share = Sum(1.0 / len(terms))
            terms = [self.out.add(f"{name}.mean", share, *terms)]
        if layer > 0 or config.n_pre > 0:
            terms.append(h[t])
        last = self.out.add(f"{name}.z", Sum(), *terms)
        return self.out.add(name, Phi(config.act), last) if act else last

    def _relation(self, layer: int, r: str, h: Mapping[str, str]) -> str:
        source, target = (_ENDS[end] for end in r)
        name = f"conv.{layer}.{source}__{target}"
        messages = self._messages(r, target)
        mask = f"mask.{layer}.{r}"
        self.out.masks[mask] = messages.edges.shape[1]
        mean = self.out.add(f"{name}.mean", messages, h[source], mask)
        nbr = Affine(self._matrix(f"{name}.nbr.weight"), self._vector(f"{name}.bias"))
        last = self.out.add(f"{name}.nbr", nbr, mean)
        if self.config.conv == "gcn":
            return last
        root = Affine(self._matrix(f"{name}.root.weight"), np.zeros(self.config.hidden))
        own = self.out.add(f"{name}.root", root, h[target])
        return self.out.add(name, Sum(), last, own)

    def _messages(self, r: str, target: str) -> Messages:
        none = np.empty((2, 0), dtype=np.int64)
        edges = np.asarray(self.edge_index.get(r, none), dtype=np.int64)
        count = self.nodes[target]
        if self.config.conv != "gcn":
            degree = np.bincount(edges[1], minlength=count)
            factor = 1.0 / np.maximum(degree, 1)[edges[1]]
            return Messages(edges, factor, np.zeros(()), count)
        # Every node has exactly one edge to itself, which counts in its degree and has no mask.
        proper = edges[0] != edges[1]
        with_loop = np.bincount(edges[1][proper], minlength=count) + 1.0
        factor = proper / np.sqrt(with_loop[edges[0]] * with_loop[edges[1]])
        return Messages(edges, factor, 1.0 / with_loop, count)
