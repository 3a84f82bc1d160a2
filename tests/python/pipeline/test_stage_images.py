# SPDX-License-Identifier: Apache-2.0
"""Images to probabilities: the graphs of training, order, threads, failures, remarks, times.

Exactness: graphs equal those of training byte for byte, probabilities equal those of a graph alone.
"""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_eyes import drawn_files, drawn_image, untrained
from gftcore import graph, io, pipeline, staging
from gftcore.datasets import GraphSource, Record, manifest_graphs, read_manifest, write_manifest
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning
from gftcore.graph import ExtractConfig, ExtractFailure
from gftcore.pipeline import CpuTimes, StagedImage, stage_graph, stage_images
from gftcore.segmentation import SegmentConfig
from labelled import drawn_mask

OTHER = GraphSource(
    extract=ExtractConfig(prune="none", fov_mm=6.0, exclude=((0, 0, 20, 30),)),
    seg=SegmentConfig(scale=2, min_object_px=40),
)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Four images and a mask."""
    mask = tmp_path / "mask.png"
    io.write_image(
        mask, np.kron(drawn_mask(np.random.default_rng(5), dense=True), np.ones((4, 4))) > 0
    )
    return [*drawn_files(tmp_path, 4), mask]


def staged(*args: Any, **options: Any) -> list[Any]:
    return list(stage_images(*args, **options))


@pytest.mark.parametrize("source", [GraphSource(), OTHER], ids=["default", "other"])
def test_graphs_are_those_of_training(
    tmp_path: Path, files: list[Path], source: GraphSource
) -> None:
    records = [
        Record(id=file.stem, subject=file.stem, eye="unknown", label="NPDR", path=file.name)
        for file in files
    ]
    write_manifest(tmp_path / "manifest.csv", records)
    manifest = read_manifest(tmp_path / "manifest.csv")
    cache = tmp_path / "cache"
    assert len(list(manifest_graphs(manifest, source, cache=cache))) == len(files)
    network = untrained(record={"source": source.to_dict()})
    for one, file in zip(staged(files, network, keep=True), files, strict=True):
        graph.save(one.graph, tmp_path / "staged.npz")
        assert (tmp_path / "staged.npz").read_bytes() == (cache / f"{file.stem}.npz").read_bytes()
        assert "SETTINGS_UNSEEN" not in one.warnings
    # Without the record staging does not know other settings.
    (one,) = staged(files[:1], untrained(), keep=True)
    graph.save(one.graph, tmp_path / "staged.npz")
    same = (tmp_path / "staged.npz").read_bytes() == (cache / "00.npz").read_bytes()
    assert same == (source == GraphSource())


def test_alone_among_others_and_in_any_number_of_threads(files: list[Path]) -> None:
    network = untrained()
    alone = [staged([file], network, threads=1)[0] for file in files]
    for threads in (1, 2, 5):
        for one, wanted in zip(staged(files, network, threads=threads), alone, strict=True):
            assert one.logits.tobytes() == wanted.logits.tobytes()
            assert one.probabilities.tobytes() == wanted.probabilities.tobytes()
            assert (one.prediction, one.counts) == (wanted.prediction, wanted.counts)
    assert [one.name for one in alone] == [str(file) for file in files]


def test_the_answer_is_that_of_the_stages(files: list[Path]) -> None:
    network = untrained()
    made = graph.extract_image(io.read_image(files[0]))
    found = staging.predict(network, [made])
    (one,) = staged(files[:1], network)
    again = stage_graph(made, network, name="a", keep=True)
    for each in (one, again):
        assert each.logits.tobytes() == found.logits[0].tobytes()
        assert each.prediction == found.labels[0]
        assert each.classes == network.config.classes
        assert (each.model_sha256, each.config_hash) == (network.sha256, made.meta.config_hash)
        assert each.counts["vessels"] == made.num_segments
        assert set(each.seconds) == {"read", "segment", "graph", "standardise", "network"}
    assert (again.name, again.graph, one.graph) == ("a", made, None)
    assert dict(one.source) == {"kind": "image", "sha256": io.file_sha256(files[0])}


def test_arrays_are_images_or_masks_as_files_are(files: list[Path]) -> None:
    network = untrained()
    from_files = staged(files, network)
    from_arrays = staged([io.read_image(file) for file in files], network)
    for one, other in zip(from_files, from_arrays, strict=True):
        assert one.logits.tobytes() == other.logits.tobytes()
        assert one.source["kind"] == other.source["kind"]
        assert other.name == ""
    assert [one.source["kind"] for one in from_files] == ["image"] * 4 + ["mask"]


def test_a_bad_image_fails_alone_and_in_its_place(tmp_path: Path, files: list[Path]) -> None:
    network = untrained()
    (tmp_path / "bad.png").write_text("no image")
    images = [
        files[0],
        tmp_path / "bad.png",
        np.zeros((2, 2, 2)),
        tmp_path / "none.png",
        "x\0",
        files[1],
    ]
    results = staged(images, network, threads=2)
    assert [one.index for one in results] == list(range(6))
    kinds = [one.code if isinstance(one, ExtractFailure) else "ok" for one in results]
    assert kinds == ["ok", "FORMAT", "SHAPE", "MISSING_FILE", "TYPE", "ok"]
    assert results[1].name == str(tmp_path / "bad.png")
    assert str(tmp_path / "none.png") in results[3].message
    wanted = staged([files[1]], network)[0]
    assert results[5].logits.tobytes() == wanted.logits.tobytes()


def test_an_unreadable_file_says_why(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", "inner")

    monkeypatch.setattr("gftcore.datasets.graphs.read_image", refuse)
    (one,) = staged(files[:1], untrained())
    assert (one.code, one.message) == ("PermissionError", f"{files[0]}: Permission denied")


def test_a_mask_for_a_network_of_grey_values_names_the_columns(files: list[Path]) -> None:
    network = untrained(grey=True)
    image, mask = staged([files[0], files[4]], network)
    assert isinstance(image, StagedImage)
    assert mask.code == "ARGUMENT"
    assert "(intensity_mean of ica)" in mask.message
    assert "it comes from a mask" in mask.message
    with pytest.raises(ArgumentError, match="intensity_mean of ica"):
        stage_graph(graph.extract(io.read_mask(files[4])), network)


def test_wrong_arguments_are_named_before_anything_is_read(files: list[Path]) -> None:
    calls: list[tuple[str, Any]] = [
        ("images must be", lambda: stage_images(files[0])),
        ("images must be", lambda: stage_images(str(files[0]))),
        ("images must be", lambda: stage_images(io.read_image(files[0]))),
        ("images must be", lambda: stage_images(7)),  # type: ignore[arg-type]
        ("model must be a Model", lambda: stage_images(files, "m")),  # type: ignore[arg-type]
        ("source must be", lambda: stage_images(files, source=3)),  # type: ignore[arg-type]
        ("times must be", lambda: stage_images(files, times={})),  # type: ignore[arg-type]
        ("threads must be", lambda: stage_images(files, threads=0)),
        ("keep must be", lambda: stage_images(files, keep=2)),  # type: ignore[arg-type]
        ("graph must be", lambda: stage_graph(files)),  # type: ignore[arg-type]
        ("graph must be", lambda: pipeline.remarks(untrained(), 3)),  # type: ignore[arg-type]
        ("model must be", lambda: pipeline.remarks(3, None)),  # type: ignore[arg-type]
    ]
    for words, call in calls:
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            call()


# --- what a network learned from ----------------------------------------------------------------

RECORD = {"inputs": ["image"], "rows": [384, 384], "cols": [384, 400], "fov_mm": [3.0, 3.0]}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, ()),
        ({"inputs": ["mask"]}, ("KIND_UNSEEN",)),
        ({"rows": [385, 900]}, ("SIZE_UNSEEN",)),
        ({"cols": [1, 383]}, ("SIZE_UNSEEN",)),
        ({"fov_mm": [6, 6.0]}, ("FOV_UNSEEN",)),
        ({"source": OTHER.to_dict()}, ("SETTINGS_UNSEEN",)),
        ({"source": GraphSource().to_dict()}, ()),
        ({"source": GraphSource(extract=ExtractConfig(eye="OD", fov_mm=4)).to_dict()}, ()),
        # What makes no sense is not compared.
        ({"inputs": "image", "rows": 4, "cols": "ab", "fov_mm": ["a", "b"]}, ()),
        ({"inputs": None, "rows": None, "cols": [1], "fov_mm": {}}, ()),
    ],
)
def test_remarks(change: dict[str, Any], codes: tuple[str, ...]) -> None:
    network = untrained(record={**RECORD, **change})
    made = graph.extract_image(drawn_image(1))
    assert pipeline.remarks(network, made) == codes
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        one = stage_graph(made, network)
    assert one.warnings == codes
    assert [str(w.message) for w in caught] == [f"{c}: {pipeline.REMARKS[c]}" for c in codes]
    assert {w.filename for w in caught} <= {__file__}


def test_an_empty_graph_is_told(tmp_path: Path) -> None:
    io.write_image(tmp_path / "dark.png", np.zeros((40, 40), dtype=bool))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (one,) = staged([tmp_path / "dark.png"], untrained())
    assert one.warnings == ("EMPTY_MASK", "NO_NODES")
    assert one.counts["vessels"] == 0
    assert [str(w.message).split(":")[0] for w in caught] == ["EMPTY_MASK", "NO_NODES"]
    assert {w.category for w in caught} == {GftcoreWarning}
    assert caught[1].filename == __file__


def test_a_record_of_unknown_settings_is_refused(files: list[Path]) -> None:
    settings = GraphSource().to_dict()
    damaged: list[Any] = [
        {**settings, "more": 1},
        {**settings, "channel": "infrared"},
        {**settings, "extract": {"thinness": 3}},
        {**settings, "seg": [1]},
        {**settings, "seg": {"scale": "big"}},
        "default",
    ]
    for source in damaged:
        with pytest.raises(ArgumentError, match="model must record settings of graphs"):
            stage_images(files, untrained(record={"source": source}))
    # One that is given is followed instead, and told.
    with pytest.warns(GftcoreWarning, match="SETTINGS_UNSEEN"):
        (one,) = staged(files[:1], untrained(record={"source": "x"}), source=GraphSource())
    assert one.warnings == ("SETTINGS_UNSEEN",)


@pytest.mark.parametrize("source", [GraphSource(), OTHER, GraphSource(channel="green")])
def test_settings_survive_their_record(source: GraphSource) -> None:
    assert GraphSource.from_dict(source.to_dict()) == source
    assert GraphSource.from_dict({}) == GraphSource()


@pytest.mark.parametrize("recorded", [None, [6], [3, 6], "66", ["6", "6"], {"a": 6, "b": 6}])
def test_the_width_of_the_settings_counts_where_images_have_no_common_one(recorded: Any) -> None:
    record = {"source": OTHER.to_dict(), "fov_mm": recorded}
    assert pipeline.model_source(untrained(record=record)) == OTHER
    both = pipeline.model_source(untrained(record=record | {"fov_mm": [4.5, 4.5]}))
    assert both == dataclasses.replace(OTHER, extract=OTHER.extract.replace(fov_mm=4.5))
    with pytest.raises(ArgumentError, match="model must record settings of graphs"):
        pipeline.model_source(untrained(record=record | {"fov_mm": [-1, -1]}))


def test_the_notice_tells_synthetic_training() -> None:
    plain = pipeline.model_notice(untrained())
    assert plain == pipeline.NOTICE
    assert "clinical" in plain
    told = pipeline.model_notice(untrained(record={"data": "synthetic"}))
    assert told.startswith(plain)
    assert "synthetic images" in told


# --- times --------------------------------------------------------------------------------------


def test_cpu_time_is_split_and_leaves_the_caller_out(files: list[Path]) -> None:
    def burn(seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def one_by_one() -> Iterator[Path]:
        yield from files[:3]

    times = CpuTimes()
    network = untrained()
    before = time.process_time()
    for one in stage_images(one_by_one(), network, threads=2, times=times):
        assert isinstance(one, StagedImage)
        burn(0.2)
    used = time.process_time() - before
    parts = (times.read, times.graph, times.standardise, times.network)
    assert min(parts) > 0
    # Three times 0.2 s are the caller's.
    assert sum(parts) == pytest.approx(used - 0.6, abs=0.1)


def test_images_are_read_few_ahead(files: list[Path]) -> None:
    read = 0

    def counted() -> Iterator[Path]:
        nonlocal read
        for file in files * 5:
            read += 1
            yield file

    results = stage_images(counted(), untrained(), threads=2)
    assert read == 0
    assert isinstance(next(results), StagedImage)
    assert read <= 1 + 3 * 2
