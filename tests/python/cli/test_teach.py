# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach plan`` and ``status``: files, resuming, interruptions, refusals, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gftcore import cli, io
from gftcore.cli.outcome import Exit
from gftcore.model import Model
from gftcore.pipeline import with_references
from gftcore.teacher import read_teaching_case
from small_cohort import digests
from teaching_runs import TeachingSet, fold_network, teaching_set, write_network

FOLD = 2
KILLED = Path(__file__).parents[1] / "nn" / "killed_run.py"


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["teach", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TeachingSet:
    return teaching_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def whole(made: TeachingSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nobody interrupted."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert cli.main(["teach", "plan", *made.arguments(out), "-q", "--threads", "1"]) == 0
    return out


def test_cases_of_the_images_that_the_model_learns_from(
    made: TeachingSet, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    train = made.splits.view(FOLD).train
    healthy = {
        record.id
        for record in made.manifest
        if record.label == "Healthy" and made.splits.fold_of_id[record.id] not in (0, FOLD)
    }
    code, text, err = run(capsys, "plan", *made.arguments(out), "--dry-run")
    assert (code, err, out.exists()) == (Exit.DONE, "", False)
    assert text.splitlines() == [
        f"would measure {len(healthy)} healthy eyes for the networks of folds 1, 3, 4, 5",
        f"would write {len(train)} cases into {out}, 0 there already",
    ]
    code, text, err = run(capsys, "plan", *made.arguments(out), "--threads", 2)
    assert code == Exit.DONE
    labels = [record.label for record in made.manifest.select(train)]
    counts = ", ".join(f"{labels.count(name)} {name}" for name in ("Healthy", "NPDR", "PDR"))
    assert text.splitlines()[0] == f"cases: {counts}: {out}"
    assert "Not a medical device" in text
    assert err.startswith(f"{len(train)} cases made, 0 there already, 0 failed; ")
    assert err.endswith(" ms a case\n")
    assert digests(out) == digests(whole)
    files = set(digests(out))
    models = {f"models/fold-{j}/{end}" for j in (1, 3, 4, 5) for end in
              ("model.safetensors", "config.json")}  # fmt: skip
    assert models | {"run.json"} <= files
    assert {name for name in files if name.startswith("cases/")} == {
        f"cases/{name}.json" for name in train
    }
    assert len(files) == len(models) + 1 + 3 * len(train)
    for name in train:
        case = read_teaching_case(out, name)
        j = made.splits.fold_of_id[name]
        model = Model.load(out / "models" / f"fold-{j}")
        assert case.table.model.sha256 == model.sha256
        assert case.table.target == case.label
    held = made.splits.view(FOLD).validate
    learned = [name for name in made.splits.view(3).train if name not in held]
    wanted = with_references(fold_network(made, 3), made.manifest, learned)
    assert Model.load(out / "models" / "fold-3").sha256 == wanted.sha256
    # What may leave this machine names no subject, file or folder.
    for path in (p for p in out.rglob("*") if p.is_file()):
        data = path.read_bytes()
        assert b"person" not in data
        assert str(made.folder).encode() not in data
        assert str(tmp_path).encode() not in data
    for place in ("images", "overlays"):
        assert {len(path.stem) for path in (out / place).iterdir()} == {16}


def test_a_run_goes_on(
    made: TeachingSet, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    base = made.arguments(out)
    assert run(capsys, "plan", *base, "--limit", 5)[0] == Exit.DONE
    assert len(list((out / "cases").rglob("*.json"))) == 5
    code, text, _ = run(capsys, "status", out)
    assert code == Exit.DONE
    assert text == f"{out}: 5 of 12 cases of fold 2 made, 0 failed, 7 left\n"
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.is_file()}
    # A changed picture, a stray one and half a case are made again or removed.
    first, second, third, *_ = made.splits.view(FOLD).train
    changed = out / json.loads((out / "cases" / f"{first}.json").read_text())["overlay"]["path"]
    io.write_image(changed, io.read_image(made.folder / "00.png"))
    case = out / "cases" / f"{second}.json"
    case.write_bytes(case.read_bytes()[:-50])
    io.write_image(out / "images" / f"{'0' * 16}.png", io.read_image(made.folder / "00.png"))
    (out / "models" / "fold-4" / "model.safetensors").unlink()
    code, text, _ = run(capsys, "plan", *base, "--dry-run")
    learned = made.manifest.select(made.splits.view(4).train)
    held = made.splits.view(FOLD).validate
    healthy = sum(record.label == "Healthy" and record.id not in held for record in learned)
    assert f"would measure {healthy} healthy eyes for the networks of folds 4\n" in text
    assert f"would write 9 cases into {out}, 3 there already" in text
    code, _, err = run(capsys, "plan", *base)
    assert (code, err.startswith("9 cases made, 3 there already, 0 failed; ")) == (0, True)
    assert digests(out) == digests(whole)
    path = out / "cases" / f"{third}.json"
    assert path.stat().st_mtime_ns == kept[path]
    code, _, err = run(capsys, "plan", *base, "--limit", 3)
    assert (code, err) == (0, "0 cases made, 3 there already, 0 failed\n")
    assert digests(out) == digests(whole)
    assert run(capsys, "plan", *base, "--quiet") == (0, "", "")


def test_killed_at_any_file_it_ends_with_the_same_bytes(made: TeachingSet, tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes"
    order = tmp_path / "order"

    def start(moment: int) -> int:
        command = [
            sys.executable, KILLED, notes, order if moment >= 0 else tmp_path / "none",
            max(moment, 0), 0, "teach", "plan", *made.arguments(out), "-q", "--limit", 3,
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        return subprocess.run(list(map(str, command)), env=environment, check=False).returncode

    assert start(-1) == 0
    whole = digests(out)
    names = notes.read_text().split()
    order.write_text("\n".join(names))
    shutil.rmtree(out)
    notes.unlink()
    # Settings and two files for each of four networks come first; then an image, an overlay and a
    # case in turn.
    moments = [4, 9, 10, 11, len(names) - 1]
    killed = [start(moment) for moment in moments]
    assert killed == [-signal.SIGKILL] * len(moments)
    assert any(path.name.startswith(".") for path in out.rglob("*"))  # something was half done
    assert start(-1) == 0
    assert digests(out) == whole
    # A finished case is never made again.
    made_again = notes.read_text().split()
    cases = [name for name in names if name.endswith(".json") and name[:1].isdigit()]
    assert [made_again.count(name) for name in cases] == [1] * 3


def test_failures_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = teaching_set(tmp_path / "set")
    out = tmp_path / "out"
    train = made.manifest.select(made.splits.view(FOLD).train)
    bad, twin = [record for record in train if record.label == "NPDR"][:2]
    other = next(record for record in train if record.label == "PDR")
    good = {record.path: (made.folder / str(record.path)).read_bytes() for record in train}
    (made.folder / str(bad.path)).write_text("no image")
    (made.folder / str(twin.path)).write_bytes(good[other.path])
    code, text, err = run(capsys, "plan", *made.arguments(out))
    assert code == Exit.SOME_FAILED
    assert f"failed: {made.folder / str(bad.path)}: " in err
    assert "has the same pixels as eyes/" in err
    assert "10 cases made, 0 there already, 2 failed" in err
    stored = json.loads((out / "failed.json").read_bytes())
    assert {row["image_id"] for row in stored["failed"]} <= {bad.id, twin.id, other.id}
    assert str(tmp_path) not in json.dumps(stored)
    before = digests(out)
    code, text, err = run(capsys, "plan", *made.arguments(out), "--json")
    assert (code, err) == (Exit.SOME_FAILED, "")
    document = json.loads(text)
    assert document["schema"] == "gftcore-teach-plan/1"
    assert document["summary"] == {"ok": 0, "skipped": 10, "failed": 2}
    assert document["settings"]["images"] == 12
    assert digests(out) == before
    code, text, _ = run(capsys, "status", out)
    assert text.splitlines()[-1] == f"{out}: 10 of 12 cases of fold 2 made, 2 failed, 0 left"
    status = json.loads(run(capsys, "status", out, "--json")[1])
    assert status["cases"] == {"made": 10, "failed": 2, "left": 0}
    assert status["failed"] == stored["failed"]
    for record in (bad, twin):
        (made.folder / str(record.path)).write_bytes(good[record.path])
    code, _, err = run(capsys, "plan", *made.arguments(out))
    again = len({bad.id, twin.id, *(row["image_id"] for row in stored["failed"])})
    assert code == 0
    assert f"{again} cases made, {12 - again} there already, 0 failed" in err
    assert not (out / "failed.json").exists()
    # An image that has changed since gets another case, and its old pictures go.
    (made.folder / str(bad.path)).write_bytes(good[made.manifest.select([bad.id])[0].path])
    io.write_image(
        made.folder / str(bad.path), io.read_image(made.folder / str(bad.path))[::-1].copy()
    )
    code, _, err = run(capsys, "plan", *made.arguments(out))
    assert "1 cases made, 11 there already" in err
    assert len(list((out / "images").iterdir())) == len(list((out / "overlays").iterdir())) == 12


def test_refusals(
    made: TeachingSet, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / "notes.txt").write_text("mine")
    made_of = ("instructions.parquet", "dropped.json", "quality.json", "quality.html")
    for name in (*made_of, "ledger.sqlite"):
        (out / name).write_text("paid")
    before = digests(out)
    code, _, err = run(capsys, "plan", *made.arguments(out, fold=3))
    assert code == Exit.REFUSED
    assert "run.json belongs to other data or settings (" in err
    assert "fold" in err
    assert "use --overwrite or another folder" in err
    assert run(capsys, "plan", *made.arguments(out, fold=3), "--dry-run")[0] == Exit.REFUSED
    code, _, err = run(capsys, "plan", *made.arguments(out), "--truth", tmp_path / "no")
    assert (code, "is no folder of truths" in err) == (Exit.BAD_INPUT, True)
    truth = tmp_path / "truth"
    truth.mkdir()
    assert run(capsys, "plan", *made.arguments(out), "--truth", truth)[0] == Exit.REFUSED
    assert digests(out) == before
    fresh = tmp_path / "fresh"
    code, _, err = run(capsys, "plan", *made.arguments(fresh), "--truth", truth, "--limit", 2)
    assert code == Exit.BAD_INPUT  # no image has its truth
    assert err.count("failed: ") == 2
    assert run(capsys, "plan", *made.arguments(out, fold=3), "--overwrite")[0] == Exit.DONE
    assert {p.relative_to(out / "cases").with_suffix("").as_posix()
            for p in (out / "cases").rglob("*.json")} == set(made.splits.view(3).train)  # fmt: skip
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "ledger.sqlite").read_text() == "paid"
    assert not [name for name in made_of if (out / name).exists()]
    (out / "ledger.sqlite").unlink()
    (out / "failed.json").write_text('{"failed": [')
    code, _, err = run(capsys, "status", out)
    assert (code, "failed.json: is damaged" in err) == (Exit.BAD_INPUT, True)
    assert len(list((out / "images").iterdir())) == len(made.splits.view(3).train)
    (out / "run.json").unlink()
    code, _, err = run(capsys, "plan", *made.arguments(out), "--overwrite")
    assert (code, "holds cases but no run.json" in err) == (Exit.REFUSED, True)
    (out / "run.json").write_text("{}")
    assert run(capsys, "plan", *made.arguments(out), "--overwrite")[0] == Exit.BAD_INPUT
    assert run(capsys, "status", out)[0] == Exit.BAD_INPUT
    assert run(capsys, "status", tmp_path / "nowhere")[0] == Exit.BAD_INPUT
    assert run(capsys, "plan", *made.arguments(out, fold=6))[0] == Exit.USAGE
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "instructions.parquet").write_text("of somebody")
    code, _, err = run(capsys, "plan", *made.arguments(foreign), "--overwrite")
    assert (code, "but no run.json; use another folder" in err) == (Exit.REFUSED, True)


def test_a_network_that_learned_from_the_image_is_refused(
    made: TeachingSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(made.run, folder)
    write_network(folder / "fold-1", fold_network(made, 3))
    args = made.arguments(tmp_path / "out")
    args[args.index("--models") + 1] = str(folder)
    code, _, err = run(capsys, "plan", *args)
    assert (code, "network 1 must have been validated on fold 1" in err) == (Exit.BAD_INPUT, True)
    shutil.rmtree(folder / "fold-1")
    code, _, err = run(capsys, "plan", *args)
    assert (code, "run gftcore train with --folds 1 --out" in err) == (Exit.BAD_INPUT, True)
    assert not (tmp_path / "out").exists()


def test_the_folder_is_held(
    made: TeachingSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gftcore.io.files import held_folder

    with held_folder(tmp_path / "out"):
        code, _, err = run(capsys, "plan", *made.arguments(tmp_path / "out"))
    assert (code, "is being written by another process" in err) == (Exit.REFUSED, True)
    answer: dict[str, Any] = json.loads(
        run(capsys, "plan", *made.arguments(tmp_path / "out"), "--limit", 1, "--json")[1]
    )
    assert answer["summary"] == {"ok": 1, "skipped": 0, "failed": 0}
