# SPDX-License-Identifier: Apache-2.0
"""Classifiers of biomarkers, by scikit-learn; the settings of each are chosen by validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore.runs.predictions import balanced_accuracy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.baselines.settings import TableConfig

__all__ = ["CANDIDATES", "Chosen", "choose_classifier", "pipeline", "probabilities"]

#: Settings that are tried, in this order; the first of equally good ones is taken.
CANDIDATES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "svm": tuple(
        {"C": c, "gamma": gamma} for gamma in ("scale", 0.005) for c in (1.0, 0.1, 10.0, 100.0)
    ),
    "forest": tuple(
        {"max_features": features, "min_samples_leaf": leaf}
        for features in ("sqrt", 0.5)
        for leaf in (1, 3, 10)
    ),
    "logistic": tuple({"C": c} for c in (1.0, 0.01, 0.1, 10.0, 100.0)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A classifier that is fitted.

    Attributes
    ----------
    model
        Pipeline of scikit-learn.
    settings
        Those of the candidates that were the best.
    score
        Balanced accuracy of the validation images.
    """

    model: Any
    settings: Mapping[str, Any]
    score: float


def pipeline(name: str, config: TableConfig, settings: Mapping[str, Any], threads: int = 1) -> Any:
    """Return a classifier that is not fitted: means for missing values, unit scale, then it.

    Classes weigh alike.

    Parameters
    ----------
    name
        ``svm``, ``forest`` or ``logistic``.
    config
        Settings.
    settings
        One of `CANDIDATES`.
    threads
        For growing the trees, which do not depend on it.
    """
    require("sklearn", extra="baselines", user="gftcore.baselines")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if name == "svm":
        last = SVC(class_weight="balanced", **settings)
    elif name == "forest":
        last = RandomForestClassifier(
            n_estimators=config.trees,
            class_weight="balanced",
            random_state=config.seed % 2**32,
            n_jobs=threads,
            **settings,
        )
    else:
        last = LogisticRegression(class_weight="balanced", max_iter=10_000, **settings)
    # A column without any value becomes 0 everywhere, so that all images keep all columns.
    missing = SimpleImputer(strategy="mean", keep_empty_features=True)
    return make_pipeline(missing, StandardScaler(), last)


def choose_classifier(
    name: str,
    config: TableConfig,
    train: tuple[NDArray[np.float64], NDArray[np.int64]],
    validate: tuple[NDArray[np.float64], NDArray[np.int64]],
    *,
    num_classes: int,
    threads: int = 1,
) -> Chosen:
    """Fit all candidates to the training images; return the best one on the validation images."""
    best: Chosen | None = None
    for settings in CANDIDATES[name]:
        model = pipeline(name, config, settings, threads).fit(*train)
        if name == "forest":
            # Threads add the votes of trees as they come: the last digits would change by chance.
            model[-1].set_params(n_jobs=1)
        found = probabilities(model, validate[0], num_classes).argmax(axis=1)
        score = balanced_accuracy(validate[1], found)
        if best is None or score > best.score:
            best = Chosen(model=model, settings=settings, score=score)
    assert best is not None
    return best


def probabilities(model: Any, table: NDArray[np.float64], num_classes: int) -> NDArray[np.float64]:
    """Return probabilities [n, C] of a fitted pipeline; 0 for classes it has not seen.

    A support vector machine has none. Its decision values go through a softmax, which keeps their
    order but is not calibrated.
    """
    out = np.zeros((len(table), num_classes))
    if not len(table):
        return out
    if hasattr(model, "predict_proba"):
        seen = model.predict_proba(table)
    else:
        values = model.decision_function(table)
        values = np.stack([-values, values], axis=1) if values.ndim == 1 else values
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        seen = powers / powers.sum(axis=1, keepdims=True)
    out[:, model.classes_] = seen
    return out
