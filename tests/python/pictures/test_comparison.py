# SPDX-License-Identifier: Apache-2.0
"""Two graphs side by side: what differs is exactly what is drawn loud."""

from __future__ import annotations

import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import formats, graph, metrics
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    GftcoreError,
    MissingExtraError,
    ShapeError,
)
from gftcore.pictures import Picture, draw_comparison, palette
from gftcore.pictures.clipping import clipped

# Three bars, and one that joins the first two.
NODES = [[10, 5], [10, 30], [10, 75], [40, 5], [40, 30], [40, 75], [55, 5], [55, 75]]
BARS = [[0, 1], [1, 2], [3, 4], [4, 5], [1, 4], [6, 7]]


def net(nodes: Any = NODES, bars: Any = BARS) -> formats.SpatialGraph:
    return formats.from_polylines(nodes, bars, [[]] * len(bars))


def without(index: int) -> formats.SpatialGraph:
    return net(bars=[bar for i, bar in enumerate(BARS) if i != index])


def kinds(picture: Picture, what: str = "segment") -> dict[str, list[str]]:
    """What a pointer shows, and whose it is."""
    out: dict[str, list[str]] = {}
    for panel in picture.scene.panels[:2]:
        for one in panel.shapes:
            if f" {what} " in one.title.partition(":")[0]:
                side, rest = one.title.split(f" {what} ")
                number, kind = rest.split(": ")
                out.setdefault(kind, []).append(f"{side} {number}")
    return {kind: sorted(names) for kind, names in out.items()}


def words_of(picture: Picture) -> str:
    return "\n".join(one.text for one in picture.scene.texts)


def test_a_graph_does_not_differ_from_itself() -> None:
    picture = draw_comparison(net(), net())
    assert list(kinds(picture)) == ["in both"]
    assert len(kinds(picture)["in both"]) == 12
    assert kinds(picture, "node") == {"in both": ["left 1", "left 4", "right 1", "right 4"]}
    words = words_of(picture)
    assert "Segments: F1 1.000, recall 1.000 (of the left), precision 1.000" in words
    assert "Nodes: F1 1.000" in words
    assert "segments only left: 0" in words
    colours = {tuple(c) for c in picture.pixels()[40:400].reshape(-1, 3).tolist()}
    assert palette.BOTH in colours
    assert palette.ONLY_LEFT not in colours


def test_a_removed_segment_is_only_left() -> None:
    picture = draw_comparison(net(), without(5))
    assert kinds(picture)["only left"] == ["left 5"]
    assert "only right" not in kinds(picture)
    (line,) = [one for one in picture.scene.panels[0].shapes if one.title.endswith("only left")]
    assert (line.colour, line.dash) == (palette.ONLY_LEFT, None)
    assert "Segments: F1 0.909, recall 0.833 (of the left), precision 1.000" in words_of(picture)


def test_an_added_segment_is_only_right_and_dashed() -> None:
    picture = draw_comparison(without(5), net())
    assert kinds(picture)["only right"] == ["right 5"]
    assert "only left" not in kinds(picture)
    (line,) = [one for one in picture.scene.panels[1].shapes if one.title.endswith("only right")]
    assert line.colour == palette.ONLY_RIGHT
    assert line.dash is not None


def test_a_shifted_segment_is_on_both_sides() -> None:
    moved = [*NODES[:6], [51, 5], [51, 75]]
    picture = draw_comparison(net(), net(moved))
    assert kinds(picture)["only left"] == ["left 5"]
    assert kinds(picture)["only right"] == ["right 5"]
    # Within the distance it is the same.
    assert list(kinds(draw_comparison(net(), net(moved), within_px=5))) == ["in both"]
    # Negative control: order and exact places would say that it differs even by half a pixel.
    near = [*NODES[:6], [55.5, 5], [55.5, 75]]
    assert list(kinds(draw_comparison(net(), net(near)))) == ["in both"]
    assert not np.array_equal(net().node_rowcol, net(near).node_rowcol)


