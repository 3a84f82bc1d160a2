# SPDX-License-Identifier: Apache-2.0
"""Path integrals of the reference: completeness, derivatives, convergence.

Exactness: completeness of panels to 1e-12 of the contributions' sum, whatever their number;
derivatives by central differences to 1e-6.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies  # noqa: F401 (sets up Hypothesis)
from gftcore.reference.attribution import (
    PathIntegral,
    Target,
    edge_path,
    logit_multipliers,
    node_path,
    panels,
)
from gftcore.reference.network_ops import max_split, network_operations, phi, secant
from gftcore.reference.staging import network_logits
from networks import edges_of, feature_sets, random_batch, random_model

BATCH = random_batch(3, [{"vessel": 13, "ica": 6, "faz": 1}])
EDGES = edges_of(BATCH)
X = {t: np.asarray(values) for t, values in BATCH.x.items()}
TYPES = ("vessel", "ica", "faz")
LOGIT = Target(kind="logit", place=1)
TARGETS = (LOGIT, Target(kind="margin", place=0, against=2), Target(kind="prob", place=2))
POINT_RULES = ("gausslegendre", "riemann_left", "riemann_middle", "riemann_right",
               "riemann_trapezoid")  # fmt: skip


def baseline(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {t: rng.normal(size=values.shape) for t, values in X.items()}


def scale_of(found: PathIntegral) -> float:
    return sum(float(np.abs(part).sum()) for part in found.parts.values())


def assert_complete(found: PathIntegral) -> None:
    assert abs(found.gap) <= 1e-12 * max(scale_of(found), abs(found.end - found.start), 1e-3)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.kind)
@pytest.mark.parametrize("rel_aggr", ["sum", "mean", "cat"])
@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_secant_panels_are_complete(act: Any, rel_aggr: Any, target: Target) -> None:
    for pool in ("sum", "mean", "max"):
        model = random_model(
            5, act=act, rel_aggr=rel_aggr, pool=dict.fromkeys(TYPES, (pool,)), n_layers=2
        )
        for n in (1, 2, 7):
            rule = panels("secant", n)
            given_ = model.config, model.weights, X, EDGES
            assert_complete(node_path(*given_, target=target, rule=rule, baseline=baseline(n)))
            assert_complete(node_path(*given_, target=target, rule=rule))
            assert_complete(edge_path(*given_, target=target, rule=rule))


@pytest.mark.parametrize(
    "options",
    [
        {"linear_ends": True, "norm": dict.fromkeys(TYPES, "none")},
        {"n_pre": 0, "pool": dict.fromkeys(TYPES, ("max", "mean", "sum"))},
        {"n_post": 0, "n_final": 1, "pool": dict.fromkeys(TYPES, ("max",))},
        {"conv": "gcn", "features": feature_sets({"vessel": 5}), "relations": ("vv",)},
        {"relations": ()},
    ],
    ids=str,
)
def test_other_networks_are_complete(options: dict[str, Any]) -> None:
    model = random_model(6, act="elu", **options)
    given_ = model.config, model.weights, X, EDGES
    for target in TARGETS:
        assert_complete(node_path(*given_, target=target, rule=panels("secant", 3)))
        assert_complete(edge_path(*given_, target=target, rule=panels("secant", 3)))


def test_uneven_panels_are_complete() -> None:
    model = random_model(7)
    ends = [0.0, 0.1, 0.15, 0.8, 1.0]
    rule = [(a, b, b - a) for a, b in pairwise(ends)]
    found = node_path(model.config, model.weights, X, EDGES, target=TARGETS[2], rule=rule)
    assert_complete(found)


def test_a_rule_of_points_is_not_complete() -> None:
    model = random_model(7)
    rule = panels("riemann_right", 4)
    found = node_path(model.config, model.weights, X, EDGES, target=LOGIT, rule=rule)
    assert abs(found.gap) > 1e-6 * scale_of(found)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"linear_ends": True, "act": "elu", "rel_aggr": "cat"},
        {"n_pre": 0, "act": "relu", "rel_aggr": "mean"},
    ],
    ids=str,
)
def test_operations_are_the_network(options: dict[str, Any]) -> None:
    model = random_model(8, **options)
    given_ = model.config, model.weights, X, EDGES
    values = network_operations(*given_).run({f"x.{t}": X[t] for t in TYPES})
    np.testing.assert_allclose(values["logits"], network_logits(*given_), rtol=1e-12)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.kind)
def test_derivatives_of_nodes_and_edges(target: Target) -> None:
    model = random_model(9, act="elu", pool=dict.fromkeys(TYPES, ("sum", "max")))
    operations = network_operations(model.config, model.weights, X, EDGES)
    inputs = {f"x.{t}": X[t] for t in TYPES}
    masks = {name: np.full(size, 0.7) for name, size in operations.masks.items()}
    here = operations.run(inputs | masks)
    mu = logit_multipliers(target, here["logits"][0], here["logits"][0])
    found = operations.pull(mu[None], here, here)
    rng = np.random.default_rng(0)
    steps = {name: rng.normal(size=value.shape) for name, value in (inputs | masks).items()}

    def value(t: float) -> float:
        moved = {n: v + t * steps[n] for n, v in (inputs | masks).items()}
        return target.value(operations.run(moved)["logits"][0])

    along = sum(float((found[name] * step).sum()) for name, step in steps.items())
    assert (value(1e-6) - value(-1e-6)) / 2e-6 == pytest.approx(along, rel=1e-6)


@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_many_panels_and_many_points_agree(act: Any) -> None:
    model = random_model(10, act=act)
    given_ = model.config, model.weights, X, EDGES
    found = {
        method: node_path(*given_, target=TARGETS[2], rule=panels(method, 128)).parts["vessel"]
        for method in ("secant", *POINT_RULES)
    }
    scale = np.abs(found["secant"]).sum()
    for method in POINT_RULES:
        assert np.abs(found[method] - found["secant"]).sum() < 0.05 * scale


@pytest.mark.parametrize("method", ["secant", *POINT_RULES])
@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_weights_of_a_rule_sum_to_one(method: str, n: int) -> None:
    rule = panels(method, n)
    assert sum(weight for _, _, weight in rule) == pytest.approx(1, abs=1e-14)
    assert all(0 <= a <= b <= 1 for a, b, _ in rule)


@given(
    act=st.sampled_from(["relu", "leaky", "elu"]),
    a=st.floats(-800, 800),
    b=st.floats(-800, 800) | st.just(0.0),
)
def test_the_multiplier_of_an_activation_is_exact(act: str, a: float, b: float) -> None:
    ends = np.array([a]), np.array([b])
    slope = secant(act, *ends)
    assert 0 <= slope[0] <= 1
    step = phi(act, ends[1]) - phi(act, ends[0])
    scale = max(abs(a), abs(b)) if act != "elu" else max(a, b, 1)
    np.testing.assert_allclose(slope * (b - a), step, rtol=0, atol=4e-16 * scale)


def test_the_multiplier_at_equal_ends_is_the_slope() -> None:
    z = np.array([-3.0, -1e-9, 0.0, 2.0])
    np.testing.assert_array_equal(secant("relu", z, z), [0, 0, 0, 1])
    np.testing.assert_array_equal(secant("leaky", z, z), [0.01, 0.01, 0.01, 1])
    np.testing.assert_allclose(secant("elu", z, z), [np.exp(-3.0), 1, 1, 1])


def test_the_crossing_of_a_max_pool_is_exact() -> None:
    a, b = np.array([[3.0, 1, 2], [1, 1, 0]]), np.array([[0.0, 1, 2], [4, 1, 1]])
    first, last, share = max_split(a, b)
    assert first.tolist() == [0, 0, 0]
    assert last.tolist() == [1, 0, 0]
    np.testing.assert_allclose(share, [2 / 6, 1, 1])


def test_a_probability_s_multipliers_stay_exact_over_long_steps() -> None:
    target = Target(kind="prob", place=0)
    a, b = np.array([-40.0, 3.0, 1.0]), np.array([50.0, -3.0, 0.0])
    q = logit_multipliers(target, a, b)
    assert q @ (b - a) == pytest.approx(target.value(b) - target.value(a), abs=1e-14)
    points = a + ((np.arange(20000) + 0.5) / 20000)[:, None] * (b - a)
    fine = np.mean([logit_multipliers(target, z, z) for z in points], axis=0)
    np.testing.assert_allclose(q, fine, atol=1e-4)


@pytest.mark.parametrize("step", [1e-6, 1e4, 1e9])
def test_a_probability_s_multipliers_meet_its_change_over_any_step(step: float) -> None:
    target = Target(kind="prob", place=0)
    a = np.array([-0.5, 0.2, 0.1])
    b = a + step * np.array([1, -0.3, 0])
    q = logit_multipliers(target, a, b)
    assert q @ (b - a) == pytest.approx(target.value(b) - target.value(a), abs=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_probability_s_multipliers_end_for_values_that_are_not_finite(value: float) -> None:
    q = logit_multipliers(Target(kind="prob", place=0), np.zeros(3), np.array([value, 0, 1]))
    assert not np.isfinite(q).all()


@pytest.mark.parametrize("step", [1e-15, 1e-13, 1e-10])
def test_tiny_steps_have_the_gradient_without_the_difference_s_rounding(step: float) -> None:
    target = Target(kind="prob", place=0)
    a = np.array([-0.5, 0.2, 3.1])
    q = logit_multipliers(target, a, a + np.array([0, step, 0]))
    np.testing.assert_allclose(q, logit_multipliers(target, a, a), rtol=0, atol=1e-10)
