# SPDX-License-Identifier: Apache-2.0
"""Edges and their files: exact round trips, files of others, damaged ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from gftcore import formats, synth
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    MissingFileError,
    ShapeError,
)
from gftcore.synth import Edges


@pytest.fixture(scope="module")
def edges():
    options = synth.GrowthOptions.test_profile(svc=10, dvc=5)
    return synth.grow_vessels(seed=4, options=options).edges()


def same(a, b):
    return all(
        getattr(a, f.name).tobytes() == getattr(b, f.name).tobytes()
        for f in dataclasses.fields(Edges)
    )


def test_files_read_back_the_same_bytes(tmp_path, edges):
    path = tmp_path / "deep" / "tree.csv"
    synth.write_edges(path, edges)
    assert same(synth.read_edges(path), edges)
    first = path.read_bytes()
    synth.write_edges(path, edges)
    assert path.read_bytes() == first
    assert first.startswith(b"node1,node2,radius\n[")


def test_no_vessels_round_trip(tmp_path):
    none = Edges(node1_xyz=[], node2_xyz=[], radius=[])
    synth.write_edges(tmp_path / "none.csv", none)
    assert len(synth.read_edges(tmp_path / "none.csv")) == 0


def test_nodes_are_shared_by_name(tmp_path, edges):
    """Equal positions are equal text, so that a reader finds the trees again."""
    synth.write_edges(tmp_path / "tree.csv", edges)
    graph = formats.read_vessel_csv(tmp_path / "tree.csv", side_px=1216, half_width=0.9028)
    assert graph.num_segments == len(edges)
    assert graph.num_nodes == len(edges) + 16
    np.testing.assert_allclose(graph.segment_length_px.sum(), 1216 * np.linalg.norm(
        (edges.node1_xyz - edges.node2_xyz)[:, :2], axis=1).sum())  # fmt: skip


def test_published_graphs_are_read():
    for name in samples.true_graph_names():
        read = synth.read_edges(samples.true_graph_path(name))
        assert 13_000 < len(read) < 14_500
        assert np.median(3000 * read.radius) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the header must be node1,node2,radius"),
        ("node1,node2\n", "the header must be"),
        ("node1,node2,radius\n[0 0 0],[1 1 1]\n", "line 2 must have 3 cells"),
        ("node1,node2,radius\n[0 0 0],[1 1],0.1\n", r"line 2: a node must be \[x y z\]"),
        ("node1,node2,radius\n[0 0 0],[1 1 x],0.1\n", "line 2: could not convert"),
        ("node1,node2,radius\n[0 0 0],[1 1 1],wide\n", "line 2: could not convert"),
        ("node1,node2,radius\n[0 0 0],[1 1 1],0\n", "radius must be greater than 0"),
        ("node1,node2,radius\n[0 0 0],[1 1 1],nan\n", "radius must be finite"),
        ("node1,node2,radius\n[0 0 inf],[1 1 1],0.1\n", "node1_xyz must be finite"),
        ("node1,node2,radius\n\0\n", "tree.csv: "),
    ],
)
def test_damaged_files_are_refused(tmp_path, text, words):
    path = tmp_path / "tree.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=words) as error:
        synth.read_edges(path)
    assert str(path) in str(error.value)


@given(seed=st.integers(0, 2**32))
def test_any_damage_is_a_format_error_or_harmless(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("damaged") / "tree.csv"
    content = bytearray(b"node1,node2,radius\n" + 2 * b"[0.25 0.5 0.0],[0.75 0.5 0.0],0.01\n")
    for place in rng.integers(19, len(content), 3):
        content[place] = rng.choice(list(b'\0"\n\r,[] .-e9nai_\xff'))
    path.write_bytes(content)
    try:
        read = synth.read_edges(path)
    except FormatError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(read.plane).all()
        assert (read.radius > 0).all()


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "tree.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="no vessels"):
        synth.read_edges(path)
    with pytest.raises(MissingFileError):
        synth.read_edges(tmp_path / "absent.csv")
    with pytest.raises(MissingFileError, match="is a folder"):
        synth.read_edges(tmp_path)
    with path.open("wb") as stream:
        stream.truncate((1 << 26) + 1)
    with pytest.raises(FormatError, match="holds more than"):
        synth.read_edges(path)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"radius": [0.1, 0.1]}, ShapeError, "must have one length"),
        ({"radius": [-0.1]}, ArgumentError, "radius must be greater than 0, got -0.1"),
        ({"radius": [np.nan]}, ArgumentError, "radius must be finite"),
        ({"node1_xyz": [[0, 0]]}, ShapeError, r"node1_xyz must be an array \[n, 3\]"),
        ({"node2_xyz": [[0, 0, np.inf]]}, ArgumentError, "node2_xyz must be finite"),
        ({"node2_xyz": "left"}, ArgumentTypeError, "node2_xyz must be a 2-D array"),
    ],
)
def test_bad_edges_are_refused(change, error, words):
    good = {"node1_xyz": [[0, 0, 0]], "node2_xyz": [[1, 1, 0]], "radius": [0.1]}
    assert len(Edges(**good)) == 1
    with pytest.raises(error, match=words):
        Edges(**{**good, **change})


def test_something_else_is_no_edges(tmp_path):
    forest = synth.grow_vessels(seed=1, options=synth.GrowthOptions.test_profile(svc=1, dvc=0))
    for call in (synth.draw_mask, synth.draw_image, lambda e: synth.write_edges(tmp_path / "a", e)):
        with pytest.raises(ArgumentTypeError, match=r"edges must be Edges.*use forest.edges\(\)"):
            call(forest)
        with pytest.raises(ArgumentTypeError, match="edges must be Edges, got list"):
            call([1, 2])
