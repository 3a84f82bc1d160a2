# SPDX-License-Identifier: Apache-2.0
"""Diabetic retinopathy in OCTA-500: which images count, and how three classes become two."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import as_array, describe, require_choice, require_iterator
from gftcore.datasets.entries import Entry
from gftcore.datasets.labels import LABELS
from gftcore.datasets.records import Record
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.io.files import require_path

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["octa500_protocol", "pool_dr"]

_LABEL_OF = {"NORMAL": "Healthy", "DR": "DR"}
#: Images of each disease in the whole 3 mm half.
_PUBLISHED = {"NORMAL": 160, "DR": 29}


def octa500_protocol(entries: Iterable[Entry], *, folder: str | Path) -> tuple[Record, ...]:
    """Select the images of OCTA-500 on which staging is compared: NORMAL against DR at 3 mm.

    Of the whole half these are 160 and 29 images; the 11 of other diseases are dropped. Labels are
    ``Healthy`` and ``DR``: the data set does not grade retinopathy. `pool_dr` turns predictions of
    three classes into these two.

    Parameters
    ----------
    entries
        From `read_octa500` with ``size="3mm"``.
    folder
        Folder that the paths are relative to, where the manifest is to lie.

    Raises
    ------
    ArgumentError
        If there are images of another size, or none of NORMAL or DR.

    Warns
    -----
    GftcoreWarning
        ``OCTA500_INCOMPLETE`` if the numbers of images are not the published ones.

    References
    ----------
    Li et al. (2025), the GFT paper, MICCAI 2025, which reports this selection.
    """
    items = tuple(require_iterator(entries, "entries", "a sequence of Entry"))
    for item in items:
        if not isinstance(item, Entry):
            raise ArgumentTypeError(f"entries must hold Entry, got {describe(item)}")
    if any(item.fov_mm != 3 for item in items):
        raise ArgumentError("entries must be those of the 3 mm half, got others")
    chosen = [item for item in items if item.disease in _LABEL_OF]
    counts = Counter(item.disease for item in chosen)
    if not chosen:
        raise ArgumentError("entries must hold images of NORMAL or DR, got none")
    if counts != _PUBLISHED:
        warnings.warn(
            f"OCTA500_INCOMPLETE: the 3 mm half has {_PUBLISHED['NORMAL']} images of NORMAL and "
            f"{_PUBLISHED['DR']} of DR, got {counts['NORMAL']} and {counts['DR']}: scores are not "
            "comparable with published ones",
            GftcoreWarning,
            stacklevel=2,
        )
    base = require_path(folder).absolute()
    return tuple(
        Record(
            id=item.id,
            subject=item.subject or item.id,
            eye=item.eye,
            path=Path(os.path.relpath(item.path.absolute(), base)).as_posix(),
            label=_LABEL_OF[str(item.disease)],
            fov_mm=item.fov_mm,
            layer=item.layer,
        )
        for item in chosen
    )


def pool_dr(
    probabilities: ArrayLike,
    *,
    pool: Literal["argmax", "prob"] = "argmax",
    labels: Sequence[str] = LABELS,
) -> NDArray[np.bool_]:
    """Return whether each image is predicted to have diabetic retinopathy.

    Parameters
    ----------
    probabilities
        Probabilities [n, 3] of Healthy, NPDR and PDR.
    pool
        ``argmax``: the most probable class is not Healthy, ties to the first column. ``prob``: NPDR
        and PDR together are more probable than Healthy.
    labels
        Names of the columns, in their order.

    Notes
    -----
    The GFT paper takes the most probable of the three classes, then
    pools NPDR and PDR (``argmax``); ``prob`` is another sound rule, which finds more disease. Say
    which one a score belongs to.

    References
    ----------
    Li et al. (2025), the GFT paper, MICCAI 2025.

    Examples
    --------
    >>> pool_dr([[0.4, 0.3, 0.3]]).tolist(), pool_dr([[0.4, 0.3, 0.3]], pool="prob").tolist()
    ([False], [True])
    """
    require_choice(pool, ("argmax", "prob"), "pool")
    names = tuple(require_iterator(labels, "labels", "a sequence of names"))
    if sorted(names) != sorted(LABELS):
        raise ArgumentError(f"labels must be {', '.join(LABELS)} in any order, got {names!r:.100}")
    columns = as_array(probabilities, "probabilities", "an array [n, 3] of real numbers")
    if columns.ndim != 2 or columns.shape[1] != len(LABELS):
        raise ShapeError(f"probabilities must be an array [n, 3], got shape {columns.shape}")
    if columns.dtype.kind != "f" or not bool(((columns >= 0) & (columns <= 1)).all()):
        raise ArgumentError("probabilities must be between 0 and 1, got others")
    healthy = names.index(LABELS[0])
    if pool == "argmax":
        return np.asarray(columns.argmax(axis=1) != healthy)
    others = [i for i in range(len(names)) if i != healthy]
    return np.asarray(columns[:, others].sum(axis=1) > columns[:, healthy])
