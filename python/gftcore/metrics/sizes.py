# SPDX-License-Identifier: Apache-2.0
"""Whether radii and lengths of two graphs agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore.metrics.segments import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.formats.spatial_graph import Samples, SpatialGraph

__all__ = ["ClearPieces", "RadiusError", "SegmentRadii"]
__all__ += ["clear_pieces", "radius_error", "segment_radii"]

# Radii of very short segments are those of their nodes.
MIN_RADIUS_LENGTH_PX = 5.0
# Half-widths below are a matter of one or two pixels.
MIN_HALF_WIDTH_PX = 2.5
RADIUS_WITHIN_PX = 1.5
CLEAR_LENGTH_PX = 20.0
CLEAR_WITHIN_PX = 2.0
CLEAR_SHARE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRadii:
    """Mean radii of matched segments: correlation, ratio and error; NaN where undefined."""

    correlation: float
    median_ratio: float
    median_error_px: float
    count: int


def segment_radii(
    reference: SpatialGraph, prediction: SpatialGraph, pairs: NDArray[np.int64]
) -> SegmentRadii:
    """Compare the mean radii of matched segments longer than 5 px.

    Radii are averaged along the line; segments without radii are left out.
    """
    pairs = pairs[reference.segment_length_px[pairs[:, 0]] > MIN_RADIUS_LENGTH_PX]
    given = _mean_radius(reference)[pairs[:, 0]]
    found = _mean_radius(prediction)[pairs[:, 1]]
    known = np.isfinite(given) & np.isfinite(found) & (given > 0)
    given, found = given[known], found[known]
    if not len(given):
        return SegmentRadii(
            correlation=np.nan, median_ratio=np.nan, median_error_px=np.nan, count=0
        )
    varied = len(given) > 1 and np.ptp(given) > 0 and np.ptp(found) > 0
    return SegmentRadii(
        correlation=float(np.corrcoef(given, found)[0, 1]) if varied else np.nan,
        median_ratio=float(np.median(found / given)),
        median_error_px=float(np.median(np.abs(found - given))),
        count=len(given),
    )


def _mean_radius(graph: SpatialGraph) -> NDArray[np.float64]:
    """Return the mean radius along each segment [S], NaN where it is not known."""
    samples = graph.samples(1.0)
    samples = samples.where(np.isfinite(samples.radius_px))
    count = np.bincount(samples.segment, minlength=graph.num_segments)
    total = np.bincount(samples.segment, samples.radius_px, minlength=graph.num_segments)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiusError:
    """Median of |radius - half-width| / half-width at points on wide lines; NaN without points."""

    median_relative: float
    count: int


def radius_error(reference: Samples, prediction: SpatialGraph) -> RadiusError:
    """Compare radii point by point with the half-width of the line each point lies on.

    Parameters
    ----------
    reference
        Samples of the reference, 0.5 px apart.
    prediction
        Its points are compared where they were measured (`SpatialGraph.point_raw_rowcol`) if the
        nearest sample is within 1.5 px and has a half-width above 2.5 px.
    """
    radius = prediction.point_radius_px
    if radius is None or not len(reference):
        return RadiusError(median_relative=np.nan, count=0)
    raw = prediction.point_raw_rowcol
    distance, index = nearest(reference, prediction.point_rowcol if raw is None else raw)
    truth = reference.radius_px[index]
    compared = (distance <= RADIUS_WITHIN_PX) & (truth > MIN_HALF_WIDTH_PX) & np.isfinite(radius)
    if not compared.any():
        return RadiusError(median_relative=np.nan, count=0)
    relative = np.abs(radius[compared] - truth[compared]) / truth[compared]
    return RadiusError(median_relative=float(np.median(relative)), count=int(compared.sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPieces:
    """Total length of clear pieces in both graphs, their ratio (NaN without any), their number."""

    reference_px: float
    prediction_px: float
    count: int

    @property
    def ratio(self) -> float:
        """Predicted length per length of the reference."""
        return self.prediction_px / self.reference_px if self.reference_px > 0 else np.nan


def clear_pieces(reference: Samples, prediction: SpatialGraph) -> ClearPieces:
    """Compare lengths where there is no doubt which line is meant.

    Parameters
    ----------
    reference
        Samples of the reference's chains, 0.5 px apart.
    prediction
        Its segments of at least 20 px are compared if all their samples lie within 2 px of the
        reference, and both ends and at least 95 % of the samples on the same chain.

    Notes
    -----
    The length of the reference is that between the feet of the two ends on its line. A position
    lies on the chain of the nearest sample; beside a branch that may be another one, and then the
    piece is left out.
    """
    length = prediction.segment_length_px
    ends = prediction.node_rowcol[prediction.segment_nodes.ravel()]
    end_distance, end_index = nearest(reference, ends)
    own = prediction.samples(1.0)
    own = own.where(length[own.segment] >= CLEAR_LENGTH_PX)
    distance, index = nearest(reference, own.rowcol)
    if not len(reference) or not len(own):
        return ClearPieces(reference_px=0.0, prediction_px=0.0, count=0)
    end_chain = reference.segment[end_index].reshape(-1, 2)
    arc = _foot(reference, ends, end_index).reshape(-1, 2)
    on_chain = reference.segment[index] == end_chain[own.segment, 0]
    count = np.bincount(own.segment, minlength=len(length))
    shared = np.bincount(own.segment, on_chain, minlength=len(length))
    far = np.bincount(own.segment, distance > CLEAR_WITHIN_PX, minlength=len(length))
    clear = (count > 0) & (far == 0) & (shared >= CLEAR_SHARE * count)
    clear &= end_chain[:, 0] == end_chain[:, 1]
    clear &= (end_distance.reshape(-1, 2) <= CLEAR_WITHIN_PX).all(axis=1)
    return ClearPieces(
        reference_px=float(np.abs(arc[clear, 1] - arc[clear, 0]).sum()),
        prediction_px=float(length[clear].sum()),
        count=int(clear.sum()),
    )


def _foot(
    reference: Samples, rowcol: NDArray[np.float64], index: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the arc lengths at the feet of positions whose nearest samples are given.

    The line is straight around a sample, and a foot is no further than the part that the sample
    stands for; samples alone would make every line end half a part too early.
    """
    before, after = np.maximum(index - 1, 0), np.minimum(index + 1, len(reference) - 1)
    before = np.where(reference.segment[before] == reference.segment[index], before, index)
    after = np.where(reference.segment[after] == reference.segment[index], after, index)
    along = reference.rowcol[after] - reference.rowcol[before]
    length = np.hypot(along[:, 0], along[:, 1])
    step = ((rowcol - reference.rowcol[index]) * along).sum(axis=1) / np.maximum(length, 1e-12)
    half = (reference.arc_px[after] - reference.arc_px[before]) / (after - before).clip(1) / 2
    foot: NDArray[np.float64] = reference.arc_px[index] + np.clip(step, -half, half)
    return foot
