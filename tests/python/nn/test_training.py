# SPDX-License-Identifier: Apache-2.0
"""Training of one network: it learns, it forgets nothing, and it reads nothing it should not.

Exactness: an interrupted training gives the same bytes; poisoned validation and test images change
no statistic and no weight of an epoch.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")

from gftcore import nn, staging  # noqa: E402
from gftcore._native import core  # noqa: E402
from gftcore.errors import (  # noqa: E402
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreError,
    GftcoreWarning,
    RefusedError,
)
from gftcore.graph import GraphBatch, extract  # noqa: E402
from gftcore.model import ModelConfig, standardised_batch  # noqa: E402
from gftcore.nn.batches import RawGraph, join_inputs, network_input, raw_graph  # noqa: E402
from gftcore.nn.checkpoint import read_checkpoint, write_checkpoint  # noqa: E402
from gftcore.nn.loss import weighted_loss  # noqa: E402
from gftcore.runs import EpochReport, balanced_accuracy  # noqa: E402
from labelled import labelled_graphs  # noqa: E402
from networks import SIZES, feature_sets, random_batch, random_model  # noqa: E402

DATA = labelled_graphs(48)
TRAIN, VALIDATE = DATA.ids[:32], DATA.ids[32:44]
CONFIG = nn.TrainConfig(hidden=8, epochs=4, batch_size=8, lr=0.01, n_layers=2)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fit(config: nn.TrainConfig = CONFIG, data: Any = DATA, **options: Any) -> nn.FitResult:
    return nn.fit_model(data, TRAIN, VALIDATE, config, **options)


def test_it_learns() -> None:
    fitted = fit(CONFIG.replace(epochs=15))
    losses = [entry.loss for entry in fitted.history]
    assert losses[-1] < 0.7 * losses[0]
    best = max(fitted.history, key=lambda entry: entry.validation_balanced_accuracy)
    assert best.validation_balanced_accuracy > 0.6
    assert fitted.best_epoch == best.epoch  # max takes the first of equals


def test_patience_ends_a_training(tmp_path: Path) -> None:
    whole = fit(CONFIG.replace(epochs=12, lr=0.2))
    best = [entry.epoch for entry in whole.history if entry.best]
    # The first epoch that is better than all before, and the one whose turn comes too late.
    gaps = [(b - a, a) for a, b in zip(best, [*best[1:], 13], strict=True)]
    patience = max(1, max(gap for gap, _ in gaps) - 1)
    last = next(a + patience for gap, a in gaps if gap > patience)
    file = tmp_path / "checkpoint.safetensors"
    config = CONFIG.replace(epochs=12, lr=0.2, patience=patience)
    stopped = fit(config, checkpoint=file)
    assert [entry.epoch for entry in stopped.history] == list(range(min(last + 1, 12)))
    assert fit(config, checkpoint=file).history == stopped.history
    if len(stopped.history) < 12:
        assert fit(config.replace(patience=12)).history == whole.history


def test_the_model_is_that_of_the_best_epoch() -> None:
    fitted = fit()
    record = fitted.model.config.training
    assert record["best_epoch"] == fitted.best_epoch
    assert record["config"] == CONFIG.to_dict()
    graphs = [DATA.graphs[place] for place in DATA.places(VALIDATE)]
    inputs = [network_input(graph, fitted.model.config.features) for graph in graphs]
    network = nn.GraphNetwork.from_model(fitted.model).eval()
    with torch.no_grad():
        logits = network(join_inputs(fitted.model.config, inputs))
    labels = [DATA.labels[place] for place in DATA.places(VALIDATE)]
    reached = balanced_accuracy(labels, logits.argmax(dim=1).numpy())
    assert reached == fitted.history[fitted.best_epoch].validation_balanced_accuracy


def test_staging_gives_the_trained_logits() -> None:
    model = fit().model
    graphs = DATA.graphs[:5]
    inputs = [network_input(graph, model.config.features, "float64") for graph in graphs]
    joined = join_inputs(model.config, inputs, dtype="float64")
    with torch.no_grad():
        wanted = nn.GraphNetwork.from_model(model).double().eval()(joined).numpy()
    edges = {}
    for i, relation in enumerate(model.config.relations or ()):
        rowptr, col = joined.csr[4 * i].numpy(), joined.csr[4 * i + 1].numpy()
        edges[relation] = np.stack([col, np.repeat(np.arange(len(rowptr) - 1), np.diff(rowptr))])
    batch = GraphBatch.from_arrays(
        {name: x.numpy() for name, x in joined.x.items()},
        edges,
        node_ptr={name: ptr.numpy() for name, ptr in joined.ptr.items()},
    )
    scale = np.abs(wanted).max()
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        found = staging.predict(model, batch, dtype=dtype).logits  # type: ignore[arg-type]
        np.testing.assert_allclose(found, wanted, rtol=0, atol=limit * scale)


def test_the_same_seed_gives_the_same_bytes_and_another_others() -> None:
    assert fit().model.sha256 == fit().model.sha256
    assert fit().model.sha256 != fit(CONFIG.replace(seed=1)).model.sha256


def test_the_memory_of_the_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(core, "keep_freed_memory", lambda: calls.append(1))
    fit(CONFIG.replace(epochs=1))
    assert calls == []
    nn.keep_freed_memory()
    assert calls == [1]


class Stopped(Exception):
    pass


@pytest.mark.parametrize("after", [0, 2])
def test_an_interrupted_training_ends_as_if_nothing_had_been(tmp_path: Path, after: int) -> None:
    def stop(entry: EpochReport, new: bool) -> None:
        if new and entry.epoch == after:
            raise Stopped

    wanted = fit()
    with pytest.raises(Stopped):
        fit(checkpoint=tmp_path / "c.safetensors", report=stop)
    seen: list[tuple[int, bool]] = []
    again = fit(
        checkpoint=tmp_path / "c.safetensors", report=lambda e, new: seen.append((e.epoch, new))
    )
    assert again.model.sha256 == wanted.model.sha256
    assert again.history == wanted.history
    assert seen == [(epoch, epoch > after) for epoch in range(CONFIG.epochs)]


def test_a_checkpoint_that_forgets_the_optimiser_is_noticed(tmp_path: Path) -> None:
    """Negative control of the test above."""
    path = tmp_path / "c.safetensors"
    fit(CONFIG.replace(epochs=4), checkpoint=path)
    stored = read_checkpoint(path)
    assert stored is not None
    path.unlink()

    def stop(entry: EpochReport, _: bool) -> None:
        if entry.epoch == 1:
            raise Stopped

    with pytest.raises(Stopped):
        fit(checkpoint=path, report=stop)
    half = read_checkpoint(path)
    assert half is not None
    write_checkpoint(path, dataclasses.replace(half, optimiser={}))
    assert fit(checkpoint=path).history != fit().history


def test_a_foreign_or_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    fit(CONFIG.replace(epochs=1), checkpoint=path)
    with pytest.raises(RefusedError, match="belongs to another training"):
        fit(CONFIG.replace(lr=0.5), checkpoint=path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FormatError, match="is no checkpoint"):
        fit(checkpoint=path)


# --- divergence ----------------------------------------------------------------------------------


def test_an_epoch_that_diverged_is_the_last_and_never_the_best(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gftcore.nn.fit import _Fit

    # NaN counts as the first class, which is right for all of these.
    validate = [name for name in VALIDATE if DATA.labels[DATA.ids.index(name)] == 0]
    wanted = nn.fit_model(DATA, TRAIN, validate, CONFIG.replace(epochs=1))
    assert wanted.history[0].validation_balanced_accuracy < 1
    learn = _Fit._learn

    def diverging(self: Any, number: int) -> Any:
        if number == 1:
            with torch.no_grad():
                next(iter(self.named.values())).fill_(math.nan)
        return learn(self, number)

    monkeypatch.setattr(_Fit, "_learn", diverging)
    for _ in ("new", "from the checkpoint"):
        with pytest.warns(GftcoreWarning, match="DIVERGED: training diverged at epoch 1; the best"):
            fitted = nn.fit_model(
                DATA, TRAIN, validate, CONFIG, checkpoint=tmp_path / "c.safetensors"
            )
        assert fitted.history[:1] == wanted.history
        assert [entry.finite for entry in fitted.history] == [True, False]
        assert fitted.history[1].validation_balanced_accuracy == 1
        assert fitted.best_epoch == 0
        for name, array in wanted.model.weights.items():
            assert array.tobytes() == fitted.model.weights[name].tobytes()


def test_a_training_that_diverges_at_once_has_no_model() -> None:
    with pytest.raises(ArgumentError, match="training diverged at epoch 0; lower lr"):
        fit(CONFIG.replace(lr=1e30))


def test_the_recipe_belongs_to_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "c.safetensors"
    fit(CONFIG.replace(epochs=1), checkpoint=path)
    monkeypatch.setattr(nn.TrainConfig, "recipe", CONFIG.recipe + 1)
    with pytest.raises(RefusedError, match="belongs to another training"):
        fit(CONFIG.replace(epochs=1), checkpoint=path)


# --- what training may look at -------------------------------------------------------------------


def poisoned(ids: tuple[str, ...]) -> Any:
    """The same data with absurd features in some images."""
    graphs = list(DATA.graphs)
    for place in DATA.places(ids):
        x = {name: np.full_like(values, 1e6) for name, values in graphs[place].x.items()}
        graphs[place] = RawGraph(x, graphs[place].csr)
    return dataclasses.replace(DATA, graphs=tuple(graphs))


def weights_after(data: Any) -> list[Any]:
    """Features and all weights after each epoch, whichever the best is."""
    found: list[Any] = []
    from gftcore.nn.fit import _Fit

    one = _Fit(data, TRAIN, VALIDATE, CONFIG)
    found.append({name: (f.mean, f.sd) for name, f in one.model_config.features.items()})
    history: list[EpochReport] = []
    for epoch in range(2):
        history.append(one.epoch(epoch, history))
        found.append({n: t.numpy().tobytes() for n, t in one.network.state_dict().items()})
    return found


def test_poisoned_validation_and_test_images_change_nothing() -> None:
    clean = weights_after(DATA)
    assert weights_after(poisoned(DATA.ids[32:])) == clean
    assert weights_after(poisoned(DATA.ids[31:32])) != clean  # a training image does


def test_features_are_standardised_as_staging_does() -> None:
    rng = np.random.default_rng(1)
    graph = extract(rng.random((60, 60)) < 0.6)
    columns = {"vessel": ("length", "curveness"), "ica": ("area",)}
    raw = raw_graph(graph, columns)
    features = nn.fit_features(columns, [raw.x])
    logged = dataclasses.replace(features["vessel"], log1p=("length",))
    assert not np.isfinite(raw.x["vessel"]).all()
    for each in (features | {"vessel": logged}, features):
        config = ModelConfig(features=each)
        for dtype in ("float32", "float64"):
            wanted = standardised_batch(config, [graph], dtype=dtype).x  # type: ignore[arg-type]
            found = network_input(raw, each, dtype).x
            for name in columns:
                assert found[name].tobytes() == wanted[name].tobytes()
    assert abs(found["ica"].mean()) < 1e-12
    np.testing.assert_allclose(found["ica"].std(), 1)


def test_statistics_of_each_scaling() -> None:
    table = {"vessel": np.array([[0.0, 7], [1, 7], [2, 7], [9, 7], [np.inf, np.nan]])}
    columns = {"vessel": ("length", "degree")}
    found = {
        scaling: nn.fit_features(columns, [table], scaling=scaling)["vessel"]  # type: ignore[arg-type]
        for scaling in ("standard", "robust", "minmax")
    }
    assert found["standard"].mean == (3.0, 7.0)
    np.testing.assert_allclose(found["standard"].sd, (np.std([0, 1, 2, 9]), 1))
    np.testing.assert_allclose(found["robust"].mean + found["robust"].sd, (1.5, 7, 1.4826, 1))
    assert found["minmax"].mean + found["minmax"].sd == (0.0, 7.0, 9.0, 1.0)
    empty = nn.fit_features({"faz": ("area",)}, [{"faz": np.zeros((0, 1))}])["faz"]
    assert (empty.mean, empty.sd) == ((0.0,), (1.0,))


def test_joined_graphs_are_the_batch_of_them() -> None:
    batch = random_batch(1, SIZES)
    data = labelled_graphs(4)
    config = random_model().config
    inputs = [network_input(graph, feature_sets(), "float64") for graph in data.graphs]
    joined = join_inputs(config, inputs, dtype="float64")
    whole = nn.graph_tensors(config, batch)
    assert [part.dtype for part in joined.csr] == [part.dtype for part in whole.csr]
    network = nn.GraphNetwork(config).double().eval()
    with torch.no_grad():
        together = network(joined)
        for i, one in enumerate(inputs):
            alone = network(join_inputs(config, [one], dtype="float64"))
            torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-12)
        assert network(join_inputs(config, [], dtype="float64")).shape == (0, 3)


# --- the loss ------------------------------------------------------------------------------------


def test_class_weights_go_by_number_not_by_first_appearance() -> None:
    labels = np.array([2, 2, 2, 2, 0, 0, 1, 2])
    assert nn.class_weights(labels, 3).tolist() == [8 / 6, 8 / 3, 8 / 15]
    assert nn.class_weights(labels[::-1], 3).tolist() == [8 / 6, 8 / 3, 8 / 15]
    weights = fit(data=dataclasses.replace(DATA, labels=(0,) * 20 + DATA.labels[20:])).model
    record = weights.config.training["class_weights"]
    assert list(record) == ["Healthy", "NPDR", "PDR"]
    assert record["Healthy"] < record["NPDR"]
    with pytest.raises(ArgumentError, match="of two classes at least"):
        nn.class_weights(np.zeros(3, dtype=np.int64), 3)


def test_the_loss_is_that_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(9, 3, generator=generator, dtype=torch.float64)
    labels = torch.arange(9) % 3
    weights = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)
    targets = torch.eye(3, dtype=torch.float64)
    ours = weighted_loss(logits, labels, weights=weights, targets=targets)
    theirs = torch.nn.functional.cross_entropy(logits, labels, weight=weights)
    torch.testing.assert_close(ours, theirs)


def test_smoothing_does_not_leak_between_images() -> None:
    targets = torch.tensor(nn.target_rows(3, "ordinal"))
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(3, dtype=torch.float64))
    logits = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.ones(3, dtype=torch.float64)
    weighted_loss(logits, torch.tensor([0, 2]), weights=weights, targets=targets).backward()
    assert logits.grad is not None
    wanted = (torch.full((2, 3), 1 / 3, dtype=torch.float64) - targets[[0, 2]]) / 2
    torch.testing.assert_close(logits.grad, wanted)
    assert nn.target_rows(2, "ordinal").round(3).tolist() == [[0.96, 0.04], [0.04, 0.96]]
    assert fit(CONFIG.replace(smoothing="ordinal", epochs=1)).history != fit().history[:1]


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, ArgumentError, "epochs must be between 1"),
        ({"batch_size": 1.5}, ArgumentTypeError, "batch_size must be an integer"),
        ({"lr": 0.0}, ArgumentError, "lr must be finite and greater than 0"),
        ({"lr_decay": 0.0}, ArgumentError, "lr_decay must be finite and greater than 0"),
        ({"lr_decay": 1e200}, ArgumentError, "lr_decay must be at most 1, got 1e\\+200"),
        ({"dropout": 1.0}, ArgumentError, "dropout must be at least 0 and below 1"),
        ({"hidden": 0}, ArgumentError, "hidden must be between 1 and 1024"),
        ({"act": "tanh"}, ArgumentError, "act must be one of"),
        ({"class_weights": "by_order"}, ArgumentError, "class_weights must be one of"),
        ({"smoothing": "all"}, ArgumentError, "smoothing must be one of"),
        ({"scaling": "log"}, ArgumentError, "scaling must be one of"),
        ({"dtype": "float16"}, ArgumentError, "dtype must be one of"),
        ({"seed": -1}, ArgumentError, "seed must be between 0"),
    ],
    ids=str,
)
def test_other_settings_are_refused(
    options: dict[str, Any], error: type[GftcoreError], words: str
) -> None:
    with pytest.raises(error, match=words):
        nn.TrainConfig(**options)
