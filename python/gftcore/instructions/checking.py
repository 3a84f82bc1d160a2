# SPDX-License-Identifier: Apache-2.0
"""Whether a data set of instructions is whole, fair and without leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe
from gftcore.datasets.check import require_manifest
from gftcore.datasets.labels import SPLITS
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.instructions.agreement import manifest_problems
from gftcore.instructions.balance import label_counts, label_problems
from gftcore.instructions.faults import SetProblem
from gftcore.instructions.images import image_problems
from gftcore.instructions.leaks import leak_problems
from gftcore.instructions.records import Instruction, InstructionSet
from gftcore.instructions.store import read_instructions, store_file
from gftcore.instructions.texts import text_problems

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Splits

__all__ = ["CheckReport", "SetProblem", "check_instructions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What is wrong with a data set, and how much of what it has.

    Attributes
    ----------
    errors
        What nobody should learn from.
    warnings
        What is allowed but deserves a look.
    counts
        ``instructions``, ``images``, ``subjects``; ``by_stage``, ``by_split`` and ``by_label``
        (instructions); ``labels_by_split`` (images of each label).
    data
        ``synthetic`` or ``unknown``.
    """

    errors: tuple[SetProblem, ...]
    warnings: tuple[SetProblem, ...]
    counts: Mapping[str, Any]
    data: str

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors


def check_instructions(
    folder: str | Path, *, manifest: Manifest | None = None, splits: Splits | None = None
) -> CheckReport:
    """Check a data set: images, texts, repetitions, labels, and that nothing leaks.

    Parameters
    ----------
    folder
        Folder with ``instructions.parquet`` and the images that it names.
    manifest
        From `gftcore.datasets.read_manifest`, if subjects, labels and eyes are to be compared.
    splits
        Folds of that manifest, if the splits are to be compared.

    Returns
    -------
    CheckReport
        Problems are told by code and id of the row or the image, subjects by their number.

    Raises
    ------
    MissingFileError, FormatError
        If there is no such file, or if it is damaged.

    Notes
    -----
    Errors:

    ======================  ==================================================================
    ``EMPTY_SET``           no instruction at all
    ``IMAGE_MISSING``       no such file
    ``IMAGE_CHANGED``       another SHA-256 than was written down
    ``IMAGE_DAMAGED``       cannot be read as an image
    ``IMAGE_KIND``          not two axes of 8 bit
    ``IMAGE_SIZE``          a side below 28 or above 8192 pixels
    ``IMAGE_TWICE``         one id, several files, tables, labels, eyes or subjects
    ``PLACEHOLDER``         a word that a processor takes for an image or a command
    ``TURNS``               user and assistant do not take turns, or there is no answer
    ``EMPTY_TEXT``          a text without a word
    ``LONG_TEXT``           more than 4000 characters or 700 words
    ``SAME_ID``             two rows with one id
    ``SAME_QUESTION``       a question that is asked twice about one image
    ``LEAK_IMAGE``          an image in two splits
    ``LEAK_PIXELS``         the same pixels under another id in another split
    ``LEAK_SUBJECT``        a subject in two splits
    ``NOT_IN_MANIFEST``     an image that the manifest does not list
    ``OTHER_LABEL``         another label than the manifest's
    ``OTHER_EYE``           another side than the manifest's
    ``OTHER_SUBJECT``       one number for two subjects, or two for one
    ``OTHER_SPLIT``         another split than the folds of the model say
    ======================  ==================================================================

    Warnings: ``SAME_PIXELS`` (the same pixels twice in a split), ``SAME_ANSWER`` (all images have
    the same answer to a question, from 10 images on), ``LABEL_MISSING`` (a split lacks a label).

    With `splits`, images of fold 0 have to be in ``test``, those of fold k in ``validate``, all
    others in ``train``. k is the entry ``fold`` of the file; where it has none, the one that fits
    best. What needs the processor of a model, such as the number of tokens, is not checked here.
    """
    if splits is not None and manifest is None:
        raise ArgumentError("splits need the manifest that they belong to; give both")
    if manifest is not None:
        require_manifest(manifest)
    file = store_file(folder)
    rows = read_instructions(file)
    pixels: dict[str, str] = {}
    found = [
        *_empty(rows),
        *image_problems(rows, file.parent, pixels),
        *text_problems(rows),
        *leak_problems(rows, pixels),
        *label_problems(rows, () if manifest is None else manifest.classes),
    ]
    if manifest is not None:
        found += manifest_problems(rows, manifest, splits)
    return CheckReport(
        errors=tuple(one for one in found if not one.warning),
        warnings=tuple(one for one in found if one.warning),
        counts=set_counts(rows),
        data=rows.data,
    )


def _empty(rows: InstructionSet) -> list[SetProblem]:
    if len(rows):
        return []
    return [SetProblem("EMPTY_SET", "", "must have one instruction at least, got none")]


def set_counts(rows: Iterable[Instruction]) -> dict[str, Any]:
    """Return how many of what there are."""
    some = list(rows)
    for one in some:
        if not isinstance(one, Instruction):
            raise ArgumentTypeError(f"instructions must be of Instruction, got {describe(one)}")
    splits = Counter(one.split for one in some)
    return {
        "instructions": len(some),
        "images": len({one.image_id for one in some}),
        "subjects": len({one.subject for one in some}),
        "by_stage": {str(key): n for key, n in sorted(Counter(o.stage for o in some).items())},
        "by_split": {name: splits[name] for name in SPLITS if splits[name]},
        "by_label": dict(sorted(Counter(one.label for one in some).items())),
        "labels_by_split": label_counts(some),
    }
