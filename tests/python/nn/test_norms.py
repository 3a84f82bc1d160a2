# SPDX-License-Identifier: Apache-2.0
"""Running statistics of batch norms: what they follow, and how they are measured.

Exactness: 1e-12 in float64 against mean and variance of all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")

from gftcore import nn  # noqa: E402
from gftcore.errors import GftcoreWarning  # noqa: E402
from gftcore.nn.fit import _Fit  # noqa: E402
from gftcore.nn.norm import BatchNorm, measured  # noqa: E402
from labelled import labelled_graphs  # noqa: E402

CONFIG = nn.TrainConfig(hidden=8, n_layers=2, batch_size=8, lr=0.01, dtype="float64")


def batches(*sizes: int) -> list[Any]:
    generator = torch.Generator().manual_seed(1)
    return [
        100 * i + 3 * torch.randn(size, 4, generator=generator, dtype=torch.float64)
        for i, size in enumerate(sizes)
    ]


def statistics(norm: Any) -> tuple[Any, Any]:
    return norm.running_mean.clone(), norm.running_var.clone()


@pytest.mark.parametrize("act", ["none", "leaky", "elu"])
def test_running_statistics_follow_as_those_of_torch(act: str) -> None:
    ours, theirs = BatchNorm(4).double().train(), torch.nn.BatchNorm1d(4).double().train()
    shift = torch.arange(4.0, dtype=torch.float64)
    for x in batches(5, 300, 2):
        found, wanted = ours(x, shift, act=act), theirs(x + shift)
        if act == "none":
            torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ours.running_var, theirs.running_var, rtol=1e-12, atol=1e-12)


def test_measured_statistics_are_those_of_all_rows() -> None:
    norm = BatchNorm(4).double().train()
    network, given = torch.nn.Sequential(norm), batches(5, 300, 2, 40)
    norm(given[2])
    with measured(network):
        for x in given:
            network(x)
    rows = torch.cat(given)
    torch.testing.assert_close(norm.running_mean, rows.mean(dim=0), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(norm.running_var, rows.var(dim=0), rtol=1e-12, atol=1e-12)
    norm(given[0])  # it follows again
    assert not torch.allclose(norm.running_mean, rows.mean(dim=0))


def test_without_enough_rows_statistics_stay() -> None:
    norm = BatchNorm(4).double().train()
    norm(batches(9)[0])
    before = statistics(norm)
    with measured(norm):
        pass
    with measured(norm), pytest.warns(GftcoreWarning, match="SMALL_BATCH"):
        norm(batches(1)[0])
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(norm), strict=True))


def test_an_error_on_the_way_changes_nothing() -> None:
    norm = BatchNorm(4).double().train()
    before = statistics(norm)

    def interrupted() -> None:
        with measured(norm):
            norm(batches(9)[0])
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(norm), strict=True))
    norm(batches(9)[0])
    assert not torch.equal(before[0], norm.running_mean)


def test_an_epoch_ends_with_statistics_of_its_last_weights() -> None:
    data = labelled_graphs(44)
    one = _Fit(data, data.ids[:32], data.ids[32:], CONFIG)
    one.epoch(0, [])
    block = one.network.pre["vessel"][0]
    x = torch.from_numpy(np.concatenate([one.inputs[place].x["vessel"] for place in one.train]))
    rows = x @ block.weight.T + block.bias
    torch.testing.assert_close(block.norm.running_mean, rows.mean(dim=0), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(block.norm.running_var, rows.var(dim=0), rtol=1e-9, atol=1e-12)
    followed = statistics(block.norm)
    one._learn(1)  # the control: statistics that only follow are others
    assert not torch.allclose(followed[0], block.norm.running_mean, rtol=1e-3)
    one._measure()
    # So the network without dropout says of training images nearly what it said while it learned.
    still = one._logits(one.train)
    one.network.dropout = 0.0
    one.network.train()
    with torch.no_grad():
        learning = torch.cat(
            [one.network(one._joined(one.train[k : k + 8])) for k in (0, 8, 16, 24)]
        )
    assert float((still - learning).abs().mean()) < 0.5 * float(still.std())
