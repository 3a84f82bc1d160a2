# SPDX-License-Identifier: Apache-2.0
"""The program that puts a trained network into the package."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import default_model as program
from drawn_eyes import drawn_files, untrained
from gftcore import biomarkers, findings, pipeline, tabulation
from gftcore.datasets import (
    GraphSource,
    Manifest,
    Record,
    read_manifest,
    read_splits,
    split_subjects,
    write_manifest,
    write_splits,
)
from gftcore.graph import ExtractConfig, extract_image
from gftcore.io import read_image
from gftcore.model import Model, standardise
from gftcore.model.spatial import image_fractions
from gftcore.nn import spatial_grids

LABELS = ("Healthy", "NPDR", "PDR")
COUNT = 12
MARKED = "# Page\n\n<!-- measured: {} -->\nold\n<!-- end -->\n"


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    folder = tmp_path / "cohort"
    records = [
        Record(id=file.stem, subject=file.stem, eye="OD", label=LABELS[i % 3], path=file.name)
        for i, file in enumerate(drawn_files(folder, COUNT))
    ]
    write_manifest(folder / "manifest.csv", records)
    about = {
        "schema": "gftcore-cohort/1", "seed": 0, "subjects": COUNT, "images": COUNT,
        "images_by_label": dict(Counter(record.label for record in records)), "fov_mm": 3.0,
    }  # fmt: skip
    (folder / "cohort.json").write_text(json.dumps(about))
    return folder


def training(folder: Path, manifest: Manifest, *, wrong: float = 0.0) -> Path:
    """What `gftcore train --folds 1` leaves; its probabilities are off by `wrong`."""
    record = {
        "manifest_sha256": manifest.sha256, "inputs": ["image"], "num_train": 4,
        "num_validate": 4, "best_epoch": 2, "config": {"epochs": 3},
    }  # fmt: skip
    model = untrained(record=record)
    model.save(folder / "fold-1")
    source = GraphSource().to_dict()
    (folder / "run.json").write_text(
        json.dumps({"manifest_sha256": manifest.sha256, "source": source})
    )
    staged: list[Any] = list(
        pipeline.stage_images([manifest.image_path(r) or "" for r in manifest][4:], model)
    )
    (folder / "fold-1" / "fold.json").write_text("{}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few subjects leave folds without a class
        write_splits(folder / "splits.json", split_subjects(manifest))
    with (folder / "fold-1" / "predictions.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "split", "label", "predicted", *(f"p_{c}" for c in LABELS)])
        for i, one in enumerate(staged):
            p = one.probabilities.copy()
            p[p.argmax()] -= wrong
            p[p.argmin()] += wrong
            split = "validate" if i < 4 else "test"
            writer.writerow([Path(one.name).stem, split, "", one.prediction, *p.tolist()])
    return folder


def of_healthy_eyes(
    manifest: Manifest, run: Path
) -> tuple[tabulation.ReferenceRanges, findings.Thresholds]:
    """Ranges and thresholds over the healthy eyes of the training, made one by one."""
    train = read_splits(run / "splits.json", manifest).view(1).train
    files = [manifest.image_path(r) for r in manifest.select(train) if r.label == "Healthy"]
    assert 0 < len(files) < len(train)
    eye = ExtractConfig(eye="OD")
    graphs = [
        extract_image(read_image(file or ""), eye, keep=("mask", "skeleton")) for file in files
    ]
    ranges = tabulation.reference_ranges(
        [(graph, biomarkers.biomarkers(graph)) for graph in graphs], data="synthetic"
    )
    return ranges, findings.finding_thresholds(graphs)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(MARKED.format("default-model") + MARKED.format("default-model-scores"))
    return path


def test_the_network_is_shipped_with_its_record_and_its_tables(
    cohort: Path, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = read_manifest(cohort / "manifest.csv")
    run = training(tmp_path / "run", manifest)
    asset = tmp_path / "staging.safetensors"
    assert program.ship(run, cohort, asset=asset, page=page, checked=5) == program.MET
    trained, shipped = Model.load(run / "fold-1"), Model.load(asset)
    for name, array in trained.weights.items():
        assert shipped.weights[name].tobytes() == array.tobytes()
    record = shipped.config.training
    assert record["data"] == "synthetic"
    assert record["cohort"]["images"] == COUNT
    assert (record["rows"], record["cols"], record["fov_mm"]) == ([384, 384], [384, 384], [3, 3])
    assert record["best_epoch"] == 2
    ranges = tabulation.reference_of(shipped.config)
    thresholds = findings.thresholds_of(shipped.config)
    assert (ranges, thresholds) == of_healthy_eyes(manifest, run)
    assert ranges is not None
    assert ranges.info.data == "synthetic"
    text = page.read_text()
    assert re.findall(r"[0-9a-f]{64}", text) == [shipped.sha256]
    assert "old" not in text
    assert "| balanced accuracy |" in text
    value, low, high = record["scores"]["test"]["balanced_accuracy"]
    assert f"{value:.3f} [{low:.3f}, {high:.3f}]" in text
    assert shipped.sha256 in capsys.readouterr().out
    # A second run changes nothing.
    before = asset.read_bytes(), page.read_text()
    assert program.ship(run, cohort, asset=asset, page=page, checked=5) == program.MET
    assert (asset.read_bytes(), page.read_text()) == before


def test_another_answer_than_the_training_s_is_not_shipped(
    cohort: Path, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = training(tmp_path / "run", read_manifest(cohort / "manifest.csv"), wrong=0.01)
    asset = tmp_path / "staging.safetensors"
    assert program.ship(run, cohort, asset=asset, page=page, checked=5) == program.MISSED
    assert "differs from training by 0.01" in capsys.readouterr().err
    assert not asset.exists()
    assert "old" in page.read_text()


def test_what_does_not_fit_together_is_refused(cohort: Path, page: Path, tmp_path: Path) -> None:
    run = training(tmp_path / "run", read_manifest(cohort / "manifest.csv"))

    def ship() -> int:
        return program.ship(run, cohort, asset=tmp_path / "a", page=page, checked=2)

    page_text = page.read_text()
    page.write_text(page_text.replace("default-model-scores", "other"))
    with pytest.raises(ValueError, match="has the places"):
        ship()
    assert not (tmp_path / "a").exists()
    page.write_text(page_text)
    about = cohort / "cohort.json"
    good = about.read_text()
    about.write_text(good.replace(f'"images": {COUNT}', '"images": 13'))
    with pytest.raises(ValueError, match="has 13 eyes, its manifest 12"):
        ship()
    about.write_text(good.replace("gftcore-cohort/1", "real/1"))
    with pytest.raises(ValueError, match="no synthetic cohort"):
        ship()
    about.write_text(good)
    manifest = cohort / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("NPDR", "PDR", 1))
    with pytest.raises(ValueError, match="learned from another manifest"):
        ship()


@pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")
def test_grids_are_shipped_and_made_where_there_are_none(
    cohort: Path, page: Path, tmp_path: Path
) -> None:
    manifest = read_manifest(cohort / "manifest.csv")
    run, asset = training(tmp_path / "run", manifest), tmp_path / "staging.safetensors"
    splits = split_subjects(manifest)
    write_splits(run / "splits.json", splits)
    ship = partial(program.ship, run, cohort, asset=asset, page=page, checked=2)
    assert ship() == program.MET
    assert Model.load(asset).spatial is None
    assert ship(graphs=tmp_path / "graphs") == program.MET
    made = Model.load(asset)
    assert made.spatial is not None
    trained = Model.load(run / "fold-1")
    files = [manifest.image_path(r) or "" for r in manifest.select(splits.view(1).train)]
    graphs = [extract_image(read_image(file)) for file in files]
    wanted = spatial_grids(
        [
            {n: image_fractions(g.positions(n), g.meta.shape).astype(np.float32)
             for n in ("vessel", "ica")}
            for g in graphs
        ],
        [
            {n: x for n, x in standardise(trained.config, g).items() if n != "faz"}
            for g in graphs
        ],
    )  # fmt: skip
    for name, grid in wanted.items():
        assert made.spatial[name].tobytes() == grid.tobytes()
    # Those of the training are kept.
    moved = {name: grid[::-1].copy() for name, grid in wanted.items()}
    dataclasses.replace(trained, spatial=moved).save(run / "fold-1")
    assert ship(graphs=tmp_path / "graphs") == program.MET
    kept = Model.load(asset).spatial
    assert kept is not None
    assert kept["vessel"].tobytes() == moved["vessel"].tobytes()
