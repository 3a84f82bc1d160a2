# SPDX-License-Identifier: Apache-2.0
"""Importance of nodes by PyTorch Geometric's GNNExplainer, which learns a mask for each graph."""

from __future__ import annotations

import numpy as np
import torch
from torch_geometric.explain import Explainer, GNNExplainer

from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.model import Model
from peers.pyg_explainer import OneGraph

__all__ = ["gnn_explainer_masks"]


def gnn_explainer_masks(
    model: Model, batch: GraphBatch, *, epochs: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Type to the mask of each node [N_t] for the predicted class, with PyG's other settings."""
    torch.manual_seed(seed)
    explainer = Explainer(
        OneGraph(model).eval(),
        GNNExplainer(epochs=epochs),
        explanation_type="model",
        node_mask_type="object",
        model_config={
            "mode": "multiclass_classification",
            "task_level": "graph",
            "return_type": "raw",
        },
    )
    x = {t: torch.tensor(np.asarray(batch.x[t]), dtype=torch.float32) for t in model.config.types}
    edges = {
        (DIRECTED[r][0], r, DIRECTED[r][1]): torch.tensor(batch.edge_index(r))
        for r in model.config.relations or ()
    }
    found = explainer(x, edges)
    return {t: found[t].node_mask[:, 0].detach().numpy() for t in model.config.types}
