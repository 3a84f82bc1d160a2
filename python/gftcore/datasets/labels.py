# SPDX-License-Identifier: Apache-2.0
"""The words of a manifest: labels, eyes, splits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, cast, get_args

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["EYES", "LABELS", "SPLITS", "Eye", "Label", "Split", "parse_eye", "parse_label"]
__all__ += ["parse_split"]

Label = Literal["Healthy", "NPDR", "PDR"]
Eye = Literal["OD", "OS", "unknown"]
Split = Literal["train", "validate", "test"]

#: Labels from the mildest to the worst; class 0 is the first.
LABELS: tuple[Label, ...] = get_args(Label)
EYES: tuple[Eye, ...] = get_args(Eye)
SPLITS: tuple[Split, ...] = get_args(Split)

_LABEL_ALIASES = {
    "normal": "Healthy",
    "dm": "Healthy",  # diabetes without retinopathy
    "early npdr": "NPDR",
    "late npdr": "NPDR",
}
_SPLIT_ALIASES = {"val": "validate", "validation": "validate"}


def parse_label(text: str) -> Label:
    """Return the label that a text names.

    Case is ignored, and blanks, hyphens and underscores between words are one. Numbers are
    refused: published lists number their classes in different orders.

    Parameters
    ----------
    text
        ``Healthy`` (or ``Normal``, ``DM``), ``NPDR`` (or ``Early NPDR``, ``Late NPDR``), ``PDR``.

    Raises
    ------
    ArgumentError
        If it is none of them.

    Examples
    --------
    >>> parse_label(" early_npdr")
    'NPDR'
    """
    words = {name.casefold(): name for name in LABELS} | _LABEL_ALIASES
    expected = "Healthy (Normal, DM), NPDR (Early NPDR, Late NPDR) or PDR"
    return cast("Label", _word(text, words, "label", expected))


def parse_eye(text: str) -> Eye:
    """Return the eye that a text names: ``OD``, ``OS`` or ``unknown``, in upper or lower case.

    Examples
    --------
    >>> parse_eye("os")
    'OS'
    """
    words = {name.casefold(): name for name in EYES}
    return cast("Eye", _word(text, words, "eye", "OD, OS or unknown"))


def parse_split(text: str) -> Split:
    """Return the split that a text names: ``train``, ``validate`` (``val``) or ``test``.

    Examples
    --------
    >>> parse_split("Val")
    'validate'
    """
    words = {name: name for name in SPLITS} | _SPLIT_ALIASES
    return cast("Split", _word(text, words, "split", "train, validate (val, validation) or test"))


def _word(text: str, words: Mapping[str, str], name: str, expected: str) -> str:
    if not isinstance(text, str):
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(text)}")
    word = words.get(" ".join(re.split(r"[\s_-]+", text.strip().casefold())))
    if word is None:
        raise ArgumentError(f"{name} must be {expected}, got {text.strip()!r:.60}")
    return word
