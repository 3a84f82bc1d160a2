# SPDX-License-Identifier: Apache-2.0
"""Ranges and thresholds of networks: over which eyes, once for all, equal alone and together."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import pytest

from gftcore import biomarkers, findings, io, pipeline, tabulation
from gftcore.datasets import GraphSource
from gftcore.errors import ArgumentError
from gftcore.graph import ExtractConfig, extract_image
from gftcore.model import Model
from gftcore.pipeline import references
from teaching_runs import TeachingSet, fold_network, teaching_set


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TeachingSet:
    return teaching_set(tmp_path_factory.mktemp("set"))


def found(model: Model) -> tuple[Any, Any]:
    return tabulation.reference_of(model.config), findings.thresholds_of(model.config)


def one_by_one(made: TeachingSet, ids: tuple[str, ...], label: str = "Healthy") -> tuple[Any, Any]:
    graphs = []
    for record in made.manifest.select(ids):
        if record.label == label:
            pixels = io.read_image(made.folder / str(record.path))
            eye = ExtractConfig(eye=record.eye)
            graphs.append(extract_image(pixels, eye, keep=("mask", "skeleton")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = [(graph, biomarkers.biomarkers(graph)) for graph in graphs]
    return tabulation.reference_ranges(pairs), findings.finding_thresholds(graphs)


def test_over_the_healthy_eyes_among_some_images(made: TeachingSet) -> None:
    base = fold_network(made, 1)
    ids = made.splits.view(1).train
    model = pipeline.with_references(base, made.manifest, ids, threads=1)
    assert found(model) == one_by_one(made, ids)
    # Negative controls: neither all images nor all healthy ones give the same.
    assert found(model)[1] != one_by_one(made, ids, "PDR")[1]
    everyone = tuple(record.id for record in made.manifest)
    assert found(model)[0] != one_by_one(made, everyone)[0]
    assert found(model)[0].info.eyes == 6 - sum(
        record.label == "Healthy" for record in made.manifest.select(made.splits.ids(0, 1))
    )
    assert model.sha256 != base.sha256
    for name, array in base.weights.items():
        assert model.weights[name].tobytes() == array.tobytes()


def test_together_as_alone_and_each_eye_once(
    made: TeachingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [fold_network(made, j) for j in (1, 2, 3)]
    # The last one reads its images in another way.
    source = GraphSource(extract=ExtractConfig(prune="none")).to_dict()
    record = {**models[2].config.training, "source": source}
    models[2] = dataclasses.replace(models[2], config=models[2].config.replace(training=record))
    ids = [made.splits.view(j).train for j in (1, 2, 3)]
    alone = [
        pipeline.with_references(model, made.manifest, some, threads=2)
        for model, some in zip(models, ids, strict=True)
    ]
    steps: list[None] = []
    together = pipeline.all_with_references(
        models, made.manifest, ids, threads=1, step=lambda: steps.append(None)
    )
    assert [model.sha256 for model in together] == [model.sha256 for model in alone]
    assert len({model.sha256 for model in together}) == 3
    healthy = [references.healthy_ids(made.manifest, some) for some in ids]
    assert len(steps) == len({*healthy[0], *healthy[1]}) + len(healthy[2])
    assert len(steps) < sum(map(len, healthy))
    calls = []
    real = references.manifest_graphs
    monkeypatch.setattr(
        references,
        "manifest_graphs",
        lambda eyes, *a, **k: calls.append(eyes) or real(eyes, *a, **k),
    )
    pipeline.with_references(models[0], made.manifest, ids[0])
    assert [[record.id for record in eyes] for eyes in calls] == [list(healthy[0])]


def test_refusals(made: TeachingSet) -> None:
    sick = [record.id for record in made.manifest if record.label == "PDR"]
    with pytest.raises(ArgumentError, match="ids must hold an image of the class Healthy"):
        pipeline.with_references(fold_network(made, 1), made.manifest, sick)
    with pytest.raises(ArgumentError, match="ids must be in the manifest, got 1"):
        pipeline.with_references(fold_network(made, 1), made.manifest, ["x"])


def test_whose_data_it_is(made: TeachingSet, tmp_path: Path) -> None:
    """Beside a cohort's description the eyes are synthetic, else nobody knows."""
    model = fold_network(made, 1)
    ids = made.splits.view(1).train
    assert found(pipeline.with_references(model, made.manifest, ids))[0].info.data == "unknown"
    other = teaching_set(tmp_path)
    (tmp_path / "cohort.json").write_text('{"schema": "gftcore-cohort/1", "images": 18}')
    model = pipeline.with_references(model, other.manifest, ids)
    assert found(model)[0].info.data == "synthetic"
