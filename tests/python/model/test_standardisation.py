# SPDX-License-Identifier: Apache-2.0
"""Standardised features: by name, in float64, and 0 where a value does not exist."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.model import FeatureSet, ModelConfig, standardise, standardised_batch

GRAPH = graph.extract(np.random.default_rng(1).random((50, 60)) < 0.6)


def config_of(**features: FeatureSet) -> ModelConfig:
    return ModelConfig(features=features)


def with_values(column: str, values: list[float]) -> graph.HeteroGraph:
    table = GRAPH.vessel_x.copy()
    table[: len(values), GRAPH.vessel_columns.index(column)] = values
    return dataclasses.replace(GRAPH, vessel_x=table)


def test_columns_are_picked_by_name_and_standardised() -> None:
    features = FeatureSet(columns=("degree", "length"), mean=(4, 20), sd=(2, 5))
    out = standardise(config_of(vessel=features), GRAPH)["vessel"]
    assert out.dtype == np.float32
    expected = np.stack([(GRAPH.vessel("degree") - 4) / 2, (GRAPH.vessel("length") - 20) / 5])
    np.testing.assert_allclose(out, expected.T, rtol=1e-6)
    exact = standardise(config_of(vessel=features), GRAPH, dtype="float64")["vessel"]
    assert (exact == expected.T).all()


def test_what_is_not_finite_becomes_the_mean_node_not_a_raw_zero() -> None:
    features = FeatureSet(columns=("length",), mean=(1000.0,), sd=(1.0,))
    made = with_values("length", [np.nan, np.inf, -np.inf, 1001.0, 0.0, 1e300])
    out = standardise(config_of(vessel=features), made)["vessel"][:, 0]
    assert out[:6].tolist() == [0, 0, 0, 1, -1000, 0]
    exact = standardise(config_of(vessel=features), made, dtype="float64")["vessel"][:, 0]
    assert exact[5] == 1e300


def test_logarithm_comes_first() -> None:
    features = FeatureSet(columns=("length",), mean=(1.0,), sd=(2.0,), log1p=("length",))
    made = with_values("length", [np.e - 1, 0.0, -2.0])
    out = standardise(config_of(vessel=features), made, dtype="float64")["vessel"][:3, 0]
    np.testing.assert_allclose(out, [0, -0.5, 0], atol=1e-15)


def test_a_batch_joins_graphs_whose_columns_stand_in_other_orders() -> None:
    features = {
        "vessel": FeatureSet(columns=("length",), mean=(1.0,), sd=(2.0,)),
        "faz": FeatureSet(columns=("area",), mean=(1.0,), sd=(2.0,)),
    }
    order = np.random.default_rng(2).permutation(len(GRAPH.vessel_columns))
    turned = dataclasses.replace(
        GRAPH,
        vessel_x=GRAPH.vessel_x[:, order],
        vessel_columns=tuple(GRAPH.vessel_columns[i] for i in order),
    )
    batch = standardised_batch(config_of(**features), [GRAPH, turned])
    half = len(GRAPH.vessel_x)
    assert (batch.x["vessel"][:half] == batch.x["vessel"][half:]).all()
    assert batch.x["ica"].shape == (2 * GRAPH.num_icas, 0)
    assert batch.node_ptr["ica"].tolist() == [0, GRAPH.num_icas, 2 * GRAPH.num_icas]
    plain = graph.collate([GRAPH, GRAPH])
    for relation in plain.col:
        assert (plain.col[relation] == batch.col[relation]).all()


def test_refusals() -> None:
    features = FeatureSet(columns=("area", "perimeters"), mean=(0, 0), sd=(1, 1))
    with pytest.raises(ArgumentError, match=r"ica columns .* perimeters; it has 'perimeter'"):
        standardise(config_of(ica=features), GRAPH)
    config = config_of(vessel=FeatureSet(columns=("length",), mean=(0,), sd=(1,)))
    with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph"):
        standardise(config, "graph")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="at least one graph"):
        standardised_batch(config, [])
    with pytest.raises(ArgumentError, match="dtype must be one of"):
        standardise(config, GRAPH, dtype="float16")  # type: ignore[arg-type]
