# SPDX-License-Identifier: Apache-2.0
"""Words that no pair may have, as patterns; and those of them that teachers are told."""

from __future__ import annotations

import re

from gftcore.claims import banned_words

__all__ = ["DISEASES", "HEDGES", "IDENTIFIERS", "LISTED", "NUMBERS", "REFUSALS", "ROLES"]
__all__ += ["advice", "graded_stages", "machinery", "names"]

#: Words that a prompt lists as banned; the checks know more of their kinds.
LISTED = (
    "overlay", "heatmap", "colour", "red", "orange", "blue", "node", "edge", "graph", "table",
    "column", "label", "ground truth", "prediction", "model", "algorithm", "neural network",
    "probability", "gradient", "attribution", "contribution", "highlighted", "annotated",
    "measurement", "decision", "second picture",
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
    r"|(?<!sparse )(?<!capillary )(?<!vascular )(?<!vessel )networks?"
    r"|(?:second|other|first|two|both) (?:pictures?|images?)|measure(?:s|d|ments?)|listed"
    r"|(?:was|were|been|am) told|decisions?|decided"
    r"|(?:marked|bright(?:er|ly)?|warm(?:er)?|cold(?:er)?|tinted|shaded|painted) (?:\w+ )?"
    r"(?:areas?|tones?|parts?|regions?|zones?|patch(?:es)?|structures?|spots?|lines?)"
)
_STAGE = r"(?:N?PDR|DR|(?:non-?)?proliferative|(?:diabetic )?retinopathy|diabetic|disease|stage)"
_GRADE = re.compile(
    r"\b(?:severe(?:ly)?|severity|moderate(?:ly)?|mild(?:ly)?|high[- ]risk|advanced|early|late"
    r"|end[- ]stage|incipient|beginning|progressed|background)\b",
    re.IGNORECASE,
)
_STAGED = re.compile(rf"\b{_STAGE}\b", re.IGNORECASE)
#: Words after which the claim checker reads no claim.
HEDGES = _pattern(
    r"typically|often|usually|generally|commonly|frequently|sometimes|normally|previous(?:ly)?"
    r"|formerly|whether|if|unclear|unless|would (?:be )?expect(?:ed)?|rule out|may be missed"
    r"|history of|fellow eye|other eye|contralateral|in (?:such|other|these) eyes|as a rule"
    r"|(?:can ?not|can't|could not) (?:assess|judge|interpret|evaluate|grade)"
)
_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
)
#: Numbers in words.
NUMBERS = _pattern(
    r"hundreds?|thousands?|millions?|per ?cent|half a dozen|dozens?"
    r"|square (?:milli|micro)?met(?:er|re)s?|(?:milli|micro)met(?:er|re)s?|microns?|millimetres?"
    rf"|{_COUNT}[- ](?:point|times|fold|square|{_COUNT})|(?:zero|nought) point|twice"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
)
#: Diseases and signs outside of the vocabulary.
DISEASES = re.compile(
    r"\b(?:glaucoma\w*|macular holes?|holes?|(?:macular |retinal )?degenerat\w+|AMD|membranes?"
    r"|\w*vasculopath\w*|\w*telangi?ectas\w*|telangiectat\w*|occlu\w+|(?:o?edema\w*)|uveitis"
    r"|\w*retinitis|vasculitis|myopi\w+|hypertens\w+|cataracts?|detach\w+|drusen\w*|tumou?rs?"
    r"|melanomas?|thrombos\w+|infarct\w*|emboli\w*|central serous|choroid\w*|dystroph\w+"
    r"|scars?|scarring|fibros\w+|traction\w*|cysts?|cystoid|exudat\w*|ha?emorrhag\w*|IRMAs?|shunts?"
    r"|loops?|leak\w*|bleed\w*|sickle|lupus|cancer|neuropath\w*|atroph\w+)\b",
    re.IGNORECASE,
)
#: Capitals that a sentence may have besides its first.
_CAPITALS = frozenset(
    ["FAZ", "OCT", "OCTA", "NPDR", "PDR", "DR", "OD", "OS", "I", "AI", "MA", "MAs", "IRMA", "NVE",
     "NVD", "NV", "AMD", "Healthy", "Diabetic", "Retinopathy", "Proliferative", "Nonproliferative",
     "Non"]
)  # fmt: skip
_INSIDE = re.compile(r"(?<=[\w,)'\"] )[\"'(]?([^\W\d_]*[A-Z][^\W\d_]*)")
_ADVICE = _pattern(
    r"treat(?:s|ing|able)?|managed|management|monitor(?:ed|ing)?|medications?|drugs?|insulin"
    r"|prescri\w+|operat(?:e|ion)|consult\w*|urgent(?:ly)?|screening|prognosis"
    r"|(?:see|visit) (?:a|an|your|the) (?:\w+ )?(?:doctor|physician|specialist|ophthalmologist)"
    r"|blood (?:sugar|glucose|pressure)|glyc(?:a?e)mic control"
    r"|(?:should|must|needs to) be (?:seen|examined|checked|started|repeated|scheduled|considered)"
    r"|(?:needs?|requires?) (?:prompt|urgent|immediate|close|regular|further)"
    r"|(?:laser |light )?burns?|clinics?|(?:repeat(?:ed)?|another|further|next|new) "
    r"(?:scans?|imaging|images?|visits?|angiogra\w+|examinations?|tests?)"
    r"|fluorescein|growth factors?|follow(?:ed|ing)?(?! (?:an?|its|their) )|come back"
    r"|steroids?|procedures?|visits?"
    r"|(?:days?|weeks?|months?|years?)"
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


def graded_stages(text: str) -> tuple[str, ...]:
    """Return the words that grade a stage, which none of the three has.

    Examples
    --------
    >>> graded_stages("This is severe NPDR. The vessels are early to bend.")
    ('severe',)
    """
    sentences = re.split(r"(?<=[.;!?])\s+", text)
    return tuple(
        found.group() for one in sentences if _STAGED.search(one) for found in _GRADE.finditer(one)
    )


def names(text: str) -> tuple[str, ...]:
    """Return words inside of sentences that begin as names do, or have capitals elsewhere.

    Examples
    --------
    >>> names("The FAZ of Miller is enlarged. It is NPDR.")
    ('Miller',)
    """
    plain = re.sub(r"<[^>]*>|\[[^\]]*\]|\{[^}]*\}", " ", text)
    found = (match.group(1) for match in _INSIDE.finditer(plain))
    return tuple(word for word in found if word not in _CAPITALS)


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
