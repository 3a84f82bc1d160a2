# SPDX-License-Identifier: Apache-2.0
"""Logits and probabilities of graphs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._native import core
from gftcore._validation import describe, require_bool, require_choice
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.model.files import Model
from gftcore.model.per_model import per_model
from gftcore.model.standardisation import standardised_batch
from gftcore.processors import thread_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

Arrays = tuple[list[Any], list[Any], list[Any], list[Any]]

__all__ = ["Prediction", "compiled", "engine_arrays", "engine_options", "predict", "softmax"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """What a network says about B graphs, for C classes.

    Attributes
    ----------
    classes
        Names of the classes, in the order of the columns below.
    logits
        float32 or float64 [B, C].
    probabilities
        float64 [B, C]: softmax of the logits.
    labels
        Name of the most probable class of each graph; the first one of equals.
    embeddings
        Pooled node values that the head reads [B, P], if asked for.
    """

    classes: tuple[str, ...]
    logits: NDArray[np.floating[Any]]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    embeddings: NDArray[np.floating[Any]] | None = None


def predict(
    model: Model,
    graphs: GraphBatch | Iterable[HeteroGraph],
    *,
    threads: int | None = None,
    dtype: Literal["float32", "float64"] = "float32",
    embeddings: bool = False,
) -> Prediction:
    """Run a network on graphs.

    A graph's result is the same, bit for bit, alone or among others and for any number of threads.

    Parameters
    ----------
    model
        The network.
    graphs
        Graphs whose columns are found by name and standardised, or a batch from
        `gftcore.model.standardised_batch`, whose columns are those of the model already.
    threads
        Number of threads, one graph each; None means one per usable processor.
    dtype
        ``float32``, or ``float64`` for a slow check without any folding of weights.
    embeddings
        Whether to return the pooled node values, too.

    Raises
    ------
    ArgumentError
        If a graph lacks a column of the model, or its values are so large that they overflow.
    ShapeError
        If a batch has another number of columns than the model.
    ArgumentTypeError
        If `graphs` is something else.

    Examples
    --------
    >>> from gftcore import graph, staging
    >>> features = staging.FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = staging.ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = staging.Model(config=config, weights=staging.initial_weights(config, seed=1))
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> one, two = staging.predict(network, [bar, bar]).logits
    >>> bool((one == two).all())
    True
    """
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
    require_choice(dtype, ("float32", "float64"), "dtype")
    count = thread_count(threads)
    wants = require_bool(embeddings, "embeddings")
    if isinstance(graphs, HeteroGraph):
        raise ArgumentTypeError("graphs must be several graphs; put a single one into a list")
    if not isinstance(graphs, GraphBatch):
        graphs = standardised_batch(model.config, graphs, dtype=dtype)
    config = model.config
    arrays = engine_arrays(config, graphs, np.dtype(dtype))
    logits, pooled = compiled(model, dtype=dtype).run(*arrays, count)
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        raise ArgumentError(
            f"graph {int(finite.argmin())} gives logits that are not finite; "
            "its features must be standardised, not raw"
        )
    probabilities = softmax(logits)
    labels = tuple(config.classes[i] for i in probabilities.argmax(axis=1).tolist())
    return Prediction(
        classes=config.classes,
        logits=logits,
        probabilities=read_only(probabilities),
        labels=labels,
        embeddings=pooled if wants else None,
    )


def engine_arrays(config: ModelConfig, batch: GraphBatch, dtype: np.dtype[Any]) -> Arrays:
    """Return what the core takes of a batch: x, node_ptr, rowptr and col, as four lists."""
    x, node_ptr = [], []
    for name, features in config.features.items():
        values = batch.x[name]
        if values.shape[1] != len(features.columns):
            raise ShapeError(
                f"graphs must have {len(features.columns)} columns of {name}, as the model does, "
                f"got {values.shape[1]}"
            )
        with np.errstate(over="ignore"):  # infinite logits are refused
            x.append(np.ascontiguousarray(values, dtype=dtype))
        node_ptr.append(batch.node_ptr[name])
    relations = config.relations or ()
    return x, node_ptr, [batch.rowptr[r] for r in relations], [batch.col[r] for r in relations]


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Probabilities of logits [.., C]."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    powers: NDArray[np.float64] = np.exp(shifted)
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


@per_model
def _engine(model: Model, dtype: str, folded: bool) -> core.Engine:
    return core.Engine(engine_options(model.config), dict(_exact(model)), dtype, folded)


def compiled(model: Model, *, dtype: str = "float32", folded: bool | None = None) -> core.Engine:
    """Return the compiled form of a network, made on first use and kept as long as the model.

    By default the float32 form is folded and the float64 form is not.
    """
    return _engine(model, dtype, dtype == "float32" if folded is None else folded)


def engine_options(config: ModelConfig) -> dict[str, Any]:
    """Return what the core needs to know, with types and relations by number."""
    place = {name: i for i, name in enumerate(config.types)}
    return {
        "hidden": config.hidden,
        "n_pre": config.n_pre,
        "n_layers": config.n_layers,
        "n_post": config.n_post,
        "n_final": config.n_final,
        "num_classes": len(config.classes),
        "act": config.act,
        "rel_aggr": config.rel_aggr,
        "conv": config.conv,
        "linear_ends": config.linear_ends,
        "types": [
            (name, len(features.columns), list(config.pool[name]), config.norm[name] == "batch")
            for name, features in config.features.items()
        ],
        "relations": [tuple(place[end] for end in DIRECTED[r]) for r in config.relations or ()],
    }


def _exact(model: Model) -> Iterable[tuple[str, NDArray[np.float64]]]:
    return ((name, np.asarray(a, dtype=np.float64)) for name, a in model.weights.items())
