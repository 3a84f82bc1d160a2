# SPDX-License-Identifier: Apache-2.0
"""How varied answers are worded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from gftcore.instructions.records import Instruction, slot_group
from gftcore.instructions.texts import words
from gftcore.instructions.verdicts import rounded, share

__all__ = ["wording_figures"]

_SHOWN = 200


def wording_figures(rows: Iterable[Instruction]) -> dict[str, Any]:
    """Return how varied the answers are, in all and for each group of slots.

    Returns
    -------
    dict
        ``all`` and ``by_group``: ``answers``; ``distinct`` and ``distinct_share``, different
        answers; ``pairs`` and ``distinct_2``, pairs of neighbouring words and which share of them
        are different ones; ``mean_words``; ``most_frequent``, the answer that comes most often.
    """
    by_group: dict[str, list[str]] = defaultdict(list)
    for one in rows:
        by_group[slot_group(one.slot)].append(one.answer)
    every = [answer for answers in by_group.values() for answer in answers]
    return {
        "all": _figures(every),
        "by_group": {group: _figures(answers) for group, answers in by_group.items()},
    }


def _figures(answers: Sequence[str]) -> dict[str, Any]:
    counts = Counter(answers)
    pairs: set[tuple[str, str]] = set()
    total = length = 0
    for answer, times in counts.items():
        said = words(answer)
        some = list(pairwise(said))
        pairs.update(some)
        total += times * len(some)
        length += times * len(said)
    most = min(counts.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return {
        "answers": len(answers),
        "distinct": len(counts),
        "distinct_share": share(len(counts), len(answers)),
        "pairs": total,
        "distinct_2": share(len(pairs), total),
        "mean_words": rounded(length / len(answers)) if answers else None,
        "most_frequent": {
            "text": most[0] if len(most[0]) <= _SHOWN else most[0][: _SHOWN - 3] + "...",
            "count": most[1],
            "share": share(most[1], len(answers)),
        },
    }
