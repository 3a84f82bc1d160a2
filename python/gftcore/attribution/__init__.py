# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients of a graph network with a known error: which nodes and edges decided.

Examples
--------
>>> from gftcore import attribution, graph, model
>>> features = model.FeatureSet(columns=("length", "degree"), mean=(30, 4), sd=(20, 2))
>>> config = model.ModelConfig(features={"vessel": features}, hidden=16)
>>> network = model.Model(config=config, weights=model.initial_weights(config, seed=1))
>>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
>>> (found,) = attribution.integrated_gradients(network, [bar])
>>> found.nodes.attributions["vessel"].shape
(1, 2)
>>> found.nodes.completeness_gap_rel < 1e-4
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.attribution.api import integrated_gradients
    from gftcore.attribution.curves import Faithfulness, faithfulness
    from gftcore.attribution.overlay import MAP_KEEP, draw_contributions
    from gftcore.attribution.randomisation import (
        WeightRandomisation,
        randomised_models,
        weight_randomisation,
    )
    from gftcore.attribution.results import (
        Attribution,
        EdgeAttribution,
        NodeAttribution,
        PathSummary,
    )
    from gftcore.attribution.selection import (
        SelectedEdge,
        SelectedFeature,
        SelectedNode,
        Selection,
        select,
    )

__all__ = [
    "MAP_KEEP",
    "Attribution",
    "EdgeAttribution",
    "Faithfulness",
    "NodeAttribution",
    "PathSummary",
    "SelectedEdge",
    "SelectedFeature",
    "SelectedNode",
    "Selection",
    "WeightRandomisation",
    "draw_contributions",
    "faithfulness",
    "integrated_gradients",
    "randomised_models",
    "select",
    "weight_randomisation",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "MAP_KEEP": "overlay",
        "Attribution": "results",
        "EdgeAttribution": "results",
        "Faithfulness": "curves",
        "NodeAttribution": "results",
        "PathSummary": "results",
        "SelectedEdge": "selection",
        "SelectedFeature": "selection",
        "SelectedNode": "selection",
        "Selection": "selection",
        "WeightRandomisation": "randomisation",
        "draw_contributions": "overlay",
        "faithfulness": "curves",
        "integrated_gradients": "api",
        "randomised_models": "randomisation",
        "select": "selection",
        "weight_randomisation": "randomisation",
    },
)
