# SPDX-License-Identifier: Apache-2.0
"""A small data set of drawn eyes, and a folder of networks as a training of all folds leaves it."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from drawn_eyes import drawn_files, untrained
from gftcore.datasets import (
    GraphSource,
    Manifest,
    Record,
    Splits,
    read_manifest,
    split_subjects,
    write_manifest,
    write_splits,
)
from gftcore.model import Model, initial_weights

COUNT = 18
CLASSES = ("Healthy", "NPDR", "PDR")


@dataclass(frozen=True, kw_only=True)
class TeachingSet:
    """Manifest and folds, and where they and the networks lie."""

    folder: Path
    manifest: Manifest
    splits: Splits

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def arguments(self, out: Path, fold: int = 2) -> list[str]:
        """What `gftcore teach plan` is given."""
        return [
            str(self.folder / "manifest.csv"), "--out", str(out), "--fold", str(fold),
            "--splits", str(self.folder / "splits.json"), "--models", str(self.run),
        ]  # fmt: skip


def fold_network(made: TeachingSet, j: int, *, grey: bool = True) -> Model:
    """A network of random weights whose record says that it was validated on fold j."""
    record = {
        "fold": j, "manifest_sha256": made.manifest.sha256, "split_seed": made.splits.seed,
        "inputs": ["image"], "source": GraphSource().to_dict(), "data": "synthetic",
    }  # fmt: skip
    model = untrained(grey=grey, record=record)
    return replace(model, weights=initial_weights(model.config, seed=j))


def write_network(folder: Path, model: Model) -> None:
    model.save(folder)
    (folder / "fold.json").write_text(json.dumps({"model_sha256": model.sha256}))


def teaching_set(folder: Path, count: int = COUNT) -> TeachingSet:
    """One eye a subject; classes and sides take turns."""
    files = drawn_files(folder, count)
    records = [
        Record(
            id=f"eyes/{file.stem}",
            subject=f"person{i}",
            eye="OD" if i % 2 else "OS",
            path=file.name,
            label=CLASSES[i % 3],
        )
        for i, file in enumerate(files)
    ]
    write_manifest(folder / "manifest.csv", records)
    manifest = read_manifest(folder / "manifest.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few subjects may leave folds without a class
        splits = split_subjects(manifest, seed=1)
    write_splits(folder / "splits.json", splits)
    made = TeachingSet(folder=folder, manifest=manifest, splits=splits)
    begun = {"schema": "gftcore-training/1", "model": "gnn", "manifest_sha256": manifest.sha256}
    made.run.mkdir()
    (made.run / "run.json").write_text(json.dumps(begun))
    write_splits(made.run / "splits.json", splits)
    for j in range(1, 6):
        write_network(made.run / f"fold-{j}", fold_network(made, j))
    return made
