# SPDX-License-Identifier: Apache-2.0
"""Whether the images of a data set are those that were described."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path

import numpy as np

from gftcore.errors import GftcoreError
from gftcore.instructions.faults import SetProblem
from gftcore.instructions.records import Instruction
from gftcore.io.images import read_image

__all__ = ["image_problems"]

#: Sides in pixels: below, patches of usual vision towers have nothing to see; above, no scan is.
_LEAST_SIDE, _MOST_SIDE = 28, 8192
#: What all rows of an image have to agree in.
_FACTS = ("image", "image_sha256", "table_sha256", "label", "eye", "subject")


def image_problems(
    rows: Iterable[Instruction], root: Path, pixels: MutableMapping[str, str]
) -> Iterator[SetProblem]:
    """Yield what is wrong with each image, read once; note the SHA-256 of its pixels by its id."""
    first: dict[str, Instruction] = {}
    told: set[str] = set()
    for one in rows:
        known = first.setdefault(one.image_id, one)
        differ = [name for name in _FACTS if getattr(one, name) != getattr(known, name)]
        if differ and one.image_id not in told:
            told.add(one.image_id)
            message = f"must have one {' and one '.join(differ)}, got several"
            yield SetProblem("IMAGE_TWICE", one.image_id, message)
    files: dict[str, str] = {}
    for image_id, one in first.items():
        if one.image not in files:
            digest, problem = _read(root / one.image, one)
            files[one.image] = digest
            if problem is not None:
                yield problem
        if files[one.image]:
            pixels[image_id] = files[one.image]


def _read(path: Path, one: Instruction) -> tuple[str, SetProblem | None]:
    """Return the SHA-256 of the pixels of an image, empty if it has none, and what is wrong."""
    where = one.image_id
    try:
        data = path.read_bytes()
    except OSError as error:
        return "", SetProblem("IMAGE_MISSING", where, f"{one.image}: {error.strerror}")
    if hashlib.sha256(data).hexdigest() != one.image_sha256:
        message = f"{one.image} must have the SHA-256 {one.image_sha256:.12}..., got another"
        return "", SetProblem("IMAGE_CHANGED", where, message)
    try:
        image = read_image(path)
    except (GftcoreError, OSError) as error:
        reason = str(error).removeprefix(f"{path}: ").replace(str(path), "the file")
        code = "IMAGE_KIND" if "colour image" in reason else "IMAGE_DAMAGED"
        return "", SetProblem(code, where, f"{one.image}: {reason:.200}")
    digest = hashlib.sha256(repr((image.dtype.str, image.shape)).encode() + image.tobytes())
    if image.ndim != 2 or image.dtype != np.uint8:
        message = f"{one.image} must have two axes of uint8, got {image.dtype} {image.shape}"
        return digest.hexdigest(), SetProblem("IMAGE_KIND", where, message)
    if not _LEAST_SIDE <= min(image.shape) <= max(image.shape) <= _MOST_SIDE:
        message = f"{one.image} must have sides of {_LEAST_SIDE} to {_MOST_SIDE}, got {image.shape}"
        return digest.hexdigest(), SetProblem("IMAGE_SIZE", where, message)
    return digest.hexdigest(), None
