# SPDX-License-Identifier: Apache-2.0
"""Words that no pair may have, as patterns; and those of them that teachers are told."""

from __future__ import annotations

import re

from gftcore.claims import banned_words

__all__ = ["IDENTIFIERS", "LISTED", "REFUSALS", "ROLES", "advice", "machinery"]

#: Words that a prompt lists as banned; the checks know more of their kinds.
LISTED = (
    "overlay", "heatmap", "colour", "red", "orange", "blue", "node", "edge", "graph", "table",
    "column", "label", "ground truth", "prediction", "model", "algorithm", "neural network",
    "probability", "gradient", "attribution", "contribution", "highlighted", "annotated",
    "according to the data",
)  # fmt: skip


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{words})(?![\w])", re.IGNORECASE)


# Besides what `banned_words` knows: what a reader of the image alone cannot have seen.
_MACHINERY = _pattern(
    r"graphs?|columns?|labell?(?:s|ed)?|ground[- ]truth|predict(?:s|ed|ions?|or)?|models?"
    r"|algorithms?|software|classifiers?|(?:deep|machine) learning|(?:neural|graph) networks?"
    r"|artificial intelligence|AI|saliency|attributions?|contributions?|z[- ]?scores?|vectors?"
    r"|highlight(?:s|ed|ing)?|annotat(?:ed|ions?)|legends?|prompts?|json"
    r"|(?:given|provided|supplied) (?:data|information|measurements?|findings?|images?)"
    r"|(?:according to|based on) the (?:data|information|measurements?|numbers|values)"
    r"|training (?:data|set|images?|eyes)|data ?sets?|synthetic"
)
_ADVICE = _pattern(
    r"treat(?:s|ing|able)?|managed|management|monitor(?:ed|ing)?|medications?|drugs?|insulin"
    r"|prescri\w+|operat(?:e|ion)|consult\w*|urgent(?:ly)?|screening|prognosis"
    r"|(?:see|visit) (?:a|an|your|the) (?:\w+ )?(?:doctor|physician|specialist|ophthalmologist)"
    r"|blood (?:sugar|glucose|pressure)|glyc(?:a?e)mic control"
    r"|(?:should|must|needs to) be (?:seen|examined|checked|started|repeated|scheduled|considered)"
    r"|(?:needs?|requires?) (?:prompt|urgent|immediate|close|regular|further)"
)
REFUSALS = _pattern(
    r"(?:I|we)(?: am| are|'m|'re)? (?:sorry|unable|not able|afraid)"
    r"|(?:I|we) (?:can ?not|can't|could not|won't|will not|do not|don't|must decline)"
    r"|sorry|apolog\w+|as an? (?:AI|assistant|language|large)\b[\w ]*|language model"
    r"|unable to (?:help|assist|provide|answer|comply|view|see|analy[sz]e|process)"
    r"|(?:cannot|can not|can't) (?:help|assist|provide|answer|comply)"
    r"|not a (?:doctor|physician|medical professional|substitute)|medical advice"
    r"|no image (?:was|is|has been)? ?(?:provided|attached|given|visible)"
)
#: A turn of a conversation or a heading instead of a sentence.
ROLES = re.compile(
    r"^\s*(?:system|user|assistant|human|gpt|question|answer|q|a|reply|output)\s*:", re.IGNORECASE
)

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|(?-i:Mar(?:ch)?)|apr(?:il)?|(?-i:May)|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
#: What may identify somebody or something, by kind.
IDENTIFIERS: dict[str, re.Pattern[str]] = {
    kind: re.compile(text, re.IGNORECASE)
    for kind, text in {
        "an e-mail address": r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+\.\w+",
        "a web address": r"https?:|ftp:|www\.|localhost"
        r"|\b[\w-]+\.(?:com|org|net|edu|gov|io|info|de|uk|eu|cn|fr)\b",
        "a file name": r"\b[\w-]+\.(?:png|jpe?g|tiff?|bmp|gif|dcm|dicom|nii|gz|np[yz]|csv|tsv|json"
        r"|jsonl|txt|pdf|xml|parquet|svg|html?|py|zip|sqlite|db|toml|ya?ml)\b",
        "a path": r"\\\w|\b[a-z]:[\\/]|(?<![\w<])~?\.{0,2}/\w|\w/[\w.-]+/\w",
        "a date": r"\b(?:19|20)\d\d\b|\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b"
        rf"|\b\d{{1,2}}[a-z]{{0,2}}(?: of)? {_MONTHS}|\b{_MONTHS}\.? \d{{1,4}}\b"
        r"|\b(?:january|february|april|june|july|august|september|october|november|december)\b",
        "a person": r"\bMRN\b|\bDOB\b|date of birth|\bborn\b|medical record|accession|\bSSN\b"
        r"|\bpatients?(?:'s)? (?:id|identifier|name|number|no)\b|\b(?:year|years)[- ]old\b|\baged\b"
        r"|(?-i:\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.? [A-Z][a-z])",
        "a number that identifies": r"\d{4,}|\b[a-z]{1,8}[-#]?\d{3,}\b|\w*_\w*"
        r"|\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\+?\d[\d ().-]{7,}\d",
    }.items()
}  # fmt: skip


def machinery(text: str) -> tuple[str, ...]:
    """Return words that a reader of the image alone has no reason to use.

    Examples
    --------
    >>> machinery("The overlay marks what the model used.")
    ('overlay', 'model')
    """
    known = [word for kind, word in banned_words(text) if kind not in ("number", "treatment")]
    return tuple(dict.fromkeys((*known, *(found.group() for found in _MACHINERY.finditer(text)))))


def advice(text: str) -> tuple[str, ...]:
    """Return words of advice on treatment.

    Examples
    --------
    >>> advice("Laser is recommended, and monitoring.")
    ('Laser', 'recommended', 'monitoring')
    """
    known = [word for kind, word in banned_words(text) if kind == "treatment"]
    return tuple(dict.fromkeys((*known, *(found.group() for found in _ADVICE.finditer(text)))))
