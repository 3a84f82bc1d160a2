# SPDX-License-Identifier: Apache-2.0
"""Graph files: what is written is read, and damage is an error in words."""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.graph.assemble import ARRAYS, KEEPS


@pytest.fixture
def small() -> graph.HeteroGraph:
    mask = np.zeros((60, 80), dtype=bool)
    mask[29:32] = mask[:, 20:23] = mask[:, 60:62] = True
    mask[5:15, 30:45] = True
    mask[7:13, 33:42] = False
    intensity = np.arange(30 * 40).reshape(30, 40)
    keep = [name for name in KEEPS if name != "ridge"]
    return graph.extract(mask, intensity=intensity, keep=keep)


def members(graph_: graph.HeteroGraph) -> dict[str, np.ndarray]:
    out = {name: getattr(graph_, name) for name in ARRAYS}
    out |= {f"edges.{name}": array for name, array in graph_.edges.items()}
    out |= {f"edge_attr.{name}": array for name, array in graph_.edge_attr.items()}
    return out | {f"kept.{name}": array for name, array in graph_.kept.items()}


def test_round_trip(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    back = graph.load(tmp_path / "a.npz")
    assert back.meta == small.meta
    assert back.faz_info == small.faz_info
    assert (back.vessel_columns, back.ica_columns) == (small.vessel_columns, small.ica_columns)
    ours, theirs = members(small), members(back)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype, name
        assert array.tobytes() == theirs[name].tobytes(), name
        assert not theirs[name].flags.writeable, name


@pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")
@pytest.mark.parametrize("mask", [np.zeros((5, 6), dtype=bool), np.ones((1, 1), dtype=bool)])
def test_round_trip_of_nothing(mask: np.ndarray, tmp_path: Path) -> None:
    empty = graph.extract(mask)
    empty.save(tmp_path / "a.npz")
    back = graph.load(tmp_path / "a.npz")
    assert back.meta == empty.meta
    assert back.num_segments == 0
    assert math.isnan(back.faz_info.confidence) == math.isnan(empty.faz_info.confidence)


def test_equal_graphs_give_equal_bytes(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    graph.save(graph.load(tmp_path / "a.npz"), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_numpy_reads_it_without_pickles(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype.kind != "O" for name in archive.files)
        assert json.loads(archive["meta"].tobytes())["schema"] == "gftcore-graph/1"


def test_meta_alone(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small.with_source(sha256="ab"), tmp_path / "a.npz")
    meta = graph.read_meta(tmp_path / "a.npz")
    assert meta.source == {"kind": "mask", "sha256": "ab"}


def rewritten(path: Path, name: str, data: bytes | None) -> Path:
    """A copy of a graph file with one member replaced, or removed."""
    target = path.with_name("changed.npz")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for info in source.infolist():
            if info.filename != f"{name}.npy":
                copy.writestr(info.filename, source.read(info))
        if data is not None:
            copy.writestr(f"{name}.npy", data)
    return target


def npy(array: np.ndarray) -> bytes:
    import io

    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=True)
    return stream.getvalue()


def changed_meta(graph_: graph.HeteroGraph, tmp_path: Path, **changes: Any) -> Path:
    graph.save(graph_, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        meta = {**json.loads(archive["meta"].tobytes()), **changes}
    data = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    return rewritten(tmp_path / "a.npz", "meta", npy(data))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "gftcore-graph/2"}, "this version of gftcore reads 'gftcore-graph/1'"),
        ({"schema": None}, "schema is None"),
        ({"shape": [0, 5]}, "meta.shape"),
        ({"shape": "big"}, "meta.shape"),
        ({"fov_mm": -1}, "meta.fov_mm"),
        ({"config": []}, "meta.config"),
        ({"warnings": [1]}, "meta.warnings"),
        ({"vessel_columns": ["a"]}, "vessel_x has the wrong shape"),
        ({"faz": 3}, "damaged"),
    ],
)
def test_wrong_meta(
    small: graph.HeteroGraph, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        graph.load(changed_meta(small, tmp_path, **changes))


def test_wrong_arrays(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    bad: dict[str, tuple[bytes | None, str]] = {
        "node_kind": (None, "node_kind is missing"),
        "point_ptr": (npy(small.point_ptr[::-1].copy()), "point_ptr does not rise"),
        "segment_nodes": (npy(small.segment_nodes + 1000), "segment_nodes has values out of"),
        "edges.vv": (npy(small.edges["vv"] - 1), r"edges\.vv has values out of range"),
        "edge_attr.vv": (npy(small.edge_attr["vv"][1:]), r"edges\.vv has the wrong shape"),
        "node_degree": (npy(small.node_degree.astype(np.int64)), "node_degree must hold int32"),
        "ica_bbox": (npy(small.ica_bbox[:, :3].copy()), "ica_bbox has the wrong shape"),
        "ica_x": (npy(small.ica_x[1:]), r"ica_label_id has the wrong shape \(6,\): larger"),
        "vessel_x": (npy(np.asfortranarray(small.vessel_x)), "C order"),
        "kept.mask": (npy(np.zeros((3, 3), dtype=bool)), r"kept\.mask has the wrong shape"),
        "face_ica": (npy(small.face_ica[:-1])[:-3], "cut short|wrong length"),
        "faz_x": (b"no array", "damaged"),
        "point_pixel": (npy(small.point_pixel + 60), "point_pixel has values out of range"),
        "node_pixels": (npy(-small.node_pixels - 1), "node_pixels has values out of range"),
        "ica_label_id": (npy(-small.ica_label_id), "ica_label_id has values out of range"),
        "kept.ica_label": (npy(small.kept["ica_label"] + 99), r"kept\.ica_label has values"),
        "kept.vessel_label": (
            npy(small.kept["vessel_label"] - 1),
            r"kept\.vessel_label has values",
        ),
    }
    for name, (data, message) in bad.items():
        with pytest.raises(FormatError, match=message):
            graph.load(rewritten(tmp_path / "a.npz", name, data))


def test_a_pickle_is_not_opened(small: graph.HeteroGraph, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "trapped",))

    graph.save(small, tmp_path / "a.npz")
    trap = np.empty(1, dtype=object)
    trap[0] = Trap()
    path = rewritten(tmp_path / "a.npz", "node_kind", npy(trap))
    with pytest.raises(FormatError, match="node_kind must hold uint8"):
        graph.load(path)
    assert not (tmp_path / "trapped").exists()
    # Negative control: the naive reader runs it.
    with np.load(path, allow_pickle=True) as archive:
        archive["node_kind"]
    assert (tmp_path / "trapped").exists()


def test_sizes_are_checked_before_memory_is_taken(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    header = npy(np.zeros(1, dtype=np.uint8)).replace(b"(1,), }", b"(9999999999999,), }")
    with pytest.raises(FormatError, match="node_kind"):
        graph.load(rewritten(tmp_path / "a.npz", "node_kind", header))


def test_boxes_and_degrees_fit(small: graph.HeteroGraph, tmp_path: Path) -> None:
    graph.save(small, tmp_path / "a.npz")
    for data, message in (
        (npy(small.ica_bbox + 50), "ica_bbox has values out of range"),
        (npy(small.ica_bbox[:, [2, 3, 0, 1]].copy()), "ica_bbox has an empty box"),
    ):
        with pytest.raises(FormatError, match=message):
            graph.load(rewritten(tmp_path / "a.npz", "ica_bbox", data))
    data = npy(small.node_degree + 1)
    with pytest.raises(FormatError, match="node_degree does not fit"):
        graph.load(rewritten(tmp_path / "a.npz", "node_degree", data))


def test_no_member_is_larger_than_the_image_allows(
    small: graph.HeteroGraph, tmp_path: Path
) -> None:
    """Members of zeros compress to nothing, and would unpack to gigabytes."""
    graph.save(small, tmp_path / "a.npz")
    pixels, segments = 60 * 80, small.num_segments
    huge = {
        "node_rowcol": np.zeros((pixels + 1, 2), np.float32),
        "point_ptr": np.zeros(segments + 2, np.int64),
        "face_ica": np.zeros(pixels + 1, np.int64),
        "edges.vv": np.zeros((2, segments**2 + 1), np.int64),
        "edge_attr.vv": np.zeros((small.edges["vv"].shape[1], 1000), np.float32),
        "faz_x": np.zeros((2, len(small.ica_columns))),
    }
    for name, array in huge.items():
        with pytest.raises(FormatError, match=f"{name} has the wrong shape .* larger than"):
            graph.load(rewritten(tmp_path / "a.npz", name, npy(array)))
    with pytest.raises(FormatError, match="node_rowcol has the wrong shape"):
        graph.load(changed_meta(small, tmp_path, shape=[1, 5]))


def test_an_archive_has_a_limit(
    small: graph.HeteroGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gftcore.graph import files

    assert files.MAX_BYTES == 64_000_000 * 30
    graph.save(small, tmp_path / "a.npz")
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    with pytest.raises(FormatError, match="would unpack to more than 1000 bytes"):
        graph.load(tmp_path / "a.npz")


@pytest.mark.parametrize("seed", range(60))
def test_damaged_bytes(small: graph.HeteroGraph, tmp_path: Path, seed: int) -> None:
    """Any cut or flipped bits: the same graph, or a `FormatError`."""
    path = tmp_path / "a.npz"
    graph.save(small, path)
    rng = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    if seed % 3 == 0:
        data = data[: rng.integers(0, len(data))]
    else:
        for at in rng.integers(0, len(data), size=1 + seed % 7):
            data[at] ^= 1 << rng.integers(0, 8)
    path.write_bytes(data)
    try:
        graph.load(path)
    except FormatError as error:
        assert str(path) in str(error)


def test_foreign_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").touch()
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps([1]))
    for name in ("other", "text", "empty", "pickle"):
        with pytest.raises(FormatError, match=name):
            graph.load(tmp_path / f"{name}.npz")
    with pytest.raises(MissingFileError):
        graph.load(tmp_path / "none.npz")
    with pytest.raises(MissingFileError, match="is a folder"):
        graph.load(tmp_path)
    with pytest.raises(ArgumentTypeError):
        graph.load(3)  # type: ignore[arg-type]


def test_save_refuses_other_suffixes_and_objects(small: graph.HeteroGraph, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"must end with \.npz"):
        graph.save(small, tmp_path / "a.pkl")
    with pytest.raises(ArgumentTypeError, match="HeteroGraph"):
        graph.save({}, tmp_path / "a.npz")  # type: ignore[arg-type]


def test_columns_of_other_types_are_unknown(small: graph.HeteroGraph) -> None:
    for node_type, name in (("foo", "length"), ("vessel", "width"), ("ica", "length")):
        with pytest.raises(ArgumentError, match="must be one of"):
            graph.column_info(node_type, name)
    for wrong in ([1], 3.5, None):
        with pytest.raises(ArgumentTypeError, match="must be one of"):
            graph.column_info("vessel", wrong)  # type: ignore[arg-type]
        with pytest.raises(ArgumentTypeError, match="node_type must be one of"):
            small.features(wrong)  # type: ignore[arg-type]
        with pytest.raises(ArgumentTypeError, match="column must be one of"):
            small.vessel(wrong)  # type: ignore[arg-type]
