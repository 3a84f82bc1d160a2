# SPDX-License-Identifier: Apache-2.0
"""The words that the claim checker knows, as patterns on lower-case text."""

from __future__ import annotations

import re
from typing import NamedTuple

from gftcore.findings.vocabulary import FINDINGS

__all__ = [
    "ATTRIBUTES",
    "BANNED",
    "OTHER",
    "PATTERNS",
    "SPELLINGS",
    "STAGES",
    "Pattern",
]

#: Stands for every finding outside of the vocabulary.
OTHER = "other"
#: Stages that a text can name; ``DR`` is any but ``Healthy``.
STAGES = ("Healthy", "NPDR", "PDR", "DR")

NON_PERFUSION, FAZ_ENLARGED, FAZ_IRREGULAR, TORTUOUS, CALIBRE, DILATION, TUFT, SPARSE, NORMAL = (
    FINDINGS
)


class Pattern(NamedTuple):
    """A kind of word, what it says, and how it is written."""

    kind: str
    value: str
    regex: re.Pattern[str]


_DR = r"(?: (?:diabetic )?retinopathy| dr\b| disease| changes| pattern| stage)?"
_SEEN = (
    r"(?:seen|visible|present|observed|detected|found|evident|identified|noted|appreciated|"
    r"demonstrated|recognisable|apparent|shown)"
)
_BE = r"(?:is|are|was|were|be|been)"
_FOVEA = r"(?:fovea\b|faz|foveal avascular zone|foveola|foveal cent(?:re|er)|cent(?:re|er))"
_TO_FOVEA = rf"(?: (?:to |of |from )?(?:the )?(?:{_FOVEA}|macula))?"

