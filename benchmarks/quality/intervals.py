# SPDX-License-Identifier: Apache-2.0
"""How sure differences are."""

from __future__ import annotations

import numpy as np
from scipy import stats

SEED = 20230216
RESAMPLES = 9999
SUBJECT_RESAMPLES = 2000


def bootstrap_interval(differences: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of paired differences over resampled samples; seed fixed."""
    if np.ptp(differences) == 0 or len(differences) < 2:  # nothing to resample
        return float(differences[0]), float(differences[0])
    found = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=0.95,
        method="percentile",
        random_state=np.random.default_rng(SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def resampled_sums(table: np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Sums of the rows [Q, C] of subjects that are drawn with return [SUBJECT_RESAMPLES, C]."""
    _, of = np.unique(subjects, return_inverse=True)
    whole = np.zeros((of.max() + 1, table.shape[1]))
    np.add.at(whole, of, table)
    rng = np.random.default_rng(SEED)
    drawn: np.ndarray = whole[rng.integers(0, len(whole), (SUBJECT_RESAMPLES, len(whole)))]
    return drawn.sum(axis=1)
