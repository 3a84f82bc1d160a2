# SPDX-License-Identifier: Apache-2.0
"""Deletion and insertion: nodes one by one, and a network whose nodes simply add up."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies  # noqa: F401  (no time limits)
from gftcore import graph
from gftcore.attribution import Faithfulness, faithfulness, integrated_gradients
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.graph.batch import DIRECTED
from gftcore.metrics import top_scores
from gftcore.staging import predict
from networks import random_batch, random_model

TYPES = ("vessel", "ica", "faz")
SIZE = {"vessel": 12, "ica": 7, "faz": 1}
MODEL = random_model(1)
BATCH = random_batch(1, [SIZE])
#: Without edges, with sums and one linear layer, a logit is a sum over nodes.
SUMS = random_model(2, pool=dict.fromkeys(TYPES, ("sum",)), n_final=1)
LONELY = random_batch(3, [SIZE], without=tuple(DIRECTED))


def scores_of(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {t: rng.integers(-3, 4, n).astype(float) for t, n in SIZE.items()}


def with_x(x: dict[str, np.ndarray]) -> graph.GraphBatch:
    return dataclasses.replace(BATCH, x=x)


def value_of(batch: graph.GraphBatch, kind: str) -> float:
    said = predict(MODEL, batch)
    logits = said.logits[0].astype(float)
    return {
        "logit": logits[2],
        "margin": logits[2] - logits[0],
        "prob": float(said.probabilities[0, 2]),
    }[kind]


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), kind=st.sampled_from(["logit", "margin", "prob"]))
def test_curves_are_networks_of_changed_graphs(seed: int, kind: Any) -> None:
    scores = scores_of(seed)
    rng = np.random.default_rng(seed)
    x0 = {t: rng.normal(size=BATCH.x[t].shape[1]).astype(np.float32) for t in TYPES}
    against = "Healthy" if kind == "margin" else None
    found = faithfulness(
        MODEL, BATCH, scores, target="PDR", kind=kind, against=against, baseline=x0,
        fractions=(0, 0.1, 0.33, 1), random_orders=2, seed=seed,
    )  # fmt: skip
    total = sum(SIZE.values())
    assert (found.num_nodes, found.target, found.against) == (total, "PDR", against)
    types, place, row = top_scores(scores, total)
    for k, share in enumerate((0, 0.1, 0.33, 1)):
        count = round(share * total)
        gone = {t: np.zeros(n, dtype=bool) for t, n in SIZE.items()}
        for p, r in zip(place[:count], row[:count], strict=True):
            gone[types[p]][r] = True
        x = {t: np.asarray(BATCH.x[t], dtype=np.float32) for t in TYPES}
        less = {t: np.where(gone[t][:, None], x0[t], x[t]) for t in TYPES}
        only = {t: np.where(gone[t][:, None], x[t], x0[t]) for t in TYPES}
        assert found.deletion[k] == pytest.approx(value_of(with_x(less), kind), abs=1e-12)
        assert found.insertion[k] == pytest.approx(value_of(with_x(only), kind), abs=1e-12)
    for curve, area in (
        (found.deletion, found.deletion_area),
        (found.insertion, found.insertion_area),
        (found.random_deletion[1], found.random_deletion_area[1]),
        (found.random_insertion[0], found.random_insertion_area[0]),
    ):
        assert area == pytest.approx(np.trapezoid(curve, found.fractions))


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_where_nodes_add_up_no_order_is_better_than_contributions(seed: int) -> None:
    (explained,) = integrated_gradients(SUMS, LONELY, target="NPDR", n=1)
    assert explained.nodes is not None
    own = explained.nodes.contribution
    total = sum(SIZE.values())
    fractions = np.arange(total + 1) / total
    options: dict[str, Any] = {"target": "NPDR", "fractions": fractions, "seed": seed}
    found = faithfulness(SUMS, LONELY, own, random_orders=6, **options)
    falling = np.sort(np.concatenate(list(own.values())))[::-1]
    left = explained.nodes.value_end - np.concatenate([[0], np.cumsum(falling)])
    scale = np.abs(explained.logits).max()
    np.testing.assert_allclose(found.deletion, left, atol=1e-5 * scale)
    back = explained.nodes.value_start + np.concatenate([[0], np.cumsum(falling)])
    np.testing.assert_allclose(found.insertion, back, atol=1e-5 * scale)
    assert (found.random_deletion_area >= found.deletion_area - 1e-5 * scale).all()
    assert (found.random_insertion_area <= found.insertion_area + 1e-5 * scale).all()
    worst = faithfulness(SUMS, LONELY, {t: -a for t, a in own.items()}, random_orders=0, **options)
    assert worst.deletion_area > found.deletion_area
    assert worst.random_deletion.shape == (0, total + 1)


def test_types_that_are_left_out_stay() -> None:
    scores = {"ica": scores_of(1)["ica"]}
    found = faithfulness(MODEL, BATCH, scores, target="PDR", random_orders=0)
    x = {**BATCH.x, "ica": np.zeros_like(BATCH.x["ica"])}
    assert found.num_nodes == SIZE["ica"]
    assert found.deletion[-1] == pytest.approx(value_of(with_x(x), "logit"), abs=1e-12)
    assert found.deletion[0] == pytest.approx(value_of(BATCH, "logit"), abs=1e-12)
    assert not found.deletion.flags.writeable


def same(a: Faithfulness, b: Faithfulness) -> bool:
    names = ("deletion", "insertion", "random_deletion", "random_insertion")
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)


def test_threads_and_seeds() -> None:
    scores = scores_of(2)
    one = faithfulness(MODEL, BATCH, scores, threads=1)
    assert same(one, faithfulness(MODEL, BATCH, scores, threads=3))
    other = faithfulness(MODEL, BATCH, scores, seed=1)
    assert one.random_deletion.tobytes() != other.random_deletion.tobytes()
    assert one.target == predict(MODEL, BATCH).labels[0]
    margin = faithfulness(MODEL, BATCH, scores, kind="margin", random_orders=0)
    order = np.argsort(-predict(MODEL, BATCH).logits[0])
    assert margin.against == MODEL.config.classes[order[1]]


@pytest.mark.parametrize("against", [None, *MODEL.config.classes])
@pytest.mark.parametrize("target", [None, *MODEL.config.classes])
def test_margins_are_those_of_integrated_gradients(target: str | None, against: str | None) -> None:
    if target == against is not None:
        return
    options: dict[str, Any] = {"kind": "margin", "target": target, "against": against}
    (explained,) = integrated_gradients(MODEL, BATCH, n=1, **options)
    found = faithfulness(MODEL, BATCH, scores_of(0), random_orders=0, **options)
    assert (found.target, found.against) == (explained.target, explained.against)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model": "model"}, ArgumentTypeError),
        ({"graph": random_batch(1, [SIZE, SIZE])}, ArgumentTypeError),
        ({"graph": "graph"}, ArgumentTypeError),
        ({"scores": {}}, ArgumentError),
        ({"scores": {"vein": [1.0]}}, ArgumentError),
        ({"scores": {"ica": [1.0]}}, ShapeError),
        ({"scores": {"faz": [np.nan]}}, ArgumentError),
        ({"target": "AMD"}, ArgumentError),
        ({"against": "PDR"}, ArgumentError),
        ({"kind": "margin", "target": "PDR", "against": "PDR"}, ArgumentError),
        ({"kind": "odds"}, ArgumentError),
        ({"baseline": "black"}, ArgumentError),
        ({"fractions": (0, 0.5)}, ArgumentError),
        ({"fractions": (0, 0.5, 0.5, 1)}, ArgumentError),
        ({"fractions": 0.5}, ArgumentTypeError),
        ({"random_orders": -1}, ArgumentError),
        ({"threads": 0}, ArgumentError),
    ],
)
def test_what_is_refused(change: dict[str, Any], error: type[GftcoreError]) -> None:
    given: dict[str, Any] = {"model": MODEL, "graph": BATCH, "scores": scores_of(0), **change}
    with pytest.raises(error):
        faithfulness(given.pop("model"), given.pop("graph"), given.pop("scores"), **given)
