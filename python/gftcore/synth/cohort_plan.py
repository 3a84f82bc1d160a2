# SPDX-License-Identifier: Apache-2.0
"""Who is in a cohort: subjects, their eyes, and the class of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gftcore._validation import require_int
from gftcore.datasets import LABELS
from gftcore.synth.draws import Draws
from gftcore.synth.parameters import draw_parameters, stream_of

if TYPE_CHECKING:
    from gftcore.synth.parameters import EyeParameters

__all__ = ["LAYER", "CohortPlan", "PlannedEye", "plan_cohort"]

LAYER = "DCP"
#: Subjects of the default cohort: with two eyes each, as many images as the published private set.
SUBJECTS = 632
MOST_SUBJECTS = 1_000_000

# Labels of the better and the worse eye, and where their share of the subjects ends. The shares
# .58, .08, .22, .08 and .04 make 62 % of the images Healthy, 30 % NPDR and 8 % PDR; a subject's
# eyes mostly agree.
_PAIRS = (
    ("Healthy", "Healthy"),
    ("Healthy", "NPDR"),
    ("NPDR", "NPDR"),
    ("NPDR", "PDR"),
    ("PDR", "PDR"),
)
_ENDS = (0.58, 0.66, 0.88, 0.96)
# Multiples of the golden ratio, modulo 1, fill every interval as evenly as a sequence can. As
# 64-bit integers they are exact for every subject.
_GOLDEN = 0x9E3779B97F4A7C15
_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEye:
    """One eye of a cohort, before it is made.

    Attributes
    ----------
    id
        Name of its files, such as ``0001_OD_DCP``: subject, eye, layer.
    subject
        Number of the subject, from ``0001``.
    eye
        ``OD`` or ``OS``.
    label
        ``Healthy``, ``NPDR`` or ``PDR``.
    seed, stream
        For `make_eye`.
    subject_stream
        For `draw_parameters`.
    """

    id: str
    subject: str
    eye: str
    label: str
    seed: int
    stream: int
    subject_stream: int

    def parameters(self) -> EyeParameters:
        """Draw what the eye gets; the eyes of a subject get like numbers."""
        return draw_parameters(
            self.label,
            eye=self.eye,
            seed=self.seed,
            stream=self.stream,
            subject_stream=self.subject_stream,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortPlan:
    """All eyes of a cohort, as `plan_cohort` returns them.

    Attributes
    ----------
    subjects
        How many.
    seed
        Seed of all random numbers.
    eyes
        OD and OS of the first subject, then of the second, and so on.
    """

    subjects: int
    seed: int
    eyes: tuple[PlannedEye, ...] = field(repr=False)

    @property
    def images_by_label(self) -> dict[str, int]:
        """Number of eyes of each class."""
        count = Counter(eye.label for eye in self.eyes)
        return {label: count[label] for label in LABELS}


def plan_cohort(subjects: int = SUBJECTS, seed: int = 0) -> CohortPlan:
    """List the eyes of a cohort.

    Parameters
    ----------
    subjects
        Number of subjects, 1 to 1,000,000; each has two eyes.
    seed
        0 to 2**63 - 1.

    Notes
    -----
    62 % of the images are Healthy, 30 % NPDR, 8 % PDR. Any number of subjects has these shares as
    nearly as whole images allow, since a quasi-random sequence picks the labels. A subject is the
    same in every cohort of a seed that is large enough to have it.

    Examples
    --------
    >>> plan = plan_cohort(632)
    >>> len(plan.eyes), plan.images_by_label
    (1264, {'Healthy': 785, 'NPDR': 379, 'PDR': 100})
    >>> plan.eyes[1].id
    '0001_OS_DCP'
    """
    subjects = require_int(subjects, "subjects", 1, MOST_SUBJECTS)
    seed = require_int(seed, "seed", 0, 2**63 - 1)
    offset, *sides = Draws(seed, stream_of(0, "cohort")).uniforms(1 + subjects).tolist()
    start = int(offset * _WHOLE)
    eyes = []
    for number, side in enumerate(sides):
        share = (start + number * _GOLDEN) % _WHOLE / _WHOLE
        pair = _PAIRS[bisect_right(_ENDS, share)]
        name = f"{number + 1:04}"
        for which, eye in enumerate(("OD", "OS")):
            eyes.append(
                PlannedEye(
                    id=f"{name}_{eye}_{LAYER}",
                    subject=name,
                    eye=eye,
                    label=pair[which if side < 0.5 else 1 - which],
                    seed=seed,
                    stream=2 * number + which,
                    subject_stream=2 * number,
                )
            )
    return CohortPlan(subjects=subjects, seed=seed, eyes=tuple(eyes))