def test_the_order_of_segments_does_not_matter() -> None:
    other = net(NODES, BARS[::-1])
    assert list(kinds(draw_comparison(net(), other))) == ["in both"]
    # Negative control: compared by number, they differ.
    assert not np.array_equal(net().segment_nodes, other.segment_nodes)


def test_other_cuts_are_no_missing_vessels() -> None:
    """Without the bridge its ends are no nodes, but the bars that it cut are still there."""
    joined = net(NODES, [[0, 2], [3, 5], [6, 7]])
    picture = draw_comparison(net(), joined)
    found = kinds(picture)
    assert found["only left"] == ["left 4"]
    assert found["in both, cut at other nodes"] == [
        "left 0", "left 1", "left 2", "left 3", "right 0", "right 1",
    ]  # fmt: skip
    assert found["in both"] == ["left 5", "right 2"]
    assert "in both, cut at other nodes: 4 left, 2 right" in words_of(picture)
    # Negative control: partners alone would call all of them different.
    match = metrics.match_segments(net(), joined, within_px=3)
    assert match.pairs.tolist() == [[5, 2]]
    assert kinds(picture, "node") == {"only left": ["left 1", "left 4"]}
    assert "nodes only left: 2" in words_of(picture)


def test_numbers_are_those_of_the_metrics() -> None:
    left, right = net(), net([*NODES[:6], [20, 5], [51, 75]], BARS)
    words = words_of(draw_comparison(left, right, within_px=4))
    match = metrics.match_segments(left, right, shape=(57, 77), within_px=4)
    nodes = metrics.match_points(left.branch_points(), right.branch_points(), 4)
    assert f"recall {match.recall:.3f} (of the left), precision {match.precision:.3f}" in words
    assert f"Nodes: F1 {nodes.f1:.3f}" in words
    assert "within 4 px" in words


def test_extracted_graphs() -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[30:33] = mask[:, 30:33] = True
    more = mask.copy()
    more[10:12, 40:60] = True
    left, right = graph.extract(mask), graph.extract(more)
    picture = draw_comparison(left, right, names=("plain", "more"), background=mask * 1.0)
    assert len(kinds(picture)["only right"]) == 1
    assert "only left" not in kinds(picture)
    assert "plain" in words_of(picture)
    truth = formats.from_hetero(left)
    assert list(kinds(draw_comparison(truth, left))) == ["in both"]


def test_what_lies_outside_is_no_difference() -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[30:33] = True
    beyond = formats.from_polylines(
        [[31, 0], [31, 63], [90, 0], [90, 63]], [[0, 1], [2, 3]], [[], []]
    )
    picture = draw_comparison(beyond, graph.extract(mask))
    assert list(kinds(picture)) == ["in both"]
    assert (picture.scene.panels[0].rows, picture.scene.panels[0].cols) == (64, 64)


@pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")
def test_nothing_to_compare() -> None:
    empty = graph.extract(np.zeros((20, 20), dtype=bool))
    words = words_of(draw_comparison(empty, empty))
    assert "Segments: F1 1.000" in words
    none = formats.from_polylines([], [], [])
    assert draw_comparison(none, none).pixels().size
    words = words_of(draw_comparison(empty, net()))
    assert "segments only right: 6" not in words  # they lie outside of its image
    assert "segments only right" in words


def test_far_coordinates_take_no_memory() -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[30:33] = True
    known = graph.extract(mask)
    far = formats.from_polylines([[31, 0], [31, 1e30], [1e308, -1e308]], [[0, 1], [1, 2]], [[], []])
    tracemalloc.start()
    picture = draw_comparison(far, known)
    assert picture.pixels().size
    assert picture.svg()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6
    # The first line runs along the bar, and then out of the image.
    assert "Length of lines: F1 1.000, recall 1.000" in words_of(picture)
    assert kinds(picture)["in both"] == ["left 0", "left 1", "right 0"]


