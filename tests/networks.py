# SPDX-License-Identifier: Apache-2.0
"""Random networks and random graphs for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.graph.hetero_graph import NODE_TYPES
from gftcore.model import FeatureSet, Model, ModelConfig, weight_shapes

FEATURES = {"vessel": 5, "ica": 4, "faz": 3}


def feature_sets(counts: Mapping[str, int] = FEATURES) -> dict[str, FeatureSet]:
    """Features that are standardised already."""
    return {
        name: FeatureSet(
            columns=tuple(f"{name}{i}" for i in range(count)),
            mean=(0.0,) * count,
            sd=(1.0,) * count,
        )
        for name, count in counts.items()
    }


def random_model(seed: int = 0, **options: Any) -> Model:
    """Weights and norms far from neutral, so that no term can be left out unnoticed."""
    config = ModelConfig(**{"features": feature_sets(), "hidden": 8, **options})
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(config).items():
        if name.endswith("running_var"):
            weights[name] = rng.uniform(0.5, 2.0, shape)
        elif name.endswith("norm.weight"):
            weights[name] = rng.uniform(0.5, 1.5, shape)
        elif len(shape) == 2:
            weights[name] = rng.normal(size=shape) / np.sqrt(shape[1])
        else:
            weights[name] = rng.normal(size=shape) * 0.5
    return Model(config=config, weights=weights)


def random_batch(
    seed: int,
    sizes: Sequence[Mapping[str, int]],
    *,
    counts: Mapping[str, int] = FEATURES,
    density: float = 1.5,
    without: Sequence[str] = (),
) -> GraphBatch:
    """Graphs of the given sizes with float64 features; relations in `without` have no edge.

    A relation has `density` edges for each target node on average, parallel ones among them, and
    several nodes that none reaches.
    """
    rng = np.random.default_rng(seed)
    ptr = {t: np.cumsum([0, *(size.get(t, 0) for size in sizes)]) for t in NODE_TYPES}
    x = {t: rng.normal(size=(int(ptr[t][-1]), counts.get(t, 0))) for t in NODE_TYPES}
    edges = {}
    for relation, (source, target) in DIRECTED.items():
        ends = [np.empty((2, 0), dtype=np.int64)]
        for g in range(len(sizes)):
            first_u, last_u = ptr[source][g : g + 2]
            first_v, last_v = ptr[target][g : g + 2]
            count = rng.poisson(density * (last_v - first_v)) if last_u > first_u else 0
            if last_v > first_v and relation not in without:
                u = rng.integers(first_u, last_u, count)
                ends.append(np.stack([u, rng.integers(first_v, last_v, count)]))
        edges[relation] = np.concatenate(ends, axis=1)
    return GraphBatch.from_arrays(x, edges, node_ptr=ptr)


SIZES = (
    {"vessel": 61, "ica": 13, "faz": 1},
    {"vessel": 0, "ica": 7, "faz": 1},
    {"vessel": 50, "ica": 103, "faz": 2},
    {},
    {"vessel": 1, "ica": 0, "faz": 0},
)


def edges_of(batch: GraphBatch) -> dict[str, Any]:
    """Edges in the caller's order, for the reference."""
    return {relation: batch.edge_index(relation) for relation in DIRECTED}


def one_graph(batch: GraphBatch, g: int) -> GraphBatch:
    """Graph g of a batch, as a batch of its own."""
    ptr = {t: batch.node_ptr[t][g : g + 2] for t in NODE_TYPES}
    x = {t: batch.x[t][ptr[t][0] : ptr[t][1]] for t in NODE_TYPES}
    edges = {}
    for relation, (source, target) in DIRECTED.items():
        ends = batch.edge_index(relation)
        inside = (ends[1] >= ptr[target][0]) & (ends[1] < ptr[target][1])
        edges[relation] = ends[:, inside] - np.array([[ptr[source][0]], [ptr[target][0]]])
    return GraphBatch.from_arrays(x, edges)
