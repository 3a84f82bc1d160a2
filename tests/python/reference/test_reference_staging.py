# SPDX-License-Identifier: Apache-2.0
"""The reference network on graphs small enough to be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore.model import ModelConfig, weight_shapes
from gftcore.reference.staging import network_logits, pooled_nodes
from networks import feature_sets


def network(**options: Any) -> tuple[ModelConfig, dict[str, np.ndarray]]:
    """One channel, one feature, two classes; all weights 0."""
    plain = {"hidden": 1, "n_pre": 0, "n_layers": 1, "n_post": 0, "n_final": 1, "act": "relu"}
    plain |= {"classes": ("a", "b"), "features": feature_sets({"vessel": 1}), "relations": ("vv",)}
    config = ModelConfig(**(plain | {"pool": {"vessel": ("sum",)}} | options))
    return config, {name: np.zeros(shape) for name, shape in weight_shapes(config).items()}


X = {"vessel": np.array([[1.0], [2.0], [4.0], [-8.0]])}
# Node 0 hears 1 and 2, node 1 hears 0 twice, node 3 hears 2; nobody reaches node 2.
EDGES = {"vv": np.array([[1, 2, 0, 0, 2], [0, 0, 1, 1, 3]])}


def test_a_layer_adds_root_mean_and_bias() -> None:
    config, weights = network()
    weights["conv.0.vessel__vessel.root.weight"][:] = 10
    weights["conv.0.vessel__vessel.nbr.weight"][:] = 1
    weights["conv.0.vessel__vessel.bias"][:] = 100
    # 10 x + mean + 100, cut at 0: 10+3+100, 20+1+100, 40+0+100, -80+4+100
    assert pooled_nodes(config, weights, X, EDGES).tolist() == [[113 + 121 + 140 + 24]]


def test_skip_joins_only_layers_of_equal_width() -> None:
    config, weights = network(n_pre=1, linear_ends=True)
    weights["pre.vessel.0.weight"][:] = 3
    weights["pre.vessel.0.norm.weight"][:] = 1
    weights["pre.vessel.0.norm.running_var"][:] = 1 - 1e-5
    assert pooled_nodes(config, weights, X, EDGES)[0, 0] == pytest.approx(3 * (1 + 2 + 4 - 8))
    config, weights = network(linear_ends=True)
    assert pooled_nodes(config, weights, X, EDGES).tolist() == [[0]]


@pytest.mark.parametrize(
    ("act", "below"), [("relu", 0.0), ("leaky", -0.08), ("elu", np.expm1(-8.0))]
)
def test_activations(act: str, below: float) -> None:
    config, weights = network(act=act, pool={"vessel": ("mean",)})
    weights["conv.0.vessel__vessel.root.weight"][:] = 1
    assert pooled_nodes(config, weights, X, {})[0, 0] == pytest.approx((1 + 2 + 4 + below) / 4)


def test_norm_uses_running_statistics() -> None:
    config, weights = network(n_pre=1, n_layers=1, linear_ends=True, pool={"vessel": ("max",)})
    weights["pre.vessel.0.weight"][:] = 1
    weights["pre.vessel.0.bias"][:] = 5
    weights["pre.vessel.0.norm.running_mean"][:] = 2
    weights["pre.vessel.0.norm.running_var"][:] = 4 - 1e-5
    weights["pre.vessel.0.norm.weight"][:] = 10
    weights["pre.vessel.0.norm.bias"][:] = -1
    assert pooled_nodes(config, weights, X, {})[0, 0] == pytest.approx((4 + 5 - 2) / 2 * 10 - 1)


@pytest.mark.parametrize(("rel_aggr", "expected"), [("sum", 5.0), ("mean", 2.5), ("cat", 32.0)])
def test_relations_are_joined(rel_aggr: str, expected: float) -> None:
    features = feature_sets({"vessel": 1, "ica": 1})
    config, weights = network(
        features=features,
        relations=("vv", "iv", "vi"),
        rel_aggr=rel_aggr,
        pool=dict.fromkeys(features, ("sum",)),
    )
    weights["conv.0.vessel__vessel.bias"][:] = 2
    weights["conv.0.ica__vessel.bias"][:] = 3
    if rel_aggr == "cat":
        weights["conv.0.cat.vessel.weight"][:] = [[1, 10]]
    x = {"vessel": np.ones((1, 1)), "ica": np.ones((0, 1))}
    pooled = pooled_nodes(config, weights, x, {})
    assert pooled.tolist() == [[expected, 0]]  # the pool of no node is 0


def test_graphs_of_a_batch_are_pooled_apart_and_a_head_follows() -> None:
    config, weights = network(n_final=2)
    weights["conv.0.vessel__vessel.root.weight"][:] = 1
    weights["head.0.weight"][:] = 2
    weights["head.0.bias"][:] = -3
    weights["head.1.weight"][:] = [[1], [5]]
    weights["head.1.bias"][:] = [0, 7]
    ptr = {"vessel": np.array([0, 1, 1, 4])}
    logits = network_logits(config, weights, X, {}, ptr)
    assert logits.tolist() == [[0, 7], [0, 7], [9, 52]]  # relu(2 * {1, 0, 6} - 3) = 0, 0, 9


def test_gcn_weights_edges_by_both_degrees() -> None:
    config, weights = network(conv="gcn", linear_ends=True)
    weights["conv.0.vessel__vessel.nbr.weight"][:] = 1
    x = {"vessel": np.array([[1.0], [10.0], [100.0]])}
    # Degrees with self-loops: 3, 1, 1; the given loop of node 1 is that loop.
    edges = {"vv": np.array([[1, 2, 1], [0, 0, 1]])}
    pooled = pooled_nodes(config, weights, x, edges)
    assert pooled[0, 0] == pytest.approx(1 / 3 + 110 / np.sqrt(3) + 10 + 100)
