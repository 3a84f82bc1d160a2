# SPDX-License-Identifier: Apache-2.0
"""What was found in one eye, in words of a closed vocabulary, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.findings.document import finding_document, finding_from, rounded_finding
    from gftcore.findings.measures import CELLS
    from gftcore.findings.rules import find_findings, finding_values
    from gftcore.findings.thresholds import (
        HealthyEye,
        Thresholds,
        finding_thresholds,
        thresholds_of,
    )
    from gftcore.findings.vocabulary import FINDINGS, Cell, Finding

__all__ = [
    "CELLS",
    "FINDINGS",
    "Cell",
    "Finding",
    "HealthyEye",
    "Thresholds",
    "find_findings",
    "finding_document",
    "finding_from",
    "finding_thresholds",
    "finding_values",
    "rounded_finding",
    "thresholds_of",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CELLS": "measures",
        "FINDINGS": "vocabulary",
        "Cell": "vocabulary",
        "Finding": "vocabulary",
        "HealthyEye": "thresholds",
        "Thresholds": "thresholds",
        "find_findings": "rules",
        "finding_document": "document",
        "finding_from": "document",
        "finding_thresholds": "thresholds",
        "finding_values": "rules",
        "rounded_finding": "document",
        "thresholds_of": "thresholds",
    },
)
