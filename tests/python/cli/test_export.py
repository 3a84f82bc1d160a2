# SPDX-License-Identifier: Apache-2.0
"""``gftcore export``: every format, what is refused, failures alone."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from gftcore import cli, formats, graph
from gftcore.cli.outcome import Exit

MESH = np.zeros((60, 60), dtype=bool)
MESH[::12] = MESH[:, ::12] = True


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["export", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    """Two graphs, one of them in a folder of its own, and a file that is none."""
    folder = tmp_path / "graphs"
    (folder / "left").mkdir(parents=True)
    graph.save(graph.extract(MESH), folder / "a.npz")
    graph.save(graph.extract(np.roll(MESH, 5, axis=1)), folder / "left" / "b.npz")
    return folder


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_of_all_graphs(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    if to == "parquet":
        pytest.importorskip("pyarrow")
    code, out, err = run(capsys, graphs, "--to", to, "--out", tmp_path / "out")
    assert (code, err) == (0, "2 graphs exported, 0 failed\n")
    tables = ("images", "junctions", "nodes", "edges")
    assert out.split() == [str(tmp_path / "out" / f"{table}.{to}") for table in tables]
    assert set(tree(tmp_path / "out")) == {f"{table}.{to}" for table in tables}
    if to == "csv":
        with (tmp_path / "out" / "nodes.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row["image_id"] for row in rows} == {"a", "left/b"}
        own = [row for row in rows if (row["image_id"], row["type"]) == ("a", "vessel")]
        lengths = [float(row["length_px"]) for row in own]
        assert lengths == graph.load(graphs / "a.npz").vessel("length").tolist()
        known = [field.name for field in formats.data_dictionary()["nodes"] if "csv" in field.forms]
        assert list(rows[0]) == known
    else:
        back = dict(formats.read_parquet(tmp_path / "out"))
        assert list(back) == ["a", "left/b"]
        stored = graph.load(graphs / "a.npz")
        assert np.array_equal(back["a"].vessel_x, stored.vessel_x, equal_nan=True)


@pytest.mark.parametrize(
    ("to", "names"),
    [
        ("json", ["a.json", "left/b.json"]),
        ("graphml", ["a.graphml", "left/b.graphml"]),
        ("voreen", ["a.voreen.json", "left/b.voreen.json"]),
        ("voreen-csv", ["a_edges.csv", "a_nodes.csv", "left/b_edges.csv", "left/b_nodes.csv"]),
    ],
)
def test_a_file_for_each_graph(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str, names: list[str]
) -> None:
    if to == "graphml":
        pytest.importorskip("networkx")
    out = tmp_path / "out"
    assert run(capsys, graphs, "--to", to, "--out", out)[0] == 0
    assert sorted(tree(out)) == names
    stored = graph.load(graphs / "a.npz")
    segments = {
        "json": lambda: formats.read_json(out / "a.json").num_segments,
        "graphml": lambda: formats.read_graphml(out / "a.graphml").number_of_edges(),
        "voreen": lambda: formats.read_voreen(out / "a.voreen.json").num_edges,
        "voreen-csv": lambda: (
            formats.read_voreen_csv(out / "a_nodes.csv", out / "a_edges.csv").num_edges
        ),
    }
    assert segments[to]() == stored.num_segments > 10
    before = tree(out)
    code, _, err = run(capsys, graphs, "--to", to, "--out", out)
    assert (code, "use --overwrite" in err) == (Exit.REFUSED, True)
    assert run(capsys, graphs, "--to", to, "--out", out, "--overwrite", "--quiet") == (0, "", "")
    assert tree(out) == before


def test_a_bad_file_does_not_stop_the_others(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (graphs / "bad.npz").write_bytes(b"PK no graph")
    out = tmp_path / "out"
    code, text, _ = run(capsys, graphs, "--to", "csv", "--out", out, "--json")
    document = json.loads(text)
    assert (code, document["schema"]) == (Exit.SOME_FAILED, "gftcore-export/1")
    assert document["summary"] == {"ok": 2, "skipped": 0, "failed": 1}
    statuses = {one["image_id"]: one["status"] for one in document["graphs"]}
    assert statuses == {"a": "ok", "bad": "failed", "left/b": "ok"}
    with (out / "images.csv").open(newline="") as stream:
        assert [row["image_id"] for row in csv.DictReader(stream)] == ["a", "left/b"]


def test_dry_run_writes_nothing(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for to in ("csv", "json"):
        code, out, _ = run(capsys, graphs, "--to", to, "--out", tmp_path / "out", "--dry-run")
        assert code == 0
        assert all(line.startswith("would write ") for line in out.splitlines())
    assert not (tmp_path / "out").exists()


def test_tables_that_exist_are_refused_before_any_work(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "nodes.csv").write_text("mine")
    (out / "notes.txt").write_text("mine, too")
    code, _, err = run(capsys, graphs, "--to", "csv", "--out", out)
    assert (code, "nodes.csv exists" in err) == (Exit.REFUSED, True)
    assert set(tree(out)) == {"nodes.csv", "notes.txt"}
    assert run(capsys, graphs, "--to", "csv", "--out", out, "--overwrite")[0] == 0
    assert tree(out)["notes.txt"] == b"mine, too"


def test_usage_and_empty_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, tmp_path, "--out", tmp_path / "out")[0] == Exit.USAGE
    code, _, err = run(capsys, tmp_path, "--to", "csv", "--out", tmp_path / "out")
    assert (code, "no graph (.npz)" in err) == (Exit.BAD_INPUT, True)


@pytest.mark.parametrize(
    ("to", "package", "extra"),
    [("parquet", "pyarrow", "bulk"), ("graphml", "networkx", "networkx")],
)
def test_missing_extras(
    graphs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    to: str,
    package: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    code, _, err = run(capsys, graphs, "--to", to, "--out", tmp_path / "out")
    assert (code, f"gftcore[{extra}]" in err) == (Exit.MISSING_EXTRA, True)
    assert not (tmp_path / "out").exists()
