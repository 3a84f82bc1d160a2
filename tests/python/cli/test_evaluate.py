# SPDX-License-Identifier: Apache-2.0
"""`gftcore evaluate`: scores of a training and of a model, pools of classes, refusals."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gftcore.metrics.classification", reason="there are no scores of classes yet")

from gftcore import datasets
from gftcore.cli import main
from gftcore.datasets import SYNTHETIC_NOTICE, GraphSource, Manifest, split_subjects
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
from labelled import mask_manifest

CLASSES = ("Healthy", "Glaucoma")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return mask_manifest(tmp_path, 24)


def training(manifest: Manifest, wrong: int) -> Path:
    """What `train` leaves: fold 1 makes some errors in the test images, fold 2 none."""
    run = manifest.folder / "run"
    view = split_subjects(manifest).view(1)
    for fold, errors in ((1, wrong), (2, 0)):
        folder = run / f"fold-{fold}"
        folder.mkdir(parents=True)
        with (folder / "predictions.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "split", "label", "predicted", *(f"p_{c}" for c in CLASSES)])
            for i, record in enumerate(manifest.select(view.test)):
                right = CLASSES.index(record.label)
                p = 0.9 if (right == 0) != (i < errors) else 0.1
                writer.writerow([record.id, "test", record.label, "", p, 1 - p])
        (folder / "fold.json").write_text("{}")
    (run / "run.json").write_text("{}")
    return run


def saved(manifest: Manifest, **record: Any) -> Path:
    """A network that was not trained, with a record of a training."""
    features = FeatureSet(columns=("length",), mean=(20.0,), sd=(9.0,))
    config = ModelConfig(features={"vessel": features}, classes=CLASSES, hidden=8, training=record)
    Model(config=config, weights=initial_weights(config, seed=1)).save(manifest.folder / "m")
    return manifest.folder / "m"


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert main(["evaluate", *map(str, arguments), "--json", "--resamples", "50"]) == 0
    return json.loads(capsys.readouterr().out)


def test_folds_of_a_training(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    run = training(manifest, 1)
    path = manifest.folder / "manifest.csv"
    document = shown(capsys, path, run)
    assert (document["schema"], document["split"]) == ("gftcore-evaluation/1", "test")
    assert [row["name"] for row in document["models"]] == ["fold-1", "fold-2"]
    first, second = (row["scores"]["balanced_accuracy"] for row in document["models"])
    assert (first["value"], second["value"]) == (0.75, 1.0)
    assert first["low"] <= first["value"] <= first["high"]
    assert document["mean"]["balanced_accuracy"]["mean"] == 0.875
    assert main(["evaluate", str(path), str(run), "--resamples", "50"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["fold-1", "fold-2", "mean", "sd"]
    assert main(["evaluate", str(path), str(run), "--split", "validate"]) == 3


def test_synthetic_images_are_called_so(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = training(manifest, 1), manifest.folder / "manifest.csv"
    assert shown(capsys, path, run)["synthetic"] is False
    cohort = {"schema": "gftcore-cohort/1", "images": len(manifest)}
    (manifest.folder / "cohort.json").write_text(json.dumps(cohort))
    assert shown(capsys, path, run)["synthetic"] is True
    assert main(["evaluate", str(path), str(run), "--resamples", "50"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == SYNTHETIC_NOTICE


def test_a_model_classifies_every_image(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(manifest)
    path = manifest.folder / "manifest.csv"
    document = shown(capsys, path, manifest.folder / "m")
    assert document["models"][0]["num_images"] == len(manifest)
    assert sum(map(sum, document["models"][0]["confusion"])) == len(manifest)
    pools = ["--pool", "Sick=Glaucoma", "--pool", "Well=Healthy"]
    pooled = shown(capsys, path, manifest.folder / "m", *pools)
    assert pooled["classes"] == ["Sick", "Well"]


def test_a_model_gets_the_graphs_of_its_training(
    manifest: Manifest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def seen(table: Manifest, source: GraphSource, **options: Any) -> Any:
        used.append(source)
        return datasets.graphs.manifest_graphs(table, source, **options)

    monkeypatch.setattr(datasets, "manifest_graphs", seen)
    source = GraphSource(extract=GraphSource().extract.replace(prune="none"), channel="mean")
    path = str(manifest.folder / "manifest.csv")
    for recorded, option in (("mean", []), (None, ["--channel", "mean"])):
        record = dataclasses.replace(source, channel=recorded).to_dict()
        model = saved(manifest, source=record, inputs=["image"], rows=[96, 96])
        # Graphs of other settings would be remarked.
        assert shown(capsys, path, model, *option)["remarks"] == {"KIND_UNSEEN": len(manifest)}
        assert main(["evaluate", path, str(model), *option, "--resamples", "50"]) == 0
        told = f"warning: KIND_UNSEEN in {len(manifest)} images: the network learned"
        assert told in capsys.readouterr().err
    assert used == [source] * 4


def test_a_model_that_learned_from_the_manifest_is_told_of(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    path = manifest.folder / "manifest.csv"
    for digest, known in ((manifest.sha256, True), ("0" * 64, False)):
        model = saved(manifest, manifest_sha256=digest)
        assert main(["evaluate", str(path), str(model), "--json", "--resamples", "50"]) == 0
        out, err = capsys.readouterr()
        document = json.loads(out)
        assert (document["seen_in_training"], document["remarks"]) == (known, {})
        assert ("learned from images of this manifest" in err) is known
        assert main(["evaluate", str(path), str(model), "--quiet"]) == 0
        assert capsys.readouterr() == ("", "")
    assert shown(capsys, path, training(manifest, 1))["seen_in_training"] is False


def test_classes_have_to_match(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    features = FeatureSet(columns=("length",), mean=(20.0,), sd=(9.0,))
    config = ModelConfig(features={"vessel": features}, hidden=8)
    Model(config=config, weights=initial_weights(config, seed=1)).save(manifest.folder / "m")
    path = str(manifest.folder / "manifest.csv")
    assert main(["evaluate", path, str(manifest.folder / "m")]) == 3
    assert "the manifest has Glaucoma; use --pool" in capsys.readouterr().err
    assert main(["evaluate", path, str(manifest.folder / "m"), "--pool", "x"]) == 3
    assert main(["evaluate", path, str(manifest.folder / "nothing")]) == 3
