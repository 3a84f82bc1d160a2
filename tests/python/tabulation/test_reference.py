# SPDX-License-Identifier: Apache-2.0
"""Reference ranges: quantiles against brute force, weights of eyes, the record of a network.

Exactness: quantiles are values of the data, rounded to six digits.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError
from gftcore.graph.columns import column_info
from gftcore.model import Model
from gftcore.tabulation import (
    BANDS,
    LEVELS,
    ReferenceInfo,
    ReferenceRanges,
    graph_numbers,
    reference_of,
    reference_ranges,
)
from gftcore.tabulation.reference import _five
from tabled import NETWORK, eye_graph, full_table, measured, ranges, table_of, without_faz


def brute_force(each: list[list[float]], level: float) -> float:
    """Least value up to which nodes weigh at least `level`, an eye weighing one together."""
    filled = [values for values in each if values]
    for value in sorted({v for values in filled for v in values}):
        below = [sum(v <= value for v in values) / len(values) for values in filled]
        if sum(below) / len(filled) >= level - 1e-9:
            return value
    raise AssertionError


@given(
    st.lists(st.lists(st.integers(-50, 50).map(float), max_size=30), min_size=1, max_size=6).filter(
        any
    )
)
def test_quantiles_against_brute_force(each: list[list[float]]) -> None:
    found = _five([np.array(values) for values in each])
    assert found == tuple(brute_force(each, level) for level in LEVELS)
    assert list(found) == sorted(found)


def test_every_eye_weighs_the_same() -> None:
    crowded, sparse = np.full(1000, 1.0), np.full(10, 2.0)
    assert _five([crowded, sparse, sparse]) == (1.0, 1.0, 2.0, 2.0, 2.0)
    # Nodes that weigh the same each would hide the sparse eyes up to 98 %.
    assert np.quantile(np.concatenate([crowded, sparse, sparse]), 0.975) == 1.0
    assert _five([np.array([]), sparse]) == (2.0,) * 5
    assert _five([np.array([])]) is None


def test_ranges_of_drawn_eyes() -> None:
    graphs = [eye_graph(seed) for seed in (0, 2, 3)]
    found = ranges()
    assert found.info == ReferenceInfo(eyes=3, label="Healthy", data="synthetic")
    for name, columns in (("vessel", graphs[0].vessel_columns), ("ica", graphs[0].ica_columns),
                          ("faz", graphs[0].ica_columns)):  # fmt: skip
        kinds = {column: column_info(name, column).unit for column in columns}
        assert set(found.nodes[name]) == {c for c, kind in kinds.items() if kind != "position"}
        for column, five in found.nodes[name].items():
            power = {"length": 1, "area": 2}.get(kinds[column], 0)
            each = [
                [v * g.meta.mm_per_px**power for v in g.features(name)[:, columns.index(column)]
                 if math.isfinite(v)]
                for g in graphs
            ]  # fmt: skip
            wanted = [brute_force(each, level) for level in LEVELS]
            assert five == pytest.approx(wanted, rel=1e-5), column
    numbers = [{**measured(g).to_dict(), **graph_numbers(g)} for g in graphs]
    for name, five in found.image.items():
        values = [[one[name]] for one in numbers if math.isfinite(one[name])]
        assert five == pytest.approx([brute_force(values, level) for level in LEVELS], rel=1e-5)
    without = {name for name in numbers[0] if all(math.isnan(one[name]) for one in numbers)}
    without |= {name for name in numbers[0] if name.endswith(("_coverage", "_error"))}
    assert "box_dimension_error" in without
    assert set(found.image) == set(numbers[0]) - without


def test_where_a_value_lies() -> None:
    eyes = ReferenceInfo(eyes=9, label="Healthy", data="synthetic")
    one = ReferenceRanges(
        info=eyes, nodes={"ica": {"area": (1, 2, 3, 4, 5)}}, image={"x": (1,) * 5}
    )
    wanted = {0.99: "below", 1: "lower", 1.9: "lower", 2: "middle", 4: "middle", 4.1: "upper",
              5: "upper", 5.01: "above"}  # fmt: skip
    for value, band in wanted.items():
        cell = one.of_node("ica", "area", value)
        assert cell is not None
        assert (cell.low, cell.high, cell.band) == (1, 5, band)
    assert set(wanted.values()) == set(BANDS)
    for missing in (None, math.nan):
        cell = one.of_node("ica", "area", missing)
        assert cell is not None
        assert cell.band is None
    # Where most eyes have one number, it is in the middle; rounding does not move it out.
    cell = one.of_image("x", 1 + 1e-9)
    assert cell is not None
    assert cell.band == "middle"
    assert one.of_node("vessel", "length", 1) is None
    assert one.of_image("y", 1) is None


def test_a_table_says_where_its_values_lie() -> None:
    table, reference = full_table(), ranges()
    seen = set()
    for node in table.nodes:
        for cell in node.features:
            five = reference.nodes[node.type][cell.name]
            assert cell.reference is not None
            assert cell.reference.low == pytest.approx(five[0], abs=1e-6)
            assert cell.reference.high == pytest.approx(five[4], abs=1e-6)
            if cell.value is not None and cell.value > five[4] + 1e-5:
                assert cell.reference.band == "above"
            seen.add(cell.reference.band)
    assert len(seen) > 2
    assert {cell.reference for node in table_of().nodes for cell in node.features} == {None}


def test_the_record_of_a_network(tmp_path: Path) -> None:
    assert reference_of(NETWORK.config) is None
    record = {**NETWORK.config.training, "reference": ranges().to_dict()}
    config = NETWORK.config.replace(training=record)
    dataclasses.replace(NETWORK, config=config).save(tmp_path / "net")
    stored = Model.load(tmp_path / "net").config
    assert reference_of(stored) == ranges()
    assert json.loads(json.dumps(ranges().to_dict())) == stored.training["reference"]


def test_eyes_without_a_faz_or_biomarkers() -> None:
    graphs = [without_faz(eye_graph(0)), eye_graph(2)]
    found = reference_ranges([(graph, None) for graph in graphs])
    assert (found.info.eyes, found.info.data) == (2, "unknown")
    assert found.nodes["faz"]["area"][0] == found.nodes["faz"]["area"][4]
    assert "vessel_density" not in found.image
    assert reference_ranges([(graphs[0], None)]).nodes["faz"] == {}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"levels": [0.5]}, ArgumentError, r"reference levels must be \[0.025"),
        ({"eyes": 0}, ArgumentError, "reference eyes must be between 1"),
        ({"label": None}, ArgumentTypeError, "reference label must be text"),
        ({"nodes": []}, ArgumentTypeError, "reference nodes must be an object"),
        ({"nodes": {"ica": {"area": [1, 2]}}}, ArgumentTypeError, "nodes ica area must be 5"),
        ({"image": {"x": [1, 2, 3, 4, 3]}}, ArgumentError, "image x must rise"),
        ({"image": {"x": [1, 2, 3, 4, "5"]}}, ArgumentTypeError, "must be a real number"),
    ],
)
def test_refused_records(change: Any, error: type[GftcoreError], words: str) -> None:
    good = ranges().to_dict()
    with pytest.raises(error, match=words):
        ReferenceRanges.from_dict({**good, **change})
    with pytest.raises(ArgumentError, match="reference lacks eyes"):
        ReferenceRanges.from_dict({k: v for k, v in good.items() if k != "eyes"})
    with pytest.raises(ArgumentTypeError, match="reference must be an object"):
        reference_of(NETWORK.config.replace(training={"reference": 7}))


def test_refused_eyes() -> None:
    with pytest.raises(ArgumentError, match="at least one eye"):
        reference_ranges([])
    with pytest.raises(ArgumentTypeError, match="eyes must hold pairs"):
        reference_ranges([eye_graph()])  # type: ignore[list-item]
    bare = dataclasses.replace(
        eye_graph(0), vessel_x=eye_graph(0).vessel_x[:, :-1],
        vessel_columns=eye_graph(0).vessel_columns[:-1],
    )  # fmt: skip
    with pytest.raises(ArgumentError, match="same feature columns"):
        reference_ranges([(bare, None), (eye_graph(2), None)])
