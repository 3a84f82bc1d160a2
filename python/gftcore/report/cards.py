# SPDX-License-Identifier: Apache-2.0
"""One line that says what a network is and how good it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gftcore._validation import describe
from gftcore.errors import ArgumentTypeError
from gftcore.model import Model

__all__ = ["model_line"]


def model_line(model: Model) -> str:
    """Return what a network's file records of its making, in a few words.

    Parameters
    ----------
    model
        The network; what its record lacks is left out.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = {"vessel": FeatureSet(columns=("length",), mean=(30,), sd=(20,))}
    >>> record = {"data": "synthetic", "num_train": 844}
    >>> config = ModelConfig(features=features, training=record)
    >>> model_line(Model(config=config, weights=initial_weights(config, seed=0)))[:58]
    'Graph network for Healthy, NPDR, PDR. Learned from 844 syn'
    """
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
    record = model.config.training
    parts = [f"Graph network for {', '.join(model.config.classes)}."]
    synthetic = record.get("data") == "synthetic"
    number = record.get("num_train")
    if isinstance(number, int):
        parts.append(f"Learned from {number} {'synthetic ' if synthetic else ''}eyes.")
    elif synthetic:
        parts.append("Learned from synthetic eyes.")
    score = _score(record.get("scores"))
    if score:
        parts.append(f"{score}{' of synthetic eyes, not of patients' if synthetic else ''}.")
    licence = record.get("licence")
    if isinstance(licence, str):
        parts.append(f"Licence of the network: {licence}.")
    return " ".join(parts)


def _score(scores: Any) -> str:
    """Balanced accuracy of test images with its interval, empty if there is none."""
    test = scores.get("test") if isinstance(scores, Mapping) else None
    found = test.get("balanced_accuracy") if isinstance(test, Mapping) else None
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) != 3:
        return ""
    if not all(isinstance(value, (int, float)) for value in found):
        return ""
    value, low, high = found
    return f"Balanced accuracy {value:.3f} (95 % interval {low:.3f} to {high:.3f}) on test images"
