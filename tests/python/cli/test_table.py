# SPDX-License-Identifier: Apache-2.0
"""`gftcore table`: JSON, Markdown and CSV of each image, resuming, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from drawn_eyes import drawn_files, untrained
from gftcore import cli, io, pipeline
from gftcore.cli.outcome import Exit
from gftcore.tabulation import (
    legacy_case,
    read_legacy_csv,
    read_table,
    table_markdown,
    table_schema,
)

ENDS = ("table.json", "table.md", "table.csv")


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["table", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawn_files(tmp_path / "in", 2)
    (tmp_path / "in" / "bad.png").write_text("no image")
    return tmp_path / "in"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    untrained(record={"data": "synthetic"}).save(tmp_path / "net")
    return tmp_path / "net"


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_files_of_a_folder(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for threads in (1, 2):
        out = tmp_path / f"out{threads}"
        code, text, err = run(
            capsys, folder, "--out", out, "--model", network, "--threads", threads, "--eye", "OS",
            "--legacy",
        )  # fmt: skip
        assert code == Exit.SOME_FAILED
        written.append(contents(out))
    assert written[0] == written[1]
    ends = (*ENDS, "legacy.csv")
    assert set(written[0]) == {f"{stem}.{end}" for stem in ("00", "01") for end in ends}
    *lines, statement, notice = text.splitlines()
    assert statement == pipeline.STATEMENT
    assert "Not a medical device" in notice
    for stem, line in zip(("00", "01"), lines, strict=True):
        table = read_table(out / f"{stem}.table.json")
        jsonschema.validate(json.loads(written[0][f"{stem}.table.json"]), table_schema())
        assert (table.image.id, table.image.eye) == (stem, "OS")
        assert table.image.sha256 == io.file_sha256(folder / f"{stem}.png")
        assert "vessel_density" in table.biomarkers
        assert table.notice == notice
        assert written[0][f"{stem}.table.md"].decode() == table_markdown(table)
        assert written[0][f"{stem}.table.csv"].count(b"\n") == 41
        assert read_legacy_csv(out / f"{stem}.legacy.csv") == legacy_case(table)
        assert line.startswith(f"{folder / stem}.png: {table.prediction} ")
        assert f"{out / stem}.table.md" in line
        assert str(tmp_path).encode() not in written[0][f"{stem}.table.json"]
    last = err.splitlines()[-1]
    assert last.startswith("2 images tabulated, 0 there already, 1 failed; time an image: ")
    for work in ("segmentation", "attribution", "table", "files"):
        assert f"{work} " in last


def test_a_run_goes_on_and_refuses_other_results(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.png").unlink()
    out = tmp_path / "out"
    base = (folder, "--out", out, "--model", network)
    assert run(capsys, *base)[0] == Exit.DONE
    before = contents(out)
    (out / "00.table.csv").unlink()
    code, text, err = run(capsys, *base)
    assert (code, contents(out)) == (Exit.DONE, before)
    assert text.count("(there already)") == 1
    assert "1 images tabulated, 1 there already" in err
    # More files of the same tables are made beside them.
    assert run(capsys, *base, "--legacy")[0] == Exit.DONE
    assert set(contents(out)) - set(before) == {"00.legacy.csv", "01.legacy.csv"}
    code, _, err = run(capsys, *base, "--eye", "OD")
    assert code == Exit.REFUSED
    assert "comes from other settings or another image; use --overwrite" in err
    assert run(capsys, *base, "--eye", "OD", "--overwrite")[0] == Exit.DONE
    assert read_table(out / "00.table.json").image.eye == "OD"
    (out / "00.table.json").write_text("{}")
    code, _, err = run(capsys, *base, "--eye", "OD")
    assert code == Exit.SOME_FAILED
    assert "is no table; use --overwrite" in err
    for end in ENDS[1:]:
        (out / f"01.{end}").unlink()
    (out / "01.table.json").unlink()
    (out / "01.table.md").write_text("mine")
    assert "01.table.md exists" in run(capsys, *base, "--eye", "OD")[2]


def test_json_and_dry_run(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    base = (folder, "--out", out, "--model", network)
    code, text, _ = run(capsys, *base, "--dry-run")
    assert code == Exit.DONE
    assert not out.exists()
    assert f"would write {out / '00.table.json'}, {out / '00.table.md'}" in text
    code, text, err = run(capsys, *base, "--json", "--top", 3, "--target", "PDR")
    assert (code, err) == (Exit.SOME_FAILED, "")
    document = json.loads(text)
    assert document["schema"] == "gftcore-table-run/1"
    first = next(one for one in document["images"] if one["image_id"] == "00")
    table = read_table(first["outputs"][0])
    assert (first["target"], table.target, len(table.nodes)) == ("PDR", "PDR", 3)
    assert first["probabilities"] == dict(table.probabilities)
    assert first["selected"]["nodes"]["count"] == 3
    assert first["errors"]["nodes"] == table.attribution.error_nodes
    assert set(first["seconds"]) == {
        "read", "segment", "graph", "standardise", "network", "attribution", "selection", "table",
        "files",
    }  # fmt: skip
    assert run(capsys, *base, "--target", "AMD")[0] == Exit.BAD_INPUT
