# SPDX-License-Identifier: Apache-2.0
"""Weights drawn anew from the head on, and what becomes of contributions."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore.attribution import integrated_gradients, randomised_models, weight_randomisation
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.metrics import rank_correlation
from gftcore.model import Model, initial_weights
from networks import SIZES, random_batch, random_model

MODEL = random_model(1, rel_aggr="cat")
BATCH = random_batch(1, SIZES)
LAYERS = (
    *("head.1", "head.0", "post.1", "post.0", "conv.2", "conv.1", "conv.0", "pre.1", "pre.0"),
)


def layer_of(name: str) -> str:
    stage, *rest = name.split(".")
    return f"{stage}.{rest[0] if stage in ('head', 'conv') else rest[1]}"


def test_layers_go_one_by_one_from_the_head_on() -> None:
    drawn = initial_weights(MODEL.config, seed=5)
    seen = []
    for layer, other in randomised_models(MODEL, seed=5):
        seen.append(layer)
        for name, weight in other.weights.items():
            source = drawn if layer_of(name) in seen else MODEL.weights
            np.testing.assert_array_equal(weight, source[name])
    assert tuple(seen) == LAYERS
    assert {layer_of(name) for name in MODEL.weights} == set(LAYERS)


def test_weights_that_stay_leave_contributions_alone() -> None:
    """Negative control: weights that are drawn by the same seed again."""
    same = Model(config=MODEL.config, weights=initial_weights(MODEL.config, seed=5))
    found = weight_randomisation(same, BATCH, seed=5, n=4)
    assert found.layers == LAYERS
    for table in (found.contribution, found.magnitude):
        for t in ("vessel", "ica"):
            known = table[t][~np.isnan(table[t])]
            assert known.size
            np.testing.assert_allclose(known, 1)


def test_correlations_are_those_of_the_same_target() -> None:
    found = weight_randomisation(MODEL, BATCH, seed=2, n=4, kind="margin")
    before = integrated_gradients(MODEL, BATCH, n=4, kind="margin")
    assert found.targets == tuple(one.target for one in before)
    *_, (name, last) = randomised_models(MODEL, seed=2)
    assert name == found.layers[-1]
    after = integrated_gradients(
        last,
        BATCH,
        n=4,
        kind="margin",
        target=found.targets,
        against=[one.against for one in before],
    )
    for g, (a, b) in enumerate(zip(before, after, strict=True)):
        assert a.nodes is not None
        assert b.nodes is not None
        for t in ("vessel", "ica", "faz"):
            for what in ("contribution", "magnitude"):
                expected = rank_correlation(getattr(a.nodes, what)[t], getattr(b.nodes, what)[t])
                np.testing.assert_equal(getattr(found, what)[t][-1, g], expected)
    assert np.nanmin(found.contribution["vessel"][-1]) < 0.9


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="model must be a Model, got str"):
        randomised_models("model", seed=0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="model must be a Model, got str"):
        weight_randomisation("model", BATCH)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="of must be left out"):
        weight_randomisation(MODEL, BATCH, of="both")
    with pytest.raises(ArgumentError, match="seed"):
        weight_randomisation(MODEL, BATCH, seed=-1)
