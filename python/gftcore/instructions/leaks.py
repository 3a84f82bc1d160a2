# SPDX-License-Identifier: Apache-2.0
"""Images and subjects that would be learned from and tested on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gftcore.instructions.faults import SetProblem
from gftcore.instructions.records import Instruction

__all__ = ["leak_problems"]


def leak_problems(rows: Iterable[Instruction], pixels: Mapping[str, str]) -> Iterator[SetProblem]:
    """Yield images, pixels and subjects in several splits, each fault by its own code.

    What an image in two splits brings with it is not told again of its pixels and its subject, and
    pixels under two ids not of their subjects.
    """
    split_of: dict[str, str] = {}
    subject_of: dict[str, int] = {}
    told: set[str] = set()
    for one in rows:
        split = split_of.setdefault(one.image_id, one.split)
        subject_of.setdefault(one.image_id, one.subject)
        if split != one.split and one.image_id not in told:
            told.add(one.image_id)
            message = f"must be in one split, got {split} and {one.split}"
            yield SetProblem("LEAK_IMAGE", one.image_id, message)
    first_of_pixels: dict[str, str] = {}
    twins: set[str] = set()
    for image_id, digest in pixels.items():
        if image_id in told:
            continue
        other = first_of_pixels.setdefault(digest, image_id)
        if other == image_id:
            continue
        twins.add(image_id)
        here, there = split_of[image_id], split_of[other]
        if here != there:
            message = f"must be in one split, got the pixels of {other}, {there}, in {here}"
            yield SetProblem("LEAK_PIXELS", image_id, message)
        else:
            message = f"has the same pixels as {other}, so it counts twice"
            yield SetProblem("SAME_PIXELS", image_id, message, warning=True)
    splits: dict[int, dict[str, None]] = {}
    for image_id, subject in subject_of.items():
        if image_id not in told | twins:
            splits.setdefault(subject, {})[split_of[image_id]] = None
    for subject, some in splits.items():
        if len(some) > 1:
            message = f"must be in one split, got {', '.join(some)}"
            yield SetProblem("LEAK_SUBJECT", f"subject {subject}", message)
