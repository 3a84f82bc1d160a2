# SPDX-License-Identifier: Apache-2.0
"""The module beside inference and beside PyTorch Geometric with the same weights.

Exactness: logits to 1e-12 of their scale in float64, 1e-5 in float32; derivatives to 1e-10.
"""

from __future__ import annotations

import shutil
import warnings
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")

from gftcore import nn, staging  # noqa: E402
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError  # noqa: E402
from gftcore.model import Model, initial_weights  # noqa: E402
from networks import SIZES, feature_sets, random_batch, random_model  # noqa: E402

BATCH = random_batch(1, SIZES)
LABELS = torch.tensor([0, 1, 2, 0, 1])
TYPES = ("vessel", "ica", "faz")
GCN: dict[str, Any] = {
    "conv": "gcn",
    "features": feature_sets({"vessel": 5}),
    "relations": ("vv",),
}


def logits(model: Model, batch: Any, dtype: str = "float64") -> Any:
    network = nn.GraphNetwork.from_model(model).to(getattr(torch, dtype)).eval()
    with torch.no_grad():
        return network(nn.graph_tensors(model.config, batch, dtype=dtype)).numpy()


def assert_as_in_staging(model: Model, batch: Any = BATCH) -> None:
    wanted = staging.predict(model, batch, dtype="float64").logits
    scale = np.abs(wanted).max()
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        np.testing.assert_allclose(logits(model, batch, dtype), wanted, rtol=0, atol=limit * scale)


@pytest.mark.parametrize("linear_ends", [False, True])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
@pytest.mark.parametrize("rel_aggr", ["sum", "mean", "cat"])
@pytest.mark.parametrize("act", ["relu", "leaky", "elu"])
def test_every_combination_of_options(
    act: Any, rel_aggr: Any, pool: str, norm: str, linear_ends: bool
) -> None:
    model = random_model(
        2,
        act=act,
        rel_aggr=rel_aggr,
        pool=dict.fromkeys(TYPES, (pool,)),
        norm=dict.fromkeys(TYPES, norm),
        linear_ends=linear_ends,
        n_layers=2,
    )
    assert_as_in_staging(model)


@pytest.mark.parametrize("pool", [("sum",), ("max", "sum"), ("mean", "sum", "max")])
def test_scaled_sums_are_plain_ones_in_the_model(pool: tuple[str, ...]) -> None:
    model = random_model(pool={"vessel": pool, "ica": ("sum",), "faz": ("max",)})
    scales = {"vessel": 1 / 60, "ica": 3.0}
    network = nn.GraphNetwork(model.config, sum_scale=scales)
    network.set_weights(model.weights)
    network.double().eval()
    saved = network.to_model()
    assert_as_in_staging(saved)
    graphs = nn.graph_tensors(model.config, BATCH, dtype="float64")
    with torch.no_grad():
        learned = network(graphs).numpy()
    np.testing.assert_allclose(learned, logits(saved, BATCH), rtol=1e-12, atol=1e-12)
    # Negative control: the sums are scaled.
    assert not np.allclose(learned, logits(model, BATCH), rtol=1e-3)


def test_scales_of_sums_are_positive() -> None:
    with pytest.raises(ArgumentError, match="sum_scale must be finite and greater than 0, got 0"):
        nn.GraphNetwork(random_model().config, sum_scale={"vessel": 0})


@pytest.mark.parametrize(
    "options",
    [
        {"n_pre": 0},
        {"n_pre": 1, "n_layers": 1, "n_post": 1, "linear_ends": True},
        {"n_post": 0, "n_final": 1, "hidden": 17},
        {"relations": ("vv", "iv", "fi")},
        {"relations": ()},
        GCN,
        GCN | {"n_pre": 0, "rel_aggr": "cat"},
    ],
    ids=str,
)
def test_shapes_of_networks(options: dict[str, Any]) -> None:
    assert_as_in_staging(random_model(3, **options))


def test_empty_relations_and_types_without_nodes() -> None:
    assert_as_in_staging(random_model(4), random_batch(4, SIZES, without=("vi", "ff", "vv")))
    assert_as_in_staging(random_model(5), random_batch(5, [size | {"ica": 0} for size in SIZES]))


def gradients(network: Any, graphs: Any, *, logit: bool = False) -> dict[str, Any]:
    """Logits, loss, and derivatives of the loss, or of a logit, by each weight."""
    logits = network(graphs)
    loss = torch.nn.functional.cross_entropy(logits, LABELS[: len(logits)])
    named = dict(network.named_parameters())
    value = logits[-1, 1] if logit else loss
    grads = torch.autograd.grad(value, named.values(), allow_unused=True)
    found = {name: g for name, g in zip(named, grads, strict=True) if g is not None}
    return {"logits": logits.detach(), "loss": loss.detach(), **found}