# Of several patterns that match at the same place, the longest wins, then the first.
_TABLE: tuple[tuple[str, str, str], ...] = (
    # findings that one word names
    (
        "finding",
        NON_PERFUSION,
        r"non[- ]?perfu[sz]\w+|(?:capillary )?drop[- ]?outs?|isch(?:a?e)mi\w+",
    ),
    (
        "finding",
        NON_PERFUSION,
        r"(?:absent|missing|lack of|lacking|devoid of|without|no) (?:capillary |blood )?flow"
        r"(?! (?:defect|void|defici)\w*)"
        r"|(?:capillary |blood )?flow (?:void|defect|deficit|loss)\w*|hypoperfu\w+"
        r"|(?:capillary|capillaries) (?:loss|closure|obliteration|non[- ]?perfusion)"
        r"|loss of (?:the )?(?:capillaries|capillary perfusion|perfusion)"
        r"|avascular (?:area|patch|region|island)\w*",
    ),
    ("finding", f"not {NON_PERFUSION}", r"(?:well|normally|fully|adequately)[- ]perfused"),
    ("finding", TORTUOUS, r"tortuo\w+|corkscrew\w*|twisted|twisting|winds?|winding|kinked|coiled"),
    ("finding", CALIBRE, r"(?:venous |vessel )?bead(?:ing|ed)|sausag\w+"),
    (
        "finding",
        DILATION,
        r"(?:micro[- ]?)?aneu?rysm(?:s|al)?(?:-like)?(?: dilat\w+)?|saccular dilat\w+|(?-i:MAs?)",
    ),
    (
        "finding",
        TUFT,
        r"(?:neovascular |vascular |vessel )?tufts?|neo-?vasculari[sz]ation\w*|nv[de]?\b"
        r"|new (?:blood )?vessels?(?: complex\w*)?(?: elsewhere)?(?: \(nv[de]\))?",
    ),
    ("finding", OTHER, r"irma\b|intraretinal microvascular abnormalit\w+|ha?emorrhages?|drusen"),
    (
        "finding",
        OTHER,
        r"(?:macular )?o?edema|hard exudates?|exudates?|cotton[- ]wool spots?|retinal detachment"
        r"|(?:sub|intra)retinal fluid|epiretinal membrane|vein occlusion|venous loops?",
    ),
    ("finding", NORMAL, r"nothing (?:to report|of note)|no disease\b(?! stage)"),
    ("finding", f"not {NORMAL}", r"abnormal(?:ity|ities)?|patholog(?:y|ies|ical)"),
    # stages, eyes
    ("stage", "NPDR", rf"npdr|non[- ]?proliferative{_DR}"),
    ("stage", "PDR", rf"pdr|proliferative{_DR}|(?<!non-)(?<!non )proliferation"),
    ("stage", "DR", r"(?:diabetic )?retinopathy|diabetic (?:eye disease|changes|lesions)|(?-i:DR)"),
    ("stage", "Healthy", r"healthy"),
    ("eye", "OD", r"right[- ](?:eye|macula|retina|fundus)(?:'s)?|oculus dexter|(?-i:OD)"),
    ("eye", "OS", r"left[- ](?:eye|macula|retina|fundus)(?:'s)?|oculus sinister|(?-i:OS)"),
    ("eye", "OU", r"both eyes|either eye|bilateral(?:ly)?|(?-i:OU)"),
    # what an attribute can be said of
    ("subject", "faz", r"faz|(?:foveal )?avascular zone"),
    ("subject", "border", r"(?:faz |foveal )?(?:contours?|borders?|outlines?|margins?)"),
    ("subject", "calibre", r"calib(?:re|er)s?|(?:vessel )?(?:widths?|diameters?)"),
    (
        "subject",
        "network",
        r"(?:capillary |vascular |vessel )?(?:network|lattice|mesh|density|densities|vasculature)",
    ),
    ("subject", "perfusion", r"(?:capillary )?perfusion|perfused|blood flow"),
    ("subject", "capillaries", r"capillar(?:ies|y bed)"),
    ("subject", "vessels", r"vessels?(?: (?:course|tree))?|arterioles?|venules?|course"),
    (
        "subject",
        "scene",
        r"everything|scans?|octa(?: image)?|angiogram|retina|macula|fundus|eye|half|quadrants?"
        r"|sector|examination|image",
    ),
    ("subject", "nothing", r"(?:image |scan )?quality|variant|signal"),
    # attributes
    ("attribute", "large", r"enlarge\w*|larger?|widen\w*|wide|dilated|expanded|big(?:ger)?"),
    ("attribute", "large", r"larger than (?:normal|expected|usual)"),
    ("attribute", "small", r"small(?:er)?(?: than (?:normal|expected|usual))?"),
    ("attribute", "small", r"(?:normal|regular|usual) (?:size|extent|area)\w*|normal in size"),
    (
        "attribute",
        "irregular",
        r"irregular\w*|jagged|scalloped|notche[sd]|distort\w+|ragged|uneven|disrupted",
    ),
    ("attribute", "irregular", r"var(?:ies|y|iable|ying)|non-?uniform|inconsistent|fluctuates?"),
    ("attribute", "regular", r"round|smooth|regular|circular|uniform|even|constant"),
    ("attribute", "normal", r"normal|unremarkable|intact"),
    ("attribute", "normal", r"(?:with)?in (?:the |its )?(?:normal|usual) (?:limits|range)"),
    ("attribute", "normal", r"(?:well[- ])?(?:preserved|maintained)|good"),
    (
        "attribute",
        "sparse",
        r"spars\w+|reduced|rarefied|rarefaction|(?:thinned|thinning)(?: out)?|low|loose\w*",
    ),
    ("attribute", "sparse", r"decreased|diminished|impaired|poor(?:ly)?"),
    ("attribute", "lost", r"lost|closed|obliterated|missing"),
    ("attribute", "dense", r"dense"),
    ("attribute", "straight", r"straight"),
    # how it is said
    (
        "drop",
        "",
        r"(?:can ?not|cannot|can't|could not) be (?:fully |safely )?(?:excluded|ruled out)",
    ),
    ("drop", "", r"(?:can ?not|cannot|can't) (?:be )?(?:assess|judge|interpret|evaluat|grad)\w*"),
    (
        "drop",
        "",
        r"unclear|whether|if\b|would expect|rule out|may be missed|history of|previous(?:ly)?",
    ),
    ("drop", "", r"fellow eye|other eye|contralateral(?: eye)?|typically|often|usually|generally"),
    ("hedge", "", r"possib(?:le|ly)|probabl[ey]|likely|suspect(?:ed)?|suspicious|suspicion|may"),
    ("hedge", "", r"might|could|suggest\w*|presum\w+|perhaps|questionable"),
    (
        "not before",
        "",
        rf"(?:{_BE} )?not (?:clearly |yet )?{_SEEN}|(?:{_BE} )?absent|none"
        rf"|can ?not be {_SEEN}|(?:{_BE} )?(?:very |highly )?unlikely",
    ),
    ("not before", "", r"(?:can be |is |are )?(?:ruled out|excluded)"),
    (
        "not",
        "",
        r"no|not(?: yet)?|without|absence of|neither|nor|free of|lacks?|lack of|nothing"
        r"|rather than",
    ),
    (
        "not",
        "",
        r"can ?not (?:see|find|detect|identify)|(?:does|do|did|is|are) not|isn't|aren't|never",
    ),
    ("skip", "", r"not only|no longer than|no doubt"),
    ("skip", "", r"(?:equally|similarly|as) dense(?:ly)?"),
    ("spare", "", r"spar(?:es|ing|ed)|(?:does|do) not (?:reach|involve|extend (?:in)?to)"),
    ("spare", "", r"except(?: for| in| at)?|with the exception of|but not"),
    # joints
    ("break", "", r"but|although|though|however|nevertheless|whereas|while|yet"),
    ("break", "", r"and (?:the|its|there)"),
    ("with", "", r"with|showing|and an?\b"),
    ("and", "", r"and|or|as well as|as are|as is|&|plus"),
    ("both", "", r"both"),
    ("comma", "", r","),
    ("colon", "", r":"),
    (
        "verb",
        "",
        rf"{_BE}|shows?|demonstrates?|appears?|remains?|follows?|looks?|lies|there|ha(?:s|ve)|runs?",
    ),
    # places
    (
        "ignore",
        "",
        rf"(?:towards?|mm from) (?:the )?(?:{_FOVEA}|macula)|diffuse\w*|in any quadrant",
    ),
    ("ignore", "", r"otherwise (?:normal|unremarkable)"),
    ("ignore", "", r"(?:compared (?:to|with)|relative to|than) normal(?: eyes| controls)?"),
    ("ignore", "", rf"cent(?:red|ered) on (?:the )?(?:{_FOVEA}|macula)"),
    ("direction", "up", rf"(?:superior(?:ly)?|upper|top|above){_TO_FOVEA}"),
    ("direction", "down", rf"(?:inferior(?:ly)?|lower|bottom|below){_TO_FOVEA}"),
    ("direction", "nasal", rf"nasal(?:l?y)?{_TO_FOVEA}"),
    ("direction", "temporal", rf"temporal(?:l?y)?{_TO_FOVEA}"),
    ("direction", "left", rf"left(?:[- ]hand)?{_TO_FOVEA}"),
    ("direction", "right", rf"right(?:[- ]hand)?{_TO_FOVEA}"),
    ("direction", "up nasal", r"super(?:o|ior)[- ]?nasal(?:l?y)?|nasal superior"),
    ("direction", "up temporal", r"super(?:o|ior)[- ]?temporal(?:l?y)?|temporal superior"),
    ("direction", "down nasal", r"infer(?:o|ior)[- ]?nasal(?:l?y)?|nasal inferior"),
    ("direction", "down temporal", r"infer(?:o|ior)[- ]?temporal(?:l?y)?|temporal inferior"),
    ("direction", "quadrants", r"(?:in )?all (?:four |4 )?quadrants|every quadrant"),
    ("zone", "foveal", r"fovea|foveal|foveola|central(?:ly)?|cent(?:re|er)"),
    ("zone", "parafoveal", r"para-?fov(?:ea|eal|eally)?\b"),
    ("zone", "outer", r"outer|peripher(?:y|al|ally)|mid-?periphery"),
    ("zone", "parafoveal outer", r"peri-?fov(?:ea|eal|eally)?\b"),
    (
        "zone",
        "foveal parafoveal",
        rf"(?:close|near|adjacent|next)(?: to)? (?:the )?{_FOVEA}"
        rf"|(?:around|bordering|along|surrounding) (?:the )?{_FOVEA}",
    ),
    ("head", "", r"quadrants?|sectors?|half|zones?|regions?|ring|parts?|side|fields?"),
)

