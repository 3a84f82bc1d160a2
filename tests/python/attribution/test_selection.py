# SPDX-License-Identifier: Apache-2.0
"""What is selected: against sorting by hand, with ties; numbers of each type; parts of the whole.

Exactness: contributions are small integers, so that sums are exact.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies  # noqa: F401 - registers the profile without deadline
from drawn_eyes import drawn_image, untrained
from gftcore import attribution, graph
from gftcore.attribution import Attribution, Selection, integrated_gradients, select
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS
from gftcore.model import standardised_batch
from gftcore.model.standardisation import standardise

MODEL = untrained(grey=True)
GRAPH = graph.extract_image(drawn_image(1))
(FOUND,) = integrated_gradients(MODEL, [GRAPH], of="both")
TYPES, PAIRS = NODE_TYPES, tuple(RELATIONS)
#: Small numbers tie; large ones make the small ones drop below 0.05 %.
VALUES = st.lists(st.sampled_from([-2, -1, 0, 1, 2, 3, 3, 700, 9000]), min_size=0, max_size=60)


def with_values(values: Mapping[str, Sequence[float]], of: str, by: str) -> Attribution:
    """The attribution with other contributions (or magnitudes) of the first nodes or edges."""
    part = getattr(FOUND, of)
    name = by if of == "nodes" else f"edge_{by}_undirected"
    arrays = {}
    for key, old in getattr(part, name).items():
        first = np.array(values.get(key, ()), dtype=float)[: len(old)]
        arrays[key] = np.concatenate([first, np.zeros(len(old) - len(first))])
    return dataclasses.replace(FOUND, **{of: dataclasses.replace(part, **{name: arrays})})


def ranked(found: Attribution, of: str, by: str) -> list[tuple[float, str, int]]:
    """All that is positive, by hand: largest first, then by type, then by number."""
    part = getattr(found, of)
    arrays = getattr(part, by if of == "nodes" else f"edge_{by}_undirected")
    order = TYPES if of == "nodes" else PAIRS
    rows = [(float(v), t, i) for t in arrays for i, v in enumerate(arrays[t]) if v > 0]
    return sorted(rows, key=lambda row: (-row[0], order.index(row[1]), row[2]))


def chosen(selection: Selection, of: str) -> list[tuple[str, int]]:
    if of == "nodes":
        return [(one.node_type, one.id) for one in selection.nodes]
    return [(one.relation, one.id) for one in selection.edges]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Attribution, str, str]:
    of = draw(st.sampled_from(["nodes", "edges"]))
    by = draw(st.sampled_from(["contribution", "magnitude"]))
    values = {t: draw(VALUES) for t in (TYPES if of == "nodes" else PAIRS)}
    if by == "magnitude":
        values = {t: [abs(v) for v in each] for t, each in values.items()}
    return with_values(values, of, by), of, by


@given(cases(), st.integers(0, 90))
def test_the_largest_of_all_types(case: tuple[Attribution, str, str], count: int) -> None:
    found, of, by = case
    wanted = ranked(found, of, by)
    selection = select(found, GRAPH, MODEL, by=by, **{of: count})  # type: ignore[arg-type]
    assert chosen(selection, of) == [(t, i) for _, t, i in wanted[:count]]
    picked = getattr(selection, of)
    total = sum(v for v, *_ in wanted)
    assert [one.rank for one in picked] == list(range(1, len(picked) + 1))
    assert [one.share for one in picked] == [v / total for v, *_ in wanted[:count]]
    assert [getattr(one, by) for one in picked] == [v for v, *_ in wanted[:count]]
    share = selection.node_share if of == "nodes" else selection.edge_share
    assert share == pytest.approx(sum(v for v, *_ in wanted[:count]) / max(total, 1))
    # The same again: nothing depends on the order of a set or dict.
    assert select(found, GRAPH, MODEL, by=by, **{of: count}) == selection  # type: ignore[arg-type]


@given(cases(), st.dictionaries(st.sampled_from([*TYPES, *PAIRS]), st.integers(0, 20)))
def test_so_many_of_each_type(case: tuple[Attribution, str, str], counts: dict[str, int]) -> None:
    found, of, by = case
    counts = {t: k for t, k in counts.items() if (t in TYPES) == (of == "nodes")}
    selection = select(found, GRAPH, MODEL, by=by, **{of: counts})  # type: ignore[arg-type]
    all_ranked = [(t, i) for _, t, i in ranked(found, of, by)]
    kept = {t: [row for row in all_ranked if row[0] == t][:k] for t, k in counts.items()}
    assert chosen(selection, of) == [row for row in all_ranked if row in kept.get(row[0], [])]


@given(cases(), st.integers(1, 100))
def test_as_few_as_make_up_a_part(case: tuple[Attribution, str, str], percent: int) -> None:
    found, of, by = case
    mass = percent / 100
    selection = select(found, GRAPH, MODEL, by=by, mass=mass)  # type: ignore[arg-type]
    wanted = ranked(found, of, by)
    total = sum(v for v, *_ in wanted)
    left = [row for row in wanted if row[0] >= 5e-4 * total]
    picked = chosen(selection, of)
    assert picked == [(t, i) for _, t, i in left[: len(picked)]]
    if not left:
        assert picked == []
        return
    goal = mass * sum(v for v, *_ in left)
    sums = np.cumsum([v for v, *_ in left])
    assert sums[len(picked) - 1] >= goal
    assert len(picked) == 1 or sums[len(picked) - 2] < goal


def test_small_shares_are_dropped_first() -> None:
    found = with_values({"vessel": [9000, 9000, *[1] * 50]}, "nodes", "contribution")
    assert len(select(found, GRAPH, MODEL, mass=1.0).nodes) == 2
    assert len(select(found, GRAPH, MODEL, nodes=40).nodes) == 40


def test_a_part_that_is_met_exactly_is_enough() -> None:
    found = with_values({"vessel": [1, 1], "ica": [1, 1]}, "nodes", "contribution")
    for mass, number in ((0.25, 1), (0.5, 2), (0.51, 3), (1.0, 4)):
        assert len(select(found, GRAPH, MODEL, mass=mass).nodes) == number


def test_nothing_positive_gives_nothing() -> None:
    found = with_values({"vessel": [-1, -2]}, "nodes", "contribution")
    for options in ({}, {"mass": 0.9}, {"nodes": {"vessel": 3}}):
        selection = select(found, GRAPH, MODEL, **options)  # type: ignore[arg-type]
        assert (selection.nodes, selection.node_share) == ((), 0.0)


def test_the_default_is_twenty_of_each() -> None:
    selection = select(FOUND, GRAPH, MODEL)
    assert (len(selection.nodes), len(selection.edges)) == (20, 20)
    assert (selection.by, selection.mass) == ("contribution", None)
    only = integrated_gradients(MODEL, [GRAPH], of="nodes")[0]
    assert select(only, GRAPH, MODEL).edges == ()
    assert select(only, GRAPH, MODEL).nodes == selection.nodes


def test_a_node_tells_its_features_and_its_place() -> None:
    assert FOUND.nodes is not None
    inputs = standardise(MODEL.config, GRAPH)
    selection = select(FOUND, GRAPH, MODEL, nodes={"vessel": 3, "ica": 3, "faz": 1}, features=1)
    assert {one.node_type for one in selection.nodes} == {"vessel", "ica", "faz"}
    for one in selection.nodes:
        t, i = one.node_type, one.id
        each = FOUND.nodes.attributions[t][i]
        columns = MODEL.config.features[t].columns
        assert one.contribution == FOUND.nodes.contribution[t][i]
        assert one.magnitude == FOUND.nodes.magnitude[t][i]
        assert [one.row, one.col] == GRAPH.positions(t)[i].tolist()
        (feature,) = one.features
        place = int(np.abs(each).argmax())
        assert feature.name == columns[place]
        assert feature.contribution == each[place]
        assert feature.standardised == inputs[t][i, place]
        names = GRAPH.vessel_columns if t == "vessel" else GRAPH.ica_columns
        assert feature.value == GRAPH.features(t)[i, names.index(feature.name)]
    every = select(FOUND, GRAPH, MODEL, features=9).nodes[0]
    sizes = [abs(feature.contribution) for feature in every.features]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == len(MODEL.config.features[every.node_type].columns)
    assert sum(f.contribution for f in every.features) == pytest.approx(every.contribution)


def test_an_edge_tells_its_ends_and_its_place() -> None:
    edges = FOUND.edges
    assert edges is not None
    for one in select(FOUND, GRAPH, MODEL, edges={"vv": 2, "vi": 2, "if": 2}).edges:
        first, second = RELATIONS[one.relation]
        assert one.ends == tuple(edges.edge_pairs[one.relation][:, one.id])
        ends = GRAPH.positions(first)[one.ends[0]], GRAPH.positions(second)[one.ends[1]]
        assert [one.row, one.col] == ((ends[0] + ends[1]) / 2).tolist()
        assert one.contribution == edges.edge_contribution_undirected[one.relation][one.id]
        assert one.magnitude >= abs(one.contribution)


def test_magnitudes_of_edges_are_sums_over_layers_and_directions() -> None:
    edges = FOUND.edges
    assert edges is not None
    batch = standardised_batch(MODEL.config, [GRAPH])
    for both in (("vv",), ("vi", "iv"), ("if", "fi")):
        by_pair: dict[tuple[int, int], float] = {}
        for relation in both:
            ends = batch.edge_index(relation)
            sizes = np.abs(edges.edge_contribution_by_layer[relation]).sum(axis=0)
            for (u, v), size in zip(ends.T.tolist(), sizes.tolist(), strict=True):
                pair = (min(u, v), max(u, v)) if len(both) == 1 else (u, v)
                pair = pair if relation == both[0] else (v, u)
                by_pair[pair] = by_pair.get(pair, 0.0) + size
        pairs = [tuple(pair) for pair in edges.edge_pairs[both[0]].T.tolist()]
        wanted = [by_pair[pair] for pair in pairs]
        np.testing.assert_allclose(edges.edge_magnitude_undirected[both[0]], wanted, rtol=1e-12)


def test_missing_values_are_told() -> None:
    """The curveness of a loop does not exist; the network read 0."""
    from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights

    features = {"vessel": FeatureSet(columns=("curveness", "length"), mean=(1, 5), sd=(1, 3))}
    config = ModelConfig(features=features, hidden=8)
    network = Model(config=config, weights=initial_weights(config, seed=0))
    ring = np.zeros((40, 40), dtype=bool)
    ring[10:30, 10:30] = True
    ring[13:27, 13:27] = False
    made = graph.extract(ring)
    (found,) = integrated_gradients(network, [made])
    (one,) = select(found, made, network, by="magnitude").nodes
    curveness = next(f for f in one.features if f.name == "curveness")
    assert np.isnan(curveness.value)
    assert (curveness.standardised, curveness.contribution) == (0, 0)


def test_what_does_not_fit_is_refused() -> None:
    other_graph = graph.extract_image(drawn_image(2))
    calls: list[tuple[str, dict[str, Any]]] = [
        ("mass must not be given together", {"mass": 0.5, "nodes": 3}),
        ("mass must not be given together", {"mass": 0.5, "edges": 0}),
        ("mass must be at most 1", {"mass": 1.5}),
        ("mass must be finite and greater than 0", {"mass": 0}),
        ("nodes must be between", {"nodes": -1}),
        ("edges must be an integer", {"edges": 2.0}),
        ("nodes must be one of 'vessel', 'ica', 'faz'", {"nodes": {"vv": 3}}),
        ("edges must be one of 'vv'", {"edges": {"iv": 3}}),
        ("edges\\['vi'\\] must be between", {"edges": {"vi": -2}}),
        ("by must be one of", {"by": "size"}),
        ("features must be between", {"features": -1}),
        ("graph must be the one that was explained", {"graph": other_graph}),
        ("graph must be of HeteroGraph", {"graph": 3}),
        ("model must be the network that was explained", {"model": untrained()}),
        ("found must be of Attribution", {"found": FOUND.nodes}),
    ]
    for words, options in calls:
        arguments = {"found": FOUND, "graph": GRAPH, "model": MODEL, **options}
        first = [arguments.pop(name) for name in ("found", "graph", "model")]
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            select(*first, **arguments)
    only = integrated_gradients(MODEL, [GRAPH], of="edges")[0]
    smaller = graph.extract_image(drawn_image(0))
    with pytest.raises(ArgumentError, match="fewer nodes of vessel"):
        attribution.select(only, smaller, MODEL)
