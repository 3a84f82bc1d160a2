# SPDX-License-Identifier: Apache-2.0
"""A network and the arrays of one of its layers, for the workloads on networks.

Made by integer arithmetic and NumPy alone, so they are the same on both sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WIDTH = 64
#: Nodes of each type, as two graphs of real eyes have, and edges for each target of a relation.
NODES = (5600, 1200, 2)
EDGES = (4, 2)
SEED = 20240607


def drawn(rng: np.random.Generator, *shape: int) -> Floats:
    """Values in -1 .. 1."""
    return (rng.integers(-1024, 1024, shape) / 1024).astype(np.float32)


def make_model(staging: Any, graph: Any) -> Any:
    """A network of the default size that reads all columns of a graph."""
    columns = {"vessel": graph.vessel_columns, "ica": graph.ica_columns, "faz": graph.ica_columns}
    features = {
        name: staging.FeatureSet(
            columns=tuple(names), mean=(1,) * len(names), sd=(50,) * len(names)
        )
        for name, names in columns.items()
    }
    config = staging.ModelConfig(features=features)
    return staging.Model(config=config, weights=staging.initial_weights(config, seed=1))


def csr_arrays(
    rng: np.random.Generator, sources: int, targets: int, edges: int
) -> list[NDArray[np.int32]]:
    """Edges of one relation by target and by source: rowptr, col, colptr, row."""
    source, target = rng.integers(0, sources, edges), rng.integers(0, targets, edges)
    arrays = []
    for ends, others, nodes in ((target, source, targets), (source, target, sources)):
        order = np.lexsort((others, ends))
        ptr = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=nodes))])
        arrays += [ptr.astype(np.int32), others[order].astype(np.int32)]
    return arrays


class Layer:
    """Arguments of `_core.sage_layer` and of its derivatives, with arrays for the answers."""

    def __init__(self) -> None:
        rng = np.random.Generator(np.random.PCG64(SEED))
        pairs = [(s, t) for s in range(3) for t in range(3)]
        h = [drawn(rng, nodes, WIDTH) for nodes in NODES]
        weights = [drawn(rng, WIDTH, WIDTH) for _ in range(len(NODES) + len(pairs))]
        csr = []
        for s, t in pairs:
            edges = EDGES[s != t] * NODES[t]
            csr += csr_arrays(rng, NODES[s], NODES[t], edges)
        bias = [drawn(rng, WIDTH) for _ in NODES]
        matrices = (h, weights[: len(NODES)], weights[len(NODES) :])
        self.out = [np.empty_like(one) for one in h]
        self.gradients = [np.empty_like(one) for part in (*matrices, bias) for one in part]
        places = np.cumsum([len(part) for part in (*matrices, bias)])[:-1]
        parts = np.split(np.arange(len(self.gradients)), places)
        grads = [[self.gradients[i] for i in part] for part in parts]
        layer = (csr, pairs, "leaky", 1)
        self.forward = (*matrices, bias, *layer, self.out)
        g = [drawn(rng, nodes, WIDTH) for nodes in NODES]
        result = [drawn(rng, nodes, WIDTH) for nodes in NODES]
        self.backward = (g, result, *matrices, *layer, *grads)
