# SPDX-License-Identifier: Apache-2.0
"""The adapter that is called as captum is, beside captum; and the network in plain PyG.

Exactness: in float64 1e-7 of the largest contribution, also the convergence delta.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # captum: inputs that need gradients
]
torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
captum = pytest.importorskip("captum.attr")

from torch_geometric.nn import to_captum_input, to_captum_model  # noqa: E402

from checkout import ROOT  # noqa: E402
from gftcore import graph, nn, staging  # noqa: E402
from gftcore.attribution import integrated_gradients  # noqa: E402
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError  # noqa: E402
from gftcore.model import Model, default_model  # noqa: E402
from networks import SIZES, feature_sets, random_batch, random_model  # noqa: E402
from peers.pyg import hetero_data, pyg_logits, pyg_network  # noqa: E402

TYPES = ("vessel", "ica", "faz")
BATCH = random_batch(21, [{"vessel": 41, "ica": 17, "faz": 1}])
DATA = BATCH.to_hetero()
X, EDGES = DATA.x_dict, DATA.edge_index_dict
MODEL = random_model(22)
OPTIONS: list[dict[str, Any]] = [
    {"act": "relu", "linear_ends": True, "pool": dict.fromkeys(TYPES, ("sum", "max"))},
    {"act": "leaky", "rel_aggr": "mean"},
    {"act": "elu", "rel_aggr": "cat", "pool": dict.fromkeys(TYPES, ("mean", "max"))},
    {"n_pre": 0, "n_post": 1},
    {"n_post": 0, "n_final": 1, "relations": ("vv", "iv", "fi")},
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def wrapped(model: Model, data: Any = DATA, dtype: Any = torch.float64) -> Any:
    """Network, inputs and edges, as captum takes them."""
    network = nn.PygNetwork.from_model(model).to(dtype)
    module = to_captum_model(network, "node", metadata=data.metadata())
    x = {name: values.to(dtype) for name, values in data.x_dict.items()}
    return module.eval(), *to_captum_input(x, data.edge_index_dict, "node")


def both(module: Any, inputs: Any, edges: Any, **options: Any) -> Any:
    call = {"inputs": inputs, "additional_forward_args": edges, "return_convergence_delta": True,
            "internal_batch_size": 1, "target": 1, **options}  # fmt: skip
    theirs = captum.IntegratedGradients(module).attribute(**call)
    return nn.IntegratedGradients(module).attribute(**call), theirs


def assert_same(ours: Any, theirs: Any, limit: float) -> None:
    (parts, delta), (their_parts, their_delta) = ours, theirs
    largest = max(float(part.abs().max()) for part in their_parts)
    assert isinstance(parts, tuple)
    for one, other in zip(parts, their_parts, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        torch.testing.assert_close(one, other.detach(), rtol=0, atol=limit * largest)
    assert delta.shape == their_delta.shape == (1,)
    torch.testing.assert_close(delta, their_delta, rtol=0, atol=limit * largest)
    # Negative control of the delta: it is no rounding.
    assert abs(float(delta)) > limit * largest


@pytest.mark.filterwarnings("ignore:There exist node types")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_fifty_points_and_their_delta_are_captum_s(options: dict[str, Any]) -> None:
    assert_same(*both(*wrapped(random_model(23, **options))), 1e-7)


@pytest.mark.parametrize("method", ["riemann_left", "riemann_right", "riemann_middle"])
def test_other_rules_and_steps(method: str) -> None:
    # captum rounds these points to float32; eighths and sixteenths are exact there. At a baseline
    # of equal nodes, where riemann_left has a point, it depends on rounding which one is largest.
    module, inputs, edges = wrapped(MODEL)
    assert_same(
        *both(module, inputs, edges, method=method, n_steps=8, baselines=other_rows(inputs)), 1e-7
    )


def other_rows(inputs: Any) -> Any:
    rng = np.random.default_rng(4)
    return tuple(torch.tensor(rng.normal(size=part.shape)) for part in inputs)


def test_baselines_are_numbers_or_tensors() -> None:
    module, inputs, edges = wrapped(MODEL)
    rows = other_rows(inputs)
    for baselines in ((0.5, 0.5, 0.5), rows, (rows[0], 1, rows[2])):
        ours, theirs = both(module, inputs, edges, baselines=baselines)
        assert_same(ours, theirs, 1e-7)
    found = [
        nn.IntegratedGradients(module).attribute(inputs, given, 1, edges)
        for given in (0.5, (0.5, 0.5, 0.5))
    ]
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
    by_type = dict(zip(TYPES, (part[0] for part in rows), strict=True))
    bare = nn.IntegratedGradients(module.model).attribute(X, by_type, 1, edges)
    for one, other in zip(bare.values(), both(module, inputs, edges, baselines=rows)[0][0],
                          strict=True):  # fmt: skip
        assert torch.equal(one, other[0])


def test_targets_are_numbers_of_classes_or_the_predicted_one() -> None:
    module, inputs, edges = wrapped(MODEL)
    assert_same(*both(module, inputs, edges, target=torch.tensor([2])), 1e-7)
    ours = nn.IntegratedGradients(module)
    with torch.no_grad():
        predicted = int(module(*inputs, *edges).argmax())
    one, other = (
        ours.attribute(inputs, target=target, additional_forward_args=edges)
        for target in (None, [predicted])
    )
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)


def test_single_precision_is_that_of_the_network() -> None:
    model = Model(
        config=MODEL.config,
        weights={n: a.astype(np.float32) for n, a in MODEL.weights.items()},
    )
    ours, theirs = both(*wrapped(model, dtype=torch.float32))
    assert ours[0][0].dtype == torch.float32
    size = sum(float(part.abs().sum()) for part in theirs[0])
    off = sum(float((a - b).abs().sum()) for a, b in zip(ours[0], theirs[0], strict=True))
    assert off < 2e-4 * size


def test_panels_leave_no_delta() -> None:
    module, inputs, edges = wrapped(MODEL)
    parts, delta = nn.IntegratedGradients(module).attribute(
        inputs, target=1, additional_forward_args=edges, n_steps=4, method="secant",
        return_convergence_delta=True,
    )  # fmt: skip
    (found,) = integrated_gradients(MODEL, BATCH, target="NPDR", n=4, dtype="float64")
    assert found.nodes is not None
    assert abs(float(delta)) < 1e-12
    for name, part in zip(DATA.node_types, parts, strict=True):
        np.testing.assert_array_equal(part[0].numpy(), found.nodes.attributions[name])


def test_bare_networks_take_and_give_dicts() -> None:
    module, inputs, edges = wrapped(MODEL)
    wanted = nn.IntegratedGradients(module).attribute(
        inputs, target=0, additional_forward_args=edges
    )
    for network in (module.model, nn.GraphNetwork.from_model(MODEL).eval()):
        for given in (edges, DATA.edge_index_dict):
            found = nn.IntegratedGradients(network).attribute(
                DATA.x_dict, target=0, additional_forward_args=given
            )
            assert list(found) == list(DATA.x_dict)
            for ours, theirs in zip(found.values(), wanted, strict=True):
                torch.testing.assert_close(ours, theirs[0], rtol=0, atol=1e-12)


def test_weights_are_read_again_when_they_have_changed() -> None:
    module, inputs, edges = wrapped(MODEL)
    ours = nn.IntegratedGradients(module)
    before = ours.attribute(inputs, target=1, additional_forward_args=edges)
    with torch.no_grad():
        module.model.head[0].weight.mul_(-1.5)
    after = ours.attribute(inputs, target=1, additional_forward_args=edges)
    assert not torch.allclose(before[0], after[0])
    theirs = captum.IntegratedGradients(module).attribute(
        inputs, target=1, additional_forward_args=edges, internal_batch_size=1
    )
    torch.testing.assert_close(after[0], theirs[0].detach(), rtol=0, atol=1e-7)


def test_the_page_says_what_runs() -> None:
    page = (ROOT / "docs" / "reference" / "attribution.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    mask = np.zeros((60, 60), dtype=bool)
    mask[2::9] = mask[:, 3::8] = True
    image = np.random.default_rng(0).integers(0, 255, mask.shape).astype(np.uint8)
    scope: dict[str, Any] = {
        "model": default_model(),
        "eye": graph.extract(mask, intensity=image),
    }
    exec(code, scope)
    for ours, theirs in zip(scope["ours"], scope["theirs"], strict=True):
        assert ours.shape == theirs.shape
        scale = float(theirs.abs().max()) or 1.0
        torch.testing.assert_close(ours, theirs.detach(), rtol=0, atol=1e-2 * scale)


# --- what is refused -----------------------------------------------------------------------------


class Steeper(nn.PygNetwork):
    """Says that it is a PygNetwork, and computes something else."""

    def forward(self, *args: Any) -> Any:
        return super().forward(*args) * 1.001


class Undecided(nn.PygNetwork):
    def forward(self, *args: Any) -> Any:
        return super().forward(*args)[0]


def test_modules_that_compute_something_else_are_refused() -> None:
    state = nn.PygNetwork.from_model(MODEL).state_dict()
    for kind in (Steeper, Undecided):
        network = kind(MODEL.config).double().eval()
        network.load_state_dict(state)
        ours = nn.IntegratedGradients(network)
        with pytest.raises(ArgumentError, match="must compute what a PygNetwork"):
            ours.attribute(DATA.x_dict, additional_forward_args=DATA.edge_index_dict)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda _: lambda x: x, ArgumentTypeError, "forward_func must be a GraphNetwork .* func"),
        (lambda _: torch.nn.Linear(2, 3), ArgumentError, "attribute config, a ModelConfig"),
        (torch.nn.Sequential, ArgumentError, "attribute config, a ModelConfig"),
        (
            lambda n: to_captum_model(n, "edge", metadata=DATA.metadata()),
            ArgumentError,
            "mask_type 'node', got 'edge'",
        ),
        (
            lambda n: to_captum_model(n, "node", 0, metadata=DATA.metadata()),
            ArgumentError,
            "without output_idx",
        ),
        (lambda n: to_captum_model(n, "node"), ArgumentError, "to_captum_model with metadata"),
    ],
)
def test_other_functions_are_refused(make: Any, error: type[GftcoreError], words: str) -> None:
    network = nn.PygNetwork.from_model(MODEL)
    with pytest.raises(error, match=words):
        nn.IntegratedGradients(make(network))


def test_states_with_other_names_are_refused() -> None:
    network = nn.PygNetwork.from_model(MODEL)
    network.extra = torch.nn.Linear(2, 2)
    with pytest.raises(ArgumentError, match=r"has unknown extra\.weight, extra\.bias"):
        nn.IntegratedGradients(network)
    del network.extra
    del network.head[1]
    with pytest.raises(ArgumentError, match=r"lacks head\.1\.weight, head\.1\.bias"):
        nn.IntegratedGradients(network)
    with pytest.raises(ArgumentError, match="multiply_by_inputs must be True"):
        nn.IntegratedGradients(nn.PygNetwork.from_model(MODEL), False)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"inputs": tuple(X.values())}, ArgumentTypeError, "inputs must map node types"),
        ({"inputs": {"vessel": X["vessel"]}}, ArgumentError, "must have the node types"),
        ({"inputs": {**X, "vein": X["ica"]}}, ArgumentError, "must have the node types"),
        ({"inputs": {**X, "ica": X["ica"].float()}}, ArgumentTypeError, "of ica .* torch.float64"),
        ({"inputs": {**X, "ica": X["ica"].numpy()}}, ArgumentTypeError, "of ica must be a tensor"),
        ({"inputs": {**X, "ica": X["ica"][None]}}, ShapeError, r"shape \[N, F\]"),
        ({"inputs": {**X, "ica": X["ica"][:, :3]}}, ShapeError, "4 columns of ica"),
        ({"inputs": {**X, "ica": X["ica"] * np.nan}}, ArgumentError, "must be finite"),
        ({"baselines": {"vessel": 0.0}}, ArgumentError, "baselines must be those of"),
        ({"baselines": {**X, "ica": X["ica"][:1]}}, ShapeError, "as the inputs"),
        ({"additional_forward_args": None}, ArgumentTypeError, "must be the dict of edges"),
        ({"additional_forward_args": (EDGES, 1)}, ArgumentTypeError, "must be the dict of edges"),
        (
            {"additional_forward_args": {k: e for k, e in EDGES.items() if k[1] != "ff"}},
            ArgumentError,
            r"must have edges \('faz', 'ff', 'faz'\), an empty",
        ),
        ({"target": 3}, ArgumentError, "target must be between 0 and 2"),
        ({"target": torch.tensor([0, 1])}, ArgumentTypeError, "target must be an integer"),
        ({"n_steps": 0}, ArgumentError, "n_steps must be between 1"),
        ({"method": "simpson"}, ArgumentError, "method must be one of"),
        ({"return_convergence_delta": 1}, ArgumentTypeError, "return_convergence_delta"),
    ],
    ids=str,
)
def test_other_arguments_are_refused(
    change: dict[str, Any], error: type[GftcoreError], words: str
) -> None:
    ours = nn.IntegratedGradients(nn.PygNetwork.from_model(MODEL))
    with pytest.raises(error, match=words):
        ours.attribute(**{"inputs": X, "additional_forward_args": EDGES, "target": 1, **change})


def test_inputs_of_wrapped_networks_are_tuples_of_one() -> None:
    module, inputs, edges = wrapped(MODEL)
    ours = nn.IntegratedGradients(module)
    for given, words in (
        (X, "inputs must be 3 tensors, of vessel, ica, faz"),
        (inputs[:2], "inputs must be 3 tensors"),
        (tuple(torch.cat([part, part]) for part in inputs), r"shape \[1, N, F\]"),
    ):
        with pytest.raises(GftcoreError, match=words):
            ours.attribute(given, additional_forward_args=edges)


def test_training_mode_and_mixed_precisions_are_refused() -> None:
    network = nn.PygNetwork.from_model(MODEL)
    ours = nn.IntegratedGradients(network)
    call = {"inputs": X, "additional_forward_args": EDGES}
    network.train()
    with pytest.raises(ArgumentError, match="must be in evaluation mode"):
        ours.attribute(**call)
    network.eval().head.float()
    with pytest.raises(ArgumentError, match=r"got torch\.float32 on cpu, torch\.float64 on cpu"):
        ours.attribute(**call)


# --- the network in plain PyG --------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:There exist node types")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_network_in_pyg_is_the_network(options: dict[str, Any]) -> None:
    model = random_model(24, **options)
    network = nn.PygNetwork.from_model(model)
    assert network.to_model().sha256 == model.sha256
    batch = random_batch(1, SIZES)
    data = hetero_data(batch)
    with torch.no_grad():
        found = network(data.x_dict, data.edge_index_dict, data.batch_dict, len(SIZES)).numpy()
    wanted = staging.predict(model, batch, dtype="float64").logits
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())
    np.testing.assert_allclose(found, pyg_logits(pyg_network(model), data), rtol=1e-12)


def test_graph_convolutions_have_no_such_network() -> None:
    gcn = random_model(2, conv="gcn", features=feature_sets({"vessel": 5}), relations=("vv",))
    with pytest.raises(ArgumentError, match="conv 'sage', got 'gcn'"):
        nn.PygNetwork(gcn.config)
    with pytest.raises(ArgumentTypeError, match="config must be a ModelConfig, got dict"):
        nn.PygNetwork({})  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="model must be a Model, got str"):
        nn.PygNetwork.from_model("model")  # type: ignore[arg-type]
    found = nn.IntegratedGradients(nn.GraphNetwork.from_model(gcn).eval()).attribute(
        {"vessel": X["vessel"]}, target=1, additional_forward_args=EDGES
    )
    wanted = integrated_gradients(
        gcn, BATCH, target="NPDR", method="gausslegendre", n=50, dtype="float64"
    )[0]
    assert wanted.nodes is not None
    np.testing.assert_allclose(found["vessel"].numpy(), wanted.nodes.attributions["vessel"])
