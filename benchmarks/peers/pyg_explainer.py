# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients by PyTorch Geometric's Explainer, which asks captum point by point."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.explain import CaptumExplainer, Explainer

from gftcore.graph.batch import DIRECTED
from gftcore.model import Model
from peers.captum_ig import GraphCopies
from peers.pyg import pyg_network

__all__ = ["explainer_gradients", "explainer_of"]


class OneGraph(nn.Module):
    """A network with the arguments that the Explainer passes."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = pyg_network(model, dtype=torch.float32)

    def forward(self, x: dict[str, Tensor], edge_index: dict[Any, Tensor]) -> Tensor:
        data = HeteroData()
        for name, values in x.items():
            data[name].x = values
            data[name].ptr = torch.tensor([0, len(values)])
            data[name].batch = torch.zeros(len(values), dtype=torch.int64)
        for kind, ends in edge_index.items():
            data[kind].edge_index = ends
        return self.network(data)


def explainer_of(model: Model, points: int) -> Explainer:
    return Explainer(
        OneGraph(model).eval(),
        CaptumExplainer("IntegratedGradients", n_steps=points),
        explanation_type="model",
        node_mask_type="attributes",
        model_config={
            "mode": "multiclass_classification",
            "task_level": "graph",
            "return_type": "raw",
        },
    )


def explainer_gradients(explainer: Explainer, copies: GraphCopies) -> dict[str, Any]:
    """Type to [N_t, F_t], for the predicted class."""
    x = {t: values[0] for t, values in zip(copies.types, copies.x, strict=True)}
    edges = {(DIRECTED[r][0], r, DIRECTED[r][1]): ends for r, ends in copies.edges.items()}
    found = explainer(x, edges)
    return {t: found[t].node_mask.detach().numpy() for t in copies.types}
