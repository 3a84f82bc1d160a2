# SPDX-License-Identifier: Apache-2.0
"""An explanation as JSON: schema ``gftcore-explanation/1``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.graph.columns import column_info
from gftcore.io import provenance
from gftcore.pipeline.explaining import STATEMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.attribution import Attribution, PathSummary, SelectedEdge, SelectedNode
    from gftcore.pipeline.explaining import ExplainedImage

__all__ = ["EXPLANATION_SCHEMA", "explanation_document"]

EXPLANATION_SCHEMA = "gftcore-explanation/1"
_UNITS = {"position": "px", "length": "px", "area": "px2", "angle": "rad"}


def explanation_document(said: ExplainedImage, image_id: str) -> dict[str, Any]:
    """Return everything that an explanation says, as plain JSON values."""
    staged, found, picked, meta = said.staged, said.attribution, said.selection, said.graph.meta
    return {
        **provenance(EXPLANATION_SCHEMA, config_hash=staged.config_hash),
        "notice": said.notice,
        "statement": STATEMENT,
        "image": {
            "image_id": image_id,
            **staged.source,
            "mask_rows": meta.shape[0],
            "mask_cols": meta.shape[1],
            "mm_per_px": _number(meta.mm_per_px),
        },
        "model_sha256": staged.model_sha256,
        "prediction": staged.prediction,
        "probabilities": _by_class(found, staged.probabilities),
        "logits": _by_class(found, staged.logits),
        "warnings": list(staged.warnings),
        "counts": dict(staged.counts),
        "options": said.config.to_dict(),
        "target": found.target,
        "against": found.against,
        "attribution": {
            "kind": found.kind,
            "method": found.method,
            "baseline": found.baseline,
            "dtype": found.dtype,
            "nodes": None
            if found.nodes is None
            else _path(found.nodes) | {"by_type": _numbers(found.nodes.type_contribution)},
            "edges": None
            if found.edges is None
            else _path(found.edges)
            | {
                "by_relation": _numbers(
                    {
                        relation: float(values.sum())
                        for relation, values in found.edges.edge_contribution_undirected.items()
                    }
                )
            },
        },
        "selection": {
            "by": picked.by,
            "mass": picked.mass,
            "node_share": _number(picked.node_share),
            "edge_share": _number(picked.edge_share),
        },
        "nodes": [_node(node) for node in picked.nodes],
        "edges": [_edge(edge) for edge in picked.edges],
    }


def _number(value: float | None) -> float | None:
    """Nine digits, as many as float32 needs; None for what does not exist."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.9g}")


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _by_class(found: Attribution, values: NDArray[np.floating[Any]]) -> dict[str, float | None]:
    return _numbers(dict(zip(found.classes, values.tolist(), strict=True)))


def _path(summary: PathSummary) -> dict[str, Any]:
    names = ("error", "completeness_gap", "completeness_gap_rel", "value_start", "value_end")
    return {"n": summary.n, **_numbers({name: getattr(summary, name) for name in names})}


def _node(node: SelectedNode) -> dict[str, Any]:
    features = []
    for one in node.features:
        info = column_info(node.node_type, one.name)
        features.append(
            {
                "name": one.name,
                "unit": _UNITS.get(info.unit),
                "value": _number(one.value),
                "standardised": _number(one.standardised),
                "contribution": _number(one.contribution),
            }
        )
    numbers = ("contribution", "magnitude", "share", "row", "col")
    return {
        "rank": node.rank,
        "type": node.node_type,
        "id": node.id,
        **_numbers({name: getattr(node, name) for name in numbers}),
        "features": features,
    }


def _edge(edge: SelectedEdge) -> dict[str, Any]:
    numbers = ("contribution", "magnitude", "share", "row", "col")
    return {
        "rank": edge.rank,
        "relation": edge.relation,
        "id": edge.id,
        "ends": list(edge.ends),
        **_numbers({name: getattr(edge, name) for name in numbers}),
    }
