# SPDX-License-Identifier: Apache-2.0
"""Whether a data set agrees with the manifest and the folds that it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gftcore.errors import ArgumentError
from gftcore.instructions.faults import SetProblem
from gftcore.instructions.records import Instruction, InstructionSet

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Record, Splits

__all__ = ["manifest_problems"]

_MODELS = range(1, 6)


def manifest_problems(
    rows: InstructionSet, manifest: Manifest, splits: Splits | None
) -> Iterator[SetProblem]:
    """Yield what differs from the manifest and, if there are any, from its folds."""
    if splits is not None and splits.manifest_sha256 != manifest.sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
    records = {record.id: record for record in manifest}
    first: dict[str, Instruction] = {}
    for one in rows:
        first.setdefault(one.image_id, one)
    listed = {name: one for name, one in first.items() if name in records}
    for name in first:
        if name not in records:
            yield SetProblem("NOT_IN_MANIFEST", name, "must be in the manifest, got none such")
    for name, one in listed.items():
        record = records[name]
        if one.label != record.label:
            message = f"must be {record.label}, got {one.label}"
            yield SetProblem("OTHER_LABEL", name, message)
        if one.eye != record.eye:
            yield SetProblem("OTHER_EYE", name, f"must be {record.eye}, got {one.eye}")
    yield from _subjects(listed.values(), records)
    if splits is not None:
        yield from _splits(rows, listed.values(), splits)


def _subjects(listed: Iterable[Instruction], records: dict[str, Record]) -> Iterator[SetProblem]:
    """Yield images whose number means another subject, or whose subject another number."""
    subject_of: dict[int, str] = {}
    number_of: dict[str, int] = {}
    for one in listed:
        subject = records[one.image_id].subject
        number = number_of.setdefault(subject, one.subject)
        named = subject_of.setdefault(one.subject, subject)
        if number != one.subject:
            message = f"must have the number {number} as other images of its subject, got " + str(
                one.subject
            )
            yield SetProblem("OTHER_SUBJECT", one.image_id, message)
        elif named != subject:
            message = f"must have a number of its own, got {one.subject}, which is another's"
            yield SetProblem("OTHER_SUBJECT", one.image_id, message)


def _splits(
    rows: InstructionSet, listed: Iterable[Instruction], splits: Splits
) -> Iterator[SetProblem]:
    some = list(listed)
    stated = rows.metadata.get("fold", "")
    models = [int(stated)] if stated.isdecimal() and int(stated) in _MODELS else list(_MODELS)
    wrong = {
        k: [one for one in some if one.split != _split(splits.fold_of_id[one.image_id], k)]
        for k in models
    }
    model = min(models, key=lambda k: len(wrong[k]))
    for one in wrong[model]:
        fold = splits.fold_of_id[one.image_id]
        message = (
            f"must be in {_split(fold, model)}, since it is in fold {fold} and the model is "
            f"{model}, got {one.split}"
        )
        yield SetProblem("OTHER_SPLIT", one.image_id, message)


def _split(fold: int, model: int) -> str:
    if fold == 0:
        return "test"
    return "validate" if fold == model else "train"
