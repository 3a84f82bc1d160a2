# SPDX-License-Identifier: Apache-2.0
"""What a network said about one eye as a table, as findings and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.tabulation.finding_measures import CELLS
    from gftcore.tabulation.finding_rules import find_findings, finding_values
    from gftcore.tabulation.findings import FINDINGS, Cell, Finding
    from gftcore.tabulation.places import REGIONS, ZONES, Fovea, Place, region_word
    from gftcore.tabulation.plan import PLAN, answer_plan
    from gftcore.tabulation.table import (
        AttributionInfo,
        EdgeRow,
        FazRow,
        FeatureCell,
        ImageInfo,
        ModelInfo,
        NodeRow,
        QuadrantRow,
        Table,
    )
    from gftcore.tabulation.thresholds import Thresholds, finding_thresholds
    from gftcore.tabulation.words import QuestionAnswer, Sentence, answer_stage, write_text

__all__ = [
    "CELLS",
    "FINDINGS",
    "PLAN",
    "REGIONS",
    "ZONES",
    "AttributionInfo",
    "Cell",
    "EdgeRow",
    "FazRow",
    "FeatureCell",
    "Finding",
    "Fovea",
    "ImageInfo",
    "ModelInfo",
    "NodeRow",
    "Place",
    "QuadrantRow",
    "QuestionAnswer",
    "Sentence",
    "Table",
    "Thresholds",
    "answer_plan",
    "answer_stage",
    "find_findings",
    "finding_thresholds",
    "finding_values",
    "region_word",
    "write_text",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CELLS": "finding_measures",
        "FINDINGS": "findings",
        "PLAN": "plan",
        "REGIONS": "places",
        "ZONES": "places",
        "AttributionInfo": "table",
        "Cell": "findings",
        "EdgeRow": "table",
        "FazRow": "table",
        "FeatureCell": "table",
        "Finding": "findings",
        "Fovea": "places",
        "ImageInfo": "table",
        "ModelInfo": "table",
        "NodeRow": "table",
        "Place": "places",
        "QuadrantRow": "table",
        "QuestionAnswer": "words",
        "Sentence": "words",
        "Table": "table",
        "Thresholds": "thresholds",
        "answer_plan": "plan",
        "answer_stage": "words",
        "find_findings": "finding_rules",
        "finding_thresholds": "thresholds",
        "finding_values": "finding_rules",
        "region_word": "places",
        "write_text": "words",
    },
)
