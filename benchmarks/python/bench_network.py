# SPDX-License-Identifier: Apache-2.0
"""Times of inference. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore import staging
from gftcore.graph import GraphBatch
from gftcore.model import Model
from nn_cases import eye_batch, networks

NETWORKS = networks()


@pytest.fixture(scope="module")
def batch() -> GraphBatch:
    return eye_batch(4)


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> Model:
    return NETWORKS[request.param]


def like_the_check(found: Any, model: Model, batch: GraphBatch) -> None:
    exact = staging.predict(model, batch, dtype="float64").logits
    np.testing.assert_allclose(found.logits, exact, rtol=0, atol=1e-5 * np.abs(exact).max())


def bench_predict(benchmark: Any, batch: GraphBatch, model: Model) -> None:
    like_the_check(benchmark(staging.predict, model, batch, threads=1), model, batch)


def bench_predict_one_graph(benchmark: Any, model: Model) -> None:
    one = eye_batch(1)
    like_the_check(benchmark(staging.predict, model, one, threads=1), model, one)


def bench_compile(benchmark: Any, model: Model, batch: GraphBatch) -> None:
    """Folding, beside the first run on a batch."""

    def first_prediction() -> Any:
        fresh = Model(config=model.config, weights=model.weights)
        return staging.predict(fresh, batch, threads=1)

    like_the_check(benchmark(first_prediction), model, batch)
