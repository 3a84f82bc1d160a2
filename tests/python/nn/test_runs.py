# SPDX-License-Identifier: Apache-2.0
"""Runs of a training: what they read, where they stop, who holds the folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# torch's writer for TensorBoard
pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
torch = pytest.importorskip("torch")
pytest.importorskip("tensorboard")

from gftcore import nn, runs  # noqa: E402
from gftcore.datasets import Manifest, read_manifest, split_subjects  # noqa: E402
from gftcore.errors import FormatError, GftcoreWarning, RefusedError  # noqa: E402
from gftcore.io import write_image  # noqa: E402
from gftcore.io.files import held_folder  # noqa: E402
from gftcore.nn import epochs  # noqa: E402
from gftcore.nn.checkpoint import Checkpoint, write_checkpoint  # noqa: E402
from labelled import mask_manifest  # noqa: E402

CONFIG = nn.TrainConfig(hidden=8, n_layers=2, epochs=3, batch_size=8, lr=0.01)
FILES = ("model.safetensors", "config.json", "history.csv", "predictions.csv", "fold.json")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Masks without images, two classes of another disease."""
    return mask_manifest(tmp_path_factory.mktemp("masks"), 24)


def train(manifest: Manifest, out: Path, **options: Any) -> None:
    more = {"folds": (1,), "threads": 1, **options}
    config = more.pop("config", CONFIG)
    nn.train_folds(manifest, split_subjects(manifest), out, config, **more)


@pytest.fixture(scope="module")
def whole(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    train(manifest, out)
    return out


# --- stopped -------------------------------------------------------------------------------------


class Stopped(Exception):
    pass


@pytest.mark.parametrize("after", range(CONFIG.epochs))
def test_stopped_behind_a_checkpoint_history_and_log_are_whole(
    manifest: Manifest, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def write(path: Path, state: Checkpoint) -> None:
        write_checkpoint(path, state)
        if state.epochs == after + 1:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "write_checkpoint", write)
        with pytest.raises(Stopped):
            train(manifest, tmp_path, cache=whole / "graphs")
    # Logs are read in the order of their names, which hold the second; a run goes on in another.
    time.sleep(1.1)
    train(manifest, tmp_path, cache=whole / "graphs")
    for name in FILES:
        files = [run / "fold-1" / name for run in (whole, tmp_path)]
        assert files[0].read_bytes() == files[1].read_bytes(), name
    logs = [EventAccumulator(str(run / "fold-1")).Reload() for run in (whole, tmp_path)]
    for name in ("loss", "validation_balanced_accuracy"):
        wanted, found = ([(e.step, e.value) for e in log.Scalars(name)] for log in logs)
        assert [step for step, _ in wanted] == list(range(CONFIG.epochs))
        assert found == wanted


def test_a_fold_in_work_is_left_alone(manifest: Manifest, whole: Path, tmp_path: Path) -> None:
    options = {"config": CONFIG.replace(epochs=1), "cache": whole / "graphs"}
    train(manifest, tmp_path, folds=(2,), **options)
    with held_folder(tmp_path / "fold-1"):
        for more in ({}, {"folds": (2,), "overwrite": True}):
            with pytest.raises(RefusedError, match="fold-1 is being written by another process"):
                train(manifest, tmp_path, **options, **more)
        train(manifest, tmp_path, folds=(2, 3), **options)
    assert [one.name for one in runs.read_predictions(tmp_path)] == ["fold-2", "fold-3"]


# --- read ----------------------------------------------------------------------------------------


def test_a_manifest_can_be_corrected(tmp_path: Path) -> None:
    manifest = mask_manifest(tmp_path, 24)
    (tmp_path / "003.png").write_text("no image")
    out, config = tmp_path / "out", CONFIG.replace(epochs=1)
    with pytest.raises(FormatError, match=r"1 images cannot be read, .* in row 5: .*003\.png"):
        train(manifest, out, config=config)
    path = tmp_path / "manifest.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "003.png" not in line))
    train(read_manifest(path), out, config=config)
    # Now there is something to lose.
    with pytest.raises(RefusedError, match="manifest_sha256"):
        train(manifest, out, config=config)


def one_mask(folder: Path, which: str) -> Manifest:
    """Twelve images, one of which has two values."""
    rng = np.random.default_rng(5)
    lines = ["id,subject,eye,path,label"]
    for i in range(12):
        pixels = rng.integers(0, 255, (48, 48), dtype=np.uint8)
        write_image(folder / f"{i}.png", pixels if f"{i}" != which else pixels > 99)
        lines.append(f"{i},s{i},OD,{i}.png,{('Healthy', 'PDR')[i % 2]}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    return read_manifest(folder / "manifest.csv")


def test_a_mask_to_test_on_takes_no_grey_values_away(tmp_path: Path) -> None:
    splits = split_subjects(one_mask(tmp_path, ""))
    tested, learned = splits.ids(0)[0], splits.ids(1, 2, 3, 4, 5)
    config = CONFIG.replace(epochs=1)
    place = f"the first in row {int(tested) + 2}:"
    with pytest.raises(FormatError, match=f"1 images to test on are masks, {place}"):
        train(one_mask(tmp_path, tested), tmp_path / "out", config=config)
    manifest = one_mask(tmp_path, learned[0])
    count = f"GREY_VALUES_UNUSED: 1 of {len(learned)} images to learn from are masks"
    with pytest.warns(GftcoreWarning, match=count):
        data = nn.read_graphs(manifest, tmp_path / "graphs", learned=learned)
    assert {graph.x["ica"].shape[1] for graph in data.graphs} == {12}
    data = nn.read_graphs(one_mask(tmp_path, ""), tmp_path / "graphs", learned=learned)
    assert {graph.x["ica"].shape[1] for graph in data.graphs} == {15}
