# SPDX-License-Identifier: Apache-2.0
"""From a manifest to five networks: files, caching, resuming after SIGKILL, the command.

Exactness: a training that was killed at random moments ends with the same bytes.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")
pytest.importorskip("tensorboard")

from gftcore import nn, staging  # noqa: E402
from gftcore._native import core  # noqa: E402
from gftcore.cli import main  # noqa: E402
from gftcore.datasets import GraphSource, Manifest, read_manifest, split_subjects  # noqa: E402
from gftcore.errors import ArgumentError, FormatError, GftcoreWarning, RefusedError  # noqa: E402
from gftcore.graph import extract, extract_image  # noqa: E402
from gftcore.io import read_image, write_image  # noqa: E402
from gftcore.model import Model  # noqa: E402
from labelled import mask_manifest  # noqa: E402

CONFIG = nn.TrainConfig(hidden=8, n_layers=2, epochs=3, batch_size=8, lr=0.01)
KILLS = int(os.environ.get("GFTCORE_TEST_KILLS", "3"))
SCRIPT = Path(__file__).with_name("killed_run.py")
# torch's writer for TensorBoard
pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Masks without images, two classes of another disease."""
    return mask_manifest(tmp_path_factory.mktemp("masks"), 36)


@pytest.fixture(scope="module")
def trained(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    nn.train_folds(manifest, split_subjects(manifest), out, CONFIG, folds=(1, 2))
    return out


def test_two_classes_of_masks_train_with_no_code(manifest: Manifest, trained: Path) -> None:
    model = Model.load(trained / "fold-1")
    assert model.config.classes == manifest.classes == ("Healthy", "Glaucoma")
    columns = {name: set(one.columns) for name, one in model.config.features.items()}
    assert len(columns["vessel"]), len(columns["ica"]) == (15, 12)
    assert not [name for names in columns.values() for name in names if "intensity" in name]
    assert model.config.training["inputs"] == ["mask"]
    assert list(model.spatial or ()) == ["vessel", "ica"]
    result = json.loads((trained / "fold-1" / "fold.json").read_text())
    assert result["test_balanced_accuracy"] > 0.5  # guessing gives 0.5
    assert result["model_sha256"] == model.sha256


def test_predictions_are_those_of_staging(manifest: Manifest, trained: Path) -> None:
    model = Model.load(trained / "fold-2")
    with (trained / "fold-2" / "predictions.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    view = split_subjects(manifest).view(2)
    assert [row["id"] for row in rows] == [*view.validate, *view.test]
    assert not {name for row in rows for name in row} & {"subject"}
    graphs = [
        extract(read_image(manifest.mask_path(record) or ""))
        for record in manifest.select([row["id"] for row in rows])
    ]
    found = staging.predict(model, graphs, dtype="float64")
    for row, p, label in zip(rows, found.probabilities, found.labels, strict=True):
        assert row["predicted"] == label
        assert float(row["p_Glaucoma"]) == pytest.approx(p[1], abs=1e-4)


def test_logs_can_be_read(trained: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logs = EventAccumulator(str(trained / "fold-1")).Reload()
    assert len(logs.Scalars("validation_balanced_accuracy")) == CONFIG.epochs
    with (trained / "fold-1" / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    logged = [event.value for event in logs.Scalars("loss")]
    assert [float(row["loss"]) for row in rows] == pytest.approx(logged, rel=1e-6)


def test_a_second_run_keeps_what_is_there(manifest: Manifest, trained: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()}
    again = nn.train_folds(manifest, split_subjects(manifest), trained, CONFIG, folds=(1, 2))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [result.fold for result in again] == [1, 2]


def test_other_settings_are_refused_unless_told(manifest: Manifest, trained: Path) -> None:
    splits = split_subjects(manifest)
    other = CONFIG.replace(epochs=1)
    with pytest.raises(RefusedError, match="belongs to a training with other data or settings"):
        nn.train_folds(manifest, splits, trained, other, folds=(1,))
    with pytest.raises(RefusedError):
        nn.train_folds(manifest, split_subjects(manifest, seed=5), trained, CONFIG, folds=(1,))
    (result,) = nn.train_folds(
        manifest, splits, trained.parent / "again", other, folds=(1,), cache=trained / "graphs"
    )
    (fresh,) = nn.train_folds(
        manifest,
        splits,
        trained.parent / "again",
        other.replace(seed=1),
        folds=(1,),
        cache=trained / "graphs",
        overwrite=True,
    )
    assert fresh.model_sha256 != result.model_sha256


def test_bad_arguments(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    for folds in ((), (0,), (6,)):
        with pytest.raises(ArgumentError, match="folds must"):
            nn.train_folds(manifest, splits, tmp_path, CONFIG, folds=folds)
    other = mask_manifest(tmp_path, 12)
    with pytest.raises(ArgumentError, match="those of the manifest"):
        nn.train_folds(other, splits, tmp_path / "out", CONFIG)


# --- graphs --------------------------------------------------------------------------------------


def test_graphs_come_from_images_as_staging_sees_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    lines = ["id,subject,eye,path,label,mask_path"]
    for i in range(4):
        write_image(tmp_path / f"{i}.png", rng.integers(0, 255, (48, 48), dtype=np.uint8))
        write_image(tmp_path / f"m{i}.png", rng.random((192, 192)) < 0.5)
        lines.append(f"{i},s{i},OD,{i}.png,{('Healthy', 'PDR')[i % 2]},m{i}.png")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines))
    data = nn.read_graphs(read_manifest(path), tmp_path / "graphs")
    assert data.kinds == ("image",) * 4  # the mask beside an image is not looked at
    assert (len(data.columns["vessel"]), len(data.columns["ica"])) == (15, 15)
    direct = extract_image(read_image(tmp_path / "2.png"))
    places = [direct.ica_columns.index(name) for name in data.columns["ica"]]
    np.testing.assert_array_equal(data.graphs[2].x["ica"], direct.ica_x[:, places])
    # One mask without an image drops the intensities of all.
    mixed = [*lines[:4], "3,s3,OD,,PDR,m3.png"]
    path.write_text("\n".join(mixed))
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED: 1 of 4"):
        data = nn.read_graphs(read_manifest(path), tmp_path / "graphs")
    assert data.kinds == ("image",) * 3 + ("mask",)
    assert len(data.columns["ica"]) == data.graphs[0].x["ica"].shape[1] == 12


def test_the_cache_holds_what_the_files_hold(manifest: Manifest, tmp_path: Path) -> None:
    cache = tmp_path / "graphs"
    first = nn.read_graphs(manifest, cache)
    stored = sorted(cache.iterdir())
    assert len(stored) == len(manifest)
    times = [path.stat().st_mtime_ns for path in stored]
    stored[1].write_bytes(b"damaged")
    again = nn.read_graphs(manifest, cache)
    assert again.sha256 == first.sha256
    changed = [t != path.stat().st_mtime_ns for t, path in zip(times, stored, strict=True)]
    assert changed == [i == 1 for i in range(len(stored))]
    source = GraphSource(extract=GraphSource().extract.replace(prune="none"))
    assert nn.read_graphs(manifest, cache, source).sha256 != first.sha256


def test_images_that_cannot_be_read_are_named_by_row(tmp_path: Path) -> None:
    manifest = mask_manifest(tmp_path, 12)
    (tmp_path / "004.png").write_text("no image")
    (tmp_path / "007.png").unlink()
    with pytest.raises(FormatError, match=r"2 images cannot be read, the first in row 6"):
        nn.read_graphs(manifest, tmp_path / "graphs")


# --- killed --------------------------------------------------------------------------------------


def command(manifest: Manifest, out: Path) -> list[str]:
    options = "--folds 1 --epochs 30 --hidden 8 --layers 2 --batch-size 4 --threads 1 --quiet"
    return ["train", str(manifest.folder / "manifest.csv"), "--out", str(out), *options.split()]


def watched(notes: Path, arguments: list[str], kill: tuple[Path, int, float] | None = None) -> int:
    """Train in a process that may kill itself; returns how it ended."""
    settings = [str(part) for part in kill or ("-", 0, 0)]
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(notes), *settings, *arguments], check=False
    ).returncode


def results(out: Path) -> dict[str, bytes]:
    """All files but logs, and what killed runs left unfinished."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and not path.name.startswith((".", "events."))
    }


def moments(order: list[str], count: int, rng: random.Random) -> list[int]:
    """Places among the files of a run: of the first graphs, of the last results, of all."""
    graphs = [place for place, name in enumerate(order) if name.endswith(".npz")]
    end = [place for place in range(len(order)) if "history.csv" not in order[place:]]
    others = rng.sample(range(len(order)), max(count - 2, 0))
    return sorted([rng.choice(graphs), rng.choice(end), *others])[:count]


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_the_same(manifest: Manifest, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "killed"
    order = tmp_path / "order"
    assert watched(order, command(manifest, whole)) == 0
    wanted = results(whole)
    assert {"run.json", "splits.json", *(f"graphs/{i:03}.npz" for i in range(36))} < set(wanted)
    assert len(wanted) == 2 + 36 + 6
    rng = random.Random(int(os.environ.get("GFTCORE_TEST_SEED", "1")))
    ends = []
    for moment in moments(order.read_text().split(), KILLS, rng):
        # Between two files, or anywhere in what follows: a graph, an epoch, the last results.
        delay = rng.choice([0.0, rng.uniform(0, 0.1)])
        ends.append(watched(tmp_path / "notes", command(manifest, out), (order, moment, delay)))
    # A late one may find nothing to do any more.
    assert set(ends) <= {-signal.SIGKILL, 0}
    assert ends[0] == -signal.SIGKILL
    assert ends.count(-signal.SIGKILL) > KILLS // 2
    assert watched(tmp_path / "notes", command(manifest, out)) == 0
    found = results(out)
    assert set(found) == set(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []


# --- the command ---------------------------------------------------------------------------------


def test_the_command_says_what_it_would_do(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(manifest.folder / "manifest.csv")
    out = tmp_path / "out"
    assert main(["train", path, "--out", str(out), "--dry-run", "--json", "--folds", "3,1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["folds"]) == ("gftcore-train/1", [3, 1])
    assert not out.exists()
    assert main(["train", path, "--out", str(out), "--folds", "0"]) == 3
    assert "--folds must be numbers from 1 to 5" in capsys.readouterr().err
    assert main(["train", path, "--out", str(out), "--dropout", "2"]) == 3
    assert main(["train", str(tmp_path / "none.csv"), "--out", str(out)]) == 3


def test_the_command_shows_each_fold(
    manifest: Manifest,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    monkeypatch.setattr(core, "keep_freed_memory", lambda: calls.append(1))
    path = str(manifest.folder / "manifest.csv")
    options = ["--epochs", "1", "--hidden", "8", "--folds", "2", "--threads", "1"]
    options += ["--cache", str(trained / "graphs"), "--out", str(tmp_path / "out")]
    assert main(["train", path, *options]) == 0
    assert calls == [1]
    shown = capsys.readouterr()
    assert "fold  best epoch  validation  test" in shown.out
    assert "36 images; classes: Healthy, Glaucoma" in shown.err
    assert main(["train", path, *options, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["classes"] == ["Healthy", "Glaucoma"]
    assert [fold["fold"] for fold in document["folds"]] == [2]
    assert main(["train", path, *options, "--lr", "0.5"]) == 5
