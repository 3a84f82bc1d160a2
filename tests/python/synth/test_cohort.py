# SPDX-License-Identifier: Apache-2.0
"""Cohorts on disk: same bytes, stops and damage, growing, refusals, and what the files say."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import small_cohort
from gftcore import datasets, io, synth
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, RefusedError
from gftcore.synth import PlannedEye, cohort, cohort_files, survey_cohort, write_cohort
from small_cohort import digests

SUBJECTS = 6
# 7 Healthy, 3 NPDR and 2 PDR eyes cannot be in six folds.
pytestmark = pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")


@pytest.fixture(autouse=True)
def _sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlannedEye, "parameters", small_cohort.sparse)


def write(folder: Path, subjects: int = SUBJECTS, **more: Any) -> list[str]:
    return [eye.status for eye in write_cohort(folder, subjects=subjects, seed=0, **more)]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished cohort; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("cohort") / "made"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlannedEye, "parameters", small_cohort.sparse)
        assert write(folder, threads=2) == ["made"] * 2 * SUBJECTS
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


# --- what is in it -------------------------------------------------------------------------------


def test_the_folder(made: Path) -> None:
    ids = [eye.id for eye in synth.plan_cohort(SUBJECTS).eyes]
    expected = {"cohort.json", "manifest.csv", "splits.json"}
    for part, suffix in (("images", "png"), ("masks", "png"), ("graphs", "csv"), ("truth", "json")):
        expected |= {f"{part}/{name}.{suffix}" for name in ids}
    assert set(digests(made)) == expected


def test_the_description(made: Path) -> None:
    document = json.loads((made / "cohort.json").read_bytes())
    assert document == {
        "schema": "gftcore-cohort/1", "gftcore": __import__("gftcore").__version__,
        "notice": "Synthetic: no person's eye. Not a medical device; not for clinical use.",
        "seed": 0, "subjects": 6, "images": 12,
        "images_by_label": {"Healthy": 7, "NPDR": 3, "PDR": 2},
        "fov_mm": 3.0, "image_px": 304, "mask_px": 1216,
    }  # fmt: skip


def test_the_manifest_and_splits(made: Path) -> None:
    manifest = datasets.read_manifest(made / "manifest.csv")
    header = (made / "manifest.csv").read_text().splitlines()[0]
    assert header == "id,subject,eye,path,label,fov_mm,layer,mask_path"
    plan = synth.plan_cohort(SUBJECTS)
    assert [(r.id, r.subject, r.eye, r.label) for r in manifest] == [
        (eye.id, eye.subject, eye.eye, eye.label) for eye in plan.eyes
    ]
    assert not [problems for problems in datasets.check_files(manifest) if problems]
    splits = datasets.read_splits(made / "splits.json", manifest)
    assert splits == datasets.split_subjects(manifest, seed=0)


def test_every_file_of_an_eye(made: Path) -> None:
    for eye in synth.plan_cohort(SUBJECTS).eyes:
        paths = cohort_files.eye_paths(made, eye.id)
        again = synth.make_eye(seed=0, stream=eye.stream, parameters=eye.parameters())
        np.testing.assert_array_equal(io.read_image(paths["images"]), again.image)
        mask = io.read_image(paths["masks"])
        assert mask.dtype == bool  # a 1-bit file
        np.testing.assert_array_equal(mask, again.mask)
        edges = synth.read_edges(paths["graphs"])
        np.testing.assert_array_equal(edges.plane, again.edges.plane)
        np.testing.assert_array_equal(synth.draw_mask(edges), mask)
        truth = synth.read_truth(paths["truth"])
        assert synth.label_of(truth.lesions) == truth.label == eye.label
        assert synth.truth_json(truth) == synth.truth_json(again.truth)


def test_the_truth_holds_hashes(made: Path) -> None:
    for path in (made / "truth").iterdir():
        data = path.read_bytes()
        hashes = json.loads(data)["sha256"]
        assert list(hashes) == ["image", "mask", "graph", "truth"]
        paths = cohort_files.eye_paths(made, path.stem)
        assert hashes["image"] == io.file_sha256(paths["images"])
        assert hashes["mask"] == io.file_sha256(paths["masks"])
        assert hashes["graph"] == io.file_sha256(paths["graphs"])
        plain = data.replace(hashes["truth"].encode(), b"0" * 64)
        assert hashes["truth"] == hashlib.sha256(plain).hexdigest()


# --- same bytes ----------------------------------------------------------------------------------


def test_threads_and_runs_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    for number, threads in enumerate((1, 2, 5)):
        write(tmp_path / str(number), threads=threads)
        assert digests(tmp_path / str(number)) == digests(made)
    list(write_cohort(tmp_path / "other", subjects=1, seed=1))
    assert digests(tmp_path / "other").items().isdisjoint(digests(made).items())


def test_results_come_in_order(made: Path, copy: Path) -> None:
    (copy / "images" / "0002_OS_DCP.png").unlink()
    plan = synth.plan_cohort(SUBJECTS)
    results = list(write_cohort(copy, subjects=SUBJECTS, threads=3))
    assert [(eye.id, eye.label) for eye in results] == [(eye.id, eye.label) for eye in plan.eyes]
    assert [eye.status for eye in results] == ["kept"] * 3 + ["made"] + ["kept"] * 8
    for eye in results:
        files = cohort_files.eye_paths(made, eye.id).values()
        assert eye.num_bytes == sum(path.stat().st_size for path in files)


def test_a_finished_cohort_is_kept(copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for part in cohort_files.PARTS
              for path in (copy / part).iterdir()}  # fmt: skip
    assert write(copy) == ["kept"] * 12
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_cohort_can_be_enlarged(made: Path, tmp_path: Path) -> None:
    assert write(tmp_path, subjects=2) == ["made"] * 4
    assert write(tmp_path, subjects=SUBJECTS) == ["kept"] * 4 + ["made"] * 8
    assert digests(tmp_path) == digests(made)


# --- stops and damage ----------------------------------------------------------------------------


def kill_in_the_middle(folder: Path, rng: np.random.Generator) -> int:
    """Kill a run in its own process once a random number of eyes is there."""
    process = small_cohort.start(
        "data", "synth", "--out", folder, "--subjects", SUBJECTS, "--threads", 2
    )
    begin, wanted = small_cohort.finished(folder), int(rng.integers(0, 4))
    until = time.monotonic() + 60
    while (
        small_cohort.finished(folder) < begin + wanted
        and process.poll() is None
        and time.monotonic() < until
    ):
        time.sleep(0.005)
    if wanted == 0:  # anywhere, before the first file too
        time.sleep(float(rng.uniform(0, 1)))
    time.sleep(float(rng.uniform(0, 0.2)))
    process.kill()
    process.communicate()
    return small_cohort.finished(folder)


def test_killed_runs_can_be_completed(made: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(17)
    counts = [kill_in_the_middle(tmp_path / "cut", rng) for _ in range(5)]
    assert any(0 < count < 12 for count in counts), counts
    write(tmp_path / "cut")
    assert digests(tmp_path / "cut") == digests(made)


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    middle = len(data) // 2
    changed = {
        "missing": None,
        "empty": b"",
        "cut": data[:middle],
        "longer": data + b"\n",
        "bit": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
    }[how]
    path.unlink()
    if changed is not None:
        path.write_bytes(changed)


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "longer", "bit"])
def test_damaged_files_are_made_anew(made: Path, copy: Path, how: str) -> None:
    """One part of each of four eyes, and the tables."""
    ids = [eye.id for eye in synth.plan_cohort(SUBJECTS).eyes]
    for name, part in zip(ids[2:6], cohort_files.PARTS, strict=True):
        damage(cohort_files.eye_paths(copy, name)[part], how)
    for table in ("manifest.csv", "splits.json"):
        damage(copy / table, how)
    survey = survey_cohort(copy, subjects=SUBJECTS)
    assert survey.there == set(ids) - set(ids[2:6])
    assert write(copy) == ["kept"] * 2 + ["made"] * 4 + ["kept"] * 6
    assert digests(copy) == digests(made)


def test_a_careless_resume_would_keep_damage(
    made: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: to look only whether files exist is not enough."""

    def exists(folder: cohort_files.CohortFolder, eye: PlannedEye) -> int | None:
        there = all(p.exists() for p in cohort_files.eye_paths(folder.path, eye.id).values())
        return 1 if there else None

    monkeypatch.setattr(cohort_files.CohortFolder, "kept", exists)
    damage(copy / "graphs" / "0001_OD_DCP.csv", "cut")
    assert write(copy) == ["kept"] * 12
    assert digests(copy) != digests(made)


