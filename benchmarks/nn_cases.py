# SPDX-License-Identifier: Apache-2.0
"""Inference beside PyTorch Geometric: the same graphs, the same weights, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from contestants import Case, Peer
from gftcore import staging
from gftcore.graph import GraphBatch
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
from inputs import Sample

GRAPHS = 16
MANY_GRAPHS = 64  # a thread that starts late by a graph or two does not matter
# As large as the graph of a real eye of 3 mm: nodes, features, and edges in both directions.
NODES = {"vessel": 2795, "ica": 608, "faz": 1}
FEATURES = {"vessel": 18, "ica": 17, "faz": 17}
VESSEL_PAIRS = 5205
NEAREST_AREAS = 3
AREAS_OF_A_VESSEL = 2
VESSELS_AT_THE_FAZ = 24
AREAS_AT_THE_FAZ = 12
EIGHT = ("vv", "ii", "vi", "iv", "vf", "fv", "if", "fi")
GOALS = {"benchmark network": 8.0}


def eye_graph(seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Features and edges of one made-up graph: points in a square, joined to their nearest ones."""
    rng = np.random.default_rng(seed)
    # Ids follow the rows of the image, as those of real graphs do.
    place = {t: np.sort(rng.uniform(size=(n, 2)), axis=0) for t, n in NODES.items()}
    for t, n in NODES.items():
        place[t][:, 1] = rng.uniform(size=n)
    place["faz"][:] = 0.5
    x = {t: np.clip(rng.normal(size=(n, FEATURES[t])), -6, 6) for t, n in NODES.items()}
    tree = {t: cKDTree(points) for t, points in place.items()}
    pairs = nearest_pairs(tree["vessel"], place["vessel"], 8)[:VESSEL_PAIRS]
    vv = np.concatenate([pairs, pairs[:, ::-1]]).T
    areas = nearest_pairs(tree["ica"], place["ica"], NEAREST_AREAS)
    ii = np.concatenate([areas, areas[:, ::-1]]).T
    _, near = tree["ica"].query(place["vessel"], AREAS_OF_A_VESSEL)
    vessels = np.repeat(np.arange(NODES["vessel"]), AREAS_OF_A_VESSEL)
    vi = np.stack([vessels, near.ravel()])
    edges = {"vv": vv, "ii": ii, "vi": vi, "iv": vi[::-1]}
    for there, back, t, count in (
        ("vf", "fv", "vessel", VESSELS_AT_THE_FAZ),
        ("if", "fi", "ica", AREAS_AT_THE_FAZ),
    ):
        _, around = tree[t].query(place["faz"][0], count)
        edges[there] = np.stack([np.asarray(around), np.zeros(count, dtype=np.int64)])
        edges[back] = edges[there][::-1]
    return x, edges


def nearest_pairs(tree: cKDTree, points: np.ndarray, count: int) -> np.ndarray:
    """Undirected pairs of each point and its nearest ones, the shortest first."""
    far, near = tree.query(points, count + 1)
    here = np.repeat(np.arange(len(points)), count)
    pairs = np.sort(np.stack([here, near[:, 1:].ravel()], axis=1), axis=1)
    order = np.argsort(far[:, 1:].ravel(), kind="stable")
    _, first = np.unique(pairs[order], axis=0, return_index=True)
    return pairs[order][np.sort(first)]


def eye_batch(graphs: int, *, dtype: type = np.float32) -> GraphBatch:
    """Several such graphs."""
    each = [eye_graph(seed) for seed in range(graphs)]
    x = {t: np.concatenate([x[t] for x, _ in each]).astype(dtype) for t in NODES}
    ptr = {t: np.arange(graphs + 1) * n for t, n in NODES.items()}
    ends = {"v": "vessel", "i": "ica", "f": "faz"}
    edges = {
        r: np.concatenate(
            [
                e[r] + np.array([[ptr[ends[r[0]]][g]], [ptr[ends[r[1]]][g]]])
                for g, (_, e) in enumerate(each)
            ],
            axis=1,
        )
        for r in EIGHT
    }
    return GraphBatch.from_arrays(x, edges, node_ptr=ptr)


def network(**options: Any) -> Model:
    """Draw weights; the statistics of norms are not neutral."""
    features = {
        t: FeatureSet(columns=tuple(f"{t}{i}" for i in range(n)), mean=(0,) * n, sd=(1,) * n)
        for t, n in FEATURES.items()
    }
    config = ModelConfig(features=features, relations=EIGHT, **options)
    rng = np.random.default_rng(7)
    weights: dict[str, Any] = initial_weights(config, seed=7)
    weights |= {
        name: rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
        for name, array in weights.items()
        if ".norm." in name
    }
    return Model(config=config, weights=weights)


def networks() -> dict[str, Model]:
    """Return the benchmark network and the default one."""
    both = ("sum", "max")
    return {
        "benchmark network": network(
            act="relu", linear_ends=True, pool={"vessel": both, "ica": both, "faz": both}
        ),
        "default network": network(),
    }


def same_logits(ours: Any, theirs: Any) -> None:
    scale = float(np.abs(theirs).max())
    np.testing.assert_allclose(ours.logits, theirs, rtol=0, atol=2e-5 * scale)


def nn_cases(_: Sample) -> Iterator[Case]:
    import torch  # it takes seconds, which other groups need not wait for

    from peers.pyg import hetero_data, pyg_logits, pyg_network, with_sparse_matrices

    torch.set_num_threads(1)
    batch = eye_batch(GRAPHS)
    data = hetero_data(batch, dtype=torch.float32)
    sparse = with_sparse_matrices(data, batch)
    for name, model in networks().items():
        peer = pyg_network(model, dtype=torch.float32)
        yield Case(
            "nn",
            f"forward, {GRAPHS} graphs, {name}",
            lambda model=model: staging.predict(model, batch, threads=1),
            [
                Peer(
                    "torch-geometric",
                    lambda peer=peer: pyg_logits(peer, data),
                    same_logits,
                    GOALS.get(name),
                ),
                Peer(
                    "torch-geometric",
                    lambda peer=peer: pyg_logits(peer, sparse),
                    same_logits,
                    label="PyG, sparse matrices",
                ),
            ],
        )
    model = networks()["default network"]
    many = eye_batch(MANY_GRAPHS)

    def run(threads: int) -> staging.Prediction:
        return staging.predict(model, many, threads=threads)

    yield Case(
        "nn",
        f"forward, {MANY_GRAPHS} graphs, two threads",
        lambda: run(2),
        [Peer("gftcore", lambda: run(1), equal_logits, 1.8, "one thread")],
        threads=2,
    )


def equal_logits(ours: staging.Prediction, theirs: staging.Prediction) -> None:
    np.testing.assert_array_equal(ours.logits, theirs.logits)
