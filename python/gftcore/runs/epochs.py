# SPDX-License-Identifier: Apache-2.0
"""What epochs of a training come to, and their table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gftcore.io import write_csv

__all__ = ["HISTORY_FILE", "EpochReport", "write_history"]

HISTORY_FILE = "history.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReport:
    """What an epoch came to.

    Attributes
    ----------
    epoch
        Its number, from 0.
    lr, loss
        Learning rate; mean loss of the training images while they were learned from.
    train_balanced_accuracy
        Of the training images, of the predictions that the loss was taken of.
    validation_loss, validation_balanced_accuracy
        Of the validation images, after the epoch; the loss is NaN if a logit is not finite.
    best
        Whether it is the best epoch so far.
    """

    epoch: int
    lr: float
    loss: float
    train_balanced_accuracy: float
    validation_loss: float
    validation_balanced_accuracy: float
    best: bool

    @property
    def finite(self) -> bool:
        """Whether both losses are numbers; if not, the training has diverged, and for good."""
        return math.isfinite(self.loss) and math.isfinite(self.validation_loss)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def write_history(path: Path, history: Sequence[EpochReport]) -> None:
    """Write one row per epoch."""
    rows = [list(entry.to_dict().values()) for entry in history]
    write_csv(path, list(EpochReport.__slots__), rows)
