# SPDX-License-Identifier: Apache-2.0
"""Graphs as JSON: exact text, and damage is an error in words."""

from __future__ import annotations

import dataclasses
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from format_cases import assert_same, bar, crossed
from gftcore import formats, graph
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.formats import json_graphs, reading

Document = dict[str, Any]


def written(path: Path, change: Callable[[Document], Any]) -> Path:
    """A file of the bar's graph with one change made to its entries."""
    formats.write_json(bar(), path)
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    return path


def test_the_text_of_a_bar(tmp_path: Path) -> None:
    one = bar()
    formats.write_json(one, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text("utf-8")
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    keys = [line.split(":")[0] for line in lines[1:-1]]
    assert keys == sorted(keys)
    entries = json.loads(text)
    assert entries["schema"] == "gftcore-graph/1"
    assert entries["shape"] == [5, 8]
    assert entries["node_kind"] == [2, 2]
    assert entries["node_rowcol"] == [[2.0, 0.0], [2.0, 7.0]]
    assert entries["segment_nodes"] == [[0, 1]]
    assert entries["point_pixel"] == [[2, col] for col in range(1, 7)]
    assert entries["ica_touches_border"] == [True]
    assert entries["ica_bbox"] == [[3, 0, 5, 8]]
    assert entries["face_ica"] == [-2, 0]
    assert entries["edges"]["vi"] == [[0], [0]]
    assert entries["edges"]["vv"] == [[], []]
    assert entries["edge_attr"]["vv"] == [[]], "one attribute, no edges"
    assert entries["edge_attr"]["vi"] == [[6.0]], "centreline points of the shared border"
    faz = {"label": 1, "area_px2": 16.0, "method": "nearest", "confidence": 0.0}
    assert entries["faz"] == faz
    assert len(entries["vessel_x"][0]) == len(entries["vessel_columns"]) == len(one.vessel_columns)


def test_numbers_that_json_lacks(tmp_path: Path) -> None:
    one = bar()
    x = one.vessel_x.copy()
    x[0, :6] = [np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.1 + 0.2]
    radius = np.array([1 / 3, np.inf], np.float32)
    one = dataclasses.replace(one, vessel_x=x, node_radius_px=radius)
    formats.write_json(one, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert '[[null,"inf","-inf",-0.0,5e-324,0.30000000000000004,' in text
    assert '"node_radius_px":[0.333333343,"inf"]' in text
    assert_same(formats.read_json(tmp_path / "a.json"), one)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_equal_graphs_give_equal_bytes(name: str, tmp_path: Path) -> None:
    formats.write_json(crossed(), tmp_path / name)
    formats.write_json(formats.read_json(tmp_path / name), tmp_path / f"other.{name}")
    data = (tmp_path / name).read_bytes()
    assert data == (tmp_path / f"other.{name}").read_bytes()
    if name.endswith(".gz"):
        # Flags: no name. Time: 0.
        assert data[3:8] == bytes(5)
        data = gzip.decompress(data)
    assert tmp_path.name.encode() not in data
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"other.{name}"]


def test_kept_images_are_left_out(tmp_path: Path) -> None:
    one = crossed(keep=("mask", "distance"))
    formats.write_json(one, tmp_path / "a.json")
    assert_same(formats.read_json(tmp_path / "a.json"), one)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema="gftcore-graph/0"), "schema is 'gftcore-graph/0', this version"),
        (lambda d: d.pop("schema"), "schema is None"),
        (lambda d: d.pop("fov_mm"), "fov_mm"),
        (lambda d: d.update(shape=[0, 5]), r"meta\.shape"),
        (lambda d: d.update(eye="\ud800"), "meta is no JSON"),
        (lambda d: d.update(faz=3), "damaged"),
        (lambda d: d["faz"].update(label=-1), r"meta\.faz\.label"),
        (lambda d: d.pop("node_kind"), "node_kind is missing"),
        (lambda d: d["edges"].pop("vi"), r"edges\.vi is missing"),
        (lambda d: d.update(edges=[]), "edges must be an object"),
        (lambda d: d.update(node_kind=3), "node_kind must be a list"),
        (lambda d: d.update(node_kind=[1, 1.5]), "node_kind must hold uint8, got float"),
        (lambda d: d.update(node_kind=[1, True]), "node_kind must hold uint8, got bool"),
        (lambda d: d.update(node_kind=[1, 300]), "node_kind must hold uint8"),
        (lambda d: d.update(node_kind=[1, 5]), "node_kind has values out of range"),
        (lambda d: d.update(node_kind=[1] * 99), r"node_kind has the wrong shape \(99,\): larger"),
        (lambda d: d.update(ica_touches_border=[0]), "must hold bool, got int"),
        (lambda d: d.update(node_rowcol=[1, 2]), "node_rowcol must be a list of lists"),
        (lambda d: d.update(node_rowcol=[[1, 2], [3]]), "rows of 2 values, got one of 1"),
        (lambda d: d["vessel_x"][0].pop(), "vessel_x must have rows of"),
        (lambda d: d.update(node_radius_px=["nan", 1]), "node_radius_px must hold float32, got 'n"),
        (lambda d: d.update(node_radius_px=[1e300, 1]), "node_radius_px .* larger number"),
        (lambda d: d.update(node_radius_px=[10**400, 1]), "node_radius_px must hold float32"),
        (lambda d: d.update(segment_nodes=[[0, 2]]), "segment_nodes has values out of range"),
        (lambda d: d.update(node_degree=[1, 2]), "node_degree does not fit"),
        (lambda d: d["edge_attr"].update(vi=[[1, 1]]), r"edge_attr\.vi must have rows of 1"),
        (lambda d: d["edge_attr"].update(vi=[[1]] * 9), r"edge_attr\.vi has the wrong shape"),
        (lambda d: d.update(point_ptr=[0, 9]), "point_ptr does not rise"),
    ],
)
def test_wrong_entries(tmp_path: Path, change: Callable[[Document], Any], message: str) -> None:
    path = written(tmp_path / "a.json", change)
    with pytest.raises(FormatError, match=message) as error:
        formats.read_json(path)
    assert str(path) in str(error.value)


