# SPDX-License-Identifier: Apache-2.0
"""Folders of trainings, of any kind of model: settings, predictions, scores.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> from gftcore import runs
>>> part = runs.Part(split="test", ids=("a", "b"), labels=(0, 1), probabilities=np.eye(2))
>>> with tempfile.TemporaryDirectory() as folder:
...     result = runs.FoldResult(
...         fold=1,
...         folder=Path(folder) / "fold-1",
...         best_epoch=None,
...         validation_balanced_accuracy=1.0,
...         test_balanced_accuracy=part.balanced_accuracy,
...         model_sha256=None,
...     )
...     runs.write_fold(result, [part], ("Healthy", "Glaucoma"), data_sha256="")
...     runs.read_predictions(Path(folder))[0].probabilities
((1.0, 0.0), (0.0, 1.0))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.runs.epochs import EpochReport, write_history
    from gftcore.runs.folder import (
        FoldResult,
        RunProgress,
        begin_run,
        finished_fold,
        fold_seed,
        fold_view,
        require_folds,
        run_document,
        run_manifest,
        run_model,
        write_fold,
    )
    from gftcore.runs.predictions import (
        Labelled,
        Part,
        Predictions,
        balanced_accuracy,
        read_predictions,
        split_parts,
        write_predictions,
    )
    from gftcore.runs.scores import (
        ModelScores,
        RunScores,
        require_same_images,
        score_difference,
        score_run,
    )

__all__ = [
    "EpochReport",
    "FoldResult",
    "Labelled",
    "ModelScores",
    "Part",
    "Predictions",
    "RunProgress",
    "RunScores",
    "balanced_accuracy",
    "begin_run",
    "finished_fold",
    "fold_seed",
    "fold_view",
    "read_predictions",
    "require_folds",
    "require_same_images",
    "run_document",
    "run_manifest",
    "run_model",
    "score_difference",
    "score_run",
    "split_parts",
    "write_fold",
    "write_history",
    "write_predictions",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "EpochReport": "epochs",
        "FoldResult": "folder",
        "Labelled": "predictions",
        "ModelScores": "scores",
        "Part": "predictions",
        "Predictions": "predictions",
        "RunProgress": "folder",
        "RunScores": "scores",
        "balanced_accuracy": "predictions",
        "begin_run": "folder",
        "finished_fold": "folder",
        "fold_seed": "folder",
        "fold_view": "folder",
        "read_predictions": "predictions",
        "require_folds": "folder",
        "require_same_images": "scores",
        "run_document": "folder",
        "run_manifest": "folder",
        "run_model": "folder",
        "score_difference": "scores",
        "score_run": "scores",
        "split_parts": "predictions",
        "write_fold": "folder",
        "write_history": "epochs",
        "write_predictions": "predictions",
    },
)
