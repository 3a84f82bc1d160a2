# SPDX-License-Identifier: Apache-2.0
"""Input files of a command: found, named, and what became of each."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from gftcore.cli.outcome import Exit, exit_code, explanation, show_traceback
from gftcore.errors import ArgumentError, GftcoreError, MissingFileError

__all__ = ["Job", "end_code", "find_jobs", "summary"]

#: Errors of the system that every further input would meet too: the disk is full or read-only.
_FATAL = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT})
_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".npy")


@dataclass(slots=True)
class Job:
    """One input file.

    Attributes
    ----------
    path
        The file.
    stem
        Name of its results below the output folder, without suffix; also its ``image_id``.
    status
        ``waiting``, then ``ok``, ``skipped`` (result was there already) or ``failed``.
    config_hash
        SHA-256 of the settings that the result depends on; empty where there is none.
    fov_mm, eye
        What a list says of it; None where it says nothing.
    """

    path: Path
    stem: PurePosixPath
    status: str = "waiting"
    outputs: list[str] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    config_hash: str = ""
    code: str = ""
    message: str = ""
    fov_mm: float | None = None
    eye: str | None = None

    @property
    def facts(self) -> tuple[object, ...]:
        """What a list says of it."""
        return self.stem, self.fov_mm, self.eye

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Record an error of this file; let errors that every other file would meet go on.

        An error that nobody foresaw is one of this file, too: the others are worth their result.
        """
        try:
            yield
        except (GftcoreError, OSError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno in _FATAL:
                raise
            self.fail(error)
        except Exception as error:
            show_traceback(error)
            self.failed("INTERNAL", explanation(error, exit_code(error)))

    def fail(self, error: GftcoreError | OSError | MemoryError) -> None:
        """Record why there is no result."""
        code = error.code if isinstance(error, GftcoreError) else type(error).__name__
        self.failed(code, explanation(error, exit_code(error)))

    def failed(self, code: str, message: str) -> None:
        """Record why there is no result."""
        self.status, self.code, self.message = "failed", code, message

    def complaint(self) -> str:
        """Line that says what failed, naming the file once."""
        known = self.message.startswith(str(self.path))
        return f"failed: {self.message if known else f'{self.path}: {self.message}'}"

    def document(self) -> dict[str, Any]:
        """Entry of the JSON output."""
        out: dict[str, Any] = {"path": str(self.path), "image_id": str(self.stem)}
        out |= {"status": self.status, "outputs": self.outputs}
        if self.status == "failed":
            return out | {"error": {"code": self.code, "message": self.message}}
        if self.config_hash:
            out["config_hash"] = self.config_hash
        return out | {"warnings": list(self.warnings), "counts": self.counts}


def find_jobs(
    paths: Sequence[Path],
    out: Path | None,
    *,
    suffixes: Sequence[str] = _SUFFIXES,
    what: str = "image",
    lists: bool = False,
) -> list[Job]:
    """List the files to work on; folders are searched, the output folder is left out.

    A path that does not exist is a job that has failed already. Without an output folder names may
    repeat. `what` names the files with these suffixes in messages. With `lists`, a CSV file stands
    for the images in it.

    Raises
    ------
    MissingFileError
        If there is no file at all.
    ArgumentError
        If two files would get the same result name, or if `out` is one of the input folders, whose
        next search would find the results.
    """
    jobs: list[Job] = []
    named: dict[PurePosixPath, Job] = {}
    missing: list[Job] = []
    seen: dict[Path, Job] = {}
    given = [path for path in paths if lists and path.suffix.lower() == ".csv" and path.is_file()]
    found = (
        Job(path, PurePosixPath(relative.with_suffix("").as_posix()))
        for path, relative in _files([p for p in paths if p not in given], out, missing, suffixes)
    )
    listed = list(_listed(given))
    for number, job in enumerate(chain(listed, found)):
        try:
            real = job.path.resolve()
        except (OSError, RuntimeError) as error:  # a loop of links
            job.fail(MissingFileError(f"{job.path!s:.500}: {error}"))
            missing.append(job)
            continue
        first = seen.setdefault(real, job)
        if first is not job:
            if number < len(listed) and first.facts != job.facts:
                raise ArgumentError(
                    f"{job.path} is listed as {first.stem} and as {job.stem}; list it once"
                )
            continue
        path, stem = job.path, job.stem
        if out is not None and stem in named:
            raise ArgumentError(
                f"{named[stem].path} and {path} would both be written to {stem}; "
                "rename one, or use two output folders"
            )
        named[stem] = job
        jobs.append(job)
    if not jobs and missing:
        raise MissingFileError("; ".join(job.message for job in missing))
    if not jobs:
        raise MissingFileError(f"no {what} ({', '.join(suffixes)}) in {', '.join(map(str, paths))}")
    return [*jobs, *missing]


def _listed(paths: list[Path]) -> Iterator[Job]:
    if not paths:
        return
    from gftcore.cli.lists import read_list

    for path in paths:
        for row in read_list(path):
            yield Job(row.path, PurePosixPath(row.name), fov_mm=row.fov_mm, eye=row.eye)


def _missing(path: Path, error: OSError | ValueError) -> Job:
    job = Job(path, PurePosixPath(path.stem))
    reason = error.strerror if isinstance(error, OSError) else str(error)
    job.fail(MissingFileError(f"{path!s:.500}: {reason}"))
    return job


def _files(
    paths: Sequence[Path], out: Path | None, missing: list[Job], suffixes: Sequence[str]
) -> Iterator[tuple[Path, Path]]:
    skipped = None if out is None else out.resolve()

    def unreadable(error: OSError) -> None:
        missing.append(_missing(Path(error.filename), error))

    for path in paths:
        try:
            folder_given = stat.S_ISDIR(path.stat().st_mode)
        except (OSError, ValueError) as error:
            missing.append(_missing(path, error))
            continue
        if folder_given:
            if path.resolve() == skipped:
                raise ArgumentError(
                    f"--out {out} is the input folder {path}: the next run would take the results "
                    f"for inputs; use another folder, such as {path / 'out'}"
                )
            for folder, names, files in os.walk(path, onerror=unreadable):
                here = Path(folder)
                names[:] = sorted(
                    name
                    for name in names
                    if not name.startswith(".") and (here / name).resolve() != skipped
                )
                for name in sorted(files):
                    if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                        yield here / name, (here / name).relative_to(path)
        else:
            yield path, Path(path.name)


def summary(jobs: Sequence[Job]) -> dict[str, int]:
    """Count the jobs of each status."""
    return {
        status: sum(job.status == status for job in jobs) for status in ("ok", "skipped", "failed")
    }


def end_code(jobs: Sequence[Job]) -> Exit:
    """Exit code of a run: all done, some failed, or none done."""
    failed = [job for job in jobs if job.status == "failed"]
    if not failed:
        return Exit.DONE
    if len(failed) < len(jobs):
        return Exit.SOME_FAILED
    if all(job.code == "REFUSED" for job in failed):
        return Exit.REFUSED
    if all(job.code == "MISSING_EXTRA" for job in failed):
        return Exit.MISSING_EXTRA
    if all(job.code in ("UNAVAILABLE", "MemoryError", "INTERNAL") for job in failed):
        return Exit.ENVIRONMENT
    return Exit.BAD_INPUT
