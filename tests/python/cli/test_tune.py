# SPDX-License-Identifier: Apache-2.0
"""``gftcore tune check``: results, exit codes, streams, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gftcore import cli
from gftcore.cli.outcome import Exit
from gftcore.datasets import SYNTHETIC_NOTICE, write_splits
from instruction_cases import changed, manifest_of, said, small_set, written


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["tune", "check", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = small_set(tmp_path)
    _, splits = manifest_of(tmp_path, rows)
    write_splits(tmp_path / "splits.json", splits)
    return written(tmp_path, rows, data="synthetic", metadata={"fold": "1"})


def lists(folder: Path) -> tuple[object, ...]:
    return ("--manifest", folder / "manifest.csv", "--splits", folder / "splits.json")


def test_a_good_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, folder, *lists(folder))
    assert code == Exit.DONE
    assert out.splitlines() == [
        f"{folder}: 108 instructions about 36 images of 18 subjects",
        "stage 1:   36 instructions",
        "stage 2:   72 instructions",
        "train:     72 instructions; images: Healthy 8, NPDR 8, PDR 8",
        "validate:  18 instructions; images: Healthy 2, NPDR 2, PDR 2",
        "test:      18 instructions; images: Healthy 2, NPDR 2, PDR 2",
    ]
    assert SYNTHETIC_NOTICE in err
    assert "0 errors, 0 warnings; checks that need a model's processor" in err
    assert "Meier" not in out + err
    assert run(capsys, folder, "--quiet") == (Exit.DONE, "", "")


def test_errors_end_with_3_and_warnings_do_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = small_set(folder)
    written(folder, [row for row in rows if (row.split, row.label) != ("test", "PDR")])
    code, _, err = run(capsys, folder)
    assert code == Exit.DONE
    assert "warning: LABEL_MISSING: test: has no image of PDR" in err
    written(folder, changed(rows, 4, messages=said("<image> What?", "That.")))
    code, _, err = run(capsys, folder, *lists(folder))
    assert code == Exit.BAD_INPUT
    assert "failed: PLACEHOLDER: 0000_OS/faz.1: message 1 must be plain text" in err
    code, out, err = run(capsys, folder, "--quiet")
    assert (code, out, err.count("\n")) == (Exit.BAD_INPUT, "", 1)


def test_many_errors_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = small_set(folder)
    for place in range(105):
        rows = changed(rows, place, messages=said("?", "That."))
    written(folder, rows)
    code, _, err = run(capsys, folder)
    assert code == Exit.BAD_INPUT
    assert err.count("failed: EMPTY_TEXT") == 100
    assert "and 5 more errors; --json lists all" in err
    _, out, _ = run(capsys, folder, "--json")
    assert len(json.loads(out)["errors"]) == 105


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder, changed(small_set(folder), 4, messages=said("<image> What?", "That.")))
    code, out, err = run(capsys, folder, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (code, err) == (Exit.BAD_INPUT, "")
    assert answer["schema"] == "gftcore-tune-check/1"
    assert (answer["ok"], answer["counts"]["images"]) == (False, 36)
    assert [one["code"] for one in answer["errors"]] == ["PLACEHOLDER"]
    assert set(answer["errors"][0]) == {"code", "where", "message"}
    assert "processor" in answer["not_checked"]


def test_refusals(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, folder, "--splits", folder / "splits.json")
    assert (code, "--manifest" in err) == (Exit.BAD_INPUT, True)
    assert run(capsys, folder / "none")[0] == Exit.BAD_INPUT
    (folder / "instructions.parquet").write_bytes(b"PAR1")
    code, _, err = run(capsys, folder)
    assert (code, "damaged" in err) == (Exit.BAD_INPUT, True)
    assert cli.main(["tune"]) in (0, 2)
