# SPDX-License-Identifier: Apache-2.0
"""One graph against another in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gftcore._validation import require_iterator, require_real
from gftcore.errors import ArgumentError
from gftcore.formats.sources import as_spatial_graph
from gftcore.graph import HeteroGraph
from gftcore.metrics.matching import match_points
from gftcore.metrics.planar import inside, merge_nodes
from gftcore.metrics.segments import coverage, match_segments, visible_samples
from gftcore.metrics.sizes import clear_pieces, radius_error, segment_radii
from gftcore.metrics.structure import join_chains, split_at_crossings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gftcore.formats.sources import AnyGraph
    from gftcore.formats.spatial_graph import SpatialGraph

__all__ = ["GraphAgreement", "NodeAgreement", "graph_agreement"]

RESOLVABLE_PX = 2.0
RESOLVABLE_WITHIN_PX = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAgreement:
    """Precision, recall and F of nodes up to ``within_px`` apart; see `match_points`."""

    within_px: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAgreement:
    """Everything that `graph_agreement` measures.

    Attributes
    ----------
    nodes
        Agreement of the nodes of degree 3 or more at each distance asked for.
    resolvable
        The same at 8 px after reference nodes up to 2 px apart were merged.
    num_reference_nodes, num_resolvable_nodes, num_predicted_nodes
        How many there are.
    segment_recall, segment_precision, segment_length_recall
        Segments found in both graphs; see `match_segments`.
    completeness, correctness
        Share of the reference's lines within 2 px of the prediction's, and the reverse.
    radius_correlation, radius_median_ratio, radius_median_error_px, num_radius_segments
        Mean radii of matched segments longer than 5 px: Pearson's r, median of prediction /
        reference, median absolute difference.
    radius_relative_error, num_radius_points
        Median relative error of the radius at the prediction's points within 1.5 px of a line of
        half-width above 2.5 px.
    length_ratio
        Predicted length / length of the reference in the image. Vessels that the image shows as
        one count once in a prediction made from it.
    clear_length_ratio, num_clear_pieces
        The same over pieces of at least 20 px that follow one chain of the reference.

    Notes
    -----
    A measure is NaN if nothing could be measured, such as radii of a graph without any.
    """

    nodes: tuple[NodeAgreement, ...]
    resolvable: NodeAgreement
    num_reference_nodes: int
    num_resolvable_nodes: int
    num_predicted_nodes: int
    segment_recall: float
    segment_precision: float
    segment_length_recall: float
    completeness: float
    correctness: float
    radius_correlation: float
    radius_median_ratio: float
    radius_median_error_px: float
    num_radius_segments: int
    radius_relative_error: float
    num_radius_points: int
    length_ratio: float
    clear_length_ratio: float
    num_clear_pieces: int

    def node_f1(self, within_px: float) -> float:
        """F of the nodes at one of the distances asked for."""
        for item in self.nodes:
            if item.within_px == within_px:
                return item.f1
        known = ", ".join(f"{item.within_px:g}" for item in self.nodes)
        raise ArgumentError(f"within_px must be one of {known}, got {within_px:g}")


def graph_agreement(
    reference: AnyGraph,
    prediction: AnyGraph,
    *,
    shape: tuple[int, int] | None = None,
    node_within_px: Sequence[float] = (8.0, 5.0, 3.0),
    project: bool = True,
) -> GraphAgreement:
    """Measure how well a predicted graph agrees with a reference.

    Parameters
    ----------
    reference, prediction
        Graphs of any source: `SpatialGraph`, `HeteroGraph`, `SkeletonGraph` or NetworkX.
    shape
        Rows and columns of the image; nodes and lines outside do not count. None takes the shape
        of a graph that has one, the prediction's first, and else keeps all.
    node_within_px
        Distances at which nodes may match.
    project
        Whether the reference's segments may pass over each other, so that their crossings are
        nodes of the image. False compares the graphs as they are.

    Notes
    -----
    Nodes of degree 2 are no nodes here: their segments are joined first, in both graphs. Without
    `project`, precision and recall change places if the graphs do.

    Examples
    --------
    >>> import numpy as np
    >>> from gftcore.graph import extract
    >>> mask = np.zeros((48, 48), dtype=bool)
    >>> mask[23:26, :] = mask[:, 23:26] = True
    >>> graph = extract(mask)
    >>> graph_agreement(graph, graph).node_f1(5)
    1.0
    """
    distances = [
        require_real(k, "node_within_px")
        for k in require_iterator(node_within_px, "node_within_px", "a sequence of distances")
    ]
    if shape is None:
        shape = _shape(prediction) or _shape(reference)
    given = as_spatial_graph(reference, "reference")
    found = as_spatial_graph(prediction, "prediction")
    chains, lines = join_chains(given), join_chains(found)
    planar = split_at_crossings(chains) if project else chains

    nodes, others = _visible_nodes(planar, shape), _visible_nodes(lines, shape)
    merged = merge_nodes(nodes, RESOLVABLE_PX)
    ours, theirs = visible_samples(chains, 1.0, shape), visible_samples(lines, 1.0, shape)
    fine = visible_samples(chains, 0.5, shape)
    segments = match_segments(planar, lines, shape=shape)
    radii = segment_radii(planar, lines, segments.pairs)
    points = radius_error(fine, found)
    clear = clear_pieces(fine, lines)
    return GraphAgreement(
        nodes=tuple(_nodes(nodes, others, k) for k in distances),
        resolvable=_nodes(merged, others, RESOLVABLE_WITHIN_PX),
        num_reference_nodes=len(nodes),
        num_resolvable_nodes=len(merged),
        num_predicted_nodes=len(others),
        segment_recall=segments.recall,
        segment_precision=segments.precision,
        segment_length_recall=segments.length_recall,
        completeness=coverage(ours, theirs),
        correctness=coverage(theirs, ours),
        radius_correlation=radii.correlation,
        radius_median_ratio=radii.median_ratio,
        radius_median_error_px=radii.median_error_px,
        num_radius_segments=radii.count,
        radius_relative_error=points.median_relative,
        num_radius_points=points.count,
        length_ratio=float(theirs.part_px.sum() / ours.part_px.sum())
        if len(ours)
        else float("nan"),
        clear_length_ratio=clear.ratio,
        num_clear_pieces=clear.count,
    )


def _shape(graph: object) -> tuple[int, int] | None:
    return graph.meta.shape if isinstance(graph, HeteroGraph) else None


def _visible_nodes(graph: SpatialGraph, shape: tuple[int, int] | None) -> NDArray[np.float64]:
    points = graph.branch_points()
    return points[inside(points, shape)]


def _nodes(
    reference: NDArray[np.float64], prediction: NDArray[np.float64], within_px: float
) -> NodeAgreement:
    match = match_points(reference, prediction, within_px)
    return NodeAgreement(
        within_px=within_px, precision=match.precision, recall=match.recall, f1=match.f1
    )
