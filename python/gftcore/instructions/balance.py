# SPDX-License-Identifier: Apache-2.0
"""How labels are spread over splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gftcore.datasets.labels import LABELS, SPLITS
from gftcore.instructions.faults import SetProblem
from gftcore.instructions.records import Instruction

__all__ = ["label_counts", "label_problems"]


def label_counts(rows: Iterable[Instruction]) -> dict[str, dict[str, int]]:
    """Return the number of images of each label for each split that there is."""
    first: dict[str, Instruction] = {}
    for one in rows:
        first.setdefault(one.image_id, one)
    counts = Counter((one.split, one.label) for one in first.values())
    labels = _ordered(label for _, label in counts)
    there = {split for split, _ in counts}
    return {
        split: {label: counts[split, label] for label in labels}
        for split in SPLITS
        if split in there
    }


def label_problems(rows: Iterable[Instruction], classes: Sequence[str]) -> Iterator[SetProblem]:
    """Yield the labels that a split lacks; without `classes` those that any split has count."""
    for split, counts in label_counts(rows).items():
        for label in classes or _known(counts):
            if not counts.get(label):
                message = f"has no image of {label}"
                yield SetProblem("LABEL_MISSING", split, message, warning=True)


def _known(labels: Iterable[str]) -> tuple[str, ...]:
    """Classes that a set has to have: those of retinopathy if it has no others."""
    found = tuple(labels)
    return LABELS if set(found) <= set(LABELS) else found


def _ordered(labels: Iterable[str]) -> list[str]:
    return sorted(
        set(labels), key=lambda label: (LABELS.index(label) if label in LABELS else 9, label)
    )
