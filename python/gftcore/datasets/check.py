# SPDX-License-Identifier: Apache-2.0
"""Whether a manifest fits its files, and what is in it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gftcore._validation import describe
from gftcore.datasets.labels import EYES
from gftcore.datasets.manifest import Manifest
from gftcore.datasets.problems import Problem
from gftcore.errors import ArgumentTypeError, GftcoreError
from gftcore.io.files import file_sha256
from gftcore.io.images import MAX_PIXELS, read_image
from gftcore.io.masks import read_mask

if TYPE_CHECKING:
    from gftcore.io.images import Channel

__all__ = ["ManifestSummary", "check_files", "subject_labels", "summarise", "suspicions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestSummary:
    """How many of what a manifest lists.

    Attributes
    ----------
    images, subjects, masks
        Rows, different subjects, rows with a mask.
    images_by_label, subjects_by_label
        Images of each label; subjects by their worst label.
    images_by_eye
        Images of each eye.
    subjects_with_both_eyes
        Subjects with an image of OD and one of OS.
    images_by_layer, images_by_split
        Images of each layer and split that is named.
    """

    images: int
    subjects: int
    masks: int
    images_by_label: dict[str, int]
    subjects_by_label: dict[str, int]
    images_by_eye: dict[str, int]
    subjects_with_both_eyes: int
    images_by_layer: dict[str, int]
    images_by_split: dict[str, int]


def require_manifest(manifest: object) -> Manifest:
    """Return a manifest, or say that something else was given."""
    if not isinstance(manifest, Manifest):
        raise ArgumentTypeError(f"manifest must come from read_manifest, got {describe(manifest)}")
    return manifest


def subject_labels(manifest: Manifest) -> dict[str, str]:
    """Return the worst label of each subject, in the order of their first images."""
    worst: dict[str, int] = {}
    for record in require_manifest(manifest):
        severity = manifest.classes.index(record.label)
        worst[record.subject] = max(severity, worst.get(record.subject, 0))
    return {subject: manifest.classes[severity] for subject, severity in worst.items()}


def summarise(manifest: Manifest) -> ManifestSummary:
    """Count images and subjects by label, eye, layer and split."""
    records = require_manifest(manifest).records
    worst = subject_labels(manifest)
    eyes = Counter(record.eye for record in records)
    labels = Counter(record.label for record in records)
    subjects = Counter(worst.values())
    seen = {(record.subject, record.eye) for record in records}
    return ManifestSummary(
        images=len(records),
        subjects=len(worst),
        masks=sum(record.mask_path is not None for record in records),
        images_by_label={name: labels[name] for name in manifest.classes},
        subjects_by_label={name: subjects[name] for name in manifest.classes},
        images_by_eye={name: eyes[name] for name in EYES},
        subjects_with_both_eyes=sum({(name, "OD"), (name, "OS")} <= seen for name in worst),
        images_by_layer=_named(record.layer for record in records),
        images_by_split=_named(record.split for record in records),
    )


def _named(values: Iterator[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(value for value in values if value is not None).items()))


def suspicions(manifest: Manifest) -> tuple[str, ...]:
    """Return what is allowed but deserves a look, each with a stable code in front.

    ``SIMILAR_SUBJECTS``: two subjects that differ only in case, width or blanks may be one person
    in two folds. ``SPLIT_CROSSED``: images of one subject name different splits.
    """
    first_row: dict[str, tuple[str, int]] = {}
    split_of: dict[str, tuple[str | None, int]] = {}
    similar, crossed = [], []
    for record, row in zip(require_manifest(manifest).records, manifest.rows, strict=True):
        plain = "".join(unicodedata.normalize("NFKC", record.subject).casefold().split())
        name, other = first_row.setdefault(plain, (record.subject, row))
        if name != record.subject:
            similar.append((other, row))
        split, other = split_of.setdefault(record.subject, (record.split, row))
        if split != record.split:
            crossed.append((other, row))
    out = []
    if similar:
        out.append(
            f"SIMILAR_SUBJECTS: {_places(similar)} name subjects that differ only in case, width "
            "or blanks"
        )
    if crossed:
        out.append(f"SPLIT_CROSSED: {_places(crossed)} put images of one subject in several splits")
    return tuple(out)


def _places(pairs: list[tuple[int, int]]) -> str:
    first, second = pairs[0]
    more = f" and {len(pairs) - 1} more" if len(pairs) > 1 else ""
    return f"rows {first} and {second}{more}"


def check_files(
    manifest: Manifest, *, channel: Channel | None = None, max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[Problem, ...]]:
    """Read every image and mask, and yield what is wrong with each row; nothing if all is well.

    An image must exist, be readable and have bytes of its own: the same file twice would count
    twice, or lie in two folds. So must a mask without an image. A mask must have two values and
    the image's shape times an integer.

    Parameters
    ----------
    manifest
        From `read_manifest`.
    channel, max_pixels
        As for `read_image`.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from gftcore import io
    >>> from gftcore.datasets import Record, write_manifest
    >>> record = Record(id="1", subject="a", eye="OD", path="1.png", label="PDR")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     io.write_image(Path(folder) / "1.png", np.eye(4, dtype=np.uint8))
    ...     manifest = write_manifest(Path(folder) / "manifest.csv", [record])
    ...     list(check_files(manifest))
    [()]
    """
    row_of_bytes: dict[str, int] = {}
    for record, row in zip(require_manifest(manifest).records, manifest.rows, strict=True):
        problems: list[Problem] = []
        image, mask = manifest.image_path(record), manifest.mask_path(record)
        shape: tuple[int, ...] | None = None
        # Where there is no image, the mask has to be a file of its own.
        first, column = (mask, "mask_path") if image is None else (image, "path")
        assert first is not None
        try:
            shape = read_image(first, channel=channel, max_pixels=max_pixels).shape
            other = row_of_bytes.setdefault(file_sha256(first), row)
            if 0 in shape:
                message = f"must have rows and columns, got {shape}"
                problems.append(Problem(row, column, message))
            elif other != row:
                what = "a mask" if image is None else "an image"
                message = f"must be {what} of its own, got the same bytes as in row {other}"
                problems.append(Problem(row, column, message))
        except (GftcoreError, OSError) as error:
            problems.append(Problem(row, column, _reason(error, first)))
        if mask is not None and not (problems and image is None):
            try:
                size = read_mask(mask, max_pixels=max_pixels).shape
                if shape is not None and not _fits(size, shape):
                    message = f"must have the image's shape {shape} times an integer, got {size}"
                    problems.append(Problem(row, "mask_path", message))
            except (GftcoreError, OSError) as error:
                problems.append(Problem(row, "mask_path", _reason(error, mask)))
        yield tuple(problems)


def _fits(mask: tuple[int, ...], image: tuple[int, ...]) -> bool:
    times = mask[0] // max(image[0], 1)
    return times > 0 and mask == (image[0] * times, image[1] * times)


def _reason(error: GftcoreError | OSError, file: Path) -> str:
    """Return what a reader says, without the name of the file."""
    if isinstance(error, OSError) and not isinstance(error, GftcoreError):
        return error.strerror or type(error).__name__
    text = str(error)
    for prefix in (f"{file!s:.500}: ", f"{file}: ", f"mask {file.name} "):
        text = text.removeprefix(prefix)
    return text.replace(str(file), "the file")  # decoders may name it once more
