# SPDX-License-Identifier: Apache-2.0
"""``gftcore data check`` and ``gftcore data split``: results, exit codes, streams, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import cli, datasets, io
from gftcore.cli.outcome import Exit
from gftcore.datasets import LABELS, Record, write_manifest

SECRET = "Jane-Doe"


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, dict[str, Any]]:
    code, out, err = run(capsys, *args, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (err == "") == ("error" not in answer)
    return code, answer


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """24 images of 12 subjects, both eyes, with a mask for one."""
    records = []
    for number in range(24):
        path = f"images/{SECRET}{number}.png"
        io.write_image(tmp_path / path, np.full((6, 6), number, dtype=np.uint8))
        mask = "mask.png" if number == 0 else None
        records.append(
            Record(id=f"{number:02}", subject=f"{SECRET}{number // 2}",
                   eye=("OD", "OS")[number % 2], path=path,
                   label=LABELS[number // 2 % 2], layer="DCP", mask_path=mask)
        )  # fmt: skip
    io.write_image(tmp_path / "mask.png", np.eye(24, dtype=bool))
    return (write_manifest(tmp_path / "manifest.csv", records).folder / "manifest.csv").resolve()


# --- check ---------------------------------------------------------------------------------------


def test_a_good_manifest_is_counted(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "data", "check", manifest)
    assert (code, err) == (0, "no problems\n")
    assert out.splitlines() == [
        f"{manifest}: 24 images of 12 subjects, 12 with both eyes; 1 masks",
        "Healthy: 12 images (50.0%); worst label of 6 subjects",
        "NPDR:    12 images (50.0%); worst label of 6 subjects",
        "PDR:     0 images (0.0%); worst label of 0 subjects",
        "eye:     OD 12, OS 12, unknown 0",
        "layer:   DCP 24",
    ]
    code, answer = document(capsys, "data", "check", manifest)
    assert code == 0
    assert answer == {
        "schema": "gftcore-data-check/1", "manifest": str(manifest),
        "manifest_sha256": io.file_sha256(manifest), "ok": True, "warnings": [],
        "num_problems": 0, "problems": [],
        "counts": {
            "images": 24, "subjects": 12, "masks": 1,
            "images_by_label": {"Healthy": 12, "NPDR": 12, "PDR": 0},
            "subjects_by_label": {"Healthy": 6, "NPDR": 6, "PDR": 0},
            "images_by_eye": {"OD": 12, "OS": 12, "unknown": 0}, "subjects_with_both_eyes": 12,
            "images_by_layer": {"DCP": 24}, "images_by_split": {},
        },
    }  # fmt: skip
    assert run(capsys, "data", "check", manifest, "--quiet") == (0, "", "")


def test_bad_files_are_listed(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (manifest.parent / f"images/{SECRET}3.png").unlink()
    (manifest.parent / "mask.png").write_text("no image")
    code, out, err = run(capsys, "data", "check", manifest)
    assert code == Exit.SOME_FAILED
    assert err.splitlines()[0].startswith(f"failed: {manifest}: row 2, column mask_path: cannot be")
    assert err.splitlines()[1:] == [
        f"failed: {manifest}: row 5, column path: No such file or directory"
    ]
    assert SECRET not in out + err
    code, answer = document(capsys, "data", "check", manifest, "--max-problems", 1)
    assert (code, answer["ok"], answer["num_problems"]) == (Exit.SOME_FAILED, False, 2)
    assert [(p["row"], p["column"]) for p in answer["problems"]] == [(2, "mask_path")]
    assert SECRET not in json.dumps(answer)
    assert run(capsys, "data", "check", manifest, "--no-files")[0] == 0
    code, out, err = run(capsys, "data", "check", manifest, "--quiet", "--max-problems", 1)
    assert (code, out) == (Exit.SOME_FAILED, "")
    assert err.splitlines()[-1] == "and 1 more problems; --max-problems lists more"
    for path in (manifest.parent / "images").iterdir():
        path.unlink()
    assert run(capsys, "data", "check", manifest)[0] == Exit.BAD_INPUT


def test_options_reach_the_reader(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "data", "check", manifest, "--max-pixels", 35)[0] == Exit.BAD_INPUT
    path = manifest.parent / f"images/{SECRET}0.png"
    io.write_image(path, np.arange(108, dtype=np.uint8).reshape(6, 6, 3))
    assert run(capsys, "data", "check", manifest)[0] == Exit.SOME_FAILED
    # Grey images have no red channel, but one that is coloured needs it named.
    code, answer = document(capsys, "data", "check", manifest, "--channel", "mean")
    assert (code, answer["ok"]) == (0, True)


def test_a_bad_manifest_is_told_in_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.csv"
    rows = "".join(f"{SECRET},{SECRET},OX,{i}.png,sick\n" for i in range(5))
    path.write_text("id,subject,eye,path,label\n" + rows)
    code, out, err = run(capsys, "data", "check", path)
    assert (code, out) == (Exit.BAD_INPUT, "")
    assert len(err.splitlines()) == 14
    assert err.startswith(f"failed: {path}: row 2, column eye: must be OD, OS or unknown, got 'OX'")
    code, answer = document(capsys, "data", "check", path)
    assert (code, answer["ok"], answer["num_problems"]) == (Exit.BAD_INPUT, False, 14)
    assert answer["counts"] is answer["manifest_sha256"] is None
    assert answer["problems"][-1] == {
        "row": 6, "column": "id", "message": "must be unique, got that of row 2",
    }  # fmt: skip
    # Every other command says it in three lines.
    code, out, err = run(capsys, "data", "split", path, "--out", tmp_path / "s.json")
    assert (code, out) == (Exit.BAD_INPUT, "")
    assert err.startswith(f"gftcore data split: {path}: has 14 problems\nrow 2, column eye")
    assert len(err.splitlines()) == 3
    assert SECRET not in err
    assert not (tmp_path / "s.json").exists()


def test_suspicions_are_warnings(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = manifest.read_text().replace(f"01,{SECRET}0,", f"01,{SECRET.upper()}0,")
    manifest.write_text(text)
    code, _, err = run(capsys, "data", "check", manifest)
    assert code == 0
    assert err.startswith(f"warning: {manifest}: SIMILAR_SUBJECTS: rows 2 and 3")
    assert document(capsys, "data", "check", manifest)[1]["warnings"][0].startswith("SIMILAR")


# --- split ---------------------------------------------------------------------------------------


def test_folds_are_written(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "splits.json"
    args = ("data", "split", manifest, "--seed", 7, "--out", out)
    code, answer = document(capsys, *args, "--dry-run")
    assert (code, answer["status"], out.exists()) == (0, "waiting", False)
    code, text, err = run(capsys, *args)
    assert (code, err) == (0, "")
    lines = text.splitlines()
    assert lines[0].split() == ["fold", "subjects", "images", "Healthy", "NPDR", "PDR"]
    assert [line.split() for line in lines[1:7]] == [
        [f"{k}", "2", "4", "2", "2", "0"] for k in range(6)
    ]
    assert lines[7:] == [str(out)]
    table = datasets.read_manifest(manifest)
    assert datasets.read_splits(out, table) == datasets.split_subjects(table, seed=7)
    assert SECRET not in out.read_text()
    before = (out.read_bytes(), out.stat().st_mtime_ns)
    code, answer = document(capsys, *args)
    assert (code, answer["status"], answer["seed"]) == (0, "skipped", 7)
    assert answer["schema"] == "gftcore-data-split/1"
    assert answer["folds"][0] == {"fold": 0, "subjects": 2, "images": 4, "Healthy": 2, "NPDR": 2,
                                  "PDR": 0}  # fmt: skip
    assert (out.read_bytes(), out.stat().st_mtime_ns) == before
    assert run(capsys, *args, "--quiet") == (0, "", "")


def test_other_folds_are_replaced_only_when_asked(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "splits.json"
    assert run(capsys, "data", "split", manifest, "--out", out)[0] == 0
    before = out.read_bytes()
    args = ("data", "split", manifest, "--seed", 1, "--out", out)
    for dry in ([], ["--dry-run"]):
        code, _, err = run(capsys, *args, *dry)
        assert (code, out.read_bytes()) == (Exit.REFUSED, before)
        assert err == f"gftcore data split: {out} exists and holds other folds; use --overwrite\n"
    code, answer = document(capsys, *args)
    assert (code, answer["command"], answer["error"]["code"]) == (5, "data split", "REFUSED")
    code, answer = document(capsys, *args, "--overwrite")
    assert (code, answer["status"]) == (0, "ok")
    assert out.read_bytes() != before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_foreign_files_are_spared(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = manifest.read_bytes()
    (tmp_path / "notes.json").write_text('{"schema": "mine"}')
    (tmp_path / "link.csv").symlink_to(manifest)
    for name, code, text in (
        ("notes.json", Exit.REFUSED, "exists and holds no folds"),
        ("manifest.csv", Exit.BAD_INPUT, "is the manifest; choose another file"),
        ("link.csv", Exit.BAD_INPUT, "is the manifest; choose another file"),
        ("images", Exit.USAGE, "is a directory"),
    ):
        got, _, err = run(
            capsys, "data", "split", manifest, "--out", tmp_path / name, "--overwrite"
        )
        assert (got, text in err) == (code, True), err
    assert (tmp_path / "notes.json").read_text() == '{"schema": "mine"}'
    assert manifest.read_bytes() == before


def test_lacking_classes_are_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        Record(id=f"{i}", subject=f"{i}", eye="OD", path=f"{i}.png", label="PDR") for i in range(4)
    ]
    write_manifest(tmp_path / "m.csv", records)
    args = ("data", "split", tmp_path / "m.csv", "--out", tmp_path / "s.json")
    code, _, err = run(capsys, *args)
    assert code == 0
    assert err.startswith(f"warning: {tmp_path / 'm.csv'}: FOLD_LACKS_CLASS: no image of PDR in")
    assert document(capsys, *args)[1]["warnings"][0].startswith("FOLD_LACKS_CLASS")


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "data", "--help")
    assert code == 0
    assert "check" in out
    assert "split" in out
    assert run(capsys, "data")[0] == 2
    assert run(capsys, "data", "split", tmp_path / "m.csv")[0] == 2
    for command in (("check",), ("split", "--out", tmp_path / "s.json")):
        code, out, err = run(capsys, "data", *command, tmp_path / "none.csv")
        assert (code, out) == (Exit.BAD_INPUT, "")
        assert err.startswith(f"gftcore data {command[0]}: {tmp_path / 'none.csv'}: No such file")
    assert run(capsys, "data", "split", tmp_path, "--out", tmp_path / "s", "--seed", -1)[0] == 2
