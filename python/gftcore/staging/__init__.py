# SPDX-License-Identifier: Apache-2.0
"""Class probabilities of graphs by a trained network: compiled inference, without torch.

Examples
--------
>>> from gftcore import graph, staging
>>> features = staging.FeatureSet(columns=("length", "degree"), mean=(30, 4), sd=(20, 2))
>>> config = staging.ModelConfig(features={"vessel": features}, hidden=16)
>>> network = staging.Model(config=config, weights=staging.initial_weights(config, seed=1))
>>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
>>> prediction = staging.predict(network, [bar])
>>> prediction.classes
('Healthy', 'NPDR', 'PDR')
>>> prediction.probabilities.shape
(1, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.model.config import FeatureSet, ModelConfig
    from gftcore.model.default import default_model
    from gftcore.model.files import Model
    from gftcore.model.standardisation import standardised_batch
    from gftcore.model.weights import initial_weights
    from gftcore.staging.inference import Prediction, predict

__all__ = [
    "FeatureSet",
    "Model",
    "ModelConfig",
    "Prediction",
    "default_model",
    "initial_weights",
    "predict",
    "standardised_batch",
]

_lazy, _ = attach(__name__, {"Prediction": "inference", "predict": "inference"})


def __getattr__(name: str) -> object:
    """Names of `gftcore.model` are the same objects here."""
    if name in __all__ and name not in ("Prediction", "predict"):
        from gftcore import model

        return getattr(model, name)
    return _lazy(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
