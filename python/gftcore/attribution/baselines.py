# SPDX-License-Identifier: Apache-2.0
"""Where paths of integrated gradients begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import as_array, require_array, require_choice, require_mapping
from gftcore.errors import ArgumentError, ShapeError
from gftcore.graph.batch import GraphBatch
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.model.files import Model

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Baseline", "baseline_rows"]

Baseline = Literal["zero", "spatial"] | Mapping[str, "ArrayLike"]


def baseline_rows(
    model: Model,
    batch: GraphBatch,
    graphs: Sequence[HeteroGraph] | None,
    baseline: Baseline,
    dtype: str,
) -> tuple[str, list[NDArray[Any]]]:
    """Return what a baseline is called, and x0 [N_t, F_t] of each type; none at all for zeros.

    Graphs are those of the batch, where they are known: they say where nodes lie.
    """
    if not isinstance(baseline, str):
        return _given(model, batch, baseline, dtype)
    word = require_choice(baseline, ("zero", "spatial"), "baseline")
    return word, _spatial(model, graphs, dtype) if word == "spatial" else []


def _spatial(model: Model, graphs: Sequence[HeteroGraph] | None, dtype: str) -> list[NDArray[Any]]:
    if graphs is None:
        raise ArgumentError(
            "baseline 'spatial' needs graphs, which say where nodes lie, got a GraphBatch; "
            "for those pass rows, as Model.spatial_baseline gives them"
        )
    each = [model.spatial_baseline(graph) for graph in graphs]
    return [
        np.concatenate([rows[name] for rows in each]).astype(dtype) for name in model.config.types
    ]


def _given(
    model: Model, batch: GraphBatch, baseline: Mapping[str, ArrayLike], dtype: str
) -> tuple[str, list[NDArray[Any]]]:
    config = model.config
    require_mapping(baseline, config.types, "baseline", "node types")
    if not baseline:
        return "zero", []
    word, out = "rows", []
    for name, features in config.features.items():
        shape = (len(batch.x[name]), len(features.columns))
        label = f"baseline[{name!r}]"
        given = as_array(baseline.get(name, np.zeros(shape[1])), label, "an array of real numbers")
        ndim = 1 if given.ndim == 1 else 2
        values = require_array(given, np.float64, name=label, ndim=ndim)
        if values.shape == shape[1:]:
            values = np.broadcast_to(values, shape)
        else:
            word = "given"
        if values.shape != shape:
            raise ShapeError(f"{label} must have shape {shape} or {shape[1:]}, got {values.shape}")
        with np.errstate(over="ignore"):  # infinities are refused
            rows = np.ascontiguousarray(values, dtype=dtype)
        if not np.isfinite(rows).all():
            raise ArgumentError(
                f"{label} must be finite, got NaN, infinity or a value beyond {dtype}"
            )
        out.append(rows)
    return word, out
