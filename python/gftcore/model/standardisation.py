# SPDX-License-Identifier: Apache-2.0
"""Raw features to the inputs of a network: columns by name, standardised, missing values 0."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import describe, require_choice, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import GraphBatch, join_graphs
from gftcore.graph.hetero_graph import NODE_TYPES, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import FeatureSet, ModelConfig

__all__ = ["standardise", "standardised_batch", "standardised_columns"]


def standardise(
    config: ModelConfig, graph: HeteroGraph, *, dtype: Literal["float32", "float64"] = "float32"
) -> dict[str, NDArray[Any]]:
    """Return node type to the network's inputs [N_t, F_t] for one graph.

    Columns are found by name. (x - mean) / sd is computed in float64; what is not finite then, or
    not in `dtype`, becomes 0, the value of a mean node.

    Raises
    ------
    ArgumentError
        If the graph lacks a column of the configuration.

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> features = FeatureSet(columns=("curveness", "length"), mean=(1.1, 1), sd=(0.1, 2))
    >>> config = ModelConfig(features={"vessel": features})
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> standardise(config, bar)["vessel"].round(3).tolist()
    [[-1.0, 0.5]]
    """
    require_choice(dtype, ("float32", "float64"), "dtype")
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    out = {}
    for name, features in config.features.items():
        columns = graph.vessel_columns if name == "vessel" else graph.ica_columns
        picked = graph.features(name)[:, _places(name, features, columns)]
        out[name] = standardised_columns(picked, features, dtype)
    return out


def _places(node_type: str, features: FeatureSet, columns: Sequence[str]) -> list[int]:
    missing = [name for name in features.columns if name not in columns]
    if missing:
        near = difflib.get_close_matches(missing[0], columns, n=1)
        hint = f"; it has {near[0]!r}" if near else ""
        raise ArgumentError(
            f"the model needs {node_type} columns that the graph lacks: "
            f"{', '.join(missing):.200}{hint}"
        )
    return [columns.index(name) for name in features.columns]


def standardised_columns(
    values: NDArray[np.float64], features: FeatureSet, dtype: str
) -> NDArray[Any]:
    """Return the inputs [N, F] for columns that were picked already, in the order of `features`."""
    with np.errstate(all="ignore"):  # what becomes infinite or NaN is set to 0 below
        values = values.copy()
        for name in features.log1p:
            place = features.columns.index(name)
            values[:, place] = np.log1p(values[:, place])
        out = ((values - np.array(features.mean)) / np.array(features.sd)).astype(dtype)
    out[~np.isfinite(out)] = 0
    return np.asarray(out)


def standardised_batch(
    config: ModelConfig,
    graphs: Iterable[HeteroGraph],
    *,
    dtype: Literal["float32", "float64"] = "float32",
) -> GraphBatch:
    """Join graphs into one batch of network inputs; types without features get zero columns.

    Parameters
    ----------
    config
        Which columns, and how they are standardised.
    graphs
        At least one graph; their columns may stand in different orders.
    dtype
        Element type of the inputs.

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> config = ModelConfig(
    ...     features={"vessel": FeatureSet(columns=("length",), mean=(1,), sd=(2,))}
    ... )
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> standardised_batch(config, [bar, bar]).x["vessel"].tolist()
    [[0.5], [0.5]]
    """
    hint = "; put a single graph into a list"
    given = list(require_iterator(graphs, "graphs", "a sequence of HeteroGraph", hint))
    if not given:
        raise ArgumentError("graphs must hold at least one graph")
    inputs = [standardise(config, graph, dtype=dtype) for graph in given]
    tables = {
        name: [
            values[name]
            if name in values
            else np.zeros((len(graph.features(name)), 0), dtype=dtype)
            for graph, values in zip(given, inputs, strict=True)
        ]
        for name in NODE_TYPES
    }
    return join_graphs(given, tables)
