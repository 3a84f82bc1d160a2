# SPDX-License-Identifier: Apache-2.0
"""Vessel trees of simulators are read as they are meant, and bad files refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from gftcore import errors, formats, metrics

TREE = """node1,node2,radius
[0.0 0.5 0.1],[0.25 0.5 0.1],0.02
[0.25 0.5 0.1],[0.5  0.5 0.3 ],0.01
[0.25 0.5 0.9],[0.25 1.0 0.1],0.01
"""


def test_equal_strings_are_one_node(tmp_path: Path) -> None:
    path = tmp_path / "tree.csv"
    path.write_text(TREE)
    tree = formats.read_vessel_csv(path, side_px=100, half_width=0.5)
    assert tree.node_rowcol.tolist() == [
        [-0.5, 49.5], [24.5, 49.5], [49.5, 49.5], [24.5, 49.5], [24.5, 99.5],
    ]  # fmt: skip
    assert tree.segment_nodes.tolist() == [[0, 1], [1, 2], [3, 4]]
    assert tree.node_degree.tolist() == [1, 2, 1, 1, 1]
    assert tree.segment_length_px.tolist() == [25, 25, 50]
    radius = tree.samples(1.0)
    assert set(radius.radius_px[radius.segment == 0]) == {1.0}
    assert set(radius.radius_px[radius.segment == 1]) == {0.5}
    # The radius changes where a row ends, also in the chain of both.
    joined = metrics.join_chains(tree).samples(1.0)
    first = joined.segment == 0
    assert np.array_equal(joined.radius_px[first], np.where(joined.arc_px[first] < 25, 1.0, 0.5))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n",
        TREE.replace("0.25 1.0", "0.25"),
        TREE.replace("0.02", "wide"),
        TREE.replace("0.02", "nan"),
        TREE.replace("0.5 0.1]", "inf 0.1]"),
        TREE + "[0 0 0],[1 1 1]\n",
        TREE + "\n",
        TREE + "\xff",
    ],
)
def test_damaged_trees_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tree.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(errors.FormatError, match=r"tree\.csv"):
        formats.read_vessel_csv(path, side_px=100)


@given(position=st.integers(0, len(TREE) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_gives_a_graph_or_a_format_error(position: int, byte: int) -> None:
    import tempfile

    data = bytearray(TREE.encode())
    data[position] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tree.csv"
        path.write_bytes(data)
        try:
            assert formats.read_vessel_csv(path, side_px=100).num_segments <= 4
        except errors.FormatError as error:
            assert str(path) in str(error)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(errors.MissingFileError, match=path.name):
            formats.read_vessel_csv(path, side_px=10)


def test_a_true_graph_lies_on_its_label() -> None:
    name = samples.true_graph_names()[0]
    mask = samples.load_label(name)
    side = mask.shape[0]
    tree = formats.read_vessel_csv(
        samples.true_graph_path(name), side_px=side, half_width=samples.HALF_WIDTH
    )
    points = np.rint(tree.samples(1.0).rowcol).astype(int)
    points = points[((points >= 0) & (points < side)).all(axis=1)]
    assert mask[tuple(points.T)].mean() > 0.999
    # Negative control: rows and columns exchanged.
    assert mask[tuple(points.T[::-1])].mean() < 0.6
