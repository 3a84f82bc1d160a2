# SPDX-License-Identifier: Apache-2.0
"""A network that was trained here stages its images as the training classified them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
torch = pytest.importorskip("torch")
pytest.importorskip("tensorboard")

from drawn_eyes import drawn_files  # noqa: E402
from gftcore import graph, nn, pipeline  # noqa: E402
from gftcore.datasets import (  # noqa: E402
    GraphSource,
    Record,
    read_manifest,
    split_subjects,
    write_manifest,
)
from gftcore.graph import ExtractConfig  # noqa: E402
from gftcore.model import Model  # noqa: E402
from gftcore.segmentation import SegmentConfig  # noqa: E402

SOURCE = GraphSource(extract=ExtractConfig(prune="length"), seg=SegmentConfig(scale=2))
COUNT = 24


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("grey")
    records = [
        Record(
            id=file.stem, subject=file.stem, eye="unknown", label=label, path=file.name, fov_mm=fov
        )
        for file, label, fov in zip(
            drawn_files(folder, COUNT), ["Healthy", "PDR"] * COUNT, [3.0, 4.5] * COUNT, strict=False
        )
    ]
    write_manifest(folder / "manifest.csv", records)
    manifest = read_manifest(folder / "manifest.csv")
    config = nn.TrainConfig(hidden=8, n_layers=2, epochs=3, batch_size=8, lr=0.01)
    splits = split_subjects(manifest)
    nn.train_folds(manifest, splits, folder / "run", config, folds=(1,), source=SOURCE)
    yield folder, manifest
    torch.set_num_threads(before)


def test_the_record_says_what_the_network_learned_from(run: Any) -> None:
    folder, manifest = run
    model = Model.load(folder / "run" / "fold-1")
    training = model.config.training
    assert training["inputs"] == ["image"]
    assert GraphSource.from_dict(training["source"]) == SOURCE
    assert (training["rows"], training["cols"]) == ([192, 192], [192, 192])
    learned = manifest.select(split_subjects(manifest).view(1).train)
    widths = sorted({record.fov_mm for record in learned})
    assert training["fov_mm"] == [widths[0], widths[-1]] == [3.0, 4.5]


def test_staging_repeats_the_predictions(run: Any, tmp_path: Path) -> None:
    folder, manifest = run
    model = Model.load(folder / "run" / "fold-1")
    with (folder / "run" / "fold-1" / "predictions.csv").open() as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    records = manifest.select(list(rows))
    images = [manifest.image_path(record) for record in records]
    narrow = pipeline.model_source(model)
    for record, one in zip(
        records, pipeline.stage_images(images, model, keep=True, threads=2), strict=True
    ):
        assert one.warnings == ()
        wanted = [float(rows[record.id][f"p_{name}"]) for name in one.classes]
        assert one.probabilities.tolist() == pytest.approx(wanted, abs=1e-4)
        if record.fov_mm != narrow.extract.fov_mm:
            continue
        graph.save(one.graph, tmp_path / "a.npz")
        kept = folder / "run" / "graphs" / f"{record.id}.npz"
        assert (tmp_path / "a.npz").read_bytes() == kept.read_bytes()
