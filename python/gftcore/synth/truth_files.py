# SPDX-License-Identifier: Apache-2.0
"""Truth files of synthetic eyes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import require_array, require_choice, require_int, require_real
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io.files import atomic_path, require_file
from gftcore.synth.image_options import ImageOptions
from gftcore.synth.lesions import LESION_TYPES, MASK_PX, SIDES, Lesion, Place, area_mm2, label_of
from gftcore.synth.options import FOV_MM, GrowthMode, GrowthOptions
from gftcore.synth.parameters import MOST_STREAMS, EyeParameters
from gftcore.synth.truth import EDIT_KINDS, SCHEMA, EyeTruth, SegmentEdit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "read_truth", "truth_json", "write_truth"]

#: Larger files are no truth of an eye.
MAX_BYTES = 1 << 24


def truth_json(truth: EyeTruth, **more: Any) -> bytes:
    """Return the bytes of a truth file; equal truths of one version give equal bytes.

    Parameters
    ----------
    truth
        Of `make_eye`.
    **more
        Further entries, for example hashes of the files that belong to it.
    """
    return (json.dumps({**truth.to_dict(), **more}, separators=(",", ":")) + "\n").encode()


def write_truth(path: str | Path, truth: EyeTruth, **more: Any) -> None:
    """Write a truth file, as a whole or not at all; further entries as for `truth_json`."""
    data = truth_json(truth, **more)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def read_truth(path: str | Path) -> EyeTruth:
    """Read a truth file.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is damaged or of another kind.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.synth import make_eye
    >>> parameters = EyeParameters(growth=GrowthOptions.test_profile(svc=5, dvc=0))
    >>> truth = make_eye(seed=1, parameters=parameters).truth
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_truth(Path(folder) / "eye.json", truth)
    ...     truth_json(read_truth(Path(folder) / "eye.json")) == truth_json(truth)
    True
    """
    file = require_file(path)
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{file}: holds more than {MAX_BYTES} bytes")
    try:
        document = json.loads(data.decode("utf-8"))
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise FormatError(f"must have the schema {SCHEMA}")
        return _truth(document)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error
    except (ArgumentError, ArgumentTypeError, OverflowError, RecursionError, ValueError) as error:
        raise FormatError(f"{file}: no truth of an eye: {error!s:.200}") from error
    except (KeyError, TypeError) as error:  # entries that are missing, or of another kind
        raise FormatError(f"{file}: no truth of an eye: {error!r:.200}") from error


def _truth(document: Mapping[str, Any]) -> EyeTruth:
    given = dict(document["parameters"])
    growth = dict(given.pop("growth"))
    growth |= {name: GrowthMode(**growth[name]) for name in ("svc", "dvc")}
    image = ImageOptions(**given.pop("image"))
    parameters = EyeParameters(growth=GrowthOptions(**growth), image=image, **given)
    lesions = tuple(_lesion(i, entry) for i, entry in enumerate(document["lesions"]))
    for name, wanted, source in (
        ("label", document["label"], "parameters"),
        ("label", label_of(lesions), "lesions"),
        ("eye", document["eye"], "parameters"),
    ):
        if getattr(parameters, name) != wanted:
            raise FormatError(f"{name} must be that of its {source}, got {wanted!r:.40}")
    for name, known in (("fov_mm", FOV_MM), ("mask_px", MASK_PX)):
        if document[name] != known:
            raise FormatError(f"{name} must be {known}, got {document[name]!r:.40}")
    return EyeTruth(
        label=parameters.label,
        seed=require_int(document["seed"], "seed", 0, 2**64 - 1),
        stream=require_int(document["stream"], "stream", 0, MOST_STREAMS - 1),
        parameters=parameters,
        lesions=lesions,
        voids_rowcol_px=tuple(_outline(entry, "voids") for entry in document["voids"]),
        edits=tuple(_edit(kind, document["edits"][kind]) for kind in EDIT_KINDS),
    )


def _lesion(number: int, entry: Mapping[str, Any]) -> Lesion:
    if entry["type"] not in LESION_TYPES or entry["id"] != number:
        raise FormatError(f"lesion {number} must have its number and a known type")
    outline = _outline(entry["polygon_rowcol_px"], "polygon_rowcol_px")
    severity = require_real(entry["severity"], "severity")
    if not 0 <= severity <= 1:
        raise FormatError(f"severity must be between 0 and 1, got {severity:g}")
    if entry["area_mm2"] != area_mm2(outline):
        raise FormatError(f"area_mm2 must be that of its polygon, got {entry['area_mm2']!r:.40}")
    return Lesion(
        id=number,
        type=entry["type"],
        polygon_rowcol_px=outline,
        segment_ids=_counts(entry["segment_ids"], "segment_ids"),
        first_row=require_int(entry["first_row"], "first_row"),
        num_rows=require_int(entry["num_rows"], "num_rows"),
        area_mm2=area_mm2(outline),
        severity=severity,
        place=Place(
            quadrant=require_choice(entry["quadrant"], ("TL", "TR", "BL", "BR"), "quadrant"),
            side=require_choice(entry["side"], SIDES, "side"),
            clock_hour=require_int(entry["clock_hour"], "clock_hour", 1, 12),
            zone=require_choice(entry["zone"], ("foveal", "parafoveal", "outer"), "zone"),
        ),
    )


def _edit(kind: str, entry: Mapping[str, Any]) -> SegmentEdit:
    edit = SegmentEdit(
        kind=kind,
        segment=_counts(entry["segment"], "segment"),
        first_row=_counts(entry["first_row"], "first_row"),
        num_rows=_counts(entry["num_rows"], "num_rows"),
        value=_finite(require_array(entry["value"], np.float64, name="value", ndim=1), "value"),
    )
    columns = [len(edit.segment), len(edit.first_row), len(edit.num_rows)]
    if kind in ("tortuosity", "beading") or len(edit.value):
        columns.append(len(edit.value))
    if len(set(columns)) > 1:
        raise FormatError(f"edits of the kind {kind} must have columns of one length")
    return edit


def _outline(values: Any, name: str) -> NDArray[np.float64]:
    outline = require_array(values, np.float64, name=name, ndim=2, cols=2)
    if len(outline) < 3:
        raise FormatError(f"{name} must have at least 3 vertices, got {len(outline)}")
    return _finite(outline, name)


def _counts(values: Any, name: str) -> NDArray[np.int64]:
    out: NDArray[np.int64] = require_array(values, np.int64, name=name, ndim=1)
    if len(out) and int(out.min()) < 0:
        raise FormatError(f"{name} must be >= 0, got {int(out.min())}")
    return out


def _finite(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise FormatError(f"{name} must be finite, got NaN or infinity")
    return values
