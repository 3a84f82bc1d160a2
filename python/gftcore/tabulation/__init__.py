# SPDX-License-Identifier: Apache-2.0
"""Claims about an eye, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.tabulation.claim_answers import Answer, AnswerFinding, answer_claims
    from gftcore.tabulation.claim_lesions import lesion_cells
    from gftcore.tabulation.claim_text import banned_words, text_claims
    from gftcore.tabulation.claims import (
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
    "banned_words",
    "check_claims",
    "lesion_cells",
    "score_locations",
    "text_claims",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "VERDICTS": "claims",
        "Answer": "claim_answers",
        "AnswerFinding": "claim_answers",
        "CheckedClaim": "claims",
        "Claim": "claims",
        "Facts": "claims",
        "FindingLike": "claims",
        "Located": "claims",
        "LocationScore": "claims",
        "answer_claims": "claim_answers",
        "banned_words": "claim_text",
        "check_claims": "claims",
        "lesion_cells": "claim_lesions",
        "score_locations": "claims",
        "text_claims": "claim_text",
    },
)
