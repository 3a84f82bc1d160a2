# SPDX-License-Identifier: Apache-2.0
"""How much of one graph's lines the other has, and which segments are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._lazy import require
from gftcore.metrics.planar import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.formats.spatial_graph import Samples, SpatialGraph

__all__ = ["SegmentMatch", "coverage", "match_segments", "nearest", "visible_samples"]

VOTE_WITHIN_PX = 4.0
VOTE_SHARE = 0.7
COVER_WITHIN_PX = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentMatch:
    """Segments of two graphs that are the same.

    Attributes
    ----------
    pairs
        int64 [m, 2] of (reference, prediction), ascending.
    recall, precision
        m / segments of the reference, m / segments of the prediction; both 1 if there are none at
        all, both 0 if only one graph has any. Segments without a sample do not count.
    length_recall
        Share of the reference's length that the matched segments hold.
    """

    pairs: NDArray[np.int64]
    recall: float
    precision: float
    length_recall: float


def visible_samples(graph: SpatialGraph, step_px: float, shape: tuple[int, int] | None) -> Samples:
    """Return the samples of a graph that lie on pixels of the image."""
    samples = graph.samples(step_px)
    return samples.where(inside(samples.rowcol, shape))


def nearest(
    samples: Samples, rowcol: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return distance and index of the sample nearest to each position; inf and -1 if none."""
    if not len(samples):
        return np.full(len(rowcol), np.inf), np.full(len(rowcol), -1)
    spatial = require("scipy.spatial", extra="metrics", user="gftcore.metrics")
    distance, index = spatial.cKDTree(samples.rowcol).query(rowcol)
    return distance, index


def coverage(samples: Samples, other: Samples, within_px: float = COVER_WITHIN_PX) -> float:
    """Return the share of samples that have one of the other graph within `within_px`.

    1 if neither graph has any; 0 if only one has.
    """
    if not len(samples) or not len(other):
        return float(len(samples) == len(other))
    return float((nearest(other, samples.rowcol)[0] <= within_px).mean())


def match_segments(
    reference: SpatialGraph,
    prediction: SpatialGraph,
    *,
    shape: tuple[int, int] | None = None,
    within_px: float = VOTE_WITHIN_PX,
    min_share: float = VOTE_SHARE,
) -> SegmentMatch:
    """Find the segments that two graphs share.

    Parameters
    ----------
    reference, prediction
        The graphs, both cut at the same kind of node.
    shape
        Rows and columns of the image; what lies outside does not count. None keeps all.
    within_px
        Largest distance of a vote.
    min_share
        Least share of a segment's samples that must agree.

    Notes
    -----
    Each segment is sampled every pixel. A sample votes for the segment of the other graph's
    nearest sample, if that is within `within_px`. A segment's best partner has the most votes,
    the lower number among equals. Two segments match if each is the other's best partner and
    both got at least `min_share` of the samples as votes.

    Examples
    --------
    >>> from gftcore.formats import from_polylines
    >>> line = from_polylines([[0, 0], [0, 20]], [[0, 1]], [[]])
    >>> shifted = from_polylines([[1, 1], [1, 22]], [[0, 1]], [[]])
    >>> match_segments(line, shifted).pairs.tolist()
    [[0, 0]]
    """
    ours = visible_samples(reference, 1.0, shape)
    theirs = visible_samples(prediction, 1.0, shape)
    best, share, count = _best_partner(ours, theirs, reference.num_segments, within_px)
    back, back_share, back_count = _best_partner(theirs, ours, prediction.num_segments, within_px)
    segments = np.flatnonzero(best >= 0)
    partners = best[segments]
    good = (back[partners] == segments) & (share[segments] >= min_share)
    good &= back_share[partners] >= min_share
    pairs = np.stack([segments[good], partners[good]], axis=1)
    given, found = int((count > 0).sum()), int((back_count > 0).sum())
    if not given or not found:
        value = float(given == found)
        return SegmentMatch(pairs=pairs, recall=value, precision=value, length_recall=value)
    length = np.bincount(ours.segment, ours.part_px, minlength=reference.num_segments)
    return SegmentMatch(
        pairs=pairs,
        recall=len(pairs) / given,
        precision=len(pairs) / found,
        length_recall=float(length[pairs[:, 0]].sum() / length.sum()),
    )


def _best_partner(
    samples: Samples, others: Samples, segments: int, within_px: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return each segment's best partner or -1, its share of the votes, and its samples."""
    count = np.bincount(samples.segment, minlength=segments)
    best, share = np.full(segments, -1), np.zeros(segments)
    distance, index = nearest(others, samples.rowcol)
    voting = distance <= within_px
    ballots = np.stack([samples.segment[voting], others.segment[index[voting]]], axis=1)
    pairs, votes = np.unique(ballots, axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], -votes, pairs[:, 0]))
    pairs, votes = pairs[order], votes[order]
    first = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    best[pairs[first, 0]] = pairs[first, 1]
    share[pairs[first, 0]] = votes[first] / count[pairs[first, 0]]
    return best, share, count
