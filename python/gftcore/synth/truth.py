# SPDX-License-Identifier: Apache-2.0
"""What is known of a synthetic eye, and its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore import __version__
from gftcore._validation import require_array
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io.files import atomic_path, require_file
from gftcore.synth.image_options import ImageOptions
from gftcore.synth.lesions import LESION_TYPES, MASK_PX, Lesion, Place
from gftcore.synth.options import FOV_MM, GrowthMode, GrowthOptions
from gftcore.synth.parameters import EyeParameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NOTICE", "EyeTruth", "SegmentEdit", "read_truth", "truth_json", "write_truth"]

SCHEMA = "gftcore-eye-truth/1"
#: Larger files are no truth of an eye.
MAX_BYTES = 1 << 24
EDIT_KINDS = ("loss", "void", "tortuosity", "beading")
NOTICE = "Synthetic: no person's eye. Not a medical device; not for clinical use."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentEdit:
    """Segments of the unedited eye that changed along their whole length.

    Attributes
    ----------
    kind
        ``loss``, ``void`` (cut by a natural void), ``tortuosity`` or ``beading``.
    segment
        int64 [n] numbers of the segments.
    first_row, num_rows
        int64 [n] edges in the eye's graph that a segment has now, as far as no lesion cut it.
    value
        float64 [n] length per distance of the ends, or amplitude of the radius; else empty.
    """

    kind: str
    segment: NDArray[np.int64]
    first_row: NDArray[np.int64]
    num_rows: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeTruth:
    """All that is known of an eye.

    Attributes
    ----------
    label
        Stage by the lesions alone.
    seed, stream
        What `make_eye` was given.
    parameters
        What the eye was made of.
    lesions
        All lesions.
    edits
        Segments that are lost, cut by voids, wind or are beaded, without being lesions.
    """

    label: str
    seed: int
    stream: int
    parameters: EyeParameters
    lesions: tuple[Lesion, ...] = field(repr=False)
    edits: tuple[SegmentEdit, ...] = field(repr=False)

    @property
    def eye(self) -> str:
        """``OD`` or ``OS``."""
        return self.parameters.eye

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "schema": SCHEMA,
            "gftcore": __version__,
            "notice": NOTICE,
            "label": self.label,
            "eye": self.eye,
            "fov_mm": FOV_MM,
            "mask_px": MASK_PX,
            "seed": self.seed,
            "stream": self.stream,
            "parameters": self.parameters.to_dict(),
            "lesions": [_lesion(lesion) for lesion in self.lesions],
            "edits": {edit.kind: _edit(edit) for edit in self.edits},
        }


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


def _lesion(lesion: Lesion) -> Mapping[str, Any]:
    return {
        "id": lesion.id,
        "type": lesion.type,
        "severity": lesion.severity,
        "area_mm2": lesion.area_mm2,
        "quadrant": lesion.place.quadrant,
        "side": lesion.place.side,
        "clock_hour": lesion.place.clock_hour,
        "zone": lesion.place.zone,
        "segment_ids": lesion.segment_ids.tolist(),
        "first_row": lesion.first_row,
        "num_rows": lesion.num_rows,
        "polygon_rowcol_px": lesion.polygon_rowcol_px.tolist(),
    }


def _edit(edit: SegmentEdit) -> Mapping[str, Any]:
    return {
        "segment": edit.segment.tolist(),
        "first_row": edit.first_row.tolist(),
        "num_rows": edit.num_rows.tolist(),
        "value": edit.value.tolist(),
    }


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
    return EyeTruth(
        label=parameters.label,
        seed=int(document["seed"]),
        stream=int(document["stream"]),
        parameters=parameters,
        lesions=tuple(_read_lesion(i, entry) for i, entry in enumerate(document["lesions"])),
        edits=tuple(_read_edit(kind, document["edits"][kind]) for kind in EDIT_KINDS),
    )


def _integers(values: Any, name: str) -> NDArray[np.int64]:
    return require_array(values, np.int64, name=name, ndim=1)


def _read_lesion(number: int, entry: Mapping[str, Any]) -> Lesion:
    if entry["type"] not in LESION_TYPES or entry["id"] != number:
        raise FormatError(f"lesion {number} must have its number and a known type")
    return Lesion(
        id=number,
        type=entry["type"],
        polygon_rowcol_px=require_array(
            entry["polygon_rowcol_px"], np.float64, name="polygon_rowcol_px", ndim=2, cols=2
        ),
        segment_ids=_integers(entry["segment_ids"], "segment_ids"),
        first_row=int(entry["first_row"]),
        num_rows=int(entry["num_rows"]),
        area_mm2=float(entry["area_mm2"]),
        severity=float(entry["severity"]),
        place=Place(
            quadrant=str(entry["quadrant"]),
            side=str(entry["side"]),
            clock_hour=int(entry["clock_hour"]),
            zone=str(entry["zone"]),
        ),
    )


def _read_edit(kind: str, entry: Mapping[str, Any]) -> SegmentEdit:
    edit = SegmentEdit(
        kind=kind,
        segment=_integers(entry["segment"], "segment"),
        first_row=_integers(entry["first_row"], "first_row"),
        num_rows=_integers(entry["num_rows"], "num_rows"),
        value=require_array(entry["value"], np.float64, name="value", ndim=1),
    )
    if not len(edit.segment) == len(edit.first_row) == len(edit.num_rows):
        raise FormatError(f"edits of the kind {kind} must have columns of one length")
    return edit
