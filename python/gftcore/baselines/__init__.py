# SPDX-License-Identifier: Apache-2.0
"""Other ways to the class of an image, on the splits of the networks; needs ``baselines``.

Biomarkers with three classifiers, the best single measurement, and a residual network of the
image. The single measurement needs no extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.baselines.features import FeatureTable, graph_statistics, read_features
    from gftcore.baselines.run import train_baseline
    from gftcore.baselines.settings import BASELINES, ImageConfig, TableConfig
    from gftcore.baselines.threshold import Cuts, best_cuts

__all__ = [
    "BASELINES",
    "Cuts",
    "FeatureTable",
    "ImageConfig",
    "TableConfig",
    "best_cuts",
    "graph_statistics",
    "read_features",
    "train_baseline",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BASELINES": "settings",
        "Cuts": "threshold",
        "FeatureTable": "features",
        "ImageConfig": "settings",
        "TableConfig": "settings",
        "best_cuts": "threshold",
        "graph_statistics": "features",
        "read_features": "features",
        "train_baseline": "run",
    },
)
