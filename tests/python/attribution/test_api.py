# SPDX-License-Identifier: Apache-2.0
"""What `integrated_gradients` returns, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore import attribution, graph, staging
from gftcore.attribution import integrated_gradients
from gftcore.attribution.paths import integrator
from gftcore.attribution.rules import METHODS, points_of, secant_plan
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.graph.batch import DIRECTED
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
from gftcore.staging.inference import engine_arrays
from networks import SIZES, feature_sets, random_batch, random_model

MODEL = random_model(1)
BATCH = random_batch(1, SIZES)
TYPES = ("vessel", "ica", "faz")
BAR = [[0, 0, 0], [1, 1, 1], [0, 0, 0]]


def nodes_of(found: attribution.Attribution) -> attribution.NodeAttribution:
    assert found.nodes is not None
    return found.nodes


def edges_in(found: attribution.Attribution) -> attribution.EdgeAttribution:
    assert found.edges is not None
    return found.edges


def total(found: attribution.NodeAttribution) -> float:
    return sum(found.type_contribution.values())


def test_the_predicted_class_is_explained_by_default() -> None:
    said = staging.predict(MODEL, BATCH, dtype="float64")
    for g, found in enumerate(integrated_gradients(MODEL, BATCH, of="both", dtype="float64")):
        assert found.target == said.labels[g]
        np.testing.assert_allclose(found.logits, said.logits[g], rtol=1e-10)
        np.testing.assert_allclose(found.probabilities, said.probabilities[g], rtol=1e-10)
        for path in (nodes_of(found), edges_in(found)):
            assert path.value_end == pytest.approx(found.logits.max(), rel=1e-10)
            assert path.logits_start.shape == path.logits_end.shape == (3,)
            place = found.classes.index(found.target)
            assert path.value_start == path.logits_start[place]
            assert path.value_end == path.logits_end[place]
        assert found.against is None
        assert found.model_sha256 == MODEL.sha256
        assert (found.kind, found.method, found.baseline) == ("logit", "secant", "zero")
        assert found.dtype == "float64"


def test_sums_belong_together() -> None:
    for found in integrated_gradients(MODEL, BATCH):
        nodes = nodes_of(found)
        for t in TYPES:
            each = nodes.attributions[t]
            np.testing.assert_allclose(nodes.contribution[t], each.sum(axis=1))
            np.testing.assert_allclose(nodes.magnitude[t], np.abs(each).sum(axis=1))
            np.testing.assert_allclose(nodes.feature_contribution[t], each.sum(axis=0))
            assert nodes.type_contribution[t] == pytest.approx(each.sum(), abs=1e-12)
            assert not each.flags.writeable


@pytest.mark.parametrize("kind", ["logit", "margin", "prob"])
@pytest.mark.parametrize("of", ["nodes", "edges"])
def test_the_gap_is_rounding_and_is_what_it_says(kind: Any, of: Any) -> None:
    for dtype in ("float64", "float32"):
        for found in integrated_gradients(MODEL, BATCH, of=of, kind=kind, n=3, dtype=dtype):
            part = getattr(found, of)
            if part.value_end == part.value_start:
                continue
            if dtype == "float64":
                assert part.completeness_gap_rel <= 1e-12
            else:  # one vessel alone hardly changes logits of about 1
                assert abs(part.completeness_gap) <= 1e-5 * np.abs(found.logits).max()
            sums = part.attributions if of == "nodes" else part.edge_contribution
            change = part.value_end - part.value_start
            gap = sum(float(a.sum()) for a in sums.values()) - change
            assert gap == pytest.approx(part.completeness_gap, abs=1e-13)


def test_the_gap_of_points_is_seen() -> None:
    found = integrated_gradients(MODEL, BATCH, method="riemann_right", n=3)[0]
    assert nodes_of(found).completeness_gap_rel > 1e-3
    assert nodes_of(found).error is None
    single = integrated_gradients(MODEL, BATCH, n=1)[0]
    assert nodes_of(single).error is None
    trapezoid = nodes_of(integrated_gradients(MODEL, BATCH, method="riemann_trapezoid", n=3)[0])
    assert (trapezoid.n, len(trapezoid.grid)) == (3, 4)


def test_margins() -> None:
    (found, *_) = integrated_gradients(MODEL, BATCH, kind="margin", dtype="float64")
    order = np.argsort(found.logits)
    assert found.target == found.classes[order[-1]]
    assert found.against == found.classes[order[-2]]
    named = integrated_gradients(
        MODEL, BATCH, kind="margin", target="PDR", against="Healthy", dtype="float64"
    )[0]
    nodes = nodes_of(named)
    assert nodes.value_end == pytest.approx(named.logits[2] - named.logits[0])
    assert total(nodes) == pytest.approx(nodes.value_end - nodes.value_start, rel=1e-10)


def test_a_target_for_each_graph() -> None:
    targets = ["PDR", None, "Healthy", "NPDR", "NPDR"]
    found = integrated_gradients(MODEL, BATCH, target=targets)
    assert found[0].target == "PDR"
    assert found[2].target == "Healthy"
    one = integrated_gradients(MODEL, BATCH, target="PDR")[0]
    np.testing.assert_array_equal(
        nodes_of(one).attributions["vessel"], nodes_of(found[0]).attributions["vessel"]
    )


def test_baselines() -> None:
    rng = np.random.default_rng(0)
    rows = {t: rng.normal(size=values.shape[1]) for t, values in BATCH.x.items()}
    full = {t: np.tile(row, (len(BATCH.x[t]), 1)) for t, row in rows.items()}
    zero = {t: np.zeros_like(row) for t, row in rows.items()}
    by_rows = integrated_gradients(MODEL, BATCH, baseline=rows)[0]
    given = integrated_gradients(MODEL, BATCH, baseline=full)[0]
    partly = integrated_gradients(MODEL, BATCH, baseline={"ica": zero["ica"]}, dtype="float64")[0]
    plain = integrated_gradients(MODEL, BATCH, dtype="float64")[0]
    assert (by_rows.baseline, given.baseline, plain.baseline) == ("rows", "given", "zero")
    for t in TYPES:
        a, b = (nodes_of(one).attributions[t] for one in (by_rows, given))
        np.testing.assert_array_equal(a, b)
        c, d = (nodes_of(one).attributions[t] for one in (partly, plain))
        np.testing.assert_allclose(c, d, rtol=0, atol=1e-12)
    start = staging.predict(
        MODEL, graph.GraphBatch.from_arrays(full, edges(), node_ptr=BATCH.node_ptr), dtype="float64"
    )
    assert by_rows.logits_baseline is not None
    np.testing.assert_allclose(by_rows.logits_baseline, start.logits[0], rtol=1e-4)


def edges() -> dict[str, Any]:
    return {relation: BATCH.edge_index(relation) for relation in DIRECTED}


def test_edges_come_in_the_caller_s_order_and_in_pairs() -> None:
    ends = {r: np.random.default_rng(1).permutation(e, axis=1) for r, e in edges().items()}
    batch = graph.GraphBatch.from_arrays(BATCH.x, ends, node_ptr=BATCH.node_ptr)
    reference = integrated_gradients(MODEL, BATCH, of="edges", dtype="float64")
    for g, found in enumerate(integrated_gradients(MODEL, batch, of="edges", dtype="float64")):
        part = edges_in(found)
        for r, (s, t) in DIRECTED.items():
            first = np.array([[batch.node_ptr[s][g]], [batch.node_ptr[t][g]]])
            last = np.array([[batch.node_ptr[s][g + 1]], [batch.node_ptr[t][g + 1]]])
            inside = ((ends[r] >= first) & (ends[r] < last)).all(axis=0)
            mine = (ends[r] - first)[:, inside]
            np.testing.assert_array_equal(part.edge_ends[r], mine)
            sums: dict[tuple[int, int], float] = {}
            for u, v, c in zip(*mine.tolist(), part.edge_contribution[r], strict=True):
                sums[u, v] = sums.get((u, v), 0.0) + c
            theirs: dict[tuple[int, int], float] = {}
            inside = ((BATCH.edge_index(r) >= first) & (BATCH.edge_index(r) < last)).all(axis=0)
            known = (BATCH.edge_index(r) - first)[:, inside]
            values = edges_in(reference[g]).edge_contribution[r]
            for u, v, c in zip(*known.tolist(), values, strict=True):
                theirs[u, v] = theirs.get((u, v), 0.0) + c
            assert sums.keys() == theirs.keys()
            for key, value in sums.items():
                assert value == pytest.approx(theirs[key], abs=1e-12)
        all_directed = sum(float(c.sum()) for c in part.edge_contribution.values())
        undirected = sum(float(c.sum()) for c in part.edge_contribution_undirected.values())
        assert undirected == pytest.approx(all_directed, abs=1e-12)
        for r, pairs in part.edge_pairs.items():
            assert pairs.shape == (2, len(part.edge_contribution_undirected[r]))
            assert len({*map(tuple, pairs.T.tolist())}) == pairs.shape[1]
            if r in ("vv", "ii", "ff"):
                assert (pairs[0] <= pairs[1]).all()


def test_both_directions_of_a_pair_are_added() -> None:
    empty = np.zeros((0, 3))
    x = {"vessel": np.ones((2, 5)), "ica": np.zeros((1, 4)), "faz": empty}
    both = {"vv": [[0, 1], [1, 0]], "vi": [[1], [0]], "iv": [[0], [1]]}
    batch = graph.GraphBatch.from_arrays(x, both)
    part = edges_in(integrated_gradients(MODEL, batch, of="edges", dtype="float64")[0])
    assert part.edge_pairs["vv"].tolist() == [[0], [1]]
    assert part.edge_pairs["vi"].tolist() == [[1], [0]]
    assert part.edge_contribution_undirected["vv"][0] == pytest.approx(
        part.edge_contribution["vv"].sum()
    )
    assert part.edge_contribution_undirected["vi"][0] == pytest.approx(
        part.edge_contribution["vi"][0] + part.edge_contribution["iv"][0]
    )


def test_graphs_are_standardised_by_the_names_of_their_columns() -> None:
    features = {"vessel": FeatureSet(columns=("length", "degree"), mean=(3, 3), sd=(2, 2))}
    config = ModelConfig(features=features, hidden=8)
    model = Model(config=config, weights=initial_weights(config, seed=0))
    mask = np.random.default_rng(1).random((60, 60)) < 0.6
    eye = graph.extract(mask)
    (found,) = integrated_gradients(model, [eye], of="both")
    assert nodes_of(found).attributions["vessel"].shape == (len(eye.features("vessel")), 2)
    assert len(edges_in(found).edge_contribution["vv"]) == 2 * eye.edges["vv"].shape[1]
    both = np.concatenate([eye.edges["vv"], eye.edges["vv"][::-1]], axis=1)
    np.testing.assert_array_equal(edges_in(found).edge_ends["vv"], both)


@pytest.mark.parametrize("kind", ["logit", "prob"])
def test_errors_are_honest_and_fall(kind: Any) -> None:
    fine = integrated_gradients(MODEL, BATCH, kind=kind, n=1024, dtype="float64",
                                estimate_error=False)  # fmt: skip
    for rtol in (0.05, 0.005):
        refined = integrated_gradients(MODEL, BATCH, kind=kind, rtol=rtol, dtype="float64")
        for found, true in zip(refined, fine, strict=True):
            ours, best = nodes_of(found), nodes_of(true)
            size = sum(np.abs(a).sum() for a in best.attributions.values())
            if size == 0:
                continue
            off = sum(np.abs(ours.attributions[t] - a).sum() for t, a in best.attributions.items())
            assert ours.error is not None
            assert ours.error <= rtol or ours.n == 256
            assert off / size <= max(1.5 * ours.error, 1e-9)
            assert ours.grid[0] == 0
            assert ours.grid[-1] == 1
            assert len(ours.grid) == ours.n + 1


def test_probabilities_are_refined_where_they_change() -> None:
    weights = {n: a * (8 if n.startswith("head.1") else 1) for n, a in MODEL.weights.items()}
    steep = Model(config=MODEL.config, weights=weights)
    grids = [
        nodes_of(one).grid
        for one in integrated_gradients(steep, BATCH, kind="prob", rtol=0.01, target="PDR")
    ]
    assert all(len(grid) > 24 for grid in grids)
    assert max(np.diff(grid).max() / np.diff(grid).min() for grid in grids) >= 4


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11])
def test_plans_cover_the_path(n: int, coarse: bool) -> None:
    plan = secant_plan(n, coarse=coarse)
    assert plan.chunk_ptr[-1] == len(plan.panels)
    for number in range(plan.sums):
        mine = plan.panels[plan.panel_sum == number]
        assert mine[0, 0] == 0
        assert mine[-1, 1] == 1
        np.testing.assert_array_equal(mine[1:, 0], mine[:-1, 1])
        np.testing.assert_allclose(mine[:, 2], mine[:, 1] - mine[:, 0])
        assert len(mine) == (n if number == 0 else n // 2)
    assert plan.sums == 1 + (coarse and n > 1)
    # A panel that is compared with itself would show no error.
    wide = plan.panels[plan.panel_sum == 1]
    assert (wide[:, 1] - wide[:, 0] > 1.5 / n).all()


@pytest.mark.parametrize("method", METHODS[1:])
def test_weights_of_points_sum_to_one(method: str) -> None:
    for n in (1, 2, 50):
        assert points_of(method, n).panels[:, 2].sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"of": "node"}, "of must be one of"),
        ({"kind": "logits"}, "kind must be one of"),
        ({"method": "gauss"}, "method must be one of"),
        ({"target": "NDPR"}, "target must be one of .*did you mean 'NPDR'"),
        ({"target": ["PDR"]}, "target must be a class or one for each of 5 graphs"),
        ({"against": "PDR"}, "against needs kind 'margin'"),
        ({"kind": "margin", "target": "PDR", "against": "PDR"}, "another class than 'PDR'"),
        ({"n": 0}, "n must be between 1 and 4096"),
        ({"n": 8, "rtol": 0.1}, "n and rtol must not be given both"),
        ({"rtol": 0.0}, "rtol must be finite and greater than 0"),
        ({"rtol": 0.1, "method": "riemann_left"}, "rtol needs method 'secant'"),
        ({"threads": 0}, "threads must be between 1 and 1024"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"estimate_error": 1}, "estimate_error must be True or False"),
        ({"baseline": "mean"}, "baseline must be one of"),
        ({"baseline": {"veins": [0]}}, "baseline has unknown node types veins"),
        ({"baseline": {"vessel": np.zeros(4)}}, r"baseline\['vessel'\] must"),
        ({"baseline": {"vessel": np.full(5, np.nan)}}, r"baseline\['vessel'\] must be finite"),
        ({"baseline": {"vessel": np.full(5, 1e300)}}, "a value beyond float32"),
        ({"baseline": {"vessel": ["a"] * 5}}, r"baseline\['vessel'\] must be a 1-D array"),
        ({"baseline": {"vessel": [[1.0], [1.0, 2.0]]}}, "an array of real numbers, got list"),
        ({"baseline": {"vessel": 1.0}}, "with 2 dimensions"),
    ],
    ids=str,
)
def test_other_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(GftcoreError, match=words):
        integrated_gradients(MODEL, BATCH, **options)


@pytest.mark.parametrize(
    ("graphs", "error", "words"),
    [
        (graph.extract(BAR), ArgumentTypeError, "put a single one into a list"),
        (None, ArgumentTypeError, "graphs must be a sequence of HeteroGraph"),
        (random_batch(1, SIZES, counts={"vessel": 6}), ShapeError, "5 columns of vessel.* got 6"),
    ],
    ids=["single", "None", "columns"],
)
def test_other_graphs_are_refused(graphs: Any, error: type[GftcoreError], words: str) -> None:
    with pytest.raises(error, match=words):
        integrated_gradients(MODEL, graphs)


def test_something_else_than_a_model_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="model must be a Model, got str"):
        integrated_gradients("model.safetensors", BATCH)  # type: ignore[arg-type]


def test_edges_of_graph_convolutions_are_refused() -> None:
    model = random_model(2, conv="gcn", features=feature_sets({"vessel": 5}), relations=("vv",))
    with pytest.raises(ArgumentError, match="of must be 'nodes'"):
        integrated_gradients(model, BATCH, of="edges")
    assert nodes_of(integrated_gradients(model, BATCH)[0]).completeness_gap_rel < 1e-4


def test_values_that_overflow_are_refused() -> None:
    x = {name: values.copy() for name, values in BATCH.x.items()}
    x["vessel"][70] = 1e300
    huge = graph.GraphBatch.from_arrays(x, {}, node_ptr=BATCH.node_ptr)
    with pytest.raises(ArgumentError, match="graph 2 gives logits that are not finite"):
        integrated_gradients(MODEL, huge)


def test_no_graph() -> None:
    assert integrated_gradients(MODEL, random_batch(8, [])) == ()


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, lambda x: x[:2]),
        (2, lambda rowptr: [rowptr[0] * 2, *rowptr[1:]]),
        (3, lambda col: [col[0] + 40, *col[1:]]),
        (4, lambda _: [np.zeros(3)]),
        (5, lambda r: [(7, *r[0][1:])]),
        (5, lambda r: [(0, 9, *r[0][2:])]),
        (5, lambda r: [(*r[0][:3], r[0][3] + 0.5, *r[0][4:])]),
        (5, lambda r: [(*r[0][:3], r[0][3] * np.nan, *r[0][4:])]),
        (5, lambda r: [(*r[0][:3], r[0][3][:, :2].copy(), *r[0][4:])]),
        (5, lambda r: [(*r[0][:4], r[0][4] + 1, r[0][5])]),
        (5, lambda r: [(*r[0][:4], r[0][4][:1], r[0][5])]),
        (5, lambda r: [(*r[0][:5], r[0][5] + 1)]),
        (5, lambda r: [(*r[0][:5], np.array([1, 2]))]),
        (5, lambda r: [(*r[0][:5], np.array([0, 1]))]),
        (5, lambda r: [(*r[0][:5], r[0][5][:0])]),
        (7, lambda _: "faces"),
        (8, lambda _: 0),
        (8, lambda _: -1),
        (9, lambda _: 0),
    ],
)
def test_the_core_refuses_arrays_that_do_not_fit(place: int, change: Any) -> None:
    plan = secant_plan(2, coarse=False)
    request = (0, 0, -1, plan.panels, plan.panel_sum, plan.chunk_ptr)
    arrays = engine_arrays(MODEL.config, BATCH, np.dtype(np.float64))
    given: list[Any] = [*arrays, [], [request], "logit", "nodes", 1, 1]
    core = integrator(MODEL, "float64")
    assert len(core.run(*given)) == 1
    given[place] = change(given[place])
    with pytest.raises((ShapeError, ArgumentError)):
        core.run(*given)
