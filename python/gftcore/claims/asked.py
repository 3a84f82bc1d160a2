# SPDX-License-Identifier: Apache-2.0
"""The place that a question of the plan gives to claims that name none."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from gftcore._validation import describe
from gftcore.claims.checking import Claim
from gftcore.claims.places import ANYWHERE, HOURS, Cell
from gftcore.claims.text import text_places
from gftcore.errors import ArgumentTypeError
from gftcore.findings.vocabulary import FAZ_FINDINGS

__all__ = ["asked_cells", "placed"]

_QUADRANTS = {"TL": "up left", "TR": "up right", "BL": "down left", "BR": "down right"}
#: Around the FAZ.
_NEAR = frozenset(cell for cell in ANYWHERE if cell[1] != "outer")


def asked_cells(slot: str, question: str, *, eye: str = "unknown") -> frozenset[Cell] | None:
    """Return the cells that a question is about.

    Parameters
    ----------
    slot
        ``stage``, or one of `gftcore.narrative.PLAN`.
    question
        What is asked. Only questions by the clock need to be read for their place.
    eye
        Side of the eye: ``OD``, ``OS`` or ``unknown``.

    Returns
    -------
    frozenset or None
        None for a slot about the whole image; empty if the question of a clock slot names no place
        that can be resolved.

    Examples
    --------
    >>> sorted(asked_cells("clock.1", "What is seen at 2 o'clock?"))
    [(2, 'outer'), (2, 'parafoveal')]
    >>> asked_cells("perfusion.1", "Where is non-perfusion?") is None
    True
    """
    if not isinstance(slot, str):
        raise ArgumentTypeError(f"slot must be a str, got {describe(slot)}")
    kind, _, which = slot.partition(".")
    if which in _QUADRANTS:
        hours = HOURS[_QUADRANTS[which]]
        return frozenset((hour, zone) for hour in hours for zone in ("parafoveal", "outer"))
    if kind == "clock":
        return frozenset[Cell]().union(*text_places(question, eye=eye))
    return _NEAR if slot == "faz.3" else None


def placed(claim: Claim, cells: Collection[Cell] | None) -> Claim:
    """Return a claim with the place that its question gives, if it names none itself.

    Parameters
    ----------
    claim
        Of `text_claims`. Stages, eyes and findings of the FAZ have no place and stay as they are.
    cells
        From `asked_cells`.

    Examples
    --------
    >>> claim = Claim(kind="finding", value="non-perfusion")
    >>> sorted(placed(claim, {(2, "outer")}).cells), placed(claim, None).cells
    ([(2, 'outer')], None)
    """
    if not isinstance(claim, Claim):
        raise ArgumentTypeError(f"claim must be a Claim, got {describe(claim)}")
    own = claim.kind != "finding" or claim.cells is not None or claim.value in FAZ_FINDINGS
    return claim if own or cells is None else dataclasses.replace(claim, cells=frozenset(cells))
