# SPDX-License-Identifier: Apache-2.0
"""What `predict` returns, and what it refuses."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from gftcore import _core, graph, staging
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights, standardised_batch
from gftcore.staging.inference import compiled, engine_arrays
from networks import SIZES, random_batch, random_model

MODEL = random_model(1)
BATCH = random_batch(1, SIZES)


def eye(seed: int) -> graph.HeteroGraph:
    return graph.extract(np.random.default_rng(seed).random((60, 60)) < 0.6)


def columns(*names: str) -> FeatureSet:
    return FeatureSet(columns=names, mean=(3.0,) * len(names), sd=(2.0,) * len(names))


def model_of(**features: FeatureSet) -> Model:
    config = ModelConfig(features=features, hidden=8)
    return Model(config=config, weights=initial_weights(config, seed=0))


def test_probabilities_and_labels_follow_the_logits() -> None:
    found = staging.predict(MODEL, BATCH, dtype="float64")
    powers = np.exp(found.logits)
    np.testing.assert_allclose(found.probabilities, powers / powers.sum(axis=1, keepdims=True))
    assert found.labels == tuple(found.classes[i] for i in found.logits.argmax(axis=1))
    assert found.embeddings is None
    for array in (found.logits, found.probabilities):
        assert not array.flags.writeable


def test_huge_logits_give_probabilities() -> None:
    weights = {name: array * 1e4 for name, array in MODEL.weights.items()}
    found = staging.predict(Model(config=MODEL.config, weights=weights), BATCH, dtype="float64")
    assert np.isfinite(found.probabilities).all()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


def test_graphs_are_standardised_by_the_names_of_their_columns() -> None:
    model = model_of(vessel=columns("length", "degree"), ica=columns("area"))
    graphs = [eye(1), eye(2)]
    direct = staging.predict(model, graphs)
    batch = standardised_batch(model.config, graphs)
    assert direct.logits.tobytes() == staging.predict(model, batch).logits.tobytes()
    assert direct.logits.tobytes() == staging.predict(model, iter(graphs)).logits.tobytes()


def test_the_order_of_columns_is_the_model_s() -> None:
    one = model_of(vessel=columns("length", "degree"))
    swapped_weights = dict(one.weights)
    swapped_weights["pre.vessel.0.weight"] = one.weights["pre.vessel.0.weight"][:, ::-1]
    config = one.config.replace(features={"vessel": columns("degree", "length")})
    other = Model(config=config, weights=swapped_weights)
    results = [staging.predict(model, [eye(3)], dtype="float64").logits for model in (one, other)]
    np.testing.assert_allclose(*results, rtol=1e-12)


def test_a_missing_column_is_named() -> None:
    model = model_of(vessel=columns("length", "lengths"))
    with pytest.raises(ArgumentError, match=r"vessel columns .* lacks: lengths; it has 'length'"):
        staging.predict(model, [eye(1)])


@pytest.mark.parametrize(
    ("graphs", "error", "words"),
    [
        (eye(1), ArgumentTypeError, "put a single one into a list"),
        (None, ArgumentTypeError, "graphs must be a sequence of HeteroGraph, got NoneType"),
        ([], ArgumentError, "graphs must hold at least one graph"),
        ([1], ArgumentTypeError, "graph must be a HeteroGraph, got int"),
        (random_batch(1, SIZES, counts={"vessel": 6}), ShapeError, "5 columns of vessel.* got 6"),
    ],
    ids=["single", "None", "empty", "number", "columns"],
)
def test_other_graphs_are_refused(graphs: Any, error: type[GftcoreError], words: str) -> None:
    with pytest.raises(error, match=words):
        staging.predict(MODEL, graphs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threads": 0}, "threads must be between 1 and 1024"),
        ({"threads": 1.0}, "threads must be an integer"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"embeddings": 1}, "embeddings must be True or False"),
    ],
    ids=str,
)
def test_other_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(GftcoreError, match=words):
        staging.predict(MODEL, BATCH, **options)


def test_values_that_overflow_are_refused() -> None:
    batch = random_batch(1, SIZES)
    x = {name: values.copy() for name, values in batch.x.items()}
    x["vessel"][70] = 1e300
    huge = graph.GraphBatch.from_arrays(x, {}, node_ptr=batch.node_ptr)
    with pytest.raises(ArgumentError, match="graph 2 gives logits that are not finite"):
        staging.predict(MODEL, huge)


def test_something_else_than_a_model_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="model must be a Model, got str"):
        staging.predict("model.safetensors", BATCH)  # type: ignore[arg-type]


def test_a_model_is_compiled_once_and_let_go() -> None:
    model = random_model(2)
    assert compiled(model) is compiled(model)
    assert compiled(model) is not compiled(model, dtype="float64")


def test_many_threads_predict_at_once() -> None:
    expected = staging.predict(MODEL, BATCH, threads=1).logits
    found: list[Any] = [None] * 8

    def run(i: int) -> None:
        found[i] = staging.predict(MODEL, BATCH, threads=2).logits

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one.tobytes() == expected.tobytes() for one in found)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, lambda x: x[:2]),
        (0, lambda x: [x[0][:-1], *x[1:]]),
        (1, lambda ptr: [ptr[0][:-1], *ptr[1:]]),
        (1, lambda ptr: [np.zeros(0, dtype=np.int64), *ptr[1:]]),
        (2, lambda rowptr: rowptr[1:]),
        (2, lambda rowptr: [rowptr[0] * 2, *rowptr[1:]]),
        (3, lambda col: [col[0] + 40, *col[1:]]),
        (3, lambda col: [-col[0], *col[1:]]),
        (3, lambda col: [col[0][:-1], *col[1:]]),
    ],
)
def test_the_core_refuses_arrays_that_do_not_fit(place: int, change: Any) -> None:
    arrays = list(engine_arrays(MODEL.config, BATCH, np.dtype(np.float64)))
    arrays[place] = change(arrays[place])
    with pytest.raises((ShapeError, ArgumentError)):
        compiled(MODEL, dtype="float64").run(*arrays, 1)


def test_the_core_refuses_weights_and_options_that_do_not_fit() -> None:
    options = staging.inference.engine_options(MODEL.config)
    weights = {name: np.asarray(array) for name, array in MODEL.weights.items()}
    for changed in ({"act": "tanh"}, {"hidden": 0}, {"relations": [(0, 3)]}, {"types": []}):
        with pytest.raises(ArgumentError):
            _core.Engine({**options, **changed}, weights, "float64", False)
    with pytest.raises(ArgumentError, match=r"weight head\.0\.bias is missing"):
        _core.Engine(
            options, {k: v for k, v in weights.items() if k != "head.0.bias"}, "float64", False
        )
    with pytest.raises(ArgumentError, match="dtype must be"):
        _core.Engine(options, weights, "float16", True)
