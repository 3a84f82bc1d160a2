# SPDX-License-Identifier: Apache-2.0
"""Drawn masks with exact answers, derived by hand from the node, link and closure rules.

Each mask is its own skeleton unless `skeleton` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END, JUNCTION, BORDER, ISOLATED, RING = range(5)


@dataclass(frozen=True, slots=True)
class Figure:
    """A mask and its unpruned graph.

    Attributes
    ----------
    nodes
        (row, col, kind, degree) of each node in id order.
    segments
        (start node, end node, number of inner points) of each segment in id order.
    faces
        Number of faces of the closure.
    skeleton
        Expected skeleton, where thinning changes the mask; None if the pixels are free.
    anchors
        Expected border anchors.
    """

    name: str
    mask: NDArray[np.bool_]
    nodes: tuple[tuple[float, float, int, int], ...]
    segments: tuple[tuple[int, int, int], ...]
    faces: int
    skeleton: NDArray[np.bool_] | None
    anchors: tuple[tuple[int, int], ...] = ()

    @property
    def V(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def S(self) -> int:
        """Number of segments."""
        return len(self.segments)

    @property
    def kinds(self) -> tuple[int, ...]:
        """Kind of each node."""
        return tuple(node[2] for node in self.nodes)


def draw(*rows: str, margin: int = 0) -> NDArray[np.bool_]:
    """Mask from lines of text, foreground = #, with `margin` background pixels all around."""
    return np.pad(np.array([[c == "#" for c in row] for row in rows]), margin)


def _figure(
    name: str,
    mask: NDArray[np.bool_],
    nodes: tuple[tuple[float, float, int, int], ...],
    segments: tuple[tuple[int, int, int], ...],
    faces: int,
    *,
    skeleton: NDArray[np.bool_] | None = None,
    free: bool = False,
    anchors: tuple[tuple[int, int], ...] = (),
) -> Figure:
    expected = None if free else (mask if skeleton is None else skeleton)
    return Figure(name, mask, nodes, segments, faces, expected, anchors)


