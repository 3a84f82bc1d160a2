# SPDX-License-Identifier: Apache-2.0
"""Biomarkers and scores of classes beside NumPy, scikit-image and scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from skimage import measure
from sklearn import metrics as sklearn_metrics

from contestants import Case, Peer
from gftcore import _core, biomarkers, graph, metrics
from gftcore.metrics.bootstrap import draw_times
from inputs import Sample

FOV_MM = 3.0
LABELS = ("Healthy", "NPDR", "PDR")
# As many images as the largest published set, two of each subject.
IMAGES = 1264
RESAMPLES = 2000
# The peer needs half a minute for all resamples; it gets some of them.
PEER_RESAMPLES = 50
SEED = 3


def counted_boxes(mask: np.ndarray, sides: tuple[int, ...]) -> list[int]:
    rows, cols = mask.shape
    return [int(mask.reshape(rows // n, n, cols // n, n).any(axis=(1, 3)).sum()) for n in sides]


def same_counts(ours: biomarkers.BoxDimension, theirs: list[int]) -> None:
    assert list(ours.box_count) == theirs


def sector_densities(mask: np.ndarray, centre: tuple[float, float]) -> list[float]:
    """Densities of centre, up, right, down, left, from the distance and angle of every pixel."""
    px_per_mm = max(mask.shape) / FOV_MM
    row, col = (np.arange(n) - x for n, x in zip(mask.shape, centre, strict=True))
    squared = row[:, None] ** 2 + col**2
    quarter = np.floor(np.degrees(np.arctan2(col, -row[:, None])) / 90 + 0.5) % 4
    centre_px = squared < (0.5 * px_per_mm) ** 2
    ring = (squared < (1.25 * px_per_mm) ** 2) & ~centre_px
    parts = [centre_px, *(ring & (quarter == number) for number in range(4))]
    return [float(mask[part].mean()) for part in parts]


def same_densities(ours: Mapping[str, biomarkers.PartDensity], theirs: list[float]) -> None:
    found = [part.vessel_density for part in ours.values()]
    np.testing.assert_allclose(found, theirs, rtol=1e-12)


def same_length(ours: float, theirs: float) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def marker_cases(sample: Sample) -> Iterator[Case]:
    mask = sample.mask
    sides = biomarkers.box_dimension(mask).box_px
    centre = tuple((n - 1) / 2 for n in mask.shape)
    yield Case(
        "biomarkers",
        f"box-counting dimension, {len(sides)} sizes",
        lambda: biomarkers.box_dimension(mask),
        [Peer("numpy", lambda: counted_boxes(mask, sides), same_counts, 20)],
    )
    yield Case(
        "biomarkers",
        "ETDRS sectors",
        lambda: biomarkers.etdrs_densities(mask, centre_rowcol=centre, fov_mm=FOV_MM),
        [Peer("numpy", lambda: sector_densities(mask, centre), same_densities, 20)],
    )
    bytes_ = mask.astype(np.uint8)
    yield Case(
        "biomarkers",
        "contour length",
        lambda: _core.outline_px(bytes_),
        [
            Peer(
                "scikit-image",
                lambda: measure.perimeter(mask, neighborhood=4),
                same_length,
                5,
                "scikit-image perimeter",
            )
        ],
    )
    found = graph.extract(mask, keep=("mask", "skeleton"))
    yield Case(
        "biomarkers",
        "all biomarkers of a graph",
        lambda: biomarkers.biomarkers(found),
        holds=lambda markers: same_length(markers.vessel_density, mask.mean()),
        limit_s=0.02,
    )


def cohort() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """True classes as frequent as in the largest published set, and probabilities of them."""
    rng = np.random.default_rng(20251)
    truth = rng.choice(len(LABELS), IMAGES, p=[0.62, 0.30, 0.08])
    logits = rng.standard_normal((IMAGES, len(LABELS)))
    logits[np.arange(IMAGES), truth] += 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.array(LABELS)[truth], probabilities, [f"{i // 2:04}" for i in range(IMAGES)]


def peer_scores(
    truth: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, float]:
    found = np.array(LABELS)[probabilities.argmax(axis=1)]
    options: dict[str, Any] = {"sample_weight": weight}
    out = {
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(truth, found, **options),
        "quadratic_kappa": sklearn_metrics.cohen_kappa_score(
            truth, found, labels=LABELS, weights="quadratic", **options
        ),
    }
    parts = sklearn_metrics.precision_recall_fscore_support(truth, found, labels=LABELS, **options)
    for name, values in zip(("precision", "recall", "f1"), parts, strict=False):
        out |= {f"{name}/{label}": value for label, value in zip(LABELS, values, strict=True)}
    for label, column in zip(LABELS, probabilities.T, strict=True):
        own = truth == label
        out[f"auroc/{label}"] = sklearn_metrics.roc_auc_score(own, column, **options)
        out[f"average_precision/{label}"] = sklearn_metrics.average_precision_score(
            own, column, **options
        )
    return out


def peer_bounds(
    truth: np.ndarray, probabilities: np.ndarray, subjects: list[str]
) -> dict[str, np.ndarray]:
    """Bounds of each score over the resamples, whose images are weighted."""
    subject = np.unique(subjects, return_inverse=True)[1]
    (times,) = draw_times(int(subject.max()) + 1, PEER_RESAMPLES, SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = [peer_scores(truth, probabilities, row[subject]) for row in times]
    return {
        name: np.quantile([scores[name] for scores in drawn], [0.025, 0.975]) for name in drawn[0]
    }


def same_scores(ours: metrics.ClassificationScores, theirs: dict[str, float]) -> None:
    values = ours.to_dict()
    for name, value in theirs.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-10, err_msg=name)


def same_bounds(ours: Mapping[str, metrics.Interval], theirs: dict[str, np.ndarray]) -> None:
    for name, bounds in theirs.items():
        found = [ours[name].low, ours[name].high]
        np.testing.assert_allclose(found, bounds, rtol=1e-10, err_msg=name)


def classification_cases(_: Sample) -> Iterator[Case]:
    truth, probabilities, subjects = cohort()

    def resampled(resamples: int) -> Mapping[str, metrics.Interval]:
        return metrics.bootstrap_intervals(
            truth,
            labels=LABELS,
            subjects=subjects,
            probabilities=probabilities,
            resamples=resamples,
            seed=SEED,
        )

    yield Case(
        "classification",
        f"scores of {IMAGES} images",
        lambda: metrics.classification_scores(truth, labels=LABELS, probabilities=probabilities),
        [Peer("scikit-learn", lambda: peer_scores(truth, probabilities), same_scores, 5)],
    )
    yield Case(
        "classification",
        f"{PEER_RESAMPLES} resamples of {IMAGES} images",
        lambda: resampled(PEER_RESAMPLES),
        [
            Peer(
                "scikit-learn",
                lambda: peer_bounds(truth, probabilities, subjects),
                same_bounds,
                50,
            )
        ],
    )
    yield Case(
        "classification",
        f"{RESAMPLES} resamples of {IMAGES} images",
        lambda: resampled(RESAMPLES),
        holds=lambda found: same_length(found["auroc"].num_undefined, 0),
        limit_s=0.25,
    )
