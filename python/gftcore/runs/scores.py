# SPDX-License-Identifier: Apache-2.0
"""How well the models of a training classify: each one, their mean, and the gap to others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore.errors import ArgumentError
from gftcore.metrics.bootstrap import Interval, percentile_interval, resampled_scores
from gftcore.metrics.classes import argmax_labels, pool_labels, pool_predictions
from gftcore.metrics.classification import ClassificationScores, classification_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import Manifest
    from gftcore.runs.predictions import Predictions

__all__ = ["ModelScores", "RunScores", "require_same_images", "score_difference", "score_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScores:
    """Scores of one model.

    Attributes
    ----------
    name
        Of the model.
    scores
        Its scores, see `gftcore.metrics.classification_scores`.
    intervals
        Score to its interval over resampled subjects.
    """

    name: str
    scores: ClassificationScores
    intervals: Mapping[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; None for a score that does not exist."""
        values = self.scores.to_dict()
        return {
            "name": self.name,
            "classes": list(self.scores.labels),
            "num_images": self.scores.num_images,
            "confusion": self.scores.confusion.tolist(),
            "scores": {
                name: {"value": _number(value), **_bounds(self.intervals[name])}
                for name, value in values.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScores:
    """Scores of the models of a training.

    Attributes
    ----------
    classes
        Names of the classes, or of the pools.
    ids, subjects
        Of the images that any of the models classified, in order.
    models
        Those of each model.
    mean, sd
        Score to its mean over the models in which it exists, and to the standard deviation of the
        sample; NaN where there is none.
    intervals
        Score to the interval of its mean. A resample of subjects is the same for all models, so
        the interval says how far the mean depends on the subjects that were tested, not on the
        training.
    """

    classes: tuple[str, ...]
    ids: tuple[str, ...] = field(repr=False)
    subjects: tuple[str, ...] = field(repr=False)
    models: tuple[ModelScores, ...]
    mean: Mapping[str, float]
    sd: Mapping[str, float]
    intervals: Mapping[str, Interval]
    _resampled: Mapping[str, NDArray[np.float64]] = field(repr=False, compare=False)

    def mean_dict(self) -> dict[str, dict[str, float | None]]:
        """Return mean, standard deviation and bounds of each score as plain values."""
        return {
            name: {
                "mean": _number(value),
                "sd": _number(self.sd[name]),
                **_bounds(self.intervals[name]),
            }
            for name, value in self.mean.items()
        }


def score_run(
    manifest: Manifest,
    predictions: Sequence[Predictions],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    rule: Literal["argmax", "prob"] = "argmax",
    resamples: int = 2000,
    seed: int = 0,
) -> RunScores:
    """Compare what the models of a training say with a manifest.

    Parameters
    ----------
    manifest
        True classes and subjects.
    predictions
        Of each model, from `read_predictions`.
    groups, rule
        Pools of classes, as for `gftcore.metrics.pool_predictions`; None leaves classes as they
        are.
    resamples, seed
        Of the intervals, as for `gftcore.metrics.bootstrap_intervals`.

    Raises
    ------
    ArgumentError
        If an image is not in the manifest, or if the classes are others.
    """
    if not predictions:
        raise ArgumentError("predictions must be those of at least one model, got none")
    ids = sorted({name for one in predictions for name in one.ids})
    subjects = sorted({record.subject for record in manifest.select(ids)})
    found = [
        _scored(one, manifest, groups or {}, rule, subjects, resamples, seed) for one in predictions
    ]
    classes = found[0][0].scores.labels
    if any(model.scores.labels != classes for model, _ in found):
        raise ArgumentError("predictions must be of the same classes for all models")
    models = tuple(model for model, _ in found)
    each = [model.scores.to_dict() for model in models]
    resampled = {
        name: np.mean([values[name] for _, values in found], axis=0) for name in found[0][1]
    }
    return RunScores(
        classes=classes,
        ids=tuple(ids),
        subjects=tuple(subjects),
        models=models,
        mean={name: _mean([scores[name] for scores in each]) for name in each[0]},
        sd={name: _spread([scores[name] for scores in each]) for name in each[0]},
        intervals={name: percentile_interval(values) for name, values in resampled.items()},
        _resampled=resampled,
    )


def score_difference(
    first: RunScores, second: RunScores, name: str = "balanced_accuracy"
) -> tuple[float, Interval]:
    """Return mean of the first minus mean of the second, and its interval.

    Both must have been scored on the same images with the same seed and number of resamples: the
    interval is that of the differences resample by resample.

    Raises
    ------
    ArgumentError
        If images, subjects or the number of resamples differ.
    """
    require_same_images([first, second])
    one, other = first._resampled[name], second._resampled[name]
    if one.shape != other.shape:
        raise ArgumentError("both runs must be scored with the same number of resamples")
    return first.mean[name] - second.mean[name], percentile_interval(one - other)


def require_same_images(scored: Sequence[RunScores]) -> None:
    """Refuse trainings that were scored on different images or subjects.

    Raises
    ------
    ArgumentError
        If they were.
    """
    for each in scored[1:]:
        for name in ("ids", "subjects"):
            one, other = set(getattr(scored[0], name)), set(getattr(each, name))
            if one != other:
                what = "images" if name == "ids" else "subjects"
                raise ArgumentError(
                    f"the trainings must be scored on the same {what}, got {len(one - other)} that "
                    f"only one has and {len(other - one)} that only another has"
                )


def _scored(
    one: Predictions,
    table: Manifest,
    groups: Mapping[str, Sequence[str]],
    rule: Literal["argmax", "prob"],
    among: Iterable[str],
    resamples: int,
    seed: int,
) -> tuple[ModelScores, Mapping[str, NDArray[np.float64]]]:
    records = table.select(one.ids)
    truth: Sequence[str] = [record.label for record in records]
    classes: tuple[str, ...] = one.classes
    probabilities: Any = one.probabilities
    predicted: Sequence[str] = argmax_labels(probabilities, labels=classes)
    if groups:
        pooled = pool_predictions(probabilities, labels=classes, groups=groups, rule=rule)
        classes, predicted = pooled.labels, pooled.predicted
        probabilities = pooled.probabilities
        # A manifest may name pools itself, as one of healthy and diseased eyes does.
        truth = [t if t in groups else pool_labels([t], groups=groups)[0] for t in truth]
    unknown = sorted({name for name in truth if name not in classes})
    if unknown:
        raise ArgumentError(
            f"the model knows the classes {', '.join(classes)}, the manifest has "
            f"{', '.join(unknown)}; use --pool to match them"
        )
    common: dict[str, Any] = {"labels": classes, "probabilities": probabilities}
    values = resampled_scores(
        truth,
        predicted,
        subjects=[record.subject for record in records],
        among=among,
        resamples=resamples,
        seed=seed,
        **common,
    )
    scores = ModelScores(
        name=one.name,
        scores=classification_scores(truth, predicted, **common),
        intervals={name: percentile_interval(each) for name, each in values.items()},
    )
    return scores, values


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _spread(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if len(known) < 2:
        return math.nan
    mean = sum(known) / len(known)
    return math.sqrt(sum((value - mean) ** 2 for value in known) / (len(known) - 1))


def _bounds(interval: Interval) -> dict[str, float | None]:
    return {"low": _number(interval.low), "high": _number(interval.high)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
