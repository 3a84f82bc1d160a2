# SPDX-License-Identifier: Apache-2.0
"""Findings as plain JSON values, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gftcore._validation import describe, require_choice, require_int, require_real
from gftcore.errors import ArgumentTypeError, FormatError, GftcoreError
from gftcore.findings.measures import CELLS
from gftcore.findings.vocabulary import FINDINGS, Cell, Finding
from gftcore.graph.hetero_graph import NODE_TYPES

__all__ = ["finding_document", "finding_from", "rounded_finding"]

_NUMBERS = ("value", "threshold", "strength")
_KEYS = ("name", "cells", "regions", "evidence", *_NUMBERS)


def finding_document(one: Finding) -> dict[str, Any]:
    """Return a finding as plain JSON values; numbers have nine digits.

    Structures are pairs of type of node and number, as in the table.

    Examples
    --------
    >>> tuft = Finding(name="neovascular tuft", cells=(Cell(2, "outer"),), regions=("upper right",),
    ...                evidence=(("vessel", 7),), value=2.0, threshold=1.5, strength=3.0)
    >>> finding_document(tuft)["evidence"], finding_from(finding_document(tuft)) == tuft
    ([['vessel', 7]], True)
    """
    if not isinstance(one, Finding):
        raise ArgumentTypeError(f"one must be a Finding, got {describe(one)}")
    return {
        "name": one.name,
        "cells": [list(cell) for cell in one.cells],
        "regions": list(one.regions),
        "evidence": [list(ref) for ref in one.evidence],
        **{name: _rounded(getattr(one, name)) for name in _NUMBERS},
    }


def rounded_finding(one: Finding) -> Finding:
    """Return a finding with the numbers that `finding_document` writes."""
    numbers: dict[str, Any] = {name: _rounded(getattr(one, name)) for name in _NUMBERS}
    return dataclasses.replace(one, **numbers)


def finding_from(document: Mapping[str, Any]) -> Finding:
    """Return the finding that `finding_document` wrote, with ``cell_evidence`` if it is there.

    Raises
    ------
    FormatError
        If something is missing, unknown or of another kind.
    """
    if not isinstance(document, Mapping):
        raise FormatError(f"a finding must be an object, got {describe(document)}")
    names = {*_KEYS, "cell_evidence"}
    if not set(_KEYS) <= set(document) or not set(document) <= names:
        raise FormatError(f"a finding must have {', '.join(_KEYS)}, got {sorted(document)!s:.200}")
    try:
        cells = tuple(Cell(*cell) for cell in document["cells"])
        for cell in cells:
            require_choice(cell, CELLS, "cell")
        return Finding(
            name=require_choice(document["name"], FINDINGS, "name"),
            cells=cells,
            regions=tuple(_word(word) for word in document["regions"]),
            evidence=_refs(document["evidence"]),
            value=_number(document["value"], "value"),
            threshold=_number(document["threshold"], "threshold"),
            strength=require_real(document["strength"], "strength"),
            cell_evidence=tuple(_refs(refs) for refs in document.get("cell_evidence", ())),
        )
    except (GftcoreError, TypeError, ValueError) as error:
        raise FormatError(f"a finding is not as it was written: {error!s:.200}") from error


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.9g}")


def _number(value: object, name: str) -> float | None:
    return None if value is None else require_real(value, name)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"regions must hold words, got {describe(value)}")
    return value


def _refs(values: Any) -> tuple[tuple[str, int], ...]:
    refs = []
    for name, number in values:
        refs.append((require_choice(name, NODE_TYPES, "type"), require_int(number, "number")))
    return tuple(refs)