@pytest.mark.filterwarnings("ignore:There exist node types")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"act": "relu", "rel_aggr": "mean", "pool": {"vessel": ("mean", "max")}},
        {"act": "elu", "linear_ends": True, "rel_aggr": "cat"},
        GCN,
    ],
    ids=str,
)
def test_logits_and_derivatives_are_those_of_pyg(options: dict[str, Any], training: bool) -> None:
    pytest.importorskip("torch_geometric")
    from peers.pyg import _torch_name, hetero_data, pyg_network

    model = random_model(6, **options)
    network = nn.GraphNetwork.from_model(model).train(training)
    peer = pyg_network(model).train(training)
    for logit in (True, False):
        ours = gradients(network, nn.graph_tensors(model.config, BATCH), logit=logit)
        theirs = gradients(peer, hetero_data(BATCH), logit=logit)
        assert len(ours) > 20
        largest = max(float(wanted.abs().max()) for wanted in theirs.values())
        for name, found in ours.items():
            known = name in ("logits", "loss")
            wanted = theirs[name if known else _torch_name(name, model.config)]
            scale = float(wanted.abs().max()) if known else largest
            torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12 * scale)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "backend",
    ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)],  # without and with code
)
def test_the_whole_network_compiles(backend: str, training: bool) -> None:
    if backend == "inductor" and not any(map(shutil.which, ("g++", "clang++", "c++"))):
        pytest.skip("there is no C++ compiler")
    model = random_model(7)
    plain = nn.GraphNetwork.from_model(model).train(training)
    torch.compiler.reset()
    compiled = torch.compile(
        nn.GraphNetwork.from_model(model).train(training), fullgraph=True, backend=backend
    )
    for sizes in (SIZES, SIZES[:3]):
        graphs = nn.graph_tensors(model.config, random_batch(7, sizes))
        ours, theirs = gradients(plain, graphs), gradients(compiled, graphs)
        assert len(ours) == len(theirs)
        for found, wanted in zip(ours.values(), theirs.values(), strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)
    for name, found in plain.state_dict().items():
        other = compiled.state_dict()[f"_orig_mod.{name}"]
        torch.testing.assert_close(found, other, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_dropout_compiles() -> None:
    model = random_model(7)
    graphs = nn.graph_tensors(model.config, BATCH)
    torch.compiler.reset()
    network = nn.GraphNetwork.from_model(model, dropout=0.4).train()
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    losses = {float(gradients(compiled, graphs)["loss"]) for _ in range(3)}
    assert len(losses) == 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_threads_gives_the_same_bytes(dtype: str) -> None:
    model = random_model(11, hidden=16)
    graphs = nn.graph_tensors(model.config, random_batch(11, SIZES * 8), dtype=dtype)
    before = torch.get_num_threads()
    found = []
    for count in (1, 2, 4):
        torch.set_num_threads(count)
        torch.manual_seed(0)
        network = nn.GraphNetwork.from_model(model, dropout=0.3).to(getattr(torch, dtype)).train()
        network(graphs).square().sum().backward()
        weights = [p.grad for p in network.parameters() if p.grad is not None]
        found.append([*weights, *network.buffers()])
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_models_come_back_as_they_were() -> None:
    model = random_model(8, training={"seed": 3})
    network = nn.GraphNetwork.from_model(model)
    again = network.to_model()
    assert again.sha256 == model.sha256
    assert network.to_model(training={"seed": 4}).config.training == {"seed": 4}
    fresh = nn.GraphNetwork(model.config, seed=5)
    wanted = initial_weights(model.config, seed=5)
    for name, array in fresh.to_model().weights.items():
        assert np.array_equal(array, wanted[name])


def test_dropout_is_for_training_only() -> None:
    model = random_model(9)
    graphs = nn.graph_tensors(model.config, BATCH)
    network = nn.GraphNetwork.from_model(model, dropout=0.5)
    with torch.no_grad():
        dropped = [network.train()(graphs) for _ in range(2)]
        assert not torch.equal(*dropped)
        network.set_weights(model.weights)
        still = network.eval()(graphs).numpy()
    np.testing.assert_array_equal(still, logits(model, BATCH))


def test_one_graph_trains_though_norms_need_two_rows() -> None:
    model = random_model(10, norm=dict.fromkeys(TYPES, "batch"))
    batch = random_batch(10, [{"vessel": 20, "ica": 1, "faz": 1}])
    network = nn.GraphNetwork.from_model(model).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    graphs = nn.graph_tensors(model.config, batch)
    with pytest.warns(GftcoreWarning, match="SMALL_BATCH"):
        network(graphs).sum().backward()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network(graphs)  # once is enough
    for name, tensor in network.state_dict().items():
        follows = "running" in name and ".vessel." in name
        assert torch.equal(tensor, before[name]) != follows
    without = {name for name, p in network.named_parameters() if p.grad is None}
    # Vessels have enough rows; a bias before their norms has no effect.
    assert without == {name for name, _ in network.named_parameters() if is_undone(name)}


def is_undone(name: str) -> bool:
    return (
        ".vessel." in name and name.endswith(".bias") and "norm" not in name and "conv" not in name
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.GraphNetwork("x"), ArgumentTypeError, "config must be a ModelConfig, got str"),
        (
            lambda: nn.GraphNetwork(random_model().config, dropout=1.0),
            ArgumentError,
            "dropout must be at least 0 and below 1",
        ),
        (lambda: nn.GraphNetwork.from_model(3), ArgumentTypeError, "model must be a Model"),
        (
            lambda: nn.graph_tensors(random_model().config, [BATCH]),
            ArgumentTypeError,
            "batch must be a GraphBatch, got list",
        ),
        (
            lambda: nn.graph_tensors(random_model().config, BATCH, dtype="float16"),
            ArgumentError,
            "dtype must be one of",
        ),
        (
            lambda: nn.graph_tensors(GCN_WIDE.config, BATCH),
            ShapeError,
            "batch must have 6 columns of vessel",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


GCN_WIDE = random_model(features=feature_sets({"vessel": 6}), relations=("vv",))