PATTERNS = tuple(
    Pattern(
        kind,
        value,
        re.compile(rf"(?<![\w])(?:{text})(?![\w])" if text[0] not in ",:" else text, re.IGNORECASE),
    )
    for kind, value, text in _TABLE
)

#: What a subject with an attribute says: findings, and whether they are denied.
ATTRIBUTES: dict[tuple[str, str], tuple[tuple[str, bool], ...]] = {
    ("faz", "large"): ((FAZ_ENLARGED, False),),
    ("faz", "small"): ((FAZ_ENLARGED, True),),
    ("faz", "irregular"): ((FAZ_IRREGULAR, False),),
    ("faz", "regular"): ((FAZ_IRREGULAR, True),),
    ("faz", "normal"): ((FAZ_ENLARGED, True), (FAZ_IRREGULAR, True)),
    ("border", "irregular"): ((FAZ_IRREGULAR, False),),
    ("border", "regular"): ((FAZ_IRREGULAR, True),),
    ("border", "normal"): ((FAZ_IRREGULAR, True),),
    ("calibre", "irregular"): ((CALIBRE, False),),
    ("calibre", "regular"): ((CALIBRE, True),),
    ("calibre", "normal"): ((CALIBRE, True),),
    ("vessels", "irregular"): ((CALIBRE, False),),
    ("vessels", "straight"): ((TORTUOUS, True),),
    ("vessels", "sparse"): ((SPARSE, False),),
    ("vessels", "dense"): ((SPARSE, True),),
    ("network", "sparse"): ((SPARSE, False),),
    ("network", "dense"): ((SPARSE, True),),
    ("network", "normal"): ((SPARSE, True),),
    ("capillaries", "sparse"): ((SPARSE, False),),
    ("capillaries", "dense"): ((SPARSE, True),),
    ("capillaries", "lost"): ((NON_PERFUSION, False),),
    ("capillaries", "normal"): ((NON_PERFUSION, True),),
    ("perfusion", "sparse"): ((NON_PERFUSION, False),),
    ("perfusion", "lost"): ((NON_PERFUSION, False),),
    ("perfusion", "normal"): ((NON_PERFUSION, True),),
    ("scene", "normal"): ((NORMAL, False),),
}

