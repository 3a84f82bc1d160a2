# SPDX-License-Identifier: Apache-2.0
"""What `data convert` does with one image: read, compare with what was given, write as PNG."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from gftcore.cli.jobs import Job
from gftcore.errors import ArgumentError, FormatError, GftcoreError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gftcore.datasets import Entry
    from gftcore.io import Scan

__all__ = ["Conversion", "Converter", "whole_pixels"]


@dataclass(slots=True, kw_only=True)
class Conversion:
    """One image and what became of it; `sources` is file to SHA-256 of what it is made of."""

    entry: Entry
    job: Job
    fov_mm: float | None = None
    eye: str = "unknown"
    layer: str | None = None
    notes: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether its files are there, or would be."""
        return self.job.status != "failed"

    def document(self) -> dict[str, Any]:
        """Entry of the JSON output."""
        out = self.job.document()
        if self.done:
            out |= {"fov_mm": self.fov_mm, "eye": self.eye, "layer": self.layer}
            out["notes"] = list(self.notes)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """Settings of a run; `reading` goes to `gftcore.io.read_scan`."""

    out: Path
    reading: Mapping[str, Any]
    eye: str | None
    fov_mm: float | None
    overwrite: bool

    def convert(self, entry: Entry, *, only_look: bool) -> Conversion:
        """Convert an image and its masks; an error is recorded in the job.

        With `only_look` nothing is written: what would be is ``waiting``.
        """
        conversion = Conversion(entry=entry, job=Job(entry.path, PurePosixPath(entry.id)))
        with conversion.job.attempt():
            self._convert(conversion, only_look)
        return conversion

    def _convert(self, conversion: Conversion, only_look: bool) -> None:
        from gftcore.io import file_sha256, read_mask, read_scan

        entry, job = conversion.entry, conversion.job
        scan = read_scan(entry.path, **self.reading)
        self._compare(conversion, scan)
        image = f"images/{entry.id}.png"
        files = {image: whole_pixels(scan.pixels, entry.path)}
        conversion.sources[image] = file_sha256(entry.path)
        for kind, mask in entry.masks.items():
            limit = self.reading["max_pixels"]
            name = f"masks/{kind}/{entry.id}.png"
            files[name] = read_mask(mask, max_pixels=limit) != 0
            conversion.sources[name] = file_sha256(mask)
        rows, cols = scan.pixels.shape
        job.counts = {"rows": rows, "cols": cols}
        # Nothing is written before it is known that all of it may be.
        waiting = {name: pixels for name, pixels in files.items() if self._needed(name, pixels)}
        job.outputs = [str(self.out / name) for name in files]
        if not waiting:
            job.status = "skipped"
        elif not only_look:
            self._write(waiting)
            job.status = "ok"

    def _write(self, files: Mapping[str, NDArray[Any]]) -> None:
        from gftcore.io import write_image

        for name, pixels in files.items():
            write_image(self.out / name, pixels)

    def _needed(self, name: str, pixels: NDArray[Any]) -> bool:
        """Whether a file has to be written; one that holds other pixels is refused."""
        target = self.out / name
        if not target.exists():
            return True
        if _holds(target, pixels):
            return False
        if not self.overwrite:
            raise RefusedError(f"{target} exists and holds other pixels; use --overwrite")
        return True

    def _compare(self, conversion: Conversion, scan: Scan) -> None:
        """Keep what the header, the data set and the options say, unless they contradict."""
        entry = conversion.entry
        conversion.eye = _agreed_eye(
            {"the header": scan.eye, "the data set": entry.eye, "--eye": self.eye or "unknown"},
            entry.path,
        )
        conversion.fov_mm = _agreed_fov(
            {"the header": scan.fov_mm, "the data set": entry.fov_mm, "--fov-mm": self.fov_mm},
            entry.path,
        )
        conversion.layer = scan.layer if entry.layer is None else entry.layer
        known = {self.fov_mm, entry.fov_mm} != {None}
        conversion.notes = tuple(
            note for note in scan.notes if not (known and "field of view" in note)
        )


def _agreed_eye(said: Mapping[str, str], file: Path) -> str:
    named = {source: eye for source, eye in said.items() if eye != "unknown"}
    if len(set(named.values())) > 1:
        shown = ", ".join(f"{source} says {eye}" for source, eye in named.items())
        raise ArgumentError(f"{file}: must be of one eye, {shown}")
    return next(iter(named.values()), "unknown")


def _agreed_fov(said: Mapping[str, float | None], file: Path) -> float | None:
    """Return the first length that is known; rounded numbers of headers may differ by 1 %."""
    from gftcore.io.spacing import TOLERANCE

    named = {source: fov for source, fov in said.items() if fov is not None}
    if named and max(named.values()) - min(named.values()) > TOLERANCE * max(named.values()):
        shown = ", ".join(f"{source} says {fov:g} mm" for source, fov in named.items())
        raise ArgumentError(f"{file}: must have one field of view, {shown}")
    return next(iter(named.values()), None)


def whole_pixels(pixels: NDArray[Any], file: Path) -> NDArray[Any]:
    """Return pixels as bool, uint8 or uint16, all values as they were.

    Raises
    ------
    FormatError
        If there are other values than whole numbers from 0 to 65535. Scaling each image by its own
        range would make equal brightness differ between images.
    """
    import numpy as np

    if pixels.dtype in (np.bool_, np.uint8, np.uint16):
        return pixels
    low, high = pixels.min(initial=0), pixels.max(initial=0)
    whole = pixels.dtype.kind in "iu" or bool((np.isfinite(pixels) & (pixels % 1 == 0)).all())
    if not whole or low < 0 or high > np.iinfo(np.uint16).max:
        raise FormatError(
            f"{file}: must hold whole numbers from 0 to 65535 to become a PNG without loss, got "
            f"{pixels.dtype} from {low:g} to {high:g}; scale all images of the set alike first"
        )
    return pixels.astype(np.uint8 if pixels.dtype.itemsize == 1 else np.uint16)


def _holds(target: Path, pixels: NDArray[Any]) -> bool:
    """Whether a file holds these pixels, as `gftcore.io.write_image` writes them."""
    import numpy as np

    from gftcore.io import read_image

    try:
        there = read_image(target)
    except (GftcoreError, OSError):
        return False
    expected = pixels * np.uint8(255) if pixels.dtype == np.bool_ else pixels
    same: bool = there.dtype == expected.dtype and np.array_equal(there, expected)
    return same
