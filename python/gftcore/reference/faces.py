# SPDX-License-Identifier: Apache-2.0
"""Faces of the closure of a skeleton and the faces beside each segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.label import label
from gftcore.reference.morphology import COL_STEP, ROW_STEP, BoolImage, as_mask
from gftcore.reference.trace import SkeletonGraph


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces of a skeleton graph.

    Attributes
    ----------
    label
        Face id + 1 on off pixels, 0 on skeleton pixels [H, W].
    count
        Number of faces, those without a pixel inside the image included.
    segment_faces
        Face ids left and right of each segment in walk direction [S, 2].
    """

    label: NDArray[np.int32]
    count: int
    segment_faces: NDArray[np.int64]


def closure(skeleton: ArrayLike, anchors: NDArray[np.int64]) -> BoolImage:
    """Return the image in a ring of background, with a foreground ring pixel outside each anchor.

    The ring pixel of a corner is the diagonal one alone: a straight one would isolate the corner
    of the ring.
    """
    skeleton = as_mask(skeleton)
    rows, cols = skeleton.shape
    closed = np.pad(skeleton, 1)
    for row, col in anchors.tolist():
        up = (row == rows - 1) - (row == 0)
        right = (col == cols - 1) - (col == 0)
        closed[row + 1 + up, col + 1 + right] = True
    return closed


def faces(graph: SkeletonGraph) -> Faces:
    """Label the 4-connected components of the closure's background and look beside each segment.

    Raises
    ------
    AssertionError
        If two links of a segment disagree on a face, or none of them sees one.
    """
    closed = closure(graph.skeleton, graph.anchors)
    labels = label(closed, connectivity=4, background=True)
    sides = np.empty((graph.num_segments, 2), dtype=np.int64)
    for segment in range(graph.num_segments):
        sides[segment] = _beside(labels, graph.chain(segment))
    if (sides < 0).any():
        raise AssertionError("links of one segment disagree on a face")
    inside = np.ascontiguousarray(labels[1:-1, 1:-1])
    return Faces(label=inside, count=int(labels.max(initial=0)), segment_faces=sides)


@njit(cache=True)
def _beside(labels, chain):  # type: ignore[no-untyped-def]
    """Face ids left and right of a chain, from the off pixels beside its links; -1 if unclear.

    Left of a straight link are the left neighbours of both its pixels; left of a diagonal one is
    the shared neighbour 45 degrees to the left.
    """
    found = np.zeros(2, np.int64)
    for i in range(len(chain) - 1):
        row, col = chain[i, 0] + 1, chain[i, 1] + 1
        dr, dc = chain[i + 1, 0] - chain[i, 0], chain[i + 1, 1] - chain[i, 1]
        heading = 0
        while ROW_STEP[heading] != dr or COL_STEP[heading] != dc:
            heading += 1
        for side in range(2):
            turn = -1 if side == 0 else 1
            k = (heading + (turn if heading % 2 else 2 * turn)) % 8
            r, c = row + ROW_STEP[k], col + COL_STEP[k]
            ahead = (0, 0) if heading % 2 else (dr, dc)
            for face in (labels[r, c], labels[r + ahead[0], c + ahead[1]]):
                if face and found[side] == 0:
                    found[side] = face
                elif face and face != found[side]:
                    found[side] = -1
    return np.where(found > 0, found - 1, -1)


def match_faces(faces: Faces, ica_label: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the region label owning most pixels of each face [F]: 0 = none, ties lowest."""
    return most_common(faces.label, ica_label, faces.count)


def most_common(
    owner: NDArray[np.int32], value: NDArray[np.int32], count: int
) -> NDArray[np.int32]:
    """Return the value > 0 that most pixels of each owner 1..count have: 0 = none, ties lowest."""
    both = (owner > 0) & (value > 0)
    values = int(value.max(initial=0)) + 1
    pairs = owner[both].astype(np.int64) * values + value[both]
    keys, pixels = np.unique(pairs, return_counts=True)
    best = np.zeros(count, dtype=np.int32)
    most = np.zeros(count, dtype=np.int64)
    for key, n in zip(keys.tolist(), pixels.tolist(), strict=True):
        face, v = divmod(key, values)
        if n > most[face - 1]:  # keys ascend, so a tie keeps the lower value
            best[face - 1], most[face - 1] = v, n
    return best
