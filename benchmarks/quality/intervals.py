# SPDX-License-Identifier: Apache-2.0
"""How sure a mean difference is."""

from __future__ import annotations

import numpy as np
from scipy import stats

SEED = 20230216
RESAMPLES = 9999


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
