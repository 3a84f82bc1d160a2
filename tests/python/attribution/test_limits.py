# SPDX-License-Identifier: Apache-2.0
"""Huge values, classes that coincide, baselines that overflow, rules that must agree.

Exactness: many panels equal 4000 midpoints to 5e-4 of the contributions' L1 norm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore import attribution, graph
from gftcore.attribution import integrated_gradients
from gftcore.attribution.paths import integrator
from gftcore.attribution.rules import points_of
from gftcore.errors import ArgumentError
from gftcore.model import Model
from gftcore.staging.inference import engine_arrays
from networks import SIZES, one_graph, random_batch, random_model

MODEL = random_model(1)
BATCH = random_batch(1, SIZES)


def part_of(found: attribution.Attribution, of: str) -> Any:
    return getattr(found, of)


def scaled(factor: float) -> Model:
    """A network whose logits are so many times larger."""
    last = f"head.{MODEL.config.n_final - 1}."
    weights = {n: a * (factor if n.startswith(last) else 1) for n, a in MODEL.weights.items()}
    return Model(config=MODEL.config, weights=weights)


@pytest.mark.parametrize("of", ["nodes", "edges"])
def test_a_margin_over_the_predicted_class_is_that_of_the_best_other(of: Any) -> None:
    plain = integrated_gradients(MODEL, BATCH, of=of, kind="margin", dtype="float64")
    over = [one.target for one in plain]
    turned = integrated_gradients(MODEL, BATCH, of=of, kind="margin", against=over, dtype="float64")
    for one, other in zip(plain, turned, strict=True):
        assert (other.target, other.against) == (one.against, one.target)
        assert part_of(other, of).value_end == pytest.approx(-part_of(one, of).value_end)
    part = part_of(turned[0], of)
    sums = part.attributions if of == "nodes" else part.edge_contribution
    assert sum(float(np.abs(a).sum()) for a in sums.values()) > 0.01


@pytest.mark.parametrize("of", ["nodes", "edges"])
@pytest.mark.parametrize("factor", [1e3, 1e9, 1e30])
def test_probabilities_of_huge_logits_are_complete(of: Any, factor: float) -> None:
    model = scaled(factor)
    for found in integrated_gradients(model, BATCH, of=of, kind="prob", target="PDR", n=3):
        part = part_of(found, of)
        sums = part.attributions if of == "nodes" else part.edge_contribution
        size = sum(float(np.abs(a).sum()) for a in sums.values())
        assert np.isfinite(size)
        assert abs(part.completeness_gap) <= 1e-5 * max(size, 1)


def test_infinite_logits_are_refused_and_cost_no_panels() -> None:
    with pytest.raises(ArgumentError, match="graph 0 gives logits that are not finite"):
        integrated_gradients(scaled(1e39), BATCH, kind="prob", n=4096)
    plan = points_of("riemann_middle", 2)
    arrays = engine_arrays(MODEL.config, BATCH, np.dtype(np.float32))
    request = (0, 0, -1, plan.panels, plan.panel_sum, plan.chunk_ptr)
    core = integrator(scaled(1e39), "float32")
    *_, (parts,) = core.run(*arrays, [], [request], "logit", "nodes", 1, 1)[0]
    assert not any(part.any() for part in parts)


def test_a_baseline_that_overflows_is_named() -> None:
    rows = {"vessel": np.full(5, 1e38)}
    with pytest.raises(ArgumentError, match=r"graph 0 gives logits.*its baseline must be"):
        integrated_gradients(MODEL, BATCH, baseline=rows)
    x = {name: values.copy() for name, values in BATCH.x.items()}
    x["vessel"][70] = 1e300
    huge = graph.GraphBatch.from_arrays(x, {}, node_ptr=BATCH.node_ptr)
    with pytest.raises(ArgumentError, match=r"graph 2 gives logits.*its features must be"):
        integrated_gradients(MODEL, huge, baseline={"vessel": np.zeros(5)})


def test_contributions_that_are_not_finite_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*_: Any) -> list[Any]:
        return [(0, -1, np.zeros(3), np.zeros(3), [[np.array([0.0, np.nan])]])]

    class Core:
        run = staticmethod(spoiled)

    monkeypatch.setattr("gftcore.attribution.paths.integrator", lambda *_: Core)
    with pytest.raises(ArgumentError, match="graph 0 gives contributions that are not finite"):
        integrated_gradients(MODEL, one_graph(BATCH, 0), n=1)


@pytest.mark.parametrize("n", [3, 5, 7, 9])
def test_the_error_of_an_odd_number_of_panels_is_not_too_small(n: int) -> None:
    """With the last panel compared with itself, a path that changes there shows no error."""
    found = integrated_gradients(MODEL, BATCH, n=n, dtype="float64")
    fine = integrated_gradients(MODEL, BATCH, n=512, dtype="float64", estimate_error=False)
    for one, best in zip(found, fine, strict=True):
        ours, true = part_of(one, "nodes").attributions, part_of(best, "nodes").attributions
        size = sum(float(np.abs(a).sum()) for a in true.values())
        if size == 0:
            continue
        off = sum(float(np.abs(ours[t] - a).sum()) for t, a in true.items())
        assert off / size <= max(1.5 * part_of(one, "nodes").error, 1e-12)


@pytest.mark.parametrize(("n", "known"), [(2, False), (23, False), (24, True), (25, True)])
def test_few_panels_have_no_error_for_a_probability(n: int, known: bool) -> None:
    """Where it changes on a short stretch, few panels and half as many miss it together."""
    for found in integrated_gradients(MODEL, BATCH, kind="prob", of="both", n=n):
        for part in (part_of(found, "nodes"), part_of(found, "edges")):
            assert (part.error is not None) == known


@pytest.mark.parametrize("of", ["nodes", "edges"])
def test_panels_tend_to_what_derivatives_do(of: Any) -> None:
    """Midpoints know nothing of secants, and derivatives are autograd's."""
    eye = one_graph(BATCH, 0)
    many, points = (
        part_of(integrated_gradients(MODEL, eye, of=of, dtype="float64", **options)[0], of)
        for options in (
            {"n": 1024, "estimate_error": False},
            {"n": 4000, "method": "riemann_middle"},
        )
    )
    name = "attributions" if of == "nodes" else "edge_contribution_by_layer"
    ours, theirs = getattr(many, name), getattr(points, name)
    size = sum(float(np.abs(a).sum()) for a in theirs.values())
    off = sum(float(np.abs(ours[t] - a).sum()) for t, a in theirs.items())
    assert off < 5e-4 * size
