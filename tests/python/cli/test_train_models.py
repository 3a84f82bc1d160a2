# SPDX-License-Identifier: Apache-2.0
"""`gftcore train --model` and `gftcore evaluate` of several trainings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gftcore.cli import main
from gftcore.cli.train_options import model_config
from gftcore.datasets import Manifest
from gftcore.errors import ArgumentError
from gftcore.io.files import held_folder
from labelled import mask_manifest

MODELS = ("svm", "forest", "logistic", "threshold", "resnet18")
SMALL = {
    "resnet18": ["--image-px", "96", "--epochs", "1", "--threads", "1"],
    "forest": ["--trees", "9"],
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return mask_manifest(tmp_path_factory.mktemp("masks"), 24)


def needs(model: str) -> None:
    for name in {"threshold": (), "resnet18": ("torch", "transformers")}.get(model, ("sklearn",)):
        pytest.importorskip(name, reason=f"{name} is not installed")


def trained(manifest: Manifest, out: Path, model: str, *more: str) -> int:
    path = str(manifest.folder / "manifest.csv")
    options = ["--folds", "1,2", "--cache", str(out.parent), *SMALL.get(model, []), *more]
    return main(["train", path, "--out", str(out), "--model", model, *options])


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_and_is_evaluated(
    model: str, manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(model)
    assert trained(manifest, tmp_path / model, model) == 0
    shown = capsys.readouterr()
    assert "fold  best epoch  validation  test" in shown.out
    assert "24 images; classes: Healthy, Glaucoma" in shown.err
    assert (model == "resnet18") == ("chose" not in shown.err)
    assert trained(manifest, tmp_path / model, model, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [fold["fold"] for fold in document["folds"]] == [1, 2]
    path = str(manifest.folder / "manifest.csv")
    assert main(["evaluate", path, str(tmp_path / model), "--json", "--resamples", "20"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == model
    assert len(document["models"]) == 2
    mean = document["mean"]["balanced_accuracy"]
    assert mean["low"] <= mean["mean"] <= mean["high"]


def test_several_trainings_in_one_table(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(manifest.folder / "manifest.csv")
    runs = [tmp_path / "one", tmp_path / "two"]
    for run in runs:
        assert trained(manifest, run, "threshold", "--quiet") == 0
    for file in runs[1].glob("fold-2/predictions.csv"):  # one model that is always wrong
        lines = [line.split(",") for line in file.read_text().splitlines()]
        file.write_text("\n".join(",".join([*r[:4], r[5], r[4]]) for r in lines[1:]))
        header = ",".join(lines[0])
        file.write_text(f"{header}\n{file.read_text()}\n")
    arguments = ["evaluate", path, *map(str, runs), "--resamples", "50"]
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["split"]) == ("gftcore-evaluation/1", "test")
    means = [run["mean"]["balanced_accuracy"] for run in document["runs"]]
    assert [run["kind"] for run in document["runs"]] == ["threshold", "threshold"]
    assert means[0]["mean"] == 1.0
    assert means[1]["mean"] == 0.5
    assert means[1]["sd"] == pytest.approx(2**-0.5)
    # A resample is the same for both models: one is always right where the other is wrong.
    assert (means[1]["low"], means[1]["high"]) == (0.5, 0.5)
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["one", "two"]
    assert "0.500 [0.500, 0.500]" in lines[2]
    assert lines[-1] == "means over the models of each training: 2"


def test_a_model_file_stands_alone(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(manifest.folder / "manifest.csv")
    assert trained(manifest, tmp_path / "one", "threshold", "--quiet") == 0
    assert main(["evaluate", path, str(tmp_path / "one"), str(tmp_path / "none")]) == 3
    assert "is no folder of a training; a single model stands alone" in capsys.readouterr().err


def test_only_trainings_that_saw_the_same_are_compared(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(manifest.folder / "manifest.csv")
    run, other = tmp_path / "one", tmp_path / "two"
    assert trained(manifest, run, "threshold", "--quiet") == 0
    assert trained(manifest, other, "threshold", "--quiet", "--seed", "1") == 0
    assert main(["evaluate", path, str(run), str(other), "--resamples", "9"]) == 3
    assert "the trainings must be scored on the same images, got" in capsys.readouterr().err
    # Labels that were changed after the training are taken, but not in silence.
    text = (manifest.folder / "manifest.csv").read_text()
    relabelled = manifest.folder / "relabelled.csv"
    swapped = text.replace("Healthy", "x").replace("Glaucoma", "Healthy").replace("x", "Glaucoma")
    relabelled.write_text(swapped)
    for options, told in ((["--json"], True), ([], True), (["--quiet"], False)):
        assert main(["evaluate", path, str(run), "--resamples", "9", *options]) == 0
        assert "learned from another manifest" not in capsys.readouterr().err
        assert main(["evaluate", str(relabelled), str(run), "--resamples", "9", *options]) == 0
        assert (f"warning: {run} learned from another manifest" in capsys.readouterr().err) == told


def test_a_fold_that_another_process_trains_is_refused(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held_folder(tmp_path / "one" / "fold-2"):
        assert trained(manifest, tmp_path / "one", "threshold") == 5
    assert "fold-2 is being written by another process" in capsys.readouterr().err
    assert trained(manifest, tmp_path / "one", "threshold") == 0


@pytest.mark.parametrize(
    ("model", "option", "owners"),
    [
        ("svm", ["--lr", "0.1"], "--lr belongs to --model gnn, resnet18, got --model svm"),
        ("threshold", ["--trees", "3"], "--trees belongs to --model forest"),
        ("resnet18", ["--lr-decay", "0.9"], "--lr-decay belongs to --model gnn"),
        ("forest", ["--no-linear-ends"], "--linear-ends belongs to --model gnn"),
    ],
)
def test_options_of_other_models_are_refused(
    model: str,
    option: list[str],
    owners: str,
    manifest: Manifest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    needs(model)
    assert trained(manifest, tmp_path / "out", model, *option) == 3
    assert owners in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_reach_the_settings() -> None:
    def config(model: str, **options: Any) -> dict[str, Any]:
        return model_config(model, 7, {"lr": None, **options}).to_dict()

    found = config("resnet18", epochs=3, image_px=96, precision="bfloat16", augment="none")
    assert (found["epochs"], found["image_px"], found["seed"]) == (3, 96, 7)
    assert (found["precision"], found["augment"], found["lr"]) == ("bfloat16", "none", 1e-3)
    assert config("forest", trees=3)["trees"] == 3
    with pytest.raises(ArgumentError, match="image_px must be between"):
        config("resnet18", image_px=1)
    pytest.importorskip("torch", reason="torch is not installed")
    found = config("gnn", pre=1, layers=2, post=3, final=4, linear_ends=True, dropout=0.0)
    assert [found[f"n_{name}"] for name in ("pre", "layers", "post", "final")] == [1, 2, 3, 4]
    assert (found["linear_ends"], found["dropout"], found["epochs"]) == (True, 0.0, 100)


def test_the_help_names_the_defaults() -> None:
    """Texts beside options say what the settings say."""
    from gftcore.baselines import ImageConfig, TableConfig
    from gftcore.cli import train_options

    pytest.importorskip("torch", reason="torch is not installed")
    from gftcore.nn import TrainConfig

    def text(name: str) -> str:
        return str(getattr(train_options, name).__metadata__[0].help)

    gnn, image = TrainConfig(), ImageConfig()
    assert text("Epochs") == f"gnn: default {gnn.epochs}; resnet18: {image.epochs}."
    assert (
        text("WeightDecay") == f"gnn: default {gnn.weight_decay}; resnet18: {image.weight_decay}."
    )
    assert gnn.batch_size == image.batch_size
    assert gnn.lr == image.lr
    shared = {"BatchSize": gnn.batch_size, "Lr": gnn.lr, "Trees": TableConfig().trees}
    of_gnn = {"LrDecay": "lr_decay", "Dropout": "dropout", "Hidden": "hidden", "Pre": "n_pre"}
    of_gnn |= {"Layers": "n_layers", "Post": "n_post", "Final": "n_final", "Act": "act"}
    of_gnn |= {"RelAggr": "rel_aggr", "ClassWeights": "class_weights", "Smoothing": "smoothing"}
    of_gnn |= {"Scaling": "scaling", "Dtype": "dtype"}
    of_image = {"ImagePx": "image_px", "Precision": "precision", "Augment": "augment"}
    values = shared | {name: getattr(gnn, field) for name, field in of_gnn.items()}
    values |= {name: getattr(image, field) for name, field in of_image.items()}
    for name, value in values.items():
        assert text(name).endswith(f"default {value}."), name


def test_what_is_missing_is_named(
    manifest: Manifest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert trained(manifest, tmp_path / "out", "svm") == 4
    assert 'pip install "gftcore[baselines]"' in capsys.readouterr().err