def test_edges_of_no_graph(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", lambda d: d["edges"].update(vi=[[0], [7]]))
    with pytest.raises(FormatError, match=r"edges\.vi has values out of range"):
        formats.read_json(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"3", b"NaN", b'{"a": NaN}', b"\xff\xfe", b"[" * 10**5, b'{"shape": 1e999}',
     b"1" * 10_000],
)  # fmt: skip
def test_foreign_files(tmp_path: Path, data: bytes) -> None:
    for name, content in (
        ("a.json", data),
        ("a.json.gz", gzip.compress(data)),
        ("b.json.gz", data),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=name):
            formats.read_json(tmp_path / name)


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        formats.read_json(tmp_path / "none.json")
    with pytest.raises(ArgumentTypeError):
        formats.read_json(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="HeteroGraph"):
        formats.write_json({}, tmp_path / "a.json")  # type: ignore[arg-type]
    for name in ("a.txt", "a.gz", "a"):
        with pytest.raises(ArgumentError, match=r"must end with \.json or \.json\.gz"):
            formats.write_json(bar(), tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"node_radius_px": np.zeros(2)}, "node_radius_px must hold float32, got float64"),
        ({"node_kind": np.zeros(3, np.uint8)}, "numbers of nodes differ"),
        ({"segment_nodes": np.array([[0, 9]])}, "segment_nodes has values out of range"),
    ],
)
def test_graphs_that_could_not_be_read(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    wrong = dataclasses.replace(bar(), **changes)
    for write in (
        lambda: formats.write_json(wrong, tmp_path / "a.json"),
        lambda: formats.write_parquet(tmp_path / "all", [("a", wrong)]),
    ):
        with pytest.raises(ArgumentError, match=message):
            write()
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_no_unicode(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="Unicode"):
        formats.write_json(bar().with_source(name="\udc80"), tmp_path / "a.json")


def test_a_file_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json_graphs.MAX_BYTES == reading.MAX_BYTES == 1 << 28
    monkeypatch.setattr(json_graphs, "MAX_BYTES", 1_000_000)
    for name, pack in (("a.json", bytes), ("a.json.gz", gzip.compress)):
        (tmp_path / name).write_bytes(pack(b" " * 2_000_000))
        with pytest.raises(FormatError, match=f"{name}: holds more than 1000000 bytes"):
            formats.read_json(tmp_path / name)


def peak_of_reading(path: Path) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            formats.read_json(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of empty objects a tree takes more than twenty times as much as its text."""
    text = b"[" + b"{}," * 1_000_000 + b"{}]"
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(text))
    assert (tmp_path / "a.json.gz").stat().st_size < len(text) / 100
    assert peak_of_reading(tmp_path / "a.json.gz") > 20 * len(text), "negative control"
    monkeypatch.setattr(json_graphs, "MAX_BYTES", 1_000_000)
    assert peak_of_reading(tmp_path / "a.json.gz") < 5 * len(text)


def test_what_could_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats.write_json(bar(), tmp_path / "a.json")
    size = (tmp_path / "a.json").stat().st_size
    monkeypatch.setattr(json_graphs, "MAX_BYTES", size)
    formats.write_json(bar(), tmp_path / "b.json")
    formats.read_json(tmp_path / "b.json")
    monkeypatch.setattr(json_graphs, "MAX_BYTES", size - 1)
    with pytest.raises(ArgumentError, match=f"at most {size - 1} bytes of JSON, .* got {size}"):
        formats.write_json(bar(), tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()


def test_graphs_of_dense_images_fit_four_times(tmp_path: Path) -> None:
    """A mesh of vessels 8 px apart has four times the segments of the densest sample."""
    mask = np.zeros((1216, 1216), dtype=bool)
    mask[::8] = mask[:, ::8] = True
    dense = graph.extract(mask)
    assert dense.num_segments > 4 * 6337
    formats.write_json(dense, tmp_path / "a.json")
    formats.write_voreen(dense, tmp_path / "b.json")
    for name in ("a.json", "b.json"):
        assert (tmp_path / name).stat().st_size < reading.MAX_BYTES / 2


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_damaged_bytes(name: str, tmp_path: Path) -> None:
    """Cut or flipped bits: a valid graph, or a `FormatError` with the name."""
    path = tmp_path / name
    formats.write_json(bar(), path)
    whole = path.read_bytes()
    outcomes = {"graph": 0, "error": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        data = bytearray(whole)
        if seed % 3 == 0:
            data = data[: rng.integers(0, len(data))]
        else:
            for at in rng.integers(0, len(data), size=1 + seed % 3):
                data[at] ^= 1 << rng.integers(0, 8)
        path.write_bytes(data)
        try:
            found = formats.read_json(path)
        except FormatError as error:
            assert str(path) in str(error)
            outcomes["error"] += 1
        else:
            graph.save(found, tmp_path / "again.npz")
            graph.load(tmp_path / "again.npz")
            outcomes["graph"] += 1
    assert outcomes["error"] > 100
    assert name.endswith(".gz") or outcomes["graph"] > 10, "digits may change"