FIGURES: tuple[Figure, ...] = (
    _figure("empty", draw("....", "....", "...."), (), (), 1),
    _figure("pixel_1x1", draw("#"), ((0, 0, ISOLATED, 0),), (), 1),
    _figure("line_1x5", draw("#####"), ((0, 0, END, 1), (0, 4, END, 1)), ((0, 1, 3),), 1),
    _figure(
        "line_5x1",
        draw("#", "#", "#", "#", "#"),
        ((0, 0, END, 1), (4, 0, END, 1)),
        ((0, 1, 3),),
        1,
    ),
    _figure("pair_1x2", draw("##"), ((0, 0, END, 1), (0, 1, END, 1)), ((0, 1, 0),), 1),
    _figure(
        "two_lines_1xn",
        draw("##.#"),
        ((0, 0, END, 1), (0, 1, END, 1), (0, 3, ISOLATED, 0)),
        ((0, 1, 0),),
        1,
    ),
    _figure(
        "block_2x2",
        draw("##", "##", margin=1),
        ((1, 2, ISOLATED, 0),),
        (),
        1,
        skeleton=draw(".#", "..", margin=1),
    ),
    _figure(
        "l_corner",
        draw("###", "..#", "..#", margin=1),
        ((1, 1, END, 1), (3, 3, END, 1)),
        ((0, 1, 2),),
        1,
        skeleton=draw("##.", "..#", "..#", margin=1),
    ),
    _figure(
        "t",  # the corner pixel of a T is simple: its neighbours meet diagonally without it
        draw("#####", "..#..", "..#..", margin=1),
        ((1, 1, END, 1), (1, 5, END, 1), (2, 3, JUNCTION, 3), (3, 3, END, 1)),
        ((0, 2, 1), (1, 2, 1), (2, 3, 0)),
        1,
        skeleton=draw("##.##", "..#..", "..#..", margin=1),
    ),
    _figure(
        "plus",
        draw("..#..", "..#..", "#####", "..#..", "..#..", margin=1),
        (
            (1, 3, END, 1),
            (3, 1, END, 1),
            (3, 3, JUNCTION, 4),
            (3, 5, END, 1),
            (5, 3, END, 1),
        ),
        ((0, 2, 1), (1, 2, 1), (2, 3, 1), (2, 4, 1)),
        1,
    ),
    _figure(
        "x",
        draw("#...#", ".#.#.", "..#..", ".#.#.", "#...#", margin=1),
        (
            (1, 1, END, 1),
            (1, 5, END, 1),
            (3, 3, JUNCTION, 4),
            (5, 1, END, 1),
            (5, 5, END, 1),
        ),
        ((0, 2, 1), (1, 2, 1), (2, 4, 1), (2, 3, 1)),
        1,
    ),
    _figure(
        "cycle_3x3",
        draw("###", "#.#", "###", margin=1),
        ((1, 2, RING, 2),),
        ((0, 0, 3),),
        2,
        skeleton=draw(".#.", "#.#", ".#.", margin=1),
    ),
    _figure(
        "ring",
        draw(".###.", "#...#", "#...#", "#...#", ".###.", margin=1),
        ((1, 2, RING, 2),),
        ((0, 0, 11),),
        2,
    ),
    _figure(
        "ring_in_ring",
        draw(".###.", "#...#", "#.#.#", "#...#", ".###.", margin=1),
        ((1, 2, RING, 2), (3, 3, ISOLATED, 0)),
        ((0, 0, 11),),
        2,
    ),
    _figure(
        "figure_eight",
        draw("..#..", ".#.#.", "..#..", ".#.#.", "..#..", margin=1),
        ((3, 3, JUNCTION, 4),),
        ((0, 0, 3), (0, 0, 3)),
        3,
    ),
    _figure(
        "parallel_pair",
        draw("...#...", "..#.#..", "##...##", "..#.#..", "...#...", margin=1),
        ((3, 1, END, 1), (3, 2, JUNCTION, 3), (3, 6, JUNCTION, 3), (3, 7, END, 1)),
        ((0, 1, 0), (1, 2, 3), (1, 2, 3), (2, 3, 0)),
        2,
    ),
    _figure(
        "self_loop",
        draw("...#.", "###.#", "...#.", margin=1),
        ((2, 1, END, 1), (2, 3, JUNCTION, 3)),
        ((0, 1, 1), (1, 1, 3)),
        2,
    ),
    _figure(
        "crossing_2x2",
        draw("#....#", ".#..#.", "..##..", "..##..", ".#..#.", "#....#", margin=1),
        (
            (1, 1, END, 1),
            (1, 6, END, 1),
            (3.5, 3.5, JUNCTION, 4),
            (6, 1, END, 1),
            (6, 6, END, 1),
        ),
        ((0, 2, 1), (1, 2, 1), (2, 3, 1), (2, 4, 1)),
        1,
    ),
    _figure(
        "cluster_with_hole",  # four junction pixels around a hole stay four nodes
        draw("..#..", "..#..", "##.##", "..#..", "..#..", margin=1),
        (
            (1, 3, END, 1),
            (2, 3, JUNCTION, 3),
            (3, 1, END, 1),
            (3, 2, JUNCTION, 3),
            (3, 4, JUNCTION, 3),
            (3, 5, END, 1),
            (4, 3, JUNCTION, 3),
            (5, 3, END, 1),
        ),
        (
            (0, 1, 0),
            (1, 4, 0),
            (1, 3, 0),
            (2, 3, 0),
            (3, 6, 0),
            (4, 5, 0),
            (4, 6, 0),
            (6, 7, 0),
        ),
        2,
    ),
    _figure(
        "corner_anchors",
        draw("#....", ".#...", "..#..", "...#.", "....#"),
        ((0, 0, BORDER, 1), (4, 4, BORDER, 1)),
        ((0, 1, 3),),
        2,
        anchors=((0, 0), (4, 4)),
    ),
    _figure(
        "bar_through",
        draw(".....", ".....", "#####", ".....", "....."),
        ((2, 0, BORDER, 1), (2, 4, BORDER, 1)),
        ((0, 1, 3),),
        2,
        anchors=((2, 0), (2, 4)),
    ),
    _figure(
        "plus_through",
        draw("..#..", "..#..", "#####", "..#..", "..#.."),
        (
            (0, 2, BORDER, 1),
            (2, 0, BORDER, 1),
            (2, 2, JUNCTION, 4),
            (2, 4, BORDER, 1),
            (4, 2, BORDER, 1),
        ),
        ((0, 2, 1), (1, 2, 1), (2, 3, 1), (2, 4, 1)),
        4,
        anchors=((0, 2), (2, 0), (2, 4), (4, 2)),
    ),
    _figure(
        "frame_ring",  # a frame that is all foreground has no anchors
        draw("#####", "#...#", "#...#", "#...#", "#####"),
        ((0, 1, RING, 2),),
        ((0, 0, 11),),
        2,
        skeleton=draw(".###.", "#...#", "#...#", "#...#", ".###."),
    ),
    _figure(
        "border_pixel",
        draw("..#..", ".....", "....."),
        ((0, 2, BORDER, 0),),
        (),
        1,
        anchors=((0, 2),),
    ),
    _figure(
        "anchored_loop",
        draw("..#..", ".#.#.", "..#..", "....."),
        ((0, 2, BORDER, 2),),
        ((0, 0, 3),),
        2,
        anchors=((0, 2),),
    ),
    _figure(
        "run_around_corner",  # cyclic run (2,0) (1,0) (0,0) (0,1) (0,2): anchor in the middle
        draw("###..", "#....", "#....", "....."),
        ((0, 0, BORDER, 2), (0, 2, END, 1), (2, 0, END, 1)),
        ((0, 1, 1), (0, 2, 1)),
        1,
        anchors=((0, 0),),
    ),
)


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    """Pixels within `radius` of `centre`."""
    r, c = np.ogrid[: shape[0], : shape[1]]
    out: NDArray[np.bool_] = (r - centre[0]) ** 2 + (c - centre[1]) ** 2 <= radius**2
    return out


def annulus(
    shape: tuple[int, int], centre: tuple[float, float], radius: float, half_width: float
) -> NDArray[np.bool_]:
    """Pixels within `half_width` of a circle."""
    return disc(shape, centre, radius + half_width) & ~disc(shape, centre, radius - half_width)


def bar(
    shape: tuple[int, int],
    centre: tuple[float, float],
    angle: float,
    half_length: float,
    half_width: float,
) -> NDArray[np.bool_]:
    """Pixels of a rotated rectangle."""
    r, c = np.ogrid[: shape[0], : shape[1]]
    along = (r - centre[0]) * np.sin(angle) + (c - centre[1]) * np.cos(angle)
    across = (r - centre[0]) * np.cos(angle) - (c - centre[1]) * np.sin(angle)
    out: NDArray[np.bool_] = (np.abs(along) <= half_length) & (np.abs(across) <= half_width)
    return out
