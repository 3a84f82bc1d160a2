# SPDX-License-Identifier: Apache-2.0
"""``gftcore export``: every format, what is beside the tables, what is refused."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import gftcore
from gftcore import cli, formats, graph, io
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


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


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
    names = [f"{table}.{to}" for table in ("images", "junctions", "nodes", "edges")]
    names += ["columns.csv", "run.json"] if to == "csv" else []
    assert out.split() == [str(tmp_path / "out" / name) for name in names]
    assert set(tree(tmp_path / "out")) == set(names)
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
    beside = {"columns.csv", "run.json"} if to == "voreen-csv" else set()
    assert set(tree(out)) == {*names, *beside}
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
    code, said, err = run(capsys, graphs, "--to", to, "--out", out)
    assert (code, err) == (0, "0 graphs exported, 2 there already, 0 failed\n")
    assert said.count(" (there already)\n") == 2
    assert tree(out) == before
    (out / names[-1]).unlink()
    code, _, err = run(capsys, graphs, "--to", to, "--out", out)
    assert (code, err) == (0, "1 graphs exported, 1 there already, 0 failed\n")
    assert tree(out) == before
    (out / names[0]).write_bytes(before[names[0]][:-1])
    code, _, err = run(capsys, graphs, "--to", to, "--out", out)
    assert (code, f"{names[0]} exists and holds something else" in err) == (Exit.SOME_FAILED, True)
    assert tree(out)[names[0]] == before[names[0]][:-1]
    assert run(capsys, graphs, "--to", to, "--out", out, "--overwrite", "--quiet") == (0, "", "")
    assert tree(out) == before


@pytest.mark.parametrize("to", ["csv", "voreen-csv"])
def test_tables_have_a_dictionary_and_provenance(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    out = tmp_path / "out"
    assert run(capsys, graphs, "--to", to, "--out", out)[0] == 0
    document = json.loads((out / "run.json").read_bytes())
    files = {"a": graphs / "a.npz", "left/b": graphs / "left" / "b.npz"}
    assert document == {
        "schema": "gftcore-export-run/1",
        "gftcore": gftcore.__version__,
        "simd_target": gftcore.simd_target(),
        "to": to,
        "graphs": {
            name: {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "config_hash": graph.load(path).meta.config_hash,
            }
            for name, path in files.items()
        },
    }
    rows = table(out / "columns.csv")
    told = {(row["table"], row["column"]): row["unit"] for row in rows}
    table_files = {
        "csv": {"nodes": "nodes.csv", "images": "images.csv"},
        "voreen-csv": {"nodes": "a_nodes.csv", "edges": "left/b_edges.csv"},
    }
    for name, file in table_files[to].items():
        header = (out / file).read_text().splitlines()[0].replace(";", ",").split(",")
        assert {(name, column) for column in header} <= told.keys()
    assert told["nodes", "row" if to == "csv" else "pos_x"] == "px"
    assert str(tmp_path) not in (out / "run.json").read_text() + (out / "columns.csv").read_text()


def test_files_of_several_runs_share_their_provenance(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for path in (graphs / "a.npz", graphs / "left" / "b.npz"):
        assert run(capsys, path, "--to", "voreen-csv", "--out", out)[0] == 0
    assert set(json.loads((out / "run.json").read_bytes())["graphs"]) == {"a", "b"}
    for name, text in (("run.json", "[]"), ("run.json", '{"schema": "gftcore-run/1"}')):
        (out / name).write_text(text)
        code, _, err = run(capsys, graphs, "--to", "voreen-csv", "--out", out)
        assert (code, f"{name} exists; use --overwrite" in err) == (Exit.REFUSED, True)
    (out / "run.json").unlink()
    code, _, err = run(capsys, graphs, "--to", "voreen-csv", "--out", out)
    assert (code, "columns.csv exists; use --overwrite" in err) == (Exit.REFUSED, True)


@pytest.fixture
def extracted(tmp_path: Path) -> Path:
    """A folder of `extract`, with two graphs and an image that has none."""
    for name in ("a.png", "left/b.png"):
        io.write_image(tmp_path / "images" / name, MESH)
    (tmp_path / "images" / "bad.png").write_bytes(b"no image")
    out = tmp_path / "extracted"
    args = ["extract", str(tmp_path / "images"), "--out", str(out), "--quiet"]
    assert cli.main(args) == Exit.SOME_FAILED
    return out


def test_tables_say_what_extract_knows_of_the_images(
    extracted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, _, err = run(capsys, extracted, "--to", "csv", "--out", out)
    assert (code, err.splitlines()) == (0, [
        "2 graphs exported, 0 failed", "1 images without graph listed, as images.csv has them",
    ])  # fmt: skip
    found = {row["image_id"]: row for row in table(out / "images.csv")}
    wanted = {row["image_id"]: row for row in table(extracted / "images.csv")}
    assert {name: row["relpath"] for name, row in wanted.items()} == {
        "a": "a.png", "bad": "bad.png", "left/b": "left/b.png",
    }  # fmt: skip
    assert wanted["bad"]["status"] == "failed"
    assert found["bad"]["message"] != ""
    assert found == {**wanted, "bad": {**wanted["bad"], "kind": ""}}
    # Negative control: of another image with the same name nothing is known.
    graph.save(graph.load(extracted / "a.npz").with_source(sha256="00"), extracted / "a.npz")
    run(capsys, extracted, "--to", "csv", "--out", out, "--overwrite")
    found = {row["image_id"]: row["relpath"] for row in table(out / "images.csv")}
    assert found == {"a": "", "bad": "bad.png", "left/b": "left/b.png"}


def test_parquet_says_what_extract_knows_of_the_images(
    extracted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    code, text, _ = run(capsys, extracted, "--to", "parquet", "--out", tmp_path / "out", "--json")
    assert (code, json.loads(text)["without_graph"]) == (0, ["bad"])
    rows = pq.read_table(tmp_path / "out" / "images.parquet").to_pylist()
    assert {row["image_id"]: (row["relpath"], row["status"]) for row in rows} == {
        "a": ("a.png", "ok"), "left/b": ("left/b.png", "ok"), "bad": ("bad.png", "failed"),
    }  # fmt: skip
    back = dict(formats.read_parquet(tmp_path / "out"))
    assert isinstance(back["bad"], graph.ExtractFailure)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"image_id,status\nx,failed\n", b'a\n"', b"\0", None]
)
def test_tables_of_images_that_are_foreign_say_nothing(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None
) -> None:
    if data is None:
        (graphs / "images.csv").mkdir()
    else:
        (graphs / "images.csv").write_bytes(data)
    code, _, err = run(capsys, graphs, "--to", "csv", "--out", tmp_path / "out")
    assert (code, err) == (0, "2 graphs exported, 0 failed\n")


def test_the_fuller_table_of_extract_is_not_replaced(
    extracted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(extracted)
    file = extracted / "a.npz"
    for to, name in (("csv", "images.csv"), ("voreen-csv", "run.json")):
        code, _, err = run(capsys, file, "--to", to, "--out", extracted)
        assert (code, f"{name} exists; use --overwrite" in err) == (Exit.REFUSED, True)
        assert run(capsys, extracted, "--to", to, "--out", extracted)[0] != 0
    assert tree(extracted) == before
    assert run(capsys, file, "--to", "csv", "--out", extracted, "--overwrite")[0] == 0
    assert [row["image_id"] for row in table(extracted / "images.csv")] == ["a"]


def test_a_name_that_is_no_unicode_stops_no_other(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (graphs / "c\udcff.npz").write_bytes((graphs / "a.npz").read_bytes())
    code, _, err = run(capsys, graphs, "--to", "csv", "--out", tmp_path / "out")
    assert (code, "must be Unicode" in err) == (Exit.SOME_FAILED, True)
    assert [row["image_id"] for row in table(tmp_path / "out" / "images.csv")] == ["a", "left/b"]


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
