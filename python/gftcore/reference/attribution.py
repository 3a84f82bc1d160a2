# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients in float64, operation by operation.

An operation y = f(u_1 .. u_m) has *panel multipliers* M_j between two ends a and b of a panel:
y_b - y_a = sum of M_j (u_j,b - u_j,a), exactly. Pushed back through all operations like
derivatives, they give multipliers of the inputs, for which the same holds. With equal ends they
are derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.reference.network_ops import Values, network_operations

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["PathIntegral", "Target", "edge_path", "logit_multipliers", "node_path", "panels"]

_GAUSS_POINTS = 16
_LONGEST_STEP = 5.0  # of a logit, in one piece of the probability's quadrature
_MOST_PIECES = 256
_LEAST_STEP = 1e-8  # relative to 1 + the largest logit; below it the correction is rounding


@dataclass(frozen=True, kw_only=True)
class Target:
    """A quantity of one graph: a logit, its margin over another one, or a probability."""

    kind: str
    place: int
    against: int = -1

    def value(self, logits: NDArray[np.float64]) -> float:
        """Return the quantity."""
        if self.kind == "prob":
            return float(_softmax(logits)[self.place])
        other = logits[self.against] if self.kind == "margin" else 0.0
        return float(logits[self.place] - other)


@dataclass(frozen=True, kw_only=True)
class PathIntegral:
    """Contributions of inputs to a target.

    Attributes
    ----------
    parts
        Nodes: type to [N_t, F_t]. Edges: relation to [n_layers, E_r], in the caller's edge order.
    start, end
        The target at the baseline and at the input.
    gap
        Sum of all parts, less ``end - start``.
    """

    parts: dict[str, NDArray[np.float64]]
    start: float
    end: float
    gap: float


def panels(method: str, n: int) -> list[tuple[float, float, float]]:
    """Ends and weight of each panel of a rule on [0, 1]; rules of points have equal ends."""
    k = np.arange(n)
    if method == "secant":
        return [(i / n, (i + 1) / n, 1 / n) for i in range(n)]
    if method == "gausslegendre":
        xi, w = np.polynomial.legendre.leggauss(n)
        points, weights = (1 + xi) / 2, w / 2
    elif method == "riemann_trapezoid":
        points = np.arange(n + 1) / n
        weights = np.full(n + 1, 1 / n)
        weights[[0, -1]] /= 2
    else:
        shift = {"riemann_left": 0.0, "riemann_middle": 0.5, "riemann_right": 1.0}[method]
        points, weights = (k + shift) / n, np.full(n, 1 / n)
    return [(float(p), float(p), float(w)) for p, w in zip(points, weights, strict=True)]


def node_path(
    config: ModelConfig,
    weights: Mapping[str, NDArray[Any]],
    x: Mapping[str, ArrayLike],
    edge_index: Mapping[str, ArrayLike],
    *,
    target: Target,
    rule: list[tuple[float, float, float]],
    baseline: Mapping[str, ArrayLike] | None = None,
) -> PathIntegral:
    """Integrate along x0 + a (x - x0), 0 <= a <= 1, for one graph.

    Parameters
    ----------
    config, weights, x, edge_index
        As for `gftcore.reference.staging.network_logits`.
    target
        What is explained.
    rule
        From `panels`, or any panels that cover [0, 1], with the weights of their lengths.
    baseline
        Type to x0 [N_t, F_t]; None means 0.
    """
    end = {t: np.asarray(x[t], dtype=np.float64) for t in config.types}
    zeros = {t: np.zeros_like(values) for t, values in end.items()}
    start = {t: np.asarray(v, dtype=np.float64) for t, v in (baseline or zeros).items()}
    operations = network_operations(config, weights, end, edge_index)

    def at(a: float) -> Values:
        moved = {f"x.{t}": start[t] + a * (end[t] - start[t]) for t in end}
        return operations.run(moved)

    total = {t: np.zeros_like(values) for t, values in end.items()}
    for a, b, weight in rule:
        mu = _pulled(operations, at(a), at(b), target)
        for t in total:
            total[t] += weight * mu[f"x.{t}"]
    parts = {t: total[t] * (end[t] - start[t]) for t in total}
    return _integral(parts, target, at(0.0), at(1.0))


def edge_path(
    config: ModelConfig,
    weights: Mapping[str, NDArray[Any]],
    x: Mapping[str, ArrayLike],
    edge_index: Mapping[str, ArrayLike],
    *,
    target: Target,
    rule: list[tuple[float, float, float]],
) -> PathIntegral:
    """Integrate along masks a of all messages, 0 <= a <= 1, for one graph.

    The message of an edge is multiplied by its mask in every layer; a mean is still divided by the
    number of edges.
    """
    operations = network_operations(config, weights, x, edge_index)
    inputs = {f"x.{t}": np.asarray(x[t], dtype=np.float64) for t in config.types}

    def at(a: float) -> Values:
        masks = {name: np.full(size, a) for name, size in operations.masks.items()}
        return operations.run(inputs | masks)

    total = {name: np.zeros(size) for name, size in operations.masks.items()}
    for a, b, weight in rule:
        mu = _pulled(operations, at(a), at(b), target)
        for name in total:
            total[name] += weight * mu[name]
    parts = {
        r: np.stack([total[f"mask.{layer}.{r}"] for layer in range(config.n_layers)])
        for r in config.relations or ()
    }
    return _integral(parts, target, at(0.0), at(1.0))


def _pulled(operations: Any, a: Values, b: Values, target: Target) -> Values:
    mu = logit_multipliers(target, a["logits"][0], b["logits"][0])
    return dict(operations.pull(mu[None], a, b))


def _integral(parts: Values, target: Target, first: Values, last: Values) -> PathIntegral:
    start, end = target.value(first["logits"][0]), target.value(last["logits"][0])
    total = sum(float(values.sum()) for values in parts.values())
    return PathIntegral(parts=parts, start=start, end=end, gap=total - (end - start))


def logit_multipliers(
    target: Target, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Multipliers of the C logits between two ends.

    Of a probability: its gradient's mean over the segment from a to b, by a quadrature that is then
    corrected along the segment, so that the difference of the ends is met, unless the step is about
    as small as rounding.
    """
    out = np.zeros(len(a))
    if target.kind != "prob":
        out[target.place] = 1.0
        if target.kind == "margin":
            out[target.against] -= 1.0
        return out
    step = b - a
    longest = float(np.abs(step).max())
    pieces = int(min(_MOST_PIECES, max(1.0, np.ceil(longest / _LONGEST_STEP))))
    xi, w = np.polynomial.legendre.leggauss(_GAUSS_POINTS)
    for piece in range(pieces):
        for point, weight in zip((1 + xi) / 2, w / 2, strict=True):
            out += weight / pieces * _softmax_gradient(a + (piece + point) / pieces * step, target)
    length = float(step @ step)
    if longest >= _LEAST_STEP * (1.0 + max(np.abs(a).max(), np.abs(b).max())):
        out += (target.value(b) - target.value(a) - out @ step) / length * step
    return out


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _softmax_gradient(logits: NDArray[np.float64], target: Target) -> NDArray[np.float64]:
    p = _softmax(logits)
    out = -p[target.place] * p
    out[target.place] += p[target.place]
    return np.asarray(out)
