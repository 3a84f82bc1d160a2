# SPDX-License-Identifier: Apache-2.0
"""Epochs one after the other, with a checkpoint after each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from gftcore.errors import ArgumentError, GftcoreWarning, RefusedError
from gftcore.nn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from gftcore.runs.epochs import EpochReport

__all__ = ["Fit", "is_best", "run_epochs"]


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

    `patience` epochs without a better one are the last; None goes through all. An epoch that
    diverged is the last as well, since weights that are no numbers stay so.

    Raises
    ------
    ArgumentError
        If the first epoch diverged.
    RefusedError
        If the checkpoint is that of another training.

    Warns
    -----
    GftcoreWarning
        ``DIVERGED`` if a later one did; the best epoch before it counts.
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
        late = patience is not None and epoch - best > patience
        if late or (history and not history[-1].finite):
            break
        entry = fit.epoch(epoch, history)
        history.append(entry)
        if checkpoint is not None and fit.first:
            write_checkpoint(checkpoint, fit.state(history))
        if report is not None:
            report(entry, True)
    if not history[-1].finite:
        told = f"training diverged at epoch {history[-1].epoch}"
        if not any(entry.best for entry in history):
            raise ArgumentError(f"{told}; lower lr")
        text = f"DIVERGED: {told}; the best epoch before it counts, but lower lr"
        warnings.warn(text, GftcoreWarning, stacklevel=2)
    return history


def is_best(entry: EpochReport, history: Sequence[EpochReport]) -> bool:
    """Whether an epoch is better than all before it; one that diverged is not."""
    before = max((e.validation_balanced_accuracy for e in history if e.best), default=-1.0)
    return entry.finite and entry.validation_balanced_accuracy > before
