# SPDX-License-Identifier: Apache-2.0
"""What the claim checker must find in an answer, and how wide a claim may reach."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gftcore.claims import Claim, Facts
from gftcore.findings import FINDINGS
from gftcore.findings import Cell as FindingCell
from gftcore.findings.vocabulary import FAZ_FINDINGS, NO_ABNORMALITY
from gftcore.narrative.places import FOCAL, WIDESPREAD, touches
from gftcore.tabulation import Table

__all__ = ["open_stages", "reads", "too_wide", "wrong_extent"]

_VESSELS = (
    "tortuous vessels",
    "calibre irregular",
    "microaneurysm-like dilation",
    "neovascular tuft",
    NO_ABNORMALITY,
)
_PERFUSION = ("non-perfusion", "sparse network", NO_ABNORMALITY)
#: Slot, or its kind, to the findings of which an answer has to speak.
_FAMILIES: dict[str, tuple[str, ...]] = {
    "faz.1": FAZ_FINDINGS[:1],
    "faz.2": FAZ_FINDINGS[1:],
    "faz.3": FINDINGS,
    "faz.4": FAZ_FINDINGS,
    "perfusion": _PERFUSION,
    "vessels": _VESSELS,
    "clock": FINDINGS,
    "diagnosis.2": FINDINGS,
    "diagnosis.4": FINDINGS,
}
# All that an answer may say that says nothing of the facts.
_UNKNOWN = re.compile(
    r"[^.;:,]*\b(?:can ?not|can't|could not) be (?:judged|assessed|told|graded)\b[^.;:,]*\."
)
_NO_FAZ = re.compile(r"No (?:FAZ|foveal avascular zone) (?:can be|could be|is|was) found[^.;:]*\.")
_MOST_WORDS = 14
_FOCAL = re.compile(r"\b(?:focal(?:ly)?|localised|localized|circumscribed|few places)\b", re.I)
_WIDE = re.compile(
    r"\b(?:widespread|confluent|diffuse(?:ly)?|extensive(?:ly)?|generali[sz]ed|all over"
    r"|throughout|most of the image|whole image|everywhere)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|nor|neither|no|rather than|than)\W+$", re.IGNORECASE)
#: Of the cells of a claim, the least share in or beside the finding: a wider place says too little.
_LEAST_SHARE = 1 / 3
#: Other stages of a smaller probability are not possible.
_OPEN = 0.1


def reads(slot: str, answer: str, claims: Iterable[Claim], table: Table) -> bool:
    """Whether an answer claims what its slot asks for, or says that nobody can tell."""
    family = _FAMILIES.get(slot) or _FAMILIES.get(slot.partition(".")[0])
    if family is None or any(one.kind == "finding" and one.value in family for one in claims):
        return True
    if len(answer.split()) > _MOST_WORDS:
        return False
    unknown = _UNKNOWN.fullmatch(answer) is not None
    return unknown or (table.faz is None and _NO_FAZ.fullmatch(answer) is not None)


def too_wide(claim: Claim, facts: Facts) -> bool:
    """Whether most of the cells that a claim names are far from the finding."""
    normal = claim.value == NO_ABNORMALITY
    # To deny normality is to claim a finding.
    if claim.kind != "finding" or claim.negated != normal or not claim.cells:
        return False
    among = facts.abnormal if normal else facts.named(claim.value)
    there = [FindingCell(*cell) for one in among for cell in one.cells]
    near = sum(any(touches(FindingCell(*cell), one) for one in there) for cell in claim.cells)
    return bool(there) and near < _LEAST_SHARE * len(claim.cells)


def wrong_extent(answer: str, facts: Facts) -> str:
    """Return the word of an answer that calls the loss of capillaries less or more than it is."""
    count = len(facts.where("non-perfusion"))
    if not count:
        return ""  # to speak of any is a false claim
    for words, so in ((_FOCAL, count <= FOCAL), (_WIDE, count > WIDESPREAD)):
        for found in words.finditer(answer):
            if so == bool(_DENIED.search(answer[: found.start()])):
                return found.group()
    return ""


def open_stages(table: Table) -> frozenset[str]:
    """Return the stages that may be called possible."""
    return frozenset(name for name, p in table.probabilities.items() if p >= _OPEN)
