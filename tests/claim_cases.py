# SPDX-License-Identifier: Apache-2.0
"""Structured answers with planted errors about synthetic eyes, and verdicts from the polygons.

Nothing here uses the package's places or claims: polygons are rasterised by crossing numbers,
hours are found by the closest of twelve directions, words of place by angles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gftcore import synth
from gftcore.claims import Answer, AnswerFinding
from gftcore.synth import EyeTruth

SIDE = 1216
MIDDLE = (SIDE - 1) / 2
MM_PER_PX = 3.0 / SIDE
FINDING_OF = {
    "non_perfusion": "non-perfusion",
    "microaneurysm": "microaneurysm-like dilation",
    "tuft": "neovascular tuft",
    "faz_enlargement": "FAZ enlarged",
}
LOCATED = tuple(FINDING_OF.values())[:3]
UNSEEN = ("tortuous vessels", "calibre irregular", "sparse network")
ERRORS = ("region", "eye", "stage", "invented", "contradiction")

Spot = tuple[int, str]
#: Hour 0 stands for the foveal zone.
FOVEA: Spot = (0, "foveal")


@dataclass(frozen=True, kw_only=True)
class Eye:
    """An eye: side, stage, outlines of lesions by finding, and the cells that those lie in."""

    side: str
    stage: str
    outlines: Mapping[str, list[np.ndarray]]
    spots: Mapping[str, frozenset[Spot]]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """An answer; which findings and what else in it is false, by name of its parts."""

    answer: Answer
    error: str
    stage_ok: bool
    eye_ok: bool
    findings_ok: tuple[bool, ...]


def make_eyes(count: int, seed: int = 11) -> list[Eye]:
    """Return eyes of all stages and both sides."""
    few = synth.GrowthOptions.test_profile(svc=20, dvc=25)
    eyes = []
    for i in range(count):
        side, label = ("OD", "OS")[i % 2], ("NPDR", "PDR", "Healthy", "PDR", "NPDR", "PDR")[i % 6]
        parameters = synth.draw_parameters(label, eye=side, seed=seed, stream=i)
        growth = parameters.growth.replace(svc=few.svc, dvc=few.dvc)
        made = synth.make_eye(seed=seed, stream=i, parameters=parameters.replace(growth=growth))
        eyes.append(eye_of(made.truth))
    return eyes


def eye_of(truth: EyeTruth) -> Eye:
    outlines: dict[str, list[np.ndarray]] = {name: [] for name in FINDING_OF.values()}
    for lesion in truth.lesions:
        outlines[FINDING_OF[lesion.type]].append(lesion.polygon_rowcol_px)
    spots = {
        name: frozenset().union(*(spots_of(one) for one in some))
        if name != "FAZ enlarged"
        else frozenset([FOVEA] * bool(some))
        for name, some in outlines.items()
    }
    return Eye(side=truth.eye, stage=truth.label, outlines=outlines, spots=spots)


def spots_of(polygon: np.ndarray) -> frozenset[Spot]:
    """Return the cells with a tenth of a polygon's pixels, or the most of them."""
    top, left = np.clip(np.floor(polygon.min(axis=0)).astype(int), 0, SIDE - 1)
    bottom, right = np.clip(np.ceil(polygon.max(axis=0)).astype(int), 0, SIDE - 1)
    rows, cols = (x.ravel() for x in np.mgrid[top : bottom + 1, left : right + 1])
    inside = _inside(polygon, rows, cols)
    counts = Counter(_spots(rows[inside], cols[inside]))
    most, total = max(counts.values(), default=0), sum(counts.values())
    return frozenset(s for s, n in counts.items() if n == most or n >= 0.1 * total)