#: Long words that are mended where they are misspelt by a letter or two.
SPELLINGS = (
    "abnormality", "avascular", "capillaries", "capillary", "dilation", "diabetic", "enlarged",
    "hemorrhage", "inferior", "inferiorly", "inferonasal", "inferotemporal", "irregular",
    "ischaemia", "microaneurysm", "microaneurysms", "neovascularisation", "neovascular",
    "nonperfusion", "parafoveal", "perfusion", "peripheral", "proliferative", "quadrant",
    "retinopathy", "superior", "superiorly", "superonasal", "superotemporal", "temporal",
    "temporally", "tortuosity", "tortuous", "vasculature",
)  # fmt: skip

#: Words that a text for patients of knowledge about images must not have, by kind.
BANNED: dict[str, re.Pattern[str]] = {
    kind: re.compile(rf"(?<![\w])(?:{text})(?![\w])", re.IGNORECASE)
    for kind, text in {
        "node": r"nodes?",
        "edge": r"edges?",
        "table": r"tables?|tabular",
        "overlay": r"overla(?:y|ys|id)",
        "heatmap": r"heat[- ]?maps?",
        "colour": r"colou?r(?:s|ed|map|-coded)?|red|green|blue|yellow|orange|purple|magenta|cyan",
        "probability": r"probability|probabilities|logits?",
        "gradient": r"gradients?",
        "number": r"\d+[.,]\d+(?: ?(?:mm2?|µm|um|%))?|\d+ ?(?:%|mm2?|µm|um|percent)",
        "treatment": (
            r"treated|treatments?|therap(?:y|ies)|laser|photocoagulation|anti-?vegf|injections?"
            r"|intravitreal|vitrectomy|surgery|recommend(?:ed|s|ation)?|follow[- ]?up|referral"
            r"|refer(?:red)?|advised|ranibizumab|aflibercept|bevacizumab"
        ),
    }.items()
}
