# SPDX-License-Identifier: Apache-2.0
"""Names, shapes and first values of a network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import as_array, describe, require_int
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import DIRECTED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["initial_weights", "pooled_width", "require_weights", "weight_shapes"]

_NORM = ("weight", "bias", "running_mean", "running_var")


def pooled_width(config: ModelConfig) -> int:
    """Width of the pooled vector that the head reads."""
    return config.hidden * sum(len(config.pool[name]) for name in config.types)


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return name to shape of every weight that a configuration implies.

    Matrices are [out, in]. Numbers in names count from 0.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> features = FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
    >>> shapes = weight_shapes(ModelConfig(features={"vessel": features}, hidden=8))
    >>> shapes["conv.0.vessel__vessel.nbr.weight"], shapes["head.1.weight"]
    ((8, 8), (3, 8))
    """
    shapes: dict[str, tuple[int, ...]] = {}
    hidden = config.hidden

    def linear(name: str, width: int, depth: int) -> None:
        shapes[f"{name}.weight"] = (width, depth)
        shapes[f"{name}.bias"] = (width,)

    def block(name: str, node_type: str, depth: int) -> None:
        linear(name, hidden, depth)
        if config.norm[node_type] == "batch":
            shapes.update({f"{name}.norm.{part}": (hidden,) for part in _NORM})

    inputs = {name: len(one.columns) for name, one in config.features.items()}
    for name in config.types:
        for k in range(config.n_pre):
            block(f"pre.{name}.{k}", name, hidden if k else inputs[name])
    for layer in range(config.n_layers):
        first = layer == 0 and config.n_pre == 0
        depth = inputs if first else dict.fromkeys(config.types, hidden)
        for relation in config.relations or ():
            source, target = DIRECTED[relation]
            name = f"conv.{layer}.{source}__{target}"
            if config.conv == "sage":
                shapes[f"{name}.root.weight"] = (hidden, depth[target])
            shapes[f"{name}.nbr.weight"] = (hidden, depth[source])
            shapes[f"{name}.bias"] = (hidden,)
        for node_type in config.types if config.rel_aggr == "cat" else ():
            if joined := len(config.relations_into(node_type)):
                linear(f"conv.{layer}.cat.{node_type}", hidden, hidden * joined)
    for name in config.types:
        for k in range(config.n_post):
            block(f"post.{name}.{k}", name, hidden)
    depths = [pooled_width(config)] + [hidden] * (config.n_final - 1)
    widths = [hidden] * (config.n_final - 1) + [len(config.classes)]
    for k, (depth_k, width) in enumerate(zip(depths, widths, strict=True)):
        linear(f"head.{k}", width, depth_k)
    return shapes


def require_weights(
    config: ModelConfig, weights: Mapping[str, Any]
) -> Mapping[str, NDArray[np.floating[Any]]]:
    """Return the weights as read-only float32 or float64 arrays, in the order of the names.

    Raises
    ------
    ArgumentError
        If a weight is missing, unknown or not finite, or a running variance is negative.
    ArgumentTypeError, ShapeError
        If a weight is no float32 or float64 array of the shape that the configuration implies.
    """
    if not isinstance(weights, Mapping):
        raise ArgumentTypeError(f"weights must be a mapping, got {describe(weights)}")
    shapes = weight_shapes(config)
    for problem, names in (
        ("lack", [name for name in shapes if name not in weights]),
        ("have unknown", [str(name) for name in weights if name not in shapes]),
    ):
        if names:
            raise ArgumentError(
                f"weights {problem} {', '.join(names):.200} ({len(names)} of {len(shapes)})"
            )
    return MappingProxyType(
        {name: _weight(name, weights[name], shape) for name, shape in shapes.items()}
    )


def _weight(name: str, value: object, shape: tuple[int, ...]) -> NDArray[np.floating[Any]]:
    array = as_array(value, f"weight {name}", "a float32 or float64 array")
    if array.dtype not in (np.float32, np.float64):
        raise ArgumentTypeError(f"weight {name} must be float32 or float64, got {array.dtype}")
    if array.shape != shape:
        raise ShapeError(f"weight {name} must have shape {shape}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ArgumentError(f"weight {name} must be finite, got NaN or infinity")
    if name.endswith("running_var") and bool((array < 0).any()):
        raise ArgumentError(f"weight {name} must not be negative")
    return read_only(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


def initial_weights(config: ModelConfig, *, seed: int) -> dict[str, NDArray[np.float32]]:
    """Draw the weights of an untrained network: uniform in +-1/sqrt(inputs), norms neutral.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, Model, ModelConfig
    >>> features = FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
    >>> config = ModelConfig(features={"vessel": features})
    >>> Model(config=config, weights=initial_weights(config, seed=1)).config.hidden
    64
    """
    generator = np.random.default_rng(require_int(seed, "seed", 0, 2**63 - 1))
    shapes = weight_shapes(config)
    out = {}
    for name, shape in shapes.items():
        if ".norm." in name:
            value = 1.0 if name.endswith(("norm.weight", "running_var")) else 0.0
            out[name] = np.full(shape, value, dtype=np.float32)
            continue
        matrix = name if name.endswith("weight") else name.removesuffix("bias") + "weight"
        depth = shapes.get(matrix, shape)[-1]
        out[name] = generator.uniform(-1, 1, shape).astype(np.float32) / np.float32(depth**0.5)
    return out
