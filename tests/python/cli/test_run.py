# SPDX-License-Identifier: Apache-2.0
"""`gftcore run`: all files of each image, an index of all, resuming, exit codes."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from drawn_eyes import drawn_files, untrained
from gftcore import cli, graph, io, pipeline
from gftcore.cli.outcome import Exit
from gftcore.cli.reporting import SUFFIXES
from gftcore.tabulation import read_table


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["run", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawn_files(tmp_path / "in", 2)
    (tmp_path / "in" / "later").mkdir()
    shutil.move(tmp_path / "in" / "01.png", tmp_path / "in" / "later" / "01.png")
    (tmp_path / "in" / "bad.png").write_text("no image")
    return tmp_path / "in"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    untrained(record={"data": "synthetic"}).save(tmp_path / "net")
    return tmp_path / "net"


def contents(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_files_of_a_folder(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for threads in (1, 2):
        out = tmp_path / f"out{threads}"
        code, text, err = run(
            capsys, folder, "--out", out, "--model", network, "--threads", threads, "--eye", "OS"
        )
        assert code == Exit.SOME_FAILED
        written.append(contents(out))
    for name, values in written[0].items():
        if name.endswith(".npz"):  # it holds the times of its stages
            continue
        assert values == written[1][name], name
    stems = ("00", "later/01")
    assert set(written[0]) == {f"{s}{end}" for s in stems for end in SUFFIXES} | {"index.html"}
    *lines, statement, notice = text.splitlines()
    assert statement == pipeline.STATEMENT
    assert "Not a medical device" in notice
    for stem, line in zip(stems, lines, strict=True):
        table = read_table(out / f"{stem}.table.json")
        assert (table.image.id, table.image.eye) == (stem, "OS")
        assert table.image.sha256 == io.file_sha256(folder / f"{stem}.png")
        eye = graph.load(out / f"{stem}.npz")
        assert set(eye.kept) == set(pipeline.CASE_KEEP)
        assert f"{out / stem}.report.html" in line
        words = json.loads(written[0][f"{stem}.text.json"])
        assert (words["schema"], words["image_id"]) == ("gftcore-text/1", stem)
        assert (words["prediction"], words["notice"]) == (table.prediction, notice)
        page = written[0][f"{stem}.report.html"].decode()
        assert all(html.escape(one["text"]) in page for one in words["sentences"])
        assert "Not a medical device" in page
        home = "../index.html" if "/" in stem else "index.html"
        assert f'href="{home}"' in page
        assert str(tmp_path) not in page
    last = err.splitlines()[-1]
    assert last.startswith("2 images reported, 0 there already, 1 failed; time an image: ")
    for work in ("segmentation", "attribution", "table and text", "page", "files"):
        assert f"{work} " in last


def test_the_index_lists_all_images(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, folder, "--out", out, "--model", network)
    index = (out / "index.html").read_text("utf-8")
    links = set(re.findall(r'href="([^"#]+)"', index))
    links.remove("data:,")  # no icon
    assert links == {"00.report.html", "later/01.report.html"}
    assert all((out / link).exists() for link in links)
    assert "bad" in index
    assert str(tmp_path) not in index
    assert "Not a medical device" in index


def test_the_index_keeps_earlier_eyes_and_spares_foreign_files(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text("mine")
    base = ("--out", out, "--model", network)
    for more in ((), ("--dry-run",)):
        code, _, err = run(capsys, folder / "00.png", *base, *more)
        assert code == Exit.REFUSED
        assert "index.html is no index of reports; use --overwrite" in err
        assert contents(out) == {"index.html": b"mine"}
    (out / "index.html").unlink()
    (out / "other.report.html").write_text("a page of something else")
    assert run(capsys, folder / "00.png", *base)[0] == Exit.DONE
    assert run(capsys, folder / "later" / "01.png", *base)[0] == Exit.DONE
    index = (out / "index.html").read_text("utf-8")
    assert set(re.findall(r'href="([^"#]+)"', index)) == {
        "data:,", "00.report.html", "01.report.html",
    }  # fmt: skip


def test_a_run_goes_on_and_refuses_other_results(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.png").unlink()
    out = tmp_path / "out"
    base = (folder, "--out", out, "--model", network)
    assert run(capsys, *base)[0] == Exit.DONE
    before = contents(out)
    (out / "00.report.html").unlink()
    (out / "index.html").unlink()
    code, text, err = run(capsys, *base)
    assert code == Exit.DONE
    again = contents(out)
    assert {name for name, values in again.items() if values != before.get(name)} <= {"00.npz"}
    assert text.count("(there already)") == 1
    assert "1 images reported, 1 there already" in err
    code, _, err = run(capsys, *base, "--eye", "OD")
    assert code == Exit.REFUSED
    assert "comes from other settings or another image; use --overwrite" in err
    assert run(capsys, *base, "--eye", "OD", "--overwrite")[0] == Exit.DONE
    assert read_table(out / "00.table.json").image.eye == "OD"


def test_json_and_dry_run(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    base = (folder, "--out", out, "--model", network)
    code, text, _ = run(capsys, *base, "--dry-run")
    assert code == Exit.DONE
    assert not out.exists()
    assert f"would write {out / '00.table.json'}, " in text
    code, text, err = run(capsys, *base, "--json", "--top", 3)
    assert (code, err) == (Exit.SOME_FAILED, "")
    document = json.loads(text)
    assert document["schema"] == "gftcore-run/1"
    first = next(one for one in document["images"] if one["image_id"] == "00")
    assert [Path(path).name for path in first["outputs"]] == [f"00{end}" for end in SUFFIXES]
    assert set(first["seconds"]) >= {"segment", "attribution", "case", "page", "files"}
