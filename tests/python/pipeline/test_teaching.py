# SPDX-License-Identifier: Apache-2.0
"""Teaching cases: who explains which image and for what, what is refused, files and back.

Exactness: everything is equal, bit for bit, alone, among others and for any number of threads.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gftcore import io, synth
from gftcore.claims import Facts
from gftcore.datasets import read_manifest, split_subjects, write_manifest, write_splits
from gftcore.errors import ArgumentError, FormatError, GftcoreError, MissingFileError
from gftcore.findings import find_findings, rounded_finding, thresholds_of
from gftcore.graph import ExtractFailure
from gftcore.model import Model
from gftcore.pipeline import (
    LESION_OF,
    ExplainConfig,
    all_with_references,
    explain_images,
    fold_models,
    tabulate,
    teaching_cases,
    truth_facts,
)
from gftcore.pipeline.cross_fitting import same_network
from gftcore.tabulation import Fovea, table_json
from gftcore.teacher import TeachingCase, image_key, read_teaching_case, write_teaching_case
from gftcore.teacher.case_files import case_path
from teaching_runs import TeachingSet, fold_network, teaching_set, write_network

FOLD = 2


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TeachingSet:
    return teaching_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def models(made: TeachingSet) -> Mapping[int, Model]:
    found = fold_models(made.run, made.manifest, made.splits, FOLD)
    ids = [made.splits.view(j).train for j in found]
    ready = all_with_references(list(found.values()), made.manifest, ids)
    return dict(zip(found, ready, strict=True))


@pytest.fixture(scope="module")
def cases(made: TeachingSet, models: Mapping[int, Model]) -> dict[str, TeachingCase]:
    return collected(teaching_cases(made.manifest, made.splits, models, FOLD, threads=1))


def collected(pairs: Iterable[tuple[Any, Any]]) -> dict[str, TeachingCase]:
    out = {}
    for record, case in pairs:
        assert isinstance(case, TeachingCase), case
        out[record.id] = case
    return out


def equal(one: TeachingCase, other: TeachingCase) -> bool:
    same = all(
        getattr(one, name) == getattr(other, name)
        for name in ("image_id", "table", "findings", "label", "truth", "facts")
    )
    assert one.overlay is not None
    assert other.overlay is not None
    return (
        same
        and np.array_equal(one.image, other.image)
        and np.array_equal(one.overlay, other.overlay)
    )


def leaks(made: TeachingSet, tables: Mapping[str, str], models: Mapping[int, Model]) -> int:
    """How many images were explained by a network other than that of their own fold."""
    return sum(
        models[made.splits.fold_of_id[name]].sha256 != sha256 for name, sha256 in tables.items()
    )


def test_each_image_is_explained_by_the_network_of_its_fold(
    made: TeachingSet, models: Mapping[int, Model], cases: dict[str, TeachingCase]
) -> None:
    assert sorted(models) == [1, 3, 4, 5]
    assert set(cases) == set(made.splits.view(FOLD).train)
    assert not set(cases) & set(made.splits.ids(0, FOLD))
    used = {name: case.table.model.sha256 for name, case in cases.items()}
    assert leaks(made, used, models) == 0
    assert set(used.values()) == {model.sha256 for model in models.values()}
    # Negative control: the network that is usually at hand learned from all of these images.
    taught = fold_network(made, FOLD)
    files = [made.folder / str(record.path) for record in made.manifest.select(cases)]
    naive: Any = list(explain_images(files, taught))
    tables = {name: one.staged.model_sha256 for name, one in zip(cases, naive, strict=True)}
    assert leaks(made, tables, models) == len(cases)


def test_a_case_has_all_that_is_known(
    made: TeachingSet, models: Mapping[int, Model], cases: dict[str, TeachingCase]
) -> None:
    differing = 0
    for record in made.manifest.select(cases):
        case, model = cases[record.id], models[made.splits.fold_of_id[record.id]]
        assert (case.label, case.table.label, case.table.target) == (record.label,) * 3
        differing += case.table.prediction != record.label
        assert (case.image_id, case.table.image.id) == (record.id, record.id)
        assert case.table.image.eye == record.eye
        assert case.table.reference is not None
        assert "vessel_density" in case.table.biomarkers
        thresholds = thresholds_of(model.config)
        assert thresholds is not None
        (said,) = explain_images(
            [made.folder / str(record.path)], model, config=ExplainConfig(target=record.label),
            source=source(model, record), keep=("mask", "skeleton"),
        )  # fmt: skip
        assert not isinstance(said, ExtractFailure)
        found = tuple(rounded_finding(one) for one in find_findings(said.graph, thresholds))
        assert case.findings == found
        assert case.facts == Facts.of_findings(
            eye=record.eye, stage=record.label, findings=case.findings
        )
        again = tabulate(
            said, model, image_id=record.id, label=record.label,
            settings_hash=case.table.settings_hash,
        )  # fmt: skip
        assert case.table == again
        assert np.array_equal(case.image, io.read_image(made.folder / str(record.path)))
        assert case.overlay is not None
        side = case.table.image.rows
        assert case.overlay.shape == (2 * side, 2 * side, 3)  # nothing is written below it
    # Else a target of the predicted class would pass, too.
    assert differing > 3
    assert any(case.findings[0].name != "no abnormality" for case in cases.values())


def source(model: Model, record: Any) -> Any:
    from gftcore.pipeline import model_source

    found = model_source(model)
    return dataclasses.replace(found, extract=found.config(record))


def test_alone_among_others_and_in_any_number_of_threads(
    made: TeachingSet, models: Mapping[int, Model], cases: dict[str, TeachingCase]
) -> None:
    some = list(cases)[::5]
    for threads in (1, 3):
        pairs = teaching_cases(made.manifest, made.splits, models, FOLD, ids=some, threads=threads)
        found = collected(pairs)
        assert set(found) == set(some)
        assert all(equal(found[name], cases[name]) for name in some)


def test_networks_that_may_have_learned_from_an_image_are_refused(
    made: TeachingSet, models: Mapping[int, Model], tmp_path: Path
) -> None:
    def refused(other: Mapping[int, Model], why: str) -> None:
        with pytest.raises(GftcoreError, match=why):
            teaching_cases(made.manifest, made.splits, other, FOLD)

    refused({**models, 1: models[3], 3: models[1]}, "network 1 must have been validated on fold 1")
    refused({**models, 1: changed(models[1], fold=FOLD)}, "record says fold 2 and not 1")
    refused({**models, 4: changed(models[4], split_seed=9)}, "record says split_seed 9")
    refused({**models, 4: changed(models[4], manifest_sha256="0")}, "says manifest_sha256 '0'")
    refused({**models, FOLD: fold_network(made, FOLD)}, "models must be of the folds")
    refused({j: models[j] for j in (1, 3, 4)}, "models must be of the folds")
    train, held = made.splits.view(FOLD).train, made.splits.ids(0, FOLD)
    for name in (held[0], held[-1], "x"):
        with pytest.raises(ArgumentError, match="ids must be images that the model of fold 2"):
            teaching_cases(made.manifest, made.splits, models, FOLD, ids=[train[0], name])
    run = tmp_path / "run"
    shutil.copytree(made.run, run)
    write_network(run / "fold-3", fold_network(made, 4))
    with pytest.raises(FormatError, match="network 3 must have been validated on fold 3"):
        fold_models(run, made.manifest, made.splits, FOLD)
    # The network of the fold itself is never looked at.
    assert 3 not in fold_models(run, made.manifest, made.splits, 3)


def changed(model: Model, **record: Any) -> Model:
    training = {**model.config.training, **record}
    return dataclasses.replace(model, config=model.config.replace(training=training))


def test_folders_of_other_trainings_are_refused(made: TeachingSet, tmp_path: Path) -> None:
    def refused(kind: type[GftcoreError], why: str) -> None:
        with pytest.raises(kind, match=why):
            fold_models(run, made.manifest, made.splits, FOLD)

    run = tmp_path / "run"
    refused(MissingFileError, "is no folder of `gftcore train`")
    shutil.copytree(made.run, run)
    for j in (3, 5, FOLD):
        (run / f"fold-{j}" / "fold.json").unlink()
    refused(MissingFileError, "run gftcore train with --folds 3,5 --out ")
    for j in (3, 5):
        write_network(run / f"fold-{j}", fold_network(made, j))
    assert sorted(fold_models(run, made.manifest, made.splits, FOLD)) == [1, 3, 4, 5]
    (run / "fold-5" / "fold.json").write_text('{"model_sha256": "0"}')
    refused(FormatError, "fold-5: holds another network than fold.json")
    write_splits(run / "splits.json", split_subjects(made.manifest, seed=4))
    refused(FormatError, "its networks learned with other folds")
    begun = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**begun, "model": "forest"}))
    refused(ArgumentError, "must hold graph networks, got models of kind 'forest'")
    (run / "run.json").write_text(json.dumps({**begun, "manifest_sha256": "0"}))
    refused(FormatError, "its networks learned from another manifest")


def test_networks_are_the_same_but_for_references(
    made: TeachingSet, models: Mapping[int, Model]
) -> None:
    for j, model in models.items():
        assert same_network(model, fold_network(made, j))
        assert not same_network(model, fold_network(made, FOLD))
        assert not same_network(model, changed(model, data="unknown"))


def test_an_image_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    made = teaching_set(tmp_path)
    models = {j: fold_network(made, j, grey=False) for j in (1, 3, 4, 5)}
    first, second, third, *_ = made.splits.view(FOLD).train
    for name, pixels in ((first, None), (second, np.eye(96, dtype=bool)), (third, "deep")):
        (record,) = made.manifest.select([name])
        file = made.folder / str(record.path)
        if pixels is None:
            file.write_text("no image")
        elif isinstance(pixels, str):
            io.write_image(file, 100 * io.read_image(file).astype(np.uint16))
        else:
            io.write_image(file, pixels)
    found = dict(
        (record.id, case)
        for record, case in teaching_cases(made.manifest, made.splits, models, FOLD)
    )
    assert found[first].code == "FORMAT"
    assert found[second].message == "must have an image of grey values, got a mask alone"
    rest = {name: case for name, case in found.items() if name not in (first, second)}
    assert all(isinstance(case, TeachingCase) for case in rest.values())
    # Nothing was looked for without thresholds.
    assert all(case.findings == () for case in rest.values())
    deep = rest[third].image
    assert (deep.dtype, int(deep.min()), int(deep.max())) == (np.uint8, 0, 255)


def test_facts_of_lesions(made: TeachingSet, models: Mapping[int, Model], tmp_path: Path) -> None:
    few = synth.GrowthOptions.test_profile(svc=20, dvc=25)
    ids = made.splits.view(FOLD).train[:4]
    truths = {}
    for i, record in enumerate(made.manifest.select(ids[:3])):
        # The last one is the truth of the other eye.
        eye = record.eye if i < 2 else {"OD": "OS", "OS": "OD"}[record.eye]
        parameters = synth.draw_parameters(record.label, eye=eye, seed=2, stream=i)
        growth = parameters.growth.replace(svc=few.svc, dvc=few.dvc)
        truth = synth.make_eye(seed=2, stream=i, parameters=parameters.replace(growth=growth)).truth
        synth.write_truth(tmp_path / f"{record.id}.json", truth)
        truths[record.id] = truth
    pairs = teaching_cases(made.manifest, made.splits, models, FOLD, ids=ids, truth=tmp_path)
    found = {record.id: case for record, case in pairs}
    assert found[ids[2]].message.startswith("truth must be that of a")
    assert found[ids[3]].code == "MISSING_FILE"
    for name in ids[:2]:
        case = found[name]
        faz = case.table.faz
        assert faz is not None
        side = case.table.image.rows
        fovea = Fovea(
            shape=(side, side), row=faz.row, col=faz.col, mm_per_px=case.table.image.mm_per_px,
            eye=case.table.image.eye,
        )  # fmt: skip
        assert case.truth == truth_facts(truths[name], fovea, label=case.label)
        write_teaching_case(tmp_path / "out", case)
        assert equal(read_teaching_case(tmp_path / "out", name), case)
        stored = json.loads(case_path(tmp_path / "out", name).read_text())
        assert stored["truth"].keys() == LESION_OF.keys()


def test_files_and_back(cases: dict[str, TeachingCase], tmp_path: Path) -> None:
    for name, case in cases.items():
        file = write_teaching_case(tmp_path / "a", case)
        write_teaching_case(tmp_path / "b", case)
        assert file == tmp_path / "a" / "cases" / f"{name}.json"
        back = read_teaching_case(tmp_path / "a", name)
        assert equal(back, case)
        assert table_json(back.table) == table_json(case.table)
        document = json.loads(file.read_bytes())
        assert document["truth"] is None
        key = image_key(case.image)
        for entry, place in (("image", "images"), ("overlay", "overlays")):
            assert document[entry]["path"] == f"{place}/{key}.png"
            picture = tmp_path / "a" / place / f"{key}.png"
            assert document[entry]["sha256"] == io.file_sha256(picture)
            with Image.open(picture) as opened:
                assert opened.info == {}
        assert "person" not in file.read_text()
    contents = [
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "a", tmp_path / "b")
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3 * len(cases)
    assert not any(str(tmp_path).encode() in data for data in contents[0].values())


def test_damaged_cases_are_refused(cases: dict[str, TeachingCase], tmp_path: Path) -> None:
    name, case = next(iter(cases.items()))
    file = write_teaching_case(tmp_path, case)
    good = file.read_text()
    document = json.loads(good)
    picture = tmp_path / document["image"]["path"]

    def refused(why: str, **changes: Any) -> None:
        file.write_text(json.dumps({**document, **changes}))
        with pytest.raises(FormatError, match=why):
            read_teaching_case(tmp_path, name)

    assert equal(read_teaching_case(tmp_path, name), case)
    refused("must have the schema", schema="gftcore-text/1")
    refused("must have the keys", more=1)
    refused("must be the case of", image_id="other")
    refused("table must be that of the image and its label", label="x")
    refused("is no teaching case", table={})
    refused("is no teaching case", findings=[{}])
    refused("is no teaching case", truth={"cataract": []})
    refused("is no teaching case", truth=["neovascular tuft"])
    refused("image must be a PNG file in images", image={"path": "/etc/passwd", "sha256": ""})
    refused("image must be a PNG", image={"path": "images/../../x.png", "sha256": ""})
    refused("image must be an object", image=None)
    file.write_text(good[:-9])
    with pytest.raises(FormatError, match="is no JSON"):
        read_teaching_case(tmp_path, name)
    file.write_text(good)
    io.write_image(picture, case.image[::-1])
    with pytest.raises(FormatError, match="is not the image of"):
        read_teaching_case(tmp_path, name)
    picture.unlink()
    with pytest.raises(MissingFileError, match=picture.name):
        read_teaching_case(tmp_path, name)
    with pytest.raises(MissingFileError):
        read_teaching_case(tmp_path, "nobody")
    for bad in ("../x", "/x", ""):
        with pytest.raises(ArgumentError, match="image_id must be usable"):
            read_teaching_case(tmp_path, bad)
    partly = Facts(eye=case.eye, stage=None, findings=case.findings)
    strange = dataclasses.replace(case, truth=partly)
    with pytest.raises(ArgumentError, match="truth of a case must be"):
        write_teaching_case(tmp_path, strange)


def test_keys_come_from_sides_and_pixels() -> None:
    flat = np.arange(12, dtype=np.uint8)
    keys = {image_key(flat.reshape(shape)) for shape in ((3, 4), (4, 3), (2, 6))}
    assert len(keys) == 3
    assert image_key(flat.reshape(3, 4).T.copy().T) == image_key(flat.reshape(3, 4))


def test_a_manifest_of_other_classes_is_refused(made: TeachingSet, tmp_path: Path) -> None:
    records = [
        dataclasses.replace(record, label="Healthy" if record.label == "Healthy" else "RVO")
        for record in made.manifest
    ]
    write_manifest(tmp_path / "manifest.csv", records)
    other = read_manifest(tmp_path / "manifest.csv")
    splits = dataclasses.replace(made.splits, manifest_sha256=other.sha256)
    models = {j: changed(fold_network(made, j), manifest_sha256=other.sha256) for j in (1, 3, 4, 5)}
    with pytest.raises(FormatError, match="network 1 must know the classes Healthy, RVO"):
        teaching_cases(other, splits, models, FOLD)
