# SPDX-License-Identifier: Apache-2.0
"""Whether a comparison of two halves agrees with what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gftcore.tabulation import Table

__all__ = ["HALVES", "wrong_comparisons"]

#: Word of a half to its quadrants, in any eye; nasal and temporal need the eye's side.
HALVES: dict[str, tuple[str, str]] = {
    "superior": ("TL", "TR"), "upper": ("TL", "TR"), "top": ("TL", "TR"),
    "inferior": ("BL", "BR"), "lower": ("BL", "BR"), "bottom": ("BL", "BR"),
    "left": ("TL", "BL"), "right": ("TR", "BR"),
}  # fmt: skip
_SIDES = {"OD": ("right", "left"), "OS": ("left", "right")}
_HALF = r"(superior|upper|top|inferior|lower|bottom|left|right|nasal|temporal)"
_LESS = r"(?:fewer|less|sparser|thinner|weaker|poorer|reduced|lower(?! half| part| region))"
_MORE = r"(?:denser|more|richer|greater|higher|fuller)"
_THAN = re.compile(
    rf"\b{_HALF}\b[^.;]*?\b(?:({_LESS})|{_MORE})\b[^.;]*?\bthan\b[^.;]*?\b{_HALF}\b", re.IGNORECASE
)
_IN_THAN = re.compile(
    rf"\b(?:({_LESS})|{_MORE})\b[^.;]*?\b{_HALF}\b[^.;]*?\bthan\b[^.;]*?\b{_HALF}\b", re.IGNORECASE
)
_ALIKE = re.compile(
    r"\b(?:equal(?:ly)?|similar(?:ly)?|alike|the same|balanced|symmetric\w*)\b", re.I
)
_NOT = re.compile(r"\b(?:no|not|n't|rather than|neither)\b", re.IGNORECASE)
#: Halves that differ by less may be called equal; by more, they may not.
_EQUAL = 0.06


def wrong_comparisons(text: str, table: Table) -> Iterator[str]:
    """Yield the sentences that call the wrong half denser, or unequal halves equal.

    Sentences that deny something, or compare in words that nobody knows, are not judged.
    """
    for sentence in re.split(r"(?<=[.;])\s+", text):
        said = re.sub(r"^\s*(?:no|yes),?\s+", "", sentence, flags=re.IGNORECASE)
        if _NOT.search(said):
            continue
        found, first, second = _THAN.search(said), 1, 3
        if found is not None:
            less = found.group(2) is not None
        else:
            found, first, second = _IN_THAN.search(said), 2, 3
            less = found is not None and found.group(1) is not None
        if found is not None:
            pair = _densities(found.group(first), found.group(second), table)
            if pair is None or (pair[0] >= pair[1] if less else pair[0] <= pair[1]):
                yield sentence
        elif _ALIKE.search(said):
            named: list[str] = re.findall(rf"\b{_HALF}\b", said, re.IGNORECASE)
            pair = _densities(named[0], named[1], table) if len(named) > 1 else None
            if pair is not None and abs(pair[0] - pair[1]) > _EQUAL * max(pair):
                yield sentence


def _densities(one: str, other: str, table: Table) -> tuple[float, float] | None:
    values = []
    for name in (one.lower(), other.lower()):
        sides = dict(zip(("nasal", "temporal"), _SIDES.get(table.image.eye, ()), strict=False))
        half = HALVES.get(sides.get(name, name))
        rows = [] if half is None else [table.quadrants[q].vessel_density_pct for q in half]
        known = [value for value in rows if value is not None]
        if len(known) < 2:
            return None
        values.append(sum(known) / 2)
    return values[0], values[1]
