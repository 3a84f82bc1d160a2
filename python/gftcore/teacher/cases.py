# SPDX-License-Identifier: Apache-2.0
"""What a teacher may know of one image."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore import tabulation
from gftcore._validation import MAX_SIDE, as_array, describe, require_choice, require_iterator
from gftcore.claims import Facts
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.findings import CELLS, FINDINGS, Finding
from gftcore.graph.config import EYES
from gftcore.narrative.phrases import STAGE_NAMES
from gftcore.tabulation import REGIONS
from gftcore.tabulation.places import CENTRE_REGION
from gftcore.teacher.images import image_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LABELS", "TeachingCase"]

#: Stages that texts can name.
LABELS = tuple(STAGE_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeachingCase:
    """All that a teacher may know of one image. Validated when made.

    Parameters
    ----------
    image_id
        How the image is called; never a patient's identifier. No teacher is told it.
    table
        Of a network that did not learn from this image, explaining the label.
    findings
        From `gftcore.findings.find_findings`; empty where nothing could be looked for.
    label
        The true stage: ``Healthy``, ``NPDR`` or ``PDR``.
    image
        Raw image, uint8 [H, W].
    overlay
        What decided drawn over it, uint8 [H', W', 3], without a name in it; None for none.
    truth
        Lesions, where these are known, from `gftcore.claims.Facts.of_truth`.

    Attributes
    ----------
    facts
        What claims about the image are checked against: the lesions, and the findings for all that
        nobody knows of them.
    key
        Name of the image that says nothing of its file or subject, see `image_key`.

    Raises
    ------
    ArgumentError
        If the label is none of the three or the table does not explain it, if the truth is of
        another eye or stage, or if a finding has names or places that do not exist.
    """

    image_id: str
    table: tabulation.Table
    findings: tuple[Finding, ...]
    label: str
    image: NDArray[np.uint8]
    overlay: NDArray[np.uint8] | None = None
    truth: Facts | None = None
    facts: Facts = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.image_id, str):
            raise ArgumentTypeError(f"image_id must be a str, got {describe(self.image_id)}")
        if not isinstance(self.table, tabulation.Table):
            raise ArgumentTypeError(f"table must be a Table, got {describe(self.table)}")
        if not isinstance(self.truth, Facts | None):
            raise ArgumentTypeError(f"truth must be Facts or None, got {describe(self.truth)}")
        eye = require_choice(self.table.image.eye, EYES, "eye of the table")
        found = tuple(require_iterator(self.findings, "findings", "a sequence of Findings"))
        for one in found:
            _require_finding(one, eye)
        object.__setattr__(self, "findings", found)
        require_choice(self.label, LABELS, "label")
        for name in self.table.probabilities:
            # Stages are named in questions, so that no other text may pass as one.
            require_choice(name, LABELS, "classes of the table")
        if self.label not in self.table.probabilities:
            raise ArgumentError(f"table must have a probability of the label, {self.label}")
        if self.table.target != self.label:
            raise ArgumentError(
                f"table must explain the label, {self.label}, got {self.table.target!r:.80}"
            )
        object.__setattr__(self, "facts", self._facts())
        object.__setattr__(self, "image", _pixels(self.image, "image", (2,)))
        object.__setattr__(self, "key", image_key(self.image))
        if self.overlay is not None:
            object.__setattr__(self, "overlay", _pixels(self.overlay, "overlay", (3,)))

    @property
    def eye(self) -> str:
        """``OD``, ``OS`` or ``unknown``."""
        return self.table.image.eye

    def _facts(self) -> Facts:
        found = Facts.of_findings(eye=self.eye, stage=self.label, findings=self.findings)
        truth = self.truth
        if truth is None:
            return found
        if truth.eye != self.eye:
            raise ArgumentError(f"truth must be of the table's eye, {self.eye}, got {truth.eye}")
        if truth.stage not in (None, self.label):
            raise ArgumentError(
                f"truth must have the label, {self.label}, as stage, got {truth.stage!r:.80}"
            )
        others = tuple(one for one in self.findings if one.name not in truth.known)
        return dataclasses.replace(
            found, findings=(*truth.findings, *others), known=found.known | truth.known
        )


def _require_finding(one: object, eye: str) -> None:
    if not isinstance(one, Finding):
        raise ArgumentTypeError(f"findings must hold Findings, got {describe(one)}")
    require_choice(one.name, FINDINGS, "name of a finding")
    for cell in one.cells:
        if cell not in CELLS:
            raise ArgumentError(f"cells of {one.name} must be of CELLS, got {cell!r:.80}")
    for region in one.regions:
        require_choice(region, (CENTRE_REGION, *REGIONS[eye]), f"regions of {one.name}")


def _pixels(value: Any, name: str, ndims: tuple[int, ...]) -> NDArray[np.uint8]:
    expected = "uint8 pixels [H, W]" if ndims == (2,) else "uint8 pixels [H, W, 3]"
    array = as_array(value, name, expected)
    if array.dtype != np.uint8:
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(array)}")
    if array.ndim not in ndims or array.shape[2:] not in ((), (3,)):
        raise ShapeError(f"{name} must be {expected}, got shape {array.shape}")
    if not all(1 <= side <= MAX_SIDE for side in array.shape):
        raise ShapeError(f"{name} must have 1 to {MAX_SIDE} rows and columns, got {array.shape}")
    out = np.array(array, order="C")
    out.flags.writeable = False
    return out
