# SPDX-License-Identifier: Apache-2.0
"""What the nodes of a training set are like at each place of the image, as a grid of cells."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import as_array, describe, require_mapping
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.hetero_graph import HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["GRID_SIDE", "cells_at", "grid_types", "image_fractions", "require_spatial"]
__all__ += ["spatial_rows"]

GRID_SIDE = 38


def grid_types(config: ModelConfig) -> tuple[str, ...]:
    """Node types that have a grid: all but the FAZ, of which an image has one, in the middle."""
    return tuple(name for name in config.types if name != "faz")


def image_fractions(positions: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return positions (row, col) in px as fractions of an image of that shape [N, 2].

    Pixels are squares around their positions, so that 0 is the image's edge, half a pixel before
    its first row or column, and 1 the opposite one.
    """
    out: NDArray[np.float64] = (np.asarray(positions, dtype=np.float64) + 0.5) / np.array(shape)
    return out


def cells_at(fractions: NDArray[Any]) -> NDArray[np.int64]:
    """Return row and column [N, 2] of the cells in which places lie; the nearest one outside."""
    cells = np.floor(np.asarray(fractions, dtype=np.float64) * GRID_SIDE)
    return np.clip(cells, 0, GRID_SIDE - 1).astype(np.int64)


def require_spatial(
    config: ModelConfig, grids: Mapping[str, Any] | None
) -> Mapping[str, NDArray[np.float32]] | None:
    """Return the grids of a model as read-only arrays, in the order of its node types.

    Raises
    ------
    ArgumentError
        If a type's grid is missing or unknown, or its values do not lie between -1 and 1.
    ArgumentTypeError, ShapeError
        If a grid is no float32 array of the shape that the configuration implies.
    """
    if grids is None:
        return None
    types = grid_types(config)
    require_mapping(grids, types, "spatial", "node types")
    missing = [name for name in types if name not in grids]
    if missing:
        raise ArgumentError(f"spatial must have a grid of every node type, lacks {missing[0]}")
    return MappingProxyType({name: _grid(config, name, grids[name]) for name in types}) or None


def _grid(config: ModelConfig, name: str, value: object) -> NDArray[np.float32]:
    label = f"spatial.{name}"
    array = as_array(value, label, "a float32 array")
    if array.dtype != np.float32:
        raise ArgumentTypeError(f"{label} must be float32, got {array.dtype}")
    shape = (GRID_SIDE, GRID_SIDE, len(config.features[name].columns))
    if array.shape != shape:
        raise ShapeError(f"{label} must have shape {shape}, got {array.shape}")
    if not bool((np.abs(array) <= 1).all()):  # so written that NaN is refused
        raise ArgumentError(f"{label} must lie between -1 and 1")
    return read_only(np.array(array, dtype=np.float32, order="C"))


def spatial_rows(
    config: ModelConfig, grids: Mapping[str, NDArray[np.float32]], graph: HeteroGraph
) -> dict[str, NDArray[np.float32]]:
    """Return node type to [N_t, F_t]: each node's cell; 0 for types without a grid."""
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    out = {}
    for name, features in config.features.items():
        positions = graph.positions(name)
        if name in grids:
            row, col = cells_at(image_fractions(positions, graph.meta.shape)).T
            out[name] = grids[name][row, col]
        else:
            out[name] = np.zeros((len(positions), len(features.columns)), dtype=np.float32)
    return out
