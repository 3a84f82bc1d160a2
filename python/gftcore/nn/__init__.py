# SPDX-License-Identifier: Apache-2.0
"""Training of graph networks with torch; needs the extra ``train``.

Inference is `gftcore.staging`'s; the two meet in a model file, see `gftcore.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.nn.captum_like import IntegratedGradients
    from gftcore.nn.data import LabelledGraphs, read_graphs
    from gftcore.nn.features import MODEL_COLUMNS, fit_features
    from gftcore.nn.fit import FitResult, fit_model
    from gftcore.nn.loss import class_weights, target_rows
    from gftcore.nn.modules import GraphNetwork
    from gftcore.nn.ops import sage_layer, sage_layer_backward, segment_pool
    from gftcore.nn.parallel import keep_freed_memory, use_threads
    from gftcore.nn.pyg import PygNetwork
    from gftcore.nn.run import train_folds
    from gftcore.nn.settings import TrainConfig
    from gftcore.nn.spatial import spatial_grids
    from gftcore.nn.tensors import GraphTensors, graph_tensors

__all__ = [
    "MODEL_COLUMNS",
    "FitResult",
    "GraphNetwork",
    "GraphTensors",
    "IntegratedGradients",
    "LabelledGraphs",
    "PygNetwork",
    "TrainConfig",
    "class_weights",
    "fit_features",
    "fit_model",
    "graph_tensors",
    "keep_freed_memory",
    "read_graphs",
    "sage_layer",
    "sage_layer_backward",
    "segment_pool",
    "spatial_grids",
    "target_rows",
    "train_folds",
    "use_threads",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "MODEL_COLUMNS": "features",
        "FitResult": "fit",
        "GraphNetwork": "modules",
        "GraphTensors": "tensors",
        "IntegratedGradients": "captum_like",
        "LabelledGraphs": "data",
        "PygNetwork": "pyg",
        "TrainConfig": "settings",
        "class_weights": "loss",
        "fit_features": "features",
        "fit_model": "fit",
        "graph_tensors": "tensors",
        "keep_freed_memory": "parallel",
        "read_graphs": "data",
        "sage_layer": "ops",
        "sage_layer_backward": "ops",
        "segment_pool": "ops",
        "spatial_grids": "spatial",
        "target_rows": "loss",
        "train_folds": "run",
        "use_threads": "parallel",
    },
)
