# SPDX-License-Identifier: Apache-2.0
"""A cohort of synthetic eyes on disk: a labelled data set whose lesions are known."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gftcore.datasets import Record, split_subjects, write_manifest, write_splits
from gftcore.errors import GftcoreError
from gftcore.io.files import held_folder, require_path
from gftcore.processors import thread_count
from gftcore.synth.cohort_files import CohortFolder
from gftcore.synth.cohort_plan import LAYER, SUBJECTS, CohortPlan, PlannedEye, plan_cohort
from gftcore.synth.eye import make_eye
from gftcore.synth.options import FOV_MM

if TYPE_CHECKING:
    from gftcore.datasets.labels import Eye, Label

__all__ = ["CohortEye", "CohortSurvey", "survey_cohort", "write_cohort"]

#: Mean bytes of an eye's four files by class, over 1264 eyes; a test holds them within a tenth.
EYE_BYTES = {"Healthy": 1_514_000, "NPDR": 1_680_000, "PDR": 1_596_000}
# What is asked of the disk beyond it: files fill whole blocks, and eyes differ.
_RESERVE = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortEye:
    """What became of one eye.

    Attributes
    ----------
    id, label
        Of the plan.
    status
        ``made``; ``kept`` if it was there, whole and sound; or ``failed``.
    num_bytes
        Bytes of its files.
    code, message
        Why it failed: short name of the error, and what it says.
    """

    id: str
    label: str
    status: str
    num_bytes: int = 0
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSurvey:
    """What a run would do, as `survey_cohort` returns it.

    Attributes
    ----------
    plan
        Everything that the folder is to hold.
    there
        Ids of the eyes that are there already, whole and sound.
    needed_bytes
        Disk that the others will take, about.
    free_bytes
        Disk that is free.
    """

    plan: CohortPlan
    there: frozenset[str] = field(repr=False)
    needed_bytes: int
    free_bytes: int


def survey_cohort(out: str | Path, *, subjects: int = SUBJECTS, seed: int = 0) -> CohortSurvey:
    """Say what `write_cohort` would do, and whether the disk has room; writes nothing.

    Parameters
    ----------
    out, subjects, seed
        As for `write_cohort`, which raises the same errors.
    """
    plan = plan_cohort(subjects, seed)
    path = require_path(out)
    folder = CohortFolder(path, plan)
    folder.require_ours()
    there = frozenset(eye.id for eye in plan.eyes if folder.kept(eye) is not None)
    missing = Counter(eye.label for eye in plan.eyes if eye.id not in there)
    needed = sum(EYE_BYTES[label] * count for label, count in missing.items())
    existing = next(p for p in (path, *path.absolute().parents) if p.is_dir())
    return CohortSurvey(
        plan=plan,
        there=there,
        needed_bytes=round(_RESERVE * needed),
        free_bytes=shutil.disk_usage(existing).free,
    )


def write_cohort(
    out: str | Path, *, subjects: int = SUBJECTS, seed: int = 0, threads: int | None = None
) -> Iterator[CohortEye]:
    """Make a cohort of synthetic eyes in a folder, or go on with one.

    Parameters
    ----------
    out
        Folder; made if needed. One that a stopped run left is completed, and one with fewer
        subjects is enlarged: eyes that are there, whole and sound, are kept, others made anew.
    subjects
        Number of subjects, each with two eyes. The default is the size of the published private
        set: 1264 images.
    seed
        0 to 2**63 - 1. The same seed gives the same bytes, for any number of threads and stops.
    threads
        Number of eyes made at once; None means one per usable processor.

    Yields
    ------
    CohortEye
        One per eye, in the order of the plan. The manifest and the splits are written after the
        last, if none failed.

    Raises
    ------
    RefusedError
        If the folder holds a cohort of another seed or version, a larger one, or foreign files;
        or if another process writes into it.
    OSError
        If the disk is full or cannot be written; the folder can be completed later.

    Warns
    -----
    GftcoreWarning
        As `split_subjects` does for small cohorts.

    Notes
    -----
    Each file appears as a whole or not at all. The truth of an eye comes last and holds the
    SHA-256 of its image, mask, graph and of itself.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = next(write_cohort(folder, subjects=1, seed=5))
    >>> first.id, first.status
    ('0001_OD_DCP', 'made')
    """
    plan = plan_cohort(subjects, seed)
    count = thread_count(threads)
    folder = CohortFolder(require_path(out), plan)
    folder.require_ours()
    return _run(folder, plan, count)


def _run(folder: CohortFolder, plan: CohortPlan, threads: int) -> Iterator[CohortEye]:
    with held_folder(folder.path):
        folder.require_ours()  # again: the folder may have changed before it was held
        folder.begin()
        failed = 0
        for eye in _eyes(folder, plan, threads):
            failed += eye.status == "failed"
            yield eye
        if failed:
            folder.remove_tables()
        else:
            _write_tables(folder.path, plan)


def _eyes(folder: CohortFolder, plan: CohortPlan, threads: int) -> Iterator[CohortEye]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="gftcore-cohort")
    waiting: deque[Future[CohortEye]] = deque()
    planned = iter(plan.eyes)
    try:
        # A look ahead keeps the threads busy while the caller holds a result, but memory bounded.
        waiting.extend(pool.submit(_settle, folder, eye) for eye in islice(planned, 2 * threads))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(_settle, folder, eye) for eye in islice(planned, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _settle(folder: CohortFolder, eye: PlannedEye) -> CohortEye:
    """Keep or make one eye. Errors of the disk go on: every other eye would meet them too."""
    try:
        size = folder.kept(eye)
        status = "made" if size is None else "kept"
        if size is None:
            made = make_eye(seed=eye.seed, stream=eye.stream, parameters=eye.parameters())
            size = folder.write(eye, made)
    except OSError:  # RefusedError is one, too
        raise
    except (GftcoreError, MemoryError) as error:
        code = error.code if isinstance(error, GftcoreError) else "MemoryError"
        message = str(error) or "not enough memory"
        return CohortEye(id=eye.id, label=eye.label, status="failed", code=code, message=message)
    return CohortEye(id=eye.id, label=eye.label, status=status, num_bytes=size)


def _write_tables(path: Path, plan: CohortPlan) -> None:
    manifest = write_manifest(path / "manifest.csv", map(_record, plan.eyes))
    write_splits(path / "splits.json", split_subjects(manifest, seed=plan.seed))


def _record(planned: PlannedEye) -> Record:
    eye: Eye = planned.eye  # type: ignore[assignment]
    label: Label = planned.label  # type: ignore[assignment]
    return Record(
        id=planned.id,
        subject=planned.subject,
        eye=eye,
        path=f"images/{planned.id}.png",
        label=label,
        fov_mm=FOV_MM,
        layer=LAYER,
        mask_path=f"masks/{planned.id}.png",
    )
