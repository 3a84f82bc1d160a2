# SPDX-License-Identifier: Apache-2.0
"""Who is in a cohort: shares, names, streams, and that larger cohorts begin with smaller ones."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore.datasets import LABELS
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.synth import CohortPlan, draw_parameters, plan_cohort

SHARES = np.array([0.62, 0.30, 0.08])
SEEDS = (0, 1, 2, 2025, 2**63 - 1)


def running_counts(labels: list[str]) -> np.ndarray:
    """Images of each label among the first 2, 4, 6, ... images."""
    each = np.array([[label == name for name in LABELS] for label in labels])
    return each.cumsum(axis=0)[1::2]


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_are_near_exact_for_every_size(seed: int) -> None:
    """All of N = 1 ... 1000 at once, since smaller cohorts are beginnings of larger ones."""
    labels = [eye.label for eye in plan_cohort(1000, seed).eyes]
    wanted = 2 * np.arange(1, 1001)[:, None] * SHARES
    off = np.abs(running_counts(labels) - wanted)
    assert off.max() < 5
    # Drawing each subject at random is far worse.
    subject = np.random.default_rng(seed).permutation(len(labels) // 2)
    shuffled = [labels[2 * s + which] for s in subject for which in (0, 1)]
    assert np.abs(running_counts(shuffled) - wanted).max() > 2 * off.max()


def test_the_default_has_the_published_size() -> None:
    plan = plan_cohort()
    assert (plan.subjects, plan.seed, len(plan.eyes)) == (632, 0, 1264)
    assert plan.images_by_label == {"Healthy": 785, "NPDR": 379, "PDR": 100}
    pairs = [
        tuple(sorted((a.label, b.label)))
        for a, b in zip(plan.eyes[::2], plan.eyes[1::2], strict=True)
    ]
    # Both eyes of 84 % of the subjects agree; nobody is healthy on one side, proliferative beside.
    assert sum(a == b for a, b in pairs) == pytest.approx(0.84 * 632, abs=3)
    assert ("Healthy", "PDR") not in pairs
    # The worse eye is the right one as often as the left one.
    worse_right = sum(
        LABELS.index(a.label) > LABELS.index(b.label)
        for a, b in zip(plan.eyes[::2], plan.eyes[1::2], strict=True)
    )
    assert 30 < worse_right < 71


@pytest.mark.parametrize("seed", SEEDS)
def test_larger_cohorts_begin_with_smaller_ones(seed: int) -> None:
    large = plan_cohort(400, seed)
    for subjects in (1, 2, 3, 50, 399):
        assert plan_cohort(subjects, seed).eyes == large.eyes[: 2 * subjects]
    assert plan_cohort(400, seed) == large
    assert plan_cohort(400, seed + 1 if seed < 2**62 else 5).eyes != large.eyes


def test_names_and_streams() -> None:
    eyes = plan_cohort(10_000, 3).eyes
    assert [eye.id for eye in eyes[:4]] == [
        "0001_OD_DCP", "0001_OS_DCP", "0002_OD_DCP", "0002_OS_DCP",
    ]  # fmt: skip
    assert eyes[-1].id == "10000_OS_DCP"
    assert len({eye.id for eye in eyes}) == len(eyes)
    assert [eye.stream for eye in eyes] == list(range(20_000))
    assert all(eye.subject_stream == eye.stream - eye.stream % 2 for eye in eyes)
    assert all(eye.eye == ("OD", "OS")[eye.stream % 2] for eye in eyes)
    assert all(eye.id == f"{eye.subject}_{eye.eye}_DCP" for eye in eyes)


def test_parameters_are_those_of_the_subject() -> None:
    plan = plan_cohort(20, 8)
    for eye in plan.eyes:
        parameters = eye.parameters()
        assert (parameters.label, parameters.eye) == (eye.label, eye.eye)
        assert parameters == draw_parameters(
            eye.label, eye=eye.eye, seed=8, stream=eye.stream, subject_stream=eye.subject_stream
        )


def test_wrong_arguments() -> None:
    for subjects in (0, -1, 1_000_001):
        with pytest.raises(ArgumentError, match="subjects must be between 1 and 1000000"):
            plan_cohort(subjects)
    for seed in (-1, 2**63):
        with pytest.raises(ArgumentError, match="seed must be between 0 and"):
            plan_cohort(1, seed)
    for wrong in ("5", 5.0, True, None):
        with pytest.raises(ArgumentTypeError, match="subjects must be an integer"):
            plan_cohort(wrong)  # type: ignore[arg-type]
    assert isinstance(plan_cohort(1), CohortPlan)
