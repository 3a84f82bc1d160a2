# SPDX-License-Identifier: Apache-2.0
"""Against captum and autograd over the same network in PyTorch Geometric.

Exactness: in check mode 1e-7 of the largest contribution for captum's 50 points, 1e-10 for edges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
pytest.importorskip("captum")

from gftcore.attribution import integrated_gradients  # noqa: E402
from gftcore.graph import GraphBatch  # noqa: E402
from masked_network import path_of_masks  # noqa: E402
from networks import random_batch, random_model  # noqa: E402
from peers.captum_ig import GraphCopies, captum_gradients, hand_batched_gradients  # noqa: E402

BATCH = random_batch(11, [{"vessel": 61, "ica": 23, "faz": 1}])
TYPES = ("vessel", "ica", "faz")
OPTIONS: list[dict[str, Any]] = [
    {"act": "relu", "linear_ends": True, "pool": dict.fromkeys(TYPES, ("sum", "max"))},
    {"act": "leaky", "rel_aggr": "mean"},
    {"act": "elu", "rel_aggr": "cat", "pool": dict.fromkeys(TYPES, ("mean", "max"))},
    {"n_pre": 0, "n_post": 1},
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_fifty_points_are_captum_s(options: dict[str, Any]) -> None:
    model = random_model(12, **options)
    (found,) = integrated_gradients(
        model, BATCH, target="NPDR", method="gausslegendre", dtype="float64"
    )
    assert found.nodes is not None
    assert found.nodes.n == 50
    copies = GraphCopies(model, BATCH, dtype=torch.float64)
    theirs = captum_gradients(copies, 1, n=50, internal=10)
    by_hand = hand_batched_gradients(copies, 1, n=50, together=10)
    for name, ours in found.nodes.attributions.items():
        limit = 1e-7 * np.abs(theirs[name]).max()
        np.testing.assert_allclose(ours, theirs[name], rtol=0, atol=limit)
        np.testing.assert_allclose(by_hand[name], theirs[name], rtol=0, atol=limit)


def shuffled(batch: GraphBatch) -> GraphBatch:
    rng = np.random.default_rng(0)
    edges = {r: rng.permutation(batch.edge_index(r), axis=1) for r in batch.col}
    return GraphBatch.from_arrays(batch.x, edges)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_edges_are_derivatives_by_explicit_masks(options: dict[str, Any]) -> None:
    model = random_model(13, **options)
    batch = shuffled(BATCH)
    (found,) = integrated_gradients(
        model, batch, of="edges", target="PDR", method="gausslegendre", n=6, dtype="float64"
    )
    assert found.edges is not None
    xi, weight = np.polynomial.legendre.leggauss(6)
    theirs = path_of_masks(model, batch, 2, (1 + xi) / 2, weight / 2)
    largest = max(np.abs(part).max(initial=0) for part in theirs.values())
    for relation, ours in found.edges.edge_contribution_by_layer.items():
        np.testing.assert_allclose(ours, theirs[relation], rtol=0, atol=1e-10 * largest)
        total = found.edges.edge_contribution[relation]
        np.testing.assert_allclose(total, theirs[relation].sum(axis=0), atol=1e-10 * largest)
