# SPDX-License-Identifier: Apache-2.0
"""What a graph network is: its configuration, its weights and the file that holds both.

Training writes such files and inference reads them; neither needs the other. The file format is
described in the guide.

Examples
--------
>>> from gftcore import model
>>> features = model.FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
>>> config = model.ModelConfig(features={"vessel": features}, relations=("vv",))
>>> model.weight_shapes(config)["pre.vessel.0.weight"]
(64, 1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.model.config import SCHEMA, FeatureSet, ModelConfig
    from gftcore.model.default import default_model
    from gftcore.model.files import Model
    from gftcore.model.standardisation import standardise, standardised_batch
    from gftcore.model.weights import initial_weights, require_weights, weight_shapes

__all__ = [
    "SCHEMA",
    "FeatureSet",
    "Model",
    "ModelConfig",
    "default_model",
    "initial_weights",
    "require_weights",
    "standardise",
    "standardised_batch",
    "weight_shapes",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "SCHEMA": "config",
        "FeatureSet": "config",
        "Model": "files",
        "ModelConfig": "config",
        "default_model": "default",
        "initial_weights": "weights",
        "require_weights": "weights",
        "standardise": "standardisation",
        "standardised_batch": "standardisation",
        "weight_shapes": "weights",
    },
)