def test_leftovers_are_removed_but_only_ours(made: Path, copy: Path) -> None:
    mark = "0123456789abcdef"
    ours = [
        f"images/.0001_OD_DCP-{mark}.png", f"masks/.0006_OS_DCP-{mark}.png",
        f"graphs/.0002_OD_DCP-{mark}.csv", f"truth/.0002_OD_DCP-{mark}.json",
        f".manifest-{mark}.csv", f".cohort-{mark}.json", f".splits-{mark}.json",
    ]  # fmt: skip
    others = [
        ".notes", f"images/.0099_OD_DCP-{mark}.png", f"images/.0001_OD_DCP-{mark}.csv",
        "images/.0001_OD_DCP-1.png", f"masks/.mine-{mark}.png", f".notes-{mark}.json",
    ]  # fmt: skip
    for name in (*ours, *others):
        (copy / name).write_bytes(b"half")
    assert write(copy) == ["kept"] * 12
    left = digests(copy)
    assert not left.keys() & set(ours)
    assert {name: left.pop(name) for name in others}.keys() == set(others)
    assert left == digests(made)


def test_a_full_disk_leaves_what_can_be_completed(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(range(5))
    write_edges = cohort_files.write_edges

    def full(path: Path, edges: synth.Edges) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_edges(path, edges)

    with monkeypatch.context() as patch:
        patch.setattr(cohort_files, "write_edges", full)
        with pytest.raises(OSError, match="No space left") as caught:
            write(tmp_path)
        assert caught.value.errno == errno.ENOSPC
    assert not (tmp_path / "manifest.csv").exists()
    statuses = write(tmp_path)
    assert statuses.count("kept") == 5
    assert digests(tmp_path) == digests(made)


def test_an_eye_that_fails_does_not_stop_the_others(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eye = cohort.make_eye

    def failing(**settings: Any) -> synth.SyntheticEye:
        if settings["stream"] == 3:
            raise ArgumentError("no such eye")
        if settings["stream"] == 4:
            raise MemoryError
        return make_eye(**settings)

    with monkeypatch.context() as patch:
        patch.setattr(cohort, "make_eye", failing)
        eyes = list(write_cohort(tmp_path, subjects=SUBJECTS))
    assert [(eye.id, eye.code, eye.message) for eye in eyes if eye.status == "failed"] == [
        ("0002_OS_DCP", "ARGUMENT", "no such eye"),
        ("0003_OD_DCP", "MemoryError", "not enough memory"),
    ]
    assert sum(eye.status == "made" for eye in eyes) == 10
    assert not (tmp_path / "manifest.csv").exists()
    assert not (tmp_path / "splits.json").exists()
    assert write(tmp_path).count("made") == 2
    assert digests(tmp_path) == digests(made)


def test_no_manifest_names_eyes_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a cohort is enlarged, and after an eye of it could not be made again."""
    write(tmp_path, subjects=2)
    run = write_cohort(tmp_path, subjects=SUBJECTS)
    next(run)
    assert not (tmp_path / "manifest.csv").exists()
    run.close()
    write(tmp_path, subjects=SUBJECTS)
    (tmp_path / "graphs" / "0002_OS_DCP.csv").unlink()

    def failing(**_: Any) -> synth.SyntheticEye:
        raise ArgumentError("no such eye")

    monkeypatch.setattr(cohort, "make_eye", failing)
    statuses = [eye.status for eye in write_cohort(tmp_path, subjects=SUBJECTS)]
    assert statuses.count("failed") == 1
    assert not (tmp_path / "manifest.csv").exists()
    assert not (tmp_path / "splits.json").exists()


def test_an_abandoned_run_can_be_completed(made: Path, tmp_path: Path) -> None:
    eyes = write_cohort(tmp_path, subjects=SUBJECTS, threads=2)
    next(eyes)
    assert isinstance(eyes, Iterator)
    eyes.close()  # type: ignore[attr-defined]
    assert 1 <= small_cohort.finished(tmp_path) < 12
    write(tmp_path)
    assert digests(tmp_path) == digests(made)


# --- refusals ------------------------------------------------------------------------------------


def refused(folder: Path, match: str, **settings: Any) -> None:
    before = digests(folder)
    for call in (survey_cohort, write_cohort):
        with pytest.raises(RefusedError, match=match):
            call(folder, **{"subjects": SUBJECTS, "seed": 0, **settings})
    assert digests(folder) == before


def test_another_cohort_is_refused(copy: Path) -> None:
    refused(copy, "holds a cohort with the seed 0, not 1; choose another folder", seed=1)
    refused(copy, "holds a cohort of 6 subjects, not 5; ask for at least as many", subjects=5)
    document = json.loads((copy / "cohort.json").read_bytes())
    (copy / "cohort.json").write_text(json.dumps(document | {"gftcore": "0.0.9"}))
    refused(copy, r"holds a cohort with the version 0\.0\.9, not")
    for text in ("", "{", "[]", '{"schema": "mine"}', "[" * 100_000):
        (copy / "cohort.json").write_text(text)
        refused(copy, "has a cohort.json without the schema gftcore-cohort/1; choose")
    # Without it, the eyes themselves tell.
    (copy / "cohort.json").unlink()
    with pytest.raises(RefusedError, match="holds another eye 0001_OD_DCP than this version makes"):
        list(write_cohort(copy, subjects=SUBJECTS, seed=1))


def test_eyes_of_other_code_are_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(copy)

    def other(planned: PlannedEye) -> synth.EyeParameters:
        return small_cohort.sparse(planned).replace(capillary_loss=0.5)

    monkeypatch.setattr(PlannedEye, "parameters", other)
    with pytest.raises(RefusedError, match="holds another eye 0001_OD_DCP"):
        write(copy)
    assert digests(copy) == before


def test_foreign_files_are_refused(copy: Path, tmp_path: Path) -> None:
    for part, name in (("images", "cat.png"), ("graphs", "0001_OD_DCP.txt"),
                       ("truth", "0099_OD_DCP.json")):  # fmt: skip
        (copy / part / name).write_text("mine")
        refused(copy, f"holds {part}/{name}, which the cohort does not have; move it, or choose")
        (copy / part / name).unlink()
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_text("mine")
    refused(folder, "holds cat.jpg, which is no part of a cohort; choose another folder")
    # Notes and results beside a cohort are nobody's business.
    (copy / "notes.txt").write_text("mine")
    assert write(copy) == ["kept"] * 12
    assert (copy / "notes.txt").read_text() == "mine"


def test_two_writers_are_refused(tmp_path: Path) -> None:
    first = write_cohort(tmp_path, subjects=1)
    next(first)
    with pytest.raises(RefusedError, match="is being written by another process"):
        write(tmp_path, subjects=1)
    assert [eye.status for eye in first] == ["made"]
    assert write(tmp_path, subjects=1) == ["kept"] * 2


def test_wrong_arguments(tmp_path: Path) -> None:
    for call in (survey_cohort, write_cohort):
        with pytest.raises(ArgumentError, match="subjects must be between"):
            call(tmp_path, subjects=0)
        with pytest.raises(ArgumentTypeError, match="seed must be an integer"):
            call(tmp_path, seed=1.0)  # type: ignore[arg-type]
        with pytest.raises(ArgumentTypeError, match="path must be"):
            call(5)  # type: ignore[arg-type]
        (tmp_path / "file").write_text("")
        with pytest.raises(ArgumentError, match=r"out must be a folder, got .*file"):
            call(tmp_path / "file", subjects=1)
    with pytest.raises(ArgumentError, match="threads must be between 1 and"):
        write_cohort(tmp_path, threads=0)
    assert digests(tmp_path).keys() == {"file"}


# --- plans ---------------------------------------------------------------------------------------


def test_a_survey_writes_nothing(copy: Path, tmp_path: Path) -> None:
    survey = survey_cohort(tmp_path / "a" / "b", subjects=SUBJECTS)
    assert not (tmp_path / "a").exists()
    assert survey.there == frozenset()
    assert survey.plan == synth.plan_cohort(SUBJECTS)
    each = cohort.EYE_BYTES
    whole = 7 * each["Healthy"] + 3 * each["NPDR"] + 2 * each["PDR"]
    assert survey.needed_bytes == round(1.05 * whole)
    assert survey.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
    assert survey_cohort(copy, subjects=SUBJECTS).needed_bytes == 0


def test_small_cohorts_warn(tmp_path: Path) -> None:
    with pytest.warns(GftcoreWarning, match="FOLD_LACKS_CLASS"):
        write(tmp_path, subjects=1)
    assert (tmp_path / "splits.json").exists()


def test_the_stated_size_is_that_of_real_eyes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """That of two fully grown eyes of each class, within a tenth."""
    monkeypatch.setattr(PlannedEye, "parameters", small_cohort.drawn)
    plan = synth.plan_cohort(40)
    folder = cohort_files.CohortFolder(tmp_path, plan)
    written = stated = 0
    for label, size in cohort.EYE_BYTES.items():
        for eye in [eye for eye in plan.eyes if eye.label == label][:2]:
            made = synth.make_eye(seed=0, stream=eye.stream, parameters=eye.parameters())
            written += folder.write(eye, made)
            stated += size
    assert written == pytest.approx(stated, rel=0.1)


def test_masks_are_smaller_in_one_bit(made: Path, tmp_path: Path) -> None:
    path = next((made / "masks").iterdir())
    with Image.open(path) as image:
        assert image.mode == "1"
    io.write_image(tmp_path / "grey.png", io.read_image(path))
    assert path.stat().st_size < (tmp_path / "grey.png").stat().st_size
