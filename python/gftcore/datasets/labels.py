# SPDX-License-Identifier: Apache-2.0
"""The words of a manifest: labels, eyes, splits."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast, get_args

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["EYES", "LABELS", "SPLITS", "Eye", "Label", "Split", "class_names", "parse_class"]
__all__ += ["parse_eye", "parse_label", "parse_split"]

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
#: Spelt nearly as a label, but what data sets call retinopathy that nobody graded.
_OWN_WORDS = ("dr",)
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
    words = _words_of_labels()
    expected = "Healthy (Normal, DM), NPDR (Early NPDR, Late NPDR) or PDR"
    return cast("Label", _word(text, words, "label", expected))


def class_names(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the classes of a data set, from the mildest to the worst.

    They are `LABELS` where all labels are words of diabetic retinopathy, as `parse_label` reads
    them. A data set of another disease names its classes itself: what it calls Healthy comes
    first, the others follow in the order of the alphabet. So that a misspelt word of diabetic
    retinopathy makes no class, that needs

    - two classes or more, each with two images or more,
    - no word of diabetic retinopathy but those for Healthy, and none that is spelt nearly so, but
      for ``DR``, retinopathy that was not graded,
    - no number: published lists number their classes in different orders.

    Otherwise they are `LABELS`, too, which refuse the other labels by name.

    Parameters
    ----------
    labels
        Label of each image, in any spelling.

    Examples
    --------
    >>> class_names(["normal", "PDR"])
    ('Healthy', 'NPDR', 'PDR')
    >>> class_names(["normal", "RVO", "rvo", "Healthy"])
    ('Healthy', 'RVO')
    """
    spelling: dict[str, str] = {}
    known = _words_of_labels()
    images: Counter[str] = Counter()
    for text in labels:
        word = _folded(text)
        word = known[word].casefold() if word in known else word
        spelling.setdefault(word, known.get(word, " ".join(text.split())))
        images[word] += 1
    free = [word for word in images if word not in known]
    sound = (
        len(images) >= 2
        and min(images.values()) >= 2
        and all(known[word] == LABELS[0] for word in images if word in known)
        and not any(_NUMBER.fullmatch(word) or _nearly(word, known) for word in free)
    )
    if not free or not sound:
        return LABELS
    healthy = LABELS[0].casefold()
    return tuple(
        spelling[word] for word in sorted(images, key=lambda word: (word != healthy, word))
    )


_NUMBER = re.compile(r"[-+]?\d*\.?\d*")


def _nearly(word: str, known: Iterable[str]) -> bool:
    return word not in _OWN_WORDS and bool(
        difflib.get_close_matches(word, list(known), n=1, cutoff=0.8)
    )


def _folded(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", text.strip().casefold()))


def _words_of_labels() -> dict[str, str]:
    return {name.casefold(): name for name in LABELS} | _LABEL_ALIASES


def parse_class(text: str, classes: Sequence[str]) -> str:
    """Return the class that a text names, in the spelling of the classes.

    Examples
    --------
    >>> parse_class("normal", ("Healthy", "RVO"))
    'Healthy'
    """
    if tuple(classes) == LABELS:
        return parse_label(text)
    words = {_folded(name): name for name in classes}
    aliases = {word: name for word, name in _LABEL_ALIASES.items() if name in classes}
    return _word(text, aliases | words, "label", ", ".join(classes))


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
    word = words.get(_folded(text))
    if word is None:
        raise ArgumentError(f"{name} must be {expected}, got {text.strip()!r:.60}")
    return word