def _inside(polygon: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Whether points have an odd number of sides to their right."""
    odd = np.zeros(len(rows), dtype=bool)
    for (y, x), (y2, x2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y != y2:
            at = x + (rows - y) / (y2 - y) * (x2 - x)
            odd ^= ((y > rows) != (y2 > rows)) & (at > cols)
    return odd


def _spots(rows: np.ndarray, cols: np.ndarray) -> list[Spot]:
    down, right = rows - MIDDLE, cols - MIDDLE
    mm = np.sqrt(down * down + right * right) * MM_PER_PX
    angles = np.radians(30 * np.arange(1, 13))
    ahead = np.outer(right, np.sin(angles)) - np.outer(down, np.cos(angles))
    # Half-way between two hours it is the even one.
    hours = 1 + np.argmax(ahead + 1e-6 * (np.arange(1, 13) % 2 == 0), axis=1)
    return [
        FOVEA if away < 0.5 else (hour, "parafoveal" if away < 1.25 else "outer")
        for hour, away in zip(hours.tolist(), mm.tolist(), strict=True)
    ]


def _turned(hour: int, axis: int) -> float:
    """Degrees between an hour and an axis, 0 up, 90 right."""
    return abs((30 * hour - axis + 180) % 360 - 180)


def words_of_place(side: str) -> dict[str, Callable[[Spot], bool]]:
    """Return words of place, and which cells they mean."""
    nasal = 90 if side == "OD" else 270
    axes = {"superior": 0, "inferior": 180, "nasal": nasal, "temporal": (nasal + 180) % 360}
    axes |= {"upper": 0, "lower": 180, "left": 270, "right": 90}
    words: dict[str, Callable[[Spot], bool]] = {}
    for word, axis in axes.items():
        words[word] = lambda s, axis=axis: s[0] > 0 and _turned(s[0], axis) <= 60
    pairs = [(v, h) for v in ("superior", "inferior") for h in ("nasal", "temporal")]
    pairs += [(v, h) for v in ("upper", "lower") for h in ("left", "right")]
    for v, h in pairs:
        words[f"{v} {h}"] = lambda s, a=axes[v], b=axes[h]: (
            s[0] > 0 and _turned(s[0], a) <= 90 and _turned(s[0], b) <= 90
        )
    for hour in range(1, 13):
        words[f"{hour} o'clock"] = lambda s, hour=hour: s[0] == hour
        for zone in ("parafoveal", "outer"):
            words[f"{hour} o'clock, {zone}"] = lambda s, hour=hour, zone=zone: s == (hour, zone)
    for zone in ("foveal", "parafoveal", "outer"):
        words[f"{zone} zone"] = lambda s, zone=zone: s[1] == zone
    return words


def finding_ok(one: AnswerFinding, eye: Eye) -> bool:
    """Whether the lesions bear a finding of an answer out."""
    if one.name == "no abnormality":
        return one.present != any(eye.spots.values())
    spots = eye.spots.get(one.name)
    if spots is None:
        return False
    if one.region and one.name != "FAZ enlarged":
        meant = words_of_place(eye.side)[one.region]
        spots = frozenset(spot for spot in spots if meant(spot))
    return bool(spots) == one.present


def plant(eye: Eye, error: str, rng: np.random.Generator) -> Planted | None:
    """Return an answer that is true but for one error; None if this eye has no room for it."""
    words = words_of_place(eye.side)
    true = [_true_finding(eye, words, rng) for _ in range(int(rng.integers(1, 5)))]
    answer = Answer(stage=eye.stage, eye=eye.side, findings=tuple(dict.fromkeys(true)))
    wrong: AnswerFinding | None = None
    other = "OS" if eye.side == "OD" else "OD"
    if error == "eye":
        answer = replace(answer, eye=other)
    elif error == "stage":
        stages = [stage for stage in ("Healthy", "NPDR", "PDR") if stage != eye.stage]
        answer = replace(answer, stage=str(rng.choice(stages)))
    elif error:
        wrong = _wrong_finding(eye, error, words, rng)
        if wrong is None:
            return None
        at = int(rng.integers(0, len(answer.findings) + 1))
        findings = [*answer.findings]
        findings.insert(at, wrong)
        answer = replace(answer, findings=tuple(findings))
    return Planted(
        answer=answer,
        error=error,
        stage_ok=answer.stage == eye.stage,
        eye_ok=answer.eye == eye.side,
        findings_ok=tuple(finding_ok(one, eye) for one in answer.findings),
    )


def _true_finding(
    eye: Eye, words: Mapping[str, Callable[[Spot], bool]], rng: np.random.Generator
) -> AnswerFinding:
    for _ in range(1000):
        name = str(rng.choice([*FINDING_OF.values(), "no abnormality"]))
        region = str(rng.choice(["", *words])) if name in LOCATED else ""
        one = AnswerFinding(name=name, present=bool(rng.random() < 0.75), region=region)
        # "no abnormality" is only ever asserted
        if finding_ok(one, eye) and (one.present or name != "no abnormality"):
            return one
    raise AssertionError("no true finding found")


def _wrong_finding(
    eye: Eye, error: str, words: Mapping[str, Callable[[Spot], bool]], rng: np.random.Generator
) -> AnswerFinding | None:
    there = [name for name, spots in eye.spots.items() if spots]
    for _ in range(1000):
        region = str(rng.choice([*words]))
        if error == "region":
            placed = [name for name in there if name in LOCATED]
            if not placed:
                return None
            one = AnswerFinding(name=str(rng.choice(placed)), region=region)
        elif error == "invented":
            names = [name for name in (*FINDING_OF.values(), *UNSEEN) if name not in there]
            name = str(rng.choice(names))
            one = AnswerFinding(name=name, region=region if rng.random() < 0.7 else "")
        elif not there:
            one = AnswerFinding(name=str(rng.choice(LOCATED)), region=region)
        elif rng.random() < 0.2:
            one = AnswerFinding(name="no abnormality")
        else:
            region = region if rng.random() < 0.7 else ""
            one = AnswerFinding(name=str(rng.choice(there)), present=False, region=region)
        if not finding_ok(one, eye):
            return one
    return None