def test_graphs_without_an_image_have_the_size_of_one() -> None:
    for place in ([200_000, 200_000], [1e30, 0]):
        far = formats.from_polylines([[0, 0], place], [[0, 1]], [[]])
        with pytest.raises(ArgumentError, match="must lie within 32767 x 32767 px, got places"):
            draw_comparison(far, net())


def test_lines_outside_run_along_the_box() -> None:
    # Out to the top left, round the image and back in from the bottom.
    line = formats.from_polylines(
        [[5, 10], [5, 12]], [[0, 1]], [[[-95, 10], [-95, -90], [105, -90], [105, 12]]]
    )
    found = clipped(line, (10, 20))
    assert found.node_rowcol.tolist() == line.node_rowcol.tolist()
    # 21 px up, 26 left, 42 down, 28 right, 21 up.
    assert found.segment_length_px.tolist() == [138.0]
    inside = metrics.segments.visible_samples(found, 1.0, (10, 20)).rowcol
    assert set(inside[:, 1].round(9).tolist()) == {10.0, 12.0}
    # Negative control: brought near point by point, a line past a corner would cut through.
    past = formats.from_polylines([[-1000, 36], [26, -1000]], [[0, 1]], [[]])
    assert not len(metrics.segments.visible_samples(clipped(past, (10, 20)), 1.0, (10, 20)))
    naive = formats.from_polylines(past.node_rowcol.clip(-16, [26, 36]), [[0, 1]], [[]])
    assert len(metrics.segments.visible_samples(naive, 1.0, (10, 20)))
    whole = net()
    assert clipped(whole, (60, 80)) is whole


@given(st.lists(st.tuples(st.floats(-200, 200), st.floats(-200, 200)), min_size=2, max_size=8))
def test_clipping_changes_nothing_in_the_image(places: list[tuple[float, float]]) -> None:
    line = formats.from_polylines([places[0], places[-1]], [[0, 1]], [places[1:-1]])
    found, shape = clipped(line, (30, 40)), (30, 40)
    low, high = (-16, -16), (46, 56)
    assert ((found.point_rowcol >= low) & (found.point_rowcol <= high)).all()
    if ((line.point_rowcol >= low) & (line.point_rowcol <= high)).all() and (
        (line.node_rowcol >= low) & (line.node_rowcol <= high)
    ).all():
        assert found is line
    before, after = (metrics.segments.visible_samples(one, 0.5, shape) for one in (line, found))
    for one, other in ((before, after), (after, before)):
        inner = ((one.rowcol > 1) & (one.rowcol < np.array(shape) - 2)).all(axis=1)
        distance, _ = metrics.segments.nearest(other, one.rowcol[inner])
        assert (distance < 0.6).all()


def test_same_bytes(tmp_path: Any) -> None:
    for name in ("a.png", "a.svg"):
        draw_comparison(net(), without(2)).save(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        draw_comparison(net(), without(2)).save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


@pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")
def test_wrong_arguments() -> None:
    small = graph.extract(np.zeros((20, 20), dtype=bool))
    large = graph.extract(np.zeros((20, 21), dtype=bool))
    with pytest.raises(ArgumentError, match=r"one size, got \(20, 20\) and \(20, 21\)"):
        draw_comparison(small, large)
    with pytest.raises(ArgumentError, match="within_px"):
        draw_comparison(small, small, within_px=0)
    with pytest.raises(ShapeError, match="names must be two, got 3"):
        draw_comparison(small, small, names=("a", "b", "c"))
    for bad in ("ab", None):
        with pytest.raises(GftcoreError):
            draw_comparison(small, small, names=bad)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="right must be a SpatialGraph"):
        draw_comparison(small, "x")  # type: ignore[arg-type]


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.spatial", None)
    with pytest.raises(MissingExtraError, match=r"draw_comparison needs .*gftcore\[metrics\]"):
        draw_comparison(net(), net())
