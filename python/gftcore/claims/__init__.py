# SPDX-License-Identifier: Apache-2.0
"""Claims about an eye, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.claims.answers import Answer, AnswerFinding, answer_claims
    from gftcore.claims.asked import asked_cells, placed
    from gftcore.claims.checking import (
        VERDICTS,
        CheckedClaim,
        Claim,
        Facts,
        FindingLike,
        Located,
        LocationScore,
        check_claims,
        score_locations,
    )
    from gftcore.claims.lesions import lesion_cells
    from gftcore.claims.text import banned_words, text_claims, text_places

__all__ = [
    "VERDICTS",
    "Answer",
    "AnswerFinding",
    "CheckedClaim",
    "Claim",
    "Facts",
    "FindingLike",
    "Located",
    "LocationScore",
    "answer_claims",
    "asked_cells",
    "banned_words",
    "check_claims",
    "lesion_cells",
    "placed",
    "score_locations",
    "text_claims",
    "text_places",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "VERDICTS": "checking",
        "Answer": "answers",
        "AnswerFinding": "answers",
        "CheckedClaim": "checking",
        "Claim": "checking",
        "Facts": "checking",
        "FindingLike": "checking",
        "Located": "checking",
        "LocationScore": "checking",
        "answer_claims": "answers",
        "asked_cells": "asked",
        "banned_words": "text",
        "check_claims": "checking",
        "lesion_cells": "lesions",
        "placed": "asked",
        "score_locations": "checking",
        "text_claims": "text",
        "text_places": "text",
    },
)
