# SPDX-License-Identifier: Apache-2.0
"""Path integrals of the core against the reference.

Exactness: L1 of the difference relative to the contributions' L1 norm 1e-12 in check mode and for
folding in float64, 1e-4 in float32 on every SIMD target, where single units change sides.
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
from gftcore.attribution.paths import PathRunner, integrator
from gftcore.attribution.rules import CHUNK, METHODS, points_of, secant_plan
from gftcore.graph import GraphBatch
from gftcore.graph.batch import DIRECTED
from gftcore.model import Model
from gftcore.reference.attribution import PathIntegral, Target, edge_path, node_path, panels
from gftcore.staging.inference import engine_arrays
from networks import edges_of, feature_sets, random_batch, random_model

BATCH = random_batch(1, [{"vessel": 53, "ica": 19, "faz": 1}])
TYPES = ("vessel", "ica", "faz")
LOGIT = Target(kind="logit", place=1)
MARGIN = Target(kind="margin", place=0, against=2)
PROB = Target(kind="prob", place=2)
FORMS = (("float64", False, 1e-12), ("float64", True, 1e-12), ("float32", True, 1e-4))


@pytest.fixture(params=gftcore.simd_targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    before = gftcore.simd_target()
    gftcore.set_simd_target(request.param)
    yield request.param
    gftcore.set_simd_target(before)


def ours(model: Model, batch: GraphBatch, wanted: Target, *, method: str, n: int, over: str,
         baseline: Any, dtype: str, folded: bool) -> list[Any]:  # fmt: skip
    plan = secant_plan(n, coarse=False) if method == "secant" else points_of(method, n)
    types = model.config.types
    x0 = [np.ascontiguousarray(baseline[t], dtype=dtype) for t in types] if baseline else []
    arrays = engine_arrays(model.config, batch, np.dtype(dtype))
    places = wanted.place, wanted.against
    request = (0, *places, plan.panels, plan.panel_sum, plan.chunk_ptr)
    core = integrator(model, dtype, folded=folded)
    return list(core.run(*arrays, x0, [request], wanted.kind, over, 1, 1)[0])


def assert_equal(
    model: Model,
    batch: GraphBatch = BATCH,
    wanted: Target = LOGIT,
    *,
    method: str = "secant",
    n: int = 3,
    over: str = "nodes",
    baseline: Any = None,
) -> PathIntegral:
    x = {t: np.asarray(values) for t, values in batch.x.items()}
    given_ = model.config, model.weights, x, edges_of(batch)
    options: Any = {"target": wanted, "rule": panels(method, n)}
    if over == "nodes":
        want = node_path(*given_, baseline=baseline, **options)
        parts = list(want.parts.values())
    else:
        want = edge_path(*given_, **options)
        parts = [part[:, batch.eid[r]] for r, part in want.parts.items()]
    scale = max(sum(float(np.abs(part).sum()) for part in parts), 1e-3)
    for dtype, folded, limit in FORMS:
        *_, (found,) = ours(model, batch, wanted, method=method, n=n, over=over,
                            baseline=baseline, dtype=dtype, folded=folded)  # fmt: skip
        assert len(found) == len(parts)
        differences = [a - b.ravel() for a, b in zip(found, parts, strict=True)]
        assert sum(float(np.abs(d).sum()) for d in differences) <= limit * scale, (dtype, folded)
    return want


def random_baseline(seed: int, batch: GraphBatch = BATCH) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {t: rng.normal(size=values.shape) for t, values in batch.x.items()}


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
@pytest.mark.parametrize("rel_aggr", ["sum", "mean", "cat"])
@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_every_combination_of_options(
    act: Any, rel_aggr: Any, pool: str, norm: str, linear_ends: bool
) -> None:
    model = random_model(
        2,
        act=act,
        rel_aggr=rel_aggr,
        pool=dict.fromkeys(TYPES, (pool,)),
        norm=dict.fromkeys(TYPES, norm),
        linear_ends=linear_ends,
        n_layers=2,
    )
    assert_equal(model)
    assert_equal(model, over="edges", wanted=MARGIN)


@pytest.mark.parametrize(
    "options",
    [
        {"n_pre": 0},
        {"n_pre": 0, "linear_ends": True},
        {"n_pre": 1, "n_layers": 1, "n_post": 1, "linear_ends": True},
        {"n_pre": 0, "n_layers": 1, "n_post": 0, "n_final": 1},
        {"n_pre": 4, "n_layers": 4, "n_post": 4, "n_final": 4},
        {"n_post": 0, "linear_ends": True},
        {"hidden": 16, "act": "elu"},
        {"hidden": 1},
        {"hidden": 100},
        {"hidden": 66, "rel_aggr": "cat"},
        {"classes": ("sick", "well", "c", "d")},
        {"relations": ()},
        {"relations": ("vv", "iv", "fi")},
        {"pool": {"vessel": ("max", "mean", "sum"), "ica": ("mean",), "faz": ("max", "sum")}},
    ],
    ids=str,
)
def test_shapes_of_networks(target: str, options: dict[str, Any]) -> None:
    assert target == gftcore.simd_target()
    model = random_model(3, **options)
    for over in ("nodes", "edges"):
        assert_equal(model, over=over, wanted=PROB, baseline=random_baseline(1))


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("n_pre", [0, 2])
def test_gcn(target: str, n_pre: int, linear_ends: bool) -> None:
    assert target == gftcore.simd_target()
    model = random_model(
        4,
        conv="gcn",
        features=feature_sets({"vessel": 5}),
        relations=("vv",),
        n_pre=n_pre,
        linear_ends=linear_ends,
    )
    want = assert_equal(model, wanted=MARGIN)
    other = assert_equal(model, wanted=MARGIN, baseline=random_baseline(2))
    assert not np.allclose(want.parts["vessel"], other.parts["vessel"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wanted", [LOGIT, MARGIN, PROB], ids=lambda one: one.kind)
@pytest.mark.parametrize("over", ["nodes", "edges"])
def test_every_rule_and_target(method: str, wanted: Target, over: str) -> None:
    # Without sums over all nodes, which leave probabilities at 0 and 1.
    model = random_model(5, act="elu", pool=dict.fromkeys(TYPES, ("mean", "max")))
    for n in (1, CHUNK + 1):
        assert_equal(model, wanted=wanted, method=method, n=n, over=over,
                     baseline=random_baseline(n))  # fmt: skip


@pytest.mark.parametrize("relation", DIRECTED)
def test_a_relation_without_edges(relation: str) -> None:
    batch = random_batch(5, [{"vessel": 31, "ica": 9, "faz": 1}], without=[relation])
    for over in ("nodes", "edges"):
        assert_equal(random_model(5, linear_ends=True), batch, over=over, wanted=MARGIN)


@pytest.mark.parametrize("node_type", TYPES)
def test_types_without_nodes(node_type: str) -> None:
    batch = random_batch(7, [{"vessel": 31, "ica": 9, "faz": 1} | {node_type: 0}])
    for over in ("nodes", "edges"):
        assert_equal(random_model(7), batch, over=over)


def test_a_row_that_leads_at_the_baseline_is_found_among_equals() -> None:
    """With x0 = 0, nodes with the same edges are equal at the start of the path."""
    model = random_model(5, n_pre=1, n_layers=1, n_post=1, linear_ends=True)
    for seed in range(5):
        batch = random_batch(seed, [{"vessel": 61, "ica": 23, "faz": 1}])
        assert_equal(model, batch)


def test_a_baseline_of_given_features_matters() -> None:
    model = random_model(6)
    zero = assert_equal(model)
    other = assert_equal(model, baseline=random_baseline(3))
    assert not np.allclose(zero.parts["vessel"], other.parts["vessel"])


CHOICES = st.fixed_dictionaries(
    {
        "act": st.sampled_from(["relu", "leaky", "elu"]),
        "rel_aggr": st.sampled_from(["sum", "mean", "cat"]),
        "linear_ends": st.booleans(),
        "hidden": st.integers(2, 40),
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
    size=GRAPH,
    density=st.floats(0, 3),
    wanted=st.sampled_from([LOGIT, MARGIN, PROB]),
    over=st.sampled_from(["nodes", "edges"]),
)
def test_any_network_on_any_graph(
    seed: int, options: dict[str, Any], size: dict[str, int], density: float, wanted: Target,
    over: str,
) -> None:  # fmt: skip
    batch = random_batch(seed, [size], density=density)
    model = random_model(seed, **options)
    x = {t: np.asarray(values) for t, values in batch.x.items()}
    given_ = model.config, model.weights, x, edges_of(batch)
    x0 = random_baseline(seed, batch)
    rule = panels("secant", 2)
    if over == "nodes":
        want = node_path(*given_, target=wanted, rule=rule, baseline=x0)
        parts = list(want.parts.values())
    else:
        want = edge_path(*given_, target=wanted, rule=rule)
        parts = [part[:, batch.eid[r]] for r, part in want.parts.items()]
    # Answers of tiny networks may cancel to nearly 0; the terms, and their rounding, are about 1.
    scale = max(sum(float(np.abs(part).sum()) for part in parts), 1.0)
    for folded in (False, True):
        *_, (found,) = ours(model, batch, wanted, method="secant", n=2, over=over, baseline=x0,
                            dtype="float64", folded=folded)  # fmt: skip
        differences = [a - b.ravel() for a, b in zip(found, parts, strict=True)]
        assert sum(float(np.abs(d).sum()) for d in differences) <= 1e-11 * scale


def test_a_runner_takes_graphs_of_a_batch_by_number() -> None:
    batch = random_batch(8, [{"vessel": 20, "ica": 5, "faz": 1}, {"vessel": 30, "ica": 8}])
    model = random_model(8)
    runner = PathRunner(
        model=model,
        dtype="float64",
        arrays=engine_arrays(model.config, batch, np.dtype(np.float64)),
        baseline=[],
        targets=[(0, -1), (2, -1)],
        kind="logit",
        over="nodes",
        threads=1,
    )
    plan = secant_plan(2, coarse=False)
    both = runner.run([0, 1], [plan, plan])
    (second,) = runner.run([1], [plan])
    assert both[0][0] == 0
    assert both[1][0] == second[0] == 2
    for a, b in zip(both[1][4][0], second[4][0], strict=True):
        assert a.tobytes() == b.tobytes()
