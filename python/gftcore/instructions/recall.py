# SPDX-License-Identifier: Apache-2.0
"""Which of the lesions that are there a data set speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from gftcore.claims import Claim, Facts
from gftcore.findings.vocabulary import FAZ_FINDINGS, FINDINGS
from gftcore.instructions.records import Instruction
from gftcore.instructions.verdicts import answer_claims_of, share

__all__ = ["recall_figures"]

#: All but ``no abnormality``.
_LESIONS = FINDINGS[:-1]


def recall_figures(
    rows: Iterable[Instruction], others: Iterable[Instruction], truth: Mapping[str, Facts]
) -> dict[str, Any]:
    """Return how many eyes with a lesion have an answer that tells of it, for each label.

    Unlike verdicts, which are shares of the claims that are read, these are shares of eyes: an
    answer that is not read, or was dropped, lowers them.

    Parameters
    ----------
    rows
        Instructions of the data set.
    others
        Those that were dropped or not, for eyes of which no row is left.
    truth
        Lesions, by the id of the image; images without are left out.

    Returns
    -------
    dict
        Label to ``eyes``; ``nothing`` and ``nothing_share``: eyes of which no row asserts any
        finding; ``lesions``: name to ``eyes`` that have it, ``told``: those of which an answer
        asserts it in a cell of it, and ``share``. Names that no truth knows are left out.
    """
    labels: dict[str, str] = {}
    said: dict[str, set[Claim]] = defaultdict(set)
    for one in others:
        labels[one.image_id] = one.label
    for one in rows:
        labels[one.image_id] = one.label
        if one.image_id in truth:
            claims = answer_claims_of(one, truth[one.image_id].eye)
            said[one.image_id].update(filter(_asserts, claims))
    eyes: dict[str, list[str]] = defaultdict(list)
    for name, label in labels.items():
        if name in truth:
            eyes[label].append(name)
    known = frozenset[str]().union(*(truth[name].known for some in eyes.values() for name in some))
    out = {}
    for label, some in sorted(eyes.items()):
        nothing = sum(not said[name] for name in some)
        out[label] = {
            "eyes": len(some),
            "nothing": nothing,
            "nothing_share": share(nothing, len(some)),
            "lesions": {
                lesion: _told(lesion, some, said, truth) for lesion in _LESIONS if lesion in known
            },
        }
    return out


def _asserts(claim: Claim) -> bool:
    return claim.kind == "finding" and not claim.negated and claim.value in _LESIONS


def _told(
    lesion: str, eyes: list[str], said: Mapping[str, set[Claim]], truth: Mapping[str, Facts]
) -> dict[str, Any]:
    having = [name for name in eyes if truth[name].named(lesion)]
    told = 0
    for name in having:
        there = truth[name].where(lesion)
        claims = [one for one in said[name] if one.value == lesion]
        # A finding of the FAZ has no other place.
        told += any(lesion in FAZ_FINDINGS or there & (one.cells or set()) for one in claims)
    return {"eyes": len(having), "told": told, "share": share(told, len(having))}
