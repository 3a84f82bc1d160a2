# SPDX-License-Identifier: Apache-2.0
"""How well a graph agrees with another, such as the true one, and predicted classes with true ones.

Agreement of graphs needs the extra ``metrics``; classes and localisation do not.

Examples
--------
>>> from gftcore import formats, metrics
>>> truth = formats.from_polylines([[0, 0], [0, 30], [9, 40]], [[0, 1], [1, 2]], [[], []])
>>> found = formats.from_polylines([[1, 0], [8, 41]], [[0, 1]], [[[1, 30]]])
>>> metrics.graph_agreement(truth, found).completeness
1.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.metrics.agreement import GraphAgreement, NodeAgreement, graph_agreement
    from gftcore.metrics.bootstrap import (
        Interval,
        bootstrap_intervals,
        percentile_interval,
        resampled_scores,
    )
    from gftcore.metrics.classes import (
        PooledPredictions,
        argmax_labels,
        pool_labels,
        pool_predictions,
    )
    from gftcore.metrics.classification import (
        ClassificationScores,
        ClassScores,
        classification_scores,
        confusion_matrix,
    )
    from gftcore.metrics.lesion_hits import edge_hits, outline_mask, structure_hits
    from gftcore.metrics.localisation import (
        Localisation,
        LocalisationSummary,
        localisation_scores,
        summarise_localisation,
        top_scores,
    )
    from gftcore.metrics.matching import PointMatch, match_points
    from gftcore.metrics.planar import merge_nodes, planar_reference
    from gftcore.metrics.ranks import rank_correlation
    from gftcore.metrics.segments import SegmentMatch, match_segments
    from gftcore.metrics.structure import join_chains, split_at_crossings

__all__ = [
    "ClassScores",
    "ClassificationScores",
    "GraphAgreement",
    "Interval",
    "Localisation",
    "LocalisationSummary",
    "NodeAgreement",
    "PointMatch",
    "PooledPredictions",
    "SegmentMatch",
    "argmax_labels",
    "bootstrap_intervals",
    "classification_scores",
    "confusion_matrix",
    "edge_hits",
    "graph_agreement",
    "join_chains",
    "localisation_scores",
    "match_points",
    "match_segments",
    "merge_nodes",
    "outline_mask",
    "percentile_interval",
    "planar_reference",
    "pool_labels",
    "pool_predictions",
    "rank_correlation",
    "resampled_scores",
    "split_at_crossings",
    "structure_hits",
    "summarise_localisation",
    "top_scores",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ClassScores": "classification",
        "ClassificationScores": "classification",
        "GraphAgreement": "agreement",
        "Interval": "bootstrap",
        "Localisation": "localisation",
        "LocalisationSummary": "localisation",
        "NodeAgreement": "agreement",
        "PointMatch": "matching",
        "PooledPredictions": "classes",
        "SegmentMatch": "segments",
        "argmax_labels": "classes",
        "bootstrap_intervals": "bootstrap",
        "classification_scores": "classification",
        "confusion_matrix": "classification",
        "edge_hits": "lesion_hits",
        "graph_agreement": "agreement",
        "join_chains": "structure",
        "localisation_scores": "localisation",
        "match_points": "matching",
        "match_segments": "segments",
        "merge_nodes": "planar",
        "outline_mask": "lesion_hits",
        "percentile_interval": "bootstrap",
        "planar_reference": "planar",
        "pool_labels": "classes",
        "pool_predictions": "classes",
        "rank_correlation": "ranks",
        "resampled_scores": "bootstrap",
        "split_at_crossings": "structure",
        "structure_hits": "lesion_hits",
        "summarise_localisation": "localisation",
        "top_scores": "localisation",
    },
)
