# SPDX-License-Identifier: Apache-2.0
"""Figures that say how good a data set of instructions is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gftcore._validation import describe, require_int, require_iterator
from gftcore.claims import Facts
from gftcore.datasets.origin import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.instructions.checking import set_counts
from gftcore.instructions.coverage import coverage_figures
from gftcore.instructions.recall import recall_figures
from gftcore.instructions.records import (
    Instruction,
    InstructionSet,
    require_instructions,
    slot_group,
)
from gftcore.instructions.verdicts import share, verdict_figures
from gftcore.instructions.wording import wording_figures
from gftcore.io import provenance

__all__ = ["NOTICE", "QUALITY_SCHEMA", "quality_figures"]

QUALITY_SCHEMA = "gftcore-quality/1"
#: What stands beside all figures.
NOTICE = "Not a medical device; not for clinical use."


def quality_figures(
    instructions: InstructionSet,
    facts: Mapping[str, Facts],
    *,
    truth: Mapping[str, Facts] | None = None,
    dropped: Iterable[Mapping[str, Any]] = (),
    before: Iterable[Instruction] | None = None,
) -> dict[str, Any]:
    """Return the figures of a data set, as plain values that JSON can hold.

    Parameters
    ----------
    instructions
        The data set as it is, after filtering.
    facts
        What the tables say, by the id of the image: all images need an entry.
    truth
        What is really there, such as lesions that a program drew; images without an entry are left
        out of these figures.
    dropped
        What was filtered out: mappings with ``stage``, ``slot`` and ``code``, and ``label`` if it
        is to be counted by label.
    before
        All that the teacher said, filtered or not, if verdicts before filtering are wanted.

    Returns
    -------
    dict
        ``gftcore-quality/1``: ``notice``; ``counts``; ``claims`` with ``findings`` and ``lesions``,
        each with verdicts ``after`` and ``before`` filtering; ``recall`` of the lesions for each
        label, None without truth; ``wording``; ``coverage``; ``dropped``. Shares are of 1, and None
        where there is nothing to share.

    Raises
    ------
    ArgumentError
        If an image has no facts.

    Notes
    -----
    Claims are found by `gftcore.claims.text_claims`, which misses what it does not know: a share of
    supported claims is one of the claims that were found, and ``silent`` counts the answers in
    which none was. After a filter that reads with the same lexicon all claims are supported by
    construction. A claim that names no place is about that of its question. Facts of tables are
    those that the answers were made of, so this says whether the teacher kept to them, not whether
    it is right.

    Examples
    --------
    >>> from gftcore.claims import Facts
    >>> from gftcore.instructions import Instruction, InstructionSet, Message
    >>> one = Instruction(
    ...     stage=1, slot="stage", image_id="a", image="images/0.png", image_sha256="0" * 64,
    ...     table_sha256="1" * 64, label="PDR", eye="OD", split="train", subject=0,
    ...     teacher="template/1", messages=(
    ...         Message(role="user", content="What is the stage?"),
    ...         Message(role="assistant", content="The image shows PDR. No tufts are seen."),
    ...     ),
    ... )
    >>> facts = {"a": Facts.of_truth(eye="OD", stage="PDR", cells={"neovascular tuft": ()})}
    >>> figures = quality_figures(InstructionSet(records=(one,)), facts)
    >>> figures["claims"]["findings"]["after"]["all"]["supported"]
    2
    """
    if not isinstance(instructions, InstructionSet):
        raise ArgumentTypeError(
            f"instructions must be an InstructionSet, got {describe(instructions)}"
        )
    said = None if before is None else require_instructions(before, "before")
    everything = (*instructions, *(said or ()))
    known = _facts(facts, "facts")
    lesions = None if truth is None else _facts(truth, "truth")
    lacking = {one.image_id for one in everything} - set(known)
    if lacking:
        raise ArgumentError(f"facts must have each image, got none of {len(lacking)}")
    synthetic = instructions.data == "synthetic"
    return {
        **provenance(QUALITY_SCHEMA),
        "notice": f"{NOTICE} {SYNTHETIC_NOTICE}" if synthetic else NOTICE,
        "data": instructions.data,
        "teachers": sorted({one.teacher for one in instructions}),
        "counts": set_counts(instructions),
        "claims": {
            "findings": _both(instructions, said, known),
            "lesions": None if lesions is None else _both(instructions, said, lesions),
        },
        "recall": None if lesions is None else recall_figures(instructions, everything, lesions),
        "wording": wording_figures(instructions),
        "coverage": coverage_figures(instructions, known),
        "dropped": _dropped(dropped, len(instructions)),
    }


def _facts(facts: object, name: str) -> Mapping[str, Facts]:
    if not isinstance(facts, Mapping):
        raise ArgumentTypeError(f"{name} must map ids of images to Facts, got {describe(facts)}")
    for one in facts.values():
        if not isinstance(one, Facts):
            raise ArgumentTypeError(f"{name} must map ids of images to Facts, got {describe(one)}")
    return facts


def _both(
    after: InstructionSet, before: tuple[Instruction, ...] | None, facts: Mapping[str, Facts]
) -> dict[str, Any]:
    return {
        "after": verdict_figures(after, facts),
        "before": None if before is None else verdict_figures(before, facts),
    }


def _dropped(dropped: Iterable[Mapping[str, Any]], kept: int) -> dict[str, Any]:
    codes: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    expected = "mappings with stage, slot and code"
    for one in require_iterator(dropped, "dropped", expected):
        if not isinstance(one, Mapping) or not {"stage", "slot", "code"} <= set(one):
            raise ArgumentTypeError(f"dropped must hold {expected}, got {describe(one)}")
        codes[str(one["code"])] += 1
        stages[str(require_int(one["stage"], "stage", 1, 2))] += 1
        groups[slot_group(str(one["slot"]))] += 1
        if one.get("label") is not None:
            labels[str(one["label"])] += 1
    total = codes.total()
    return {
        "count": total,
        "share": share(total, total + kept),
        "by_code": dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))),
        "by_stage": dict(sorted(stages.items())),
        "by_group": dict(sorted(groups.items())),
        "by_label": dict(sorted(labels.items())),
    }
