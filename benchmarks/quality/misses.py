# SPDX-License-Identifier: Apache-2.0
"""Which true nodes are found: bifurcations and crossings, alone and beside another node."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from gftcore import formats, metrics
from true_graphs import TrueSample

WITHIN_PX = 5.0
CLOSE_PX = (1.0, 3.0, 8.0)
MERGED_PX = (1.0, 2.0, 3.0)


@dataclass(frozen=True)
class NodeMatch:
    """True nodes, whether each is a crossing and was found; predicted nodes, which are spurious."""

    truth: np.ndarray
    crossing: np.ndarray
    found: np.ndarray
    prediction: np.ndarray
    matched: np.ndarray
    pairs: np.ndarray


def match_nodes(sample: TrueSample, prediction: formats.SpatialGraph) -> NodeMatch:
    """Match as `graph_agreement` does, and keep who matched whom."""
    shape = sample.mask.shape
    truth = metrics.planar_reference(sample.truth, shape=shape)
    branches = sample.truth.branch_points()
    inside = ((branches >= -0.5) & (branches <= np.array(shape) - 0.5)).all(axis=1)
    points = metrics.join_chains(prediction).branch_points()
    pairs = metrics.match_points(truth, points, WITHIN_PX).pairs
    found, matched = np.zeros(len(truth), dtype=bool), np.zeros(len(points), dtype=bool)
    found[pairs[:, 0]] = True
    matched[pairs[:, 1]] = True
    # The reference lists its branch points first, then the crossings.
    crossing = np.arange(len(truth)) >= np.count_nonzero(inside)
    return NodeMatch(truth, crossing, found, points, matched, pairs)


def recall_by_kind(sample: TrueSample, prediction: formats.SpatialGraph) -> dict[str, np.ndarray]:
    """Count true nodes and those found, by kind and distance to the next true node.

    Also spurious nodes, and the F of all true nodes after close ones were merged: what one could
    reach who finds every node but tells none from its neighbours.
    """
    match = match_nodes(sample, prediction)
    apart = cKDTree(match.truth).query(match.truth, k=2)[0][:, 1]
    group = np.digitize(apart, CLOSE_PX)
    counts = {}
    for kind, chosen in (("bifurcation", ~match.crossing), ("crossing", match.crossing)):
        total = np.bincount(group[chosen], minlength=len(CLOSE_PX) + 1)
        found = np.bincount(group[chosen & match.found], minlength=len(CLOSE_PX) + 1)
        counts[kind] = np.stack([total, found])
    counts["spurious"] = np.array([len(match.matched), np.count_nonzero(~match.matched)])
    merged = [metrics.merge_nodes(match.truth, k) for k in MERGED_PX]
    counts["bound"] = np.array(
        [metrics.match_points(match.truth, points, WITHIN_PX).f1 for points in merged]
    )
    return counts


def show_kinds(counts: list[dict[str, np.ndarray]]) -> None:
    """Print shares over all samples."""
    edges = ["0", *(f"{edge:g}" for edge in CLOSE_PX), "inf"]
    spans = [f"{low}-{high} px" for low, high in itertools.pairwise(edges)]
    print(f"gftcore fast, true nodes found within {WITHIN_PX:g} px, by distance to the next one:")
    print(" " * 12 + "".join(f"{span:>22}" for span in [*spans, "all"]))
    totals = {kind: sum(count[kind] for count in counts) for kind in counts[0]}
    whole = totals["bifurcation"][0].sum() + totals["crossing"][0].sum()
    for kind in ("bifurcation", "crossing"):
        table = np.concatenate([totals[kind], totals[kind].sum(axis=1, keepdims=True)], axis=1)
        cells = [f"{found / max(total, 1):.3f} of {total / whole:6.1%}" for total, found in table.T]
        print(f"{kind:12}" + "".join(f"{cell:>22}" for cell in cells))
    total, spurious = totals["spurious"]
    print(f"spurious: {spurious / total:.3f} of the predicted nodes")
    bounds = zip(MERGED_PX, totals["bound"] / len(counts), strict=True)
    shown = ", ".join(f"{merged:g} px {f1:.3f}" for merged, f1 in bounds)
    print(f"F@{WITHIN_PX:g} of the true nodes themselves, merged within {shown}")
