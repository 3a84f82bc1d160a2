# SPDX-License-Identifier: Apache-2.0
"""The compiled engine against the reference.

Exactness: 1e-12 of the logits' scale in check mode and for folding in float64, 1e-5 in float32 on
every SIMD target.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gftcore
import strategies  # noqa: F401 (sets up Hypothesis)
from gftcore import staging
from gftcore.graph import GraphBatch
from gftcore.graph.batch import DIRECTED
from gftcore.model import Model
from gftcore.reference.staging import network_logits, pooled_nodes
from gftcore.staging.inference import compiled, engine_arrays
from networks import SIZES, edges_of, feature_sets, random_batch, random_model

BATCH = random_batch(1, SIZES)


@pytest.fixture(params=gftcore.simd_targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    before = gftcore.simd_target()
    gftcore.set_simd_target(request.param)
    yield request.param
    gftcore.set_simd_target(before)


def assert_equal(model: Model, batch: GraphBatch = BATCH, *, least_scale: float = 1e-300) -> None:
    given_ = model.config, model.weights, batch.x, edges_of(batch), batch.node_ptr
    pooled = pooled_nodes(*given_)
    logits = network_logits(*given_)
    scale = np.abs(logits).max(initial=least_scale)
    pooled_scale = np.abs(pooled).max(initial=least_scale)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        found = staging.predict(model, batch, dtype=dtype, embeddings=True)
        assert found.logits.dtype == dtype
        np.testing.assert_allclose(found.logits, logits, rtol=0, atol=limit * scale)
        np.testing.assert_allclose(found.embeddings, pooled, rtol=0, atol=limit * pooled_scale)
    arrays = engine_arrays(model.config, batch, np.dtype(np.float64))
    folded, _ = compiled(model, dtype="float64", folded=True).run(*arrays, 1)
    np.testing.assert_allclose(folded, logits, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
@pytest.mark.parametrize("rel_aggr", ["sum", "mean", "cat"])
@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_every_combination_of_options(
    act: Any, rel_aggr: Any, pool: str, norm: str, linear_ends: bool
) -> None:
    types = ("vessel", "ica", "faz")
    model = random_model(
        2,
        act=act,
        rel_aggr=rel_aggr,
        pool=dict.fromkeys(types, (pool,)),
        norm=dict.fromkeys(types, norm),
        linear_ends=linear_ends,
        n_layers=2,
    )
    assert_equal(model)


@pytest.mark.parametrize(
    "options",
    [
        {"n_pre": 0},
        {"n_pre": 0, "linear_ends": True},
        {"n_pre": 1, "n_layers": 1, "n_post": 1, "linear_ends": True},
        {"n_pre": 0, "n_layers": 1, "n_post": 0, "n_final": 1},
        {"n_pre": 4, "n_layers": 6, "n_post": 4, "n_final": 4},
        {"n_post": 0, "linear_ends": True},
        {"hidden": 16},
        {"hidden": 1},
        {"hidden": 100},
        {"hidden": 130, "rel_aggr": "cat"},
        {"classes": ("sick", "well")},
        {"classes": tuple(map(str, range(20)))},
        {"relations": ()},
        {"relations": ("vv", "iv", "fi")},
        {"pool": {"vessel": ("max", "mean", "sum"), "ica": ("mean",), "faz": ("max", "sum")}},
    ],
    ids=str,
)
def test_shapes_of_networks(target: str, options: dict[str, Any]) -> None:
    assert target == gftcore.simd_target()
    assert_equal(random_model(3, **options))


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("n_pre", [0, 2])
def test_gcn(target: str, n_pre: int, linear_ends: bool) -> None:
    assert target == gftcore.simd_target()
    features = feature_sets({"vessel": 5})
    model = random_model(
        4, conv="gcn", features=features, relations=("vv",), n_pre=n_pre, linear_ends=linear_ends
    )
    assert_equal(model)


@pytest.mark.parametrize("relation", DIRECTED)
def test_a_relation_without_edges_keeps_its_root_and_bias(relation: str) -> None:
    assert_equal(random_model(5, linear_ends=True), random_batch(5, SIZES, without=[relation]))


@pytest.mark.parametrize("density", [0.0, 0.2, 6.0])
def test_sparse_and_dense_graphs(density: float) -> None:
    assert_equal(random_model(6, linear_ends=True), random_batch(6, SIZES, density=density))


@pytest.mark.parametrize("node_type", ["vessel", "ica", "faz"])
def test_types_without_nodes(node_type: str) -> None:
    sizes = [size | {node_type: 0} for size in SIZES]
    assert_equal(random_model(7), random_batch(7, sizes))


def test_no_graph_and_no_node() -> None:
    assert_equal(random_model(8), random_batch(8, []))
    assert_equal(random_model(8), random_batch(8, [{}, {}]))


def test_blocks_of_rows_meet_at_every_place() -> None:
    sizes = [{"vessel": n, "ica": 49 - n % 7, "faz": 1} for n in (47, 48, 49, 95, 96, 97, 53)]
    assert_equal(random_model(9), random_batch(9, sizes))


CHOICES = st.fixed_dictionaries(
    {
        "act": st.sampled_from(["relu", "leaky", "elu"]),
        "rel_aggr": st.sampled_from(["sum", "mean", "cat"]),
        "linear_ends": st.booleans(),
        "hidden": st.integers(1, 40),
        "n_pre": st.integers(1, 3),
        "n_layers": st.integers(1, 3),
        "n_post": st.integers(0, 3),
        "n_final": st.integers(1, 3),
        "relations": st.lists(st.sampled_from(list(DIRECTED)), unique=True),
    }
)
GRAPH = st.fixed_dictionaries(
    {"vessel": st.integers(0, 60), "ica": st.integers(0, 60), "faz": st.integers(0, 3)}
)


@given(
    seed=st.integers(0, 2**32 - 1),
    options=CHOICES,
    sizes=st.lists(GRAPH, max_size=3),
    density=st.floats(0, 3),
)
def test_any_network_on_any_graphs(
    seed: int, options: dict[str, Any], sizes: list[dict[str, int]], density: float
) -> None:
    # Answers of tiny networks may cancel to nearly 0; the terms, and their rounding, are about 1.
    model = random_model(seed, **options)
    assert_equal(model, random_batch(seed, sizes, density=density), least_scale=1.0)
