# SPDX-License-Identifier: Apache-2.0
"""The compiled engine against PyTorch Geometric with the same weights.

Exactness: 1e-12 of the logits' scale in check mode, 1e-5 in float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")

from gftcore import staging  # noqa: E402
from networks import SIZES, feature_sets, random_batch, random_model  # noqa: E402
from peers.pyg import hetero_data, pyg_logits, pyg_network  # noqa: E402

BATCH = random_batch(1, SIZES)
DATA = hetero_data(BATCH)


def assert_equal(model: Any, batch: Any = BATCH, data: Any = DATA) -> None:
    theirs = pyg_logits(pyg_network(model), data)
    scale = np.abs(theirs).max()
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        ours = staging.predict(model, batch, dtype=dtype).logits
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=limit * scale)


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
@pytest.mark.parametrize("rel_aggr", ["sum", "mean", "cat"])
@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_every_combination_of_options(
    act: Any, rel_aggr: Any, pool: str, norm: str, linear_ends: bool
) -> None:
    types = ("vessel", "ica", "faz")
    model = random_model(
        2,
        act=act,
        rel_aggr=rel_aggr,
        pool=dict.fromkeys(types, (pool,)),
        norm=dict.fromkeys(types, norm),
        linear_ends=linear_ends,
        n_layers=2,
    )
    assert_equal(model)


@pytest.mark.filterwarnings("ignore:There exist node types")
@pytest.mark.parametrize(
    "options",
    [
        {"n_pre": 0},
        {"n_pre": 1, "n_layers": 1, "n_post": 1, "linear_ends": True},
        {"n_post": 0, "n_final": 1, "hidden": 17},
        {"relations": ("vv", "iv", "fi")},
        {"conv": "gcn", "features": feature_sets({"vessel": 5}), "relations": ("vv",)},
    ],
    ids=str,
)
def test_shapes_of_networks(options: dict[str, Any]) -> None:
    assert_equal(random_model(3, **options))


def test_empty_relations_and_types_without_nodes() -> None:
    batch = random_batch(4, SIZES, without=("vi", "ff", "vv"))
    assert_equal(random_model(4, linear_ends=True), batch, hetero_data(batch))
    batch = random_batch(5, [size | {"ica": 0} for size in SIZES])
    assert_equal(random_model(5, linear_ends=True), batch, hetero_data(batch))
