# SPDX-License-Identifier: Apache-2.0
"""``gftcore data synth``: plan, results, exit codes, streams, interruptions."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import small_cohort
from gftcore import cli, synth
from gftcore.cli.outcome import Exit
from gftcore.errors import ArgumentError
from gftcore.synth import PlannedEye, cohort, cohort_files
from small_cohort import digests

SUBJECTS = 3  # 4 Healthy and 2 NPDR eyes
COUNTS = {"Healthy": 4, "NPDR": 2, "PDR": 0}
NEEDED = round(1.05 * sum(cohort.EYE_BYTES[label] * count for label, count in COUNTS.items()))
NEEDED_MB = f"{NEEDED / 1e6:.1f} MB"


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["data", "synth", *(str(arg) for arg in args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, dict[str, Any]]:
    code, out, err = run(capsys, *args, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (err == "") == ("error" not in answer)
    return code, answer


@pytest.fixture(autouse=True)
def _sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlannedEye, "parameters", small_cohort.sparse)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "made"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlannedEye, "parameters", small_cohort.sparse)
        assert cli.main(["data", "synth", "--out", str(folder), "--subjects", "3", "-q"]) == 0
    return folder


def test_a_cohort_is_planned_made_and_kept(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    args = ("--out", out, "--subjects", SUBJECTS)
    code, text, err = run(capsys, *args, "--dry-run")
    assert (code, err, out.exists()) == (0, "", False)
    lines = text.splitlines()
    assert lines[0] == "6 eyes of 3 subjects: 4 Healthy, 2 NPDR, 0 PDR"
    assert lines[1].startswith(f"0 there already; about {NEEDED_MB} needed, ")
    assert lines[1].endswith(" free")

    code, text, err = run(capsys, *args, "--threads", 1)
    assert code == 0
    assert err.splitlines()[0] == lines[0]
    assert err.splitlines()[1].startswith(f"0 there already; about {NEEDED_MB} needed, ")
    assert err.splitlines()[2].startswith(f"warning: {out}: FOLD_LACKS_CLASS: no image of Healthy")
    assert len(err.splitlines()) == 3
    assert text.splitlines()[:3] == [
        "Healthy: 4 images (66.7%)", "NPDR:    2 images (33.3%)", "PDR:     0 images (0.0%)",
    ]  # fmt: skip
    assert text.splitlines()[3].startswith(f"{out}: 6 eyes made, 0 there already, 0 failed; ")
    assert digests(out) == digests(made)

    code, text, err = run(capsys, *args)
    assert (code, f"{out}: 0 eyes made, 6 there already, 0 failed; " in text) == (0, True)
    assert err.splitlines()[1].startswith("6 there already; about 0 bytes needed, ")
    assert run(capsys, *args, "--quiet") == (0, "", "")


def test_json(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    args = ("--out", out, "--subjects", SUBJECTS, "--threads", 2)
    common = {
        "schema": "gftcore-data-synth/1", "output": str(out), "seed": 0, "subjects": 3,
        "images": 6, "images_by_label": COUNTS, "failed": [],
    }  # fmt: skip
    code, answer = document(capsys, *args, "--dry-run")
    assert answer.pop("free_bytes") > 0
    assert (code, answer) == (0, common | {
        "dry_run": True, "there_before": 0, "needed_bytes": NEEDED, "bytes": 0, "warnings": [],
        "summary": {"made": 0, "kept": 0, "failed": 0},
    })  # fmt: skip
    code, answer = document(capsys, *args)
    size = sum(
        path.stat().st_size for part in cohort_files.PARTS for path in (out / part).iterdir()
    )
    assert answer.pop("free_bytes") > 0
    assert answer.pop("warnings")[0].startswith("FOLD_LACKS_CLASS: ")
    assert (code, answer) == (0, common | {
        "dry_run": False, "there_before": 0, "needed_bytes": NEEDED, "bytes": size,
        "summary": {"made": 6, "kept": 0, "failed": 0},
    })  # fmt: skip
    code, answer = document(capsys, *args)
    assert (code, answer["there_before"], answer["needed_bytes"]) == (0, 6, 0)
    assert answer["summary"] == {"made": 0, "kept": 6, "failed": 0}
    assert digests(out) == digests(made)


def test_other_commands_read_it(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "check", str(made / "manifest.csv"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["counts"]["images_by_label"]) == (True, COUNTS)
    assert answer["counts"]["masks"] == 6
    assert answer["counts"]["subjects_with_both_eyes"] == 3
    command = ["data", "split", str(made / "manifest.csv"), "--out", str(made / "splits.json")]
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "skipped"  # the same bytes


def test_too_small_a_disk_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=NEEDED - 1))
    for more in ([], ["--dry-run"], ["--quiet"]):
        code, _, err = run(capsys, "--out", out, "--subjects", SUBJECTS, *more)
        assert code == Exit.ENVIRONMENT
        assert err.splitlines()[-1] == (
            f"gftcore data synth: {out}: about {NEEDED_MB} needed, {NEEDED_MB} free; free some "
            "space and run it again"
        )
    code, answer = document(capsys, "--out", out, "--subjects", SUBJECTS)
    assert (code, answer["error"]["exit_code"]) == (Exit.ENVIRONMENT, Exit.ENVIRONMENT)
    assert not out.exists()
    assert run(capsys, "--out", out, "--subjects", 1)[0] == 0  # it has room for two


def test_a_disk_that_fills_up(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image, calls = cohort_files.write_image, iter(range(2))

    def full(path: Path, image: Any) -> None:
        if next(calls, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_image(path, image)

    args = ("--out", tmp_path, "--subjects", SUBJECTS)
    with monkeypatch.context() as patch:
        patch.setattr(cohort_files, "write_image", full)
        code, out, err = run(capsys, *args)
    assert (code, out) == (Exit.ENVIRONMENT, "")
    assert err.splitlines()[-1].endswith("left on device; free some space and run it again")
    code, out, _ = run(capsys, *args)
    assert (code, ": 4 eyes made, 2 there already, 0 failed" in out) == (0, True)
    assert digests(tmp_path) == digests(made)


def test_failed_eyes_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eye = cohort.make_eye
    bad: set[int] = {1}

    def failing(**settings: Any) -> synth.SyntheticEye:
        if settings["stream"] in bad:
            raise ArgumentError("no such eye")
        return make_eye(**settings)

    monkeypatch.setattr(cohort, "make_eye", failing)
    args = ("--out", tmp_path, "--subjects", 1)
    code, out, err = run(capsys, *args, "--quiet")
    assert (code, out) == (Exit.SOME_FAILED, "")
    assert err.splitlines() == [
        "failed: 0001_OS_DCP: no such eye",
        "no manifest: the same command tries the failed eyes again",
    ]
    code, answer = document(capsys, *args)
    assert (code, answer["summary"]) == (Exit.SOME_FAILED, {"made": 0, "kept": 1, "failed": 1})
    assert answer["failed"] == [
        {"id": "0001_OS_DCP", "error": {"code": "ARGUMENT", "message": "no such eye"}}
    ]
    bad.clear()
    assert run(capsys, *args)[0] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_runs_can_go_on(made: Path, tmp_path: Path, number: int, code: int) -> None:
    out = tmp_path / "cut"
    process = small_cohort.start("data", "synth", "--out", out, "--subjects", 40, "--threads", 2)
    until = time.monotonic() + 60
    while small_cohort.finished(out) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    text, err = process.communicate(timeout=60)
    assert (process.returncode, text) == (code, ""), err
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert 2 <= small_cohort.finished(out) < 80
    assert not [name for name in digests(out) if Path(name).name.startswith(".")]
    # What is there equals an uninterrupted run; the rest is made for fewer subjects, to be quick.
    ours = digests(made)
    there = {name: value for name, value in digests(out).items() if name in ours}
    there.pop("cohort.json")
    assert there.items() <= ours.items()
    assert len(there) >= 8


def test_refusals(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digests(made)
    for more, text in ((["--seed", 1], "seed 0, not 1"), (["--subjects", 2], "3 subjects, not 2")):
        for dry in ([], ["--dry-run"]):
            code, out, err = run(capsys, "--out", made, "--subjects", SUBJECTS, *more, *dry)
            assert (code, out) == (Exit.REFUSED, "")
            assert err.startswith(f"gftcore data synth: {made} holds a cohort")
            assert text in err
    code, answer = document(capsys, "--out", made, "--seed", 1)
    assert (code, answer["error"]["code"]) == (Exit.REFUSED, "REFUSED")
    assert digests(made) == before
    (tmp_path / "mine.txt").write_text("")
    code, _, err = run(capsys, "--out", tmp_path)
    assert (code, "holds mine.txt" in err) == (Exit.REFUSED, True)


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in ("--out", "--subjects", "--seed", "--threads", "--dry-run", "--json"):
        assert name in out
    (tmp_path / "file").write_text("")
    for args in (
        [], ["--out", tmp_path / "file"],
        *(["--out", tmp_path / "o", *bad] for bad in (
            ["--subjects", 0], ["--subjects", 1_000_001], ["--subjects", "many"], ["--seed", -1],
            ["--seed", 2**63], ["--threads", 0], ["--class", "PDR"], ["more"],
        )),
    ):  # fmt: skip
        code, out, err = run(capsys, *args)
        assert (code, out) == (Exit.USAGE, "")
        assert err
    assert not (tmp_path / "o").exists()
