# SPDX-License-Identifier: Apache-2.0
"""Times of reading, writing, joining and drawing. Each benchmark asserts its answer."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import formats, graph, io, pictures
from graph_bytes import graph_bytes
from inputs import Sample

BATCH = 8
OVERLAY_KEEP = ("mask", "ica_label")


@pytest.fixture(scope="module")
def found(inputs: dict[str, Sample]) -> graph.HeteroGraph:
    sample = inputs["sample"]
    return graph.extract(sample.mask, intensity=sample.image, keep=OVERLAY_KEEP)


def bench_save(timed_full: Any, found: graph.HeteroGraph, tmp_path: Path) -> None:
    file = tmp_path / "graph.npz"
    timed_full(graph.save, found, file)
    assert graph_bytes(graph.load(file))["vessel_x"] == graph_bytes(found)["vessel_x"]


def bench_load(timed_full: Any, found: graph.HeteroGraph, tmp_path: Path) -> None:
    file = tmp_path / "graph.npz"
    graph.save(found, file)
    loaded, expected = graph_bytes(timed_full(graph.load, file)), graph_bytes(found)
    differing = {name for name in loaded if loaded[name] != expected[name]}
    assert not differing


def bench_read_meta(timed_full: Any, found: graph.HeteroGraph, tmp_path: Path) -> None:
    file = tmp_path / "graph.npz"
    graph.save(found, file)
    assert timed_full(graph.read_meta, file) == found.meta


def bench_write_tables(timed_full: Any, found: graph.HeteroGraph, tmp_path: Path) -> None:
    files = timed_full(formats.write_tables, found, tmp_path / "tables")
    rows = []
    for file in files:
        with file.open(newline="") as stream:
            rows.append(sum(1 for _ in csv.reader(stream)) - 1)
    nodes = found.num_segments + found.num_icas + len(found.faz_x)
    assert rows == [found.num_nodes, nodes, found.num_edges]


def bench_to_batch(timed_full: Any, found: graph.HeteroGraph) -> None:
    batch = timed_full(found.to_batch)
    assert batch.num_graphs == 1
    both = np.concatenate([found.edges["vv"], found.edges["vv"][::-1]], axis=1)
    np.testing.assert_array_equal(batch.edge_index("vv"), both)


def bench_collate(timed_full: Any, found: graph.HeteroGraph) -> None:
    batch = timed_full(graph.collate, [found] * BATCH)
    assert batch.num_graphs == BATCH
    assert len(batch.x["vessel"]) == BATCH * found.num_segments
    assert len(batch.col["vi"]) == BATCH * found.edges["vi"].shape[1]


def bench_draw_overlay(timed_full: Any, full: Sample, found: graph.HeteroGraph) -> None:
    def draw() -> np.ndarray:
        return pictures.draw_overlay(found, background=full.image).pixels()

    picture = timed_full(draw)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert picture.std() > 0


def bench_read_mask(timed_full: Any, full: Sample, tmp_path: Path) -> None:
    file = tmp_path / "mask.png"
    io.write_image(file, full.mask.astype(np.uint8) * 255)
    np.testing.assert_array_equal(timed_full(io.read_mask, file) != 0, full.mask)


def bench_write_image(timed_full: Any, full: Sample, tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    timed_full(io.write_image, file, full.image)
    np.testing.assert_array_equal(io.read_image(file), full.image)


def bench_read_image(timed_full: Any, full: Sample, tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    io.write_image(file, full.image)
    np.testing.assert_array_equal(timed_full(io.read_image, file), full.image)
