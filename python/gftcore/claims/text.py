# SPDX-License-Identifier: Apache-2.0
"""Claims in free text, by a closed lexicon and a small grammar; nothing here is learned."""

from __future__ import annotations

from gftcore._validation import describe, require_choice
from gftcore.claims.checking import Claim
from gftcore.claims.grammar import sentence_items
from gftcore.claims.lexicon import BANNED
from gftcore.claims.places import Cell
from gftcore.claims.regions import place_groups
from gftcore.claims.words import lex, mend, plain, sentences
from gftcore.errors import ArgumentTypeError
from gftcore.findings.vocabulary import FAZ_FINDINGS

__all__ = ["banned_words", "text_claims", "text_places"]


def text_claims(text: str, *, eye: str = "unknown") -> tuple[Claim, ...]:
    """Return the claims that a text makes about an eye.

    Parameters
    ----------
    text
        English, of any length.
    eye
        Side of the eye that it is about, which says where nasal and temporal are: ``OD``, ``OS``
        or ``unknown``.

    Returns
    -------
    tuple
        In the order of its sentences, each once. Questions, conditions, and what "cannot be
        excluded" claim nothing. The place of a finding of the FAZ is the FAZ, whatever is said.

    Examples
    --------
    >>> for claim in text_claims("NPDR with dropout at 2 o'clock, no tufts.", eye="OD"):
    ...     print(claim.value, claim.negated, sorted(claim.cells or ()))
    NPDR False []
    non-perfusion False [(2, 'outer'), (2, 'parafoveal')]
    neovascular tuft True []
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(f"text must be a str, got {describe(text)}")
    require_choice(eye, ("OD", "OS", "unknown"), "eye")
    claims: dict[tuple[object, ...], Claim] = {}
    for sentence in sentences(plain(text)):
        for item in sentence_items(sentence, eye):
            located = item.kind == "finding" and item.value not in FAZ_FINDINGS
            for cells in item.places() if located else [None]:
                claim = Claim(
                    kind=item.kind,
                    value=item.value,
                    negated=item.negated,
                    hedged=item.hedged,
                    cells=cells,
                    text=sentence,
                )
                # What is said to be possible does not stand for what is later said for sure.
                key = (claim.kind, claim.value, claim.negated, claim.hedged, claim.cells)
                claims.setdefault(key, claim)
    return tuple(claims.values())


def text_places(text: str, *, eye: str = "unknown") -> tuple[frozenset[Cell], ...]:
    """Return the places that a text names, whatever it says of them; those of questions too.

    Parameters
    ----------
    text, eye
        As for `text_claims`.

    Returns
    -------
    tuple
        The cells of each place, in the order of the text. Empty where a place cannot be resolved.

    Examples
    --------
    >>> [sorted(cells) for cells in text_places("Is there dropout at 2 o'clock, parafoveal?")]
    [[(2, 'parafoveal')]]
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(f"text must be a str, got {describe(text)}")
    require_choice(eye, ("OD", "OS", "unknown"), "eye")
    found: list[frozenset[Cell]] = []
    for sentence in map(mend, sentences(plain(text))):
        for group in place_groups(lex(sentence), sentence, eye):
            found += group.places
    return tuple(found)


def banned_words(text: str) -> tuple[tuple[str, str], ...]:
    """Return the words that a text for readers of the image must not have.

    Returns
    -------
    tuple
        Kind and word, in the order of the text: names of the machinery (``node``, ``edge``,
        ``table``, ``overlay``, ``heatmap``, ``colour``, ``probability``, ``gradient``), measured
        values (``number``), advice (``treatment``).

    Examples
    --------
    >>> banned_words("The FAZ edge, 0.45 mm2, is known.")
    (('edge', 'edge'), ('number', '0.45 mm2'))
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(f"text must be a str, got {describe(text)}")
    known = plain(text)
    found = [
        (match.start(), kind, match.group())
        for kind, pattern in BANNED.items()
        for match in pattern.finditer(known)
    ]
    return tuple((kind, word) for _, kind, word in sorted(found))
