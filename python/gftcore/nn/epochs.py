# SPDX-License-Identifier: Apache-2.0
"""Epochs one after the other, with a checkpoint after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from gftcore.errors import RefusedError
from gftcore.nn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from gftcore.runs.epochs import EpochReport

__all__ = ["Fit", "run_epochs"]


class Fit(Protocol):
    """A training that can be put down after any epoch and taken up again."""

    @property
    def run(self) -> str:
        """SHA-256 of everything that the training depends on."""

    @property
    def first(self) -> bool:
        """Whether this process writes files."""

    def resume(self, stored: Checkpoint) -> None:
        """Go on behind the last epoch of a checkpoint."""

    def epoch(self, number: int, history: Sequence[EpochReport]) -> EpochReport:
        """Learn from all training images once, then look at the validation images."""

    def state(self, history: Sequence[EpochReport]) -> Checkpoint:
        """Return all that an interruption must not lose."""


def run_epochs(
    fit: Fit,
    epochs: int,
    *,
    patience: int | None = None,
    checkpoint: Path | None = None,
    report: Callable[[EpochReport, bool], None] | None = None,
) -> list[EpochReport]:
    """Go through epochs, those of the checkpoint excepted; returns all.

    `patience` epochs without a better one are the last; None goes through all.

    Raises
    ------
    RefusedError
        If the checkpoint is that of another training.
    """
    history: list[EpochReport] = []
    stored = None if checkpoint is None else read_checkpoint(checkpoint)
    if stored is not None:
        if stored.run != fit.run:
            raise RefusedError(f"{checkpoint} belongs to another training; use --overwrite")
        history = [EpochReport(**entry) for entry in stored.history]
        fit.resume(stored)
    for entry in history:
        if report is not None:
            report(entry, False)
    for epoch in range(len(history), epochs):
        best = max((entry.epoch for entry in history if entry.best), default=epoch)
        if patience is not None and epoch - best > patience:
            break
        entry = fit.epoch(epoch, history)
        history.append(entry)
        if checkpoint is not None and fit.first:
            write_checkpoint(checkpoint, fit.state(history))
        if report is not None:
            report(entry, True)
    return history
