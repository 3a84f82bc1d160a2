# SPDX-License-Identifier: Apache-2.0
"""``gftcore data synth``: a cohort of synthetic eyes with known lesions."""

from __future__ import annotations

import errno
import math
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gftcore.synth import CohortEye, CohortSurvey

__all__ = ["data_synth"]

_SCHEMA = "gftcore-data-synth/1"


@guarded
def data_synth(
    out: options.Out,
    *,
    subjects: Annotated[
        int, typer.Option("--subjects", min=1, max=1_000_000, help="Each has two eyes.")
    ] = 632,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Make synthetic eyes: images, masks, vessel graphs, lesions, a manifest and splits.

    The same command goes on where it stopped; with more subjects it enlarges the cohort. The eyes
    are no person's, and no substitute for clinical data.
    """
    from gftcore.synth import survey_cohort, write_cohort

    survey = survey_cohort(out, subjects=subjects, seed=seed)
    if not json_ and not quiet:
        _tell_plan(survey, tell if dry_run else say)
    if survey.needed_bytes > survey.free_bytes:
        raise OSError(errno.ENOSPC, _room(survey), str(out))
    eyes: list[CohortEye] = []
    notes: list[str] = []
    if not dry_run:
        with (
            warnings.catch_warnings(record=True) as caught,
            Progress(len(survey.plan.eyes), what="data synth", silent=json_ or quiet) as progress,
        ):
            warnings.simplefilter("always", GftcoreWarning)
            for eye in write_cohort(out, subjects=subjects, seed=seed, threads=threads):
                eyes.append(eye)
                progress.step(failed=eye.status == "failed")
        notes = [str(w.message) for w in caught if issubclass(w.category, GftcoreWarning)]
    if json_:
        print_json(_document(out, survey, eyes, notes, dry_run=dry_run))
    elif not dry_run:
        _report(out, eyes, notes, quiet=quiet)
    failed = sum(eye.status == "failed" for eye in eyes)
    if failed:
        return Exit.SOME_FAILED if failed < len(eyes) else Exit.ENVIRONMENT
    return Exit.DONE


def _tell_plan(survey: CohortSurvey, out: Callable[[str], None]) -> None:
    plan = survey.plan
    counts = ", ".join(f"{count} {label}" for label, count in plan.images_by_label.items())
    out(f"{len(plan.eyes)} eyes of {plan.subjects} subjects: {counts}")
    out(f"{len(survey.there)} there already; {_room(survey)}")


def _room(survey: CohortSurvey) -> str:
    return f"about {_size(survey.needed_bytes)} needed, {_size(survey.free_bytes)} free"


def _size(num_bytes: int) -> str:
    if num_bytes < 1000:
        return f"{num_bytes} bytes"
    unit = min(int(math.log10(num_bytes)) // 3, 3)
    return f"{num_bytes / 1000**unit:.1f} {('', 'kB', 'MB', 'GB')[unit]}"


def _document(
    out: Path,
    survey: CohortSurvey,
    eyes: Sequence[CohortEye],
    notes: Sequence[str],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    status = Counter(eye.status for eye in eyes)
    return {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "output": str(out),
        "seed": survey.plan.seed,
        "subjects": survey.plan.subjects,
        "images": len(survey.plan.eyes),
        "images_by_label": survey.plan.images_by_label,
        "there_before": len(survey.there),
        "needed_bytes": survey.needed_bytes,
        "free_bytes": survey.free_bytes,
        "summary": {name: status[name] for name in ("made", "kept", "failed")},
        "bytes": sum(eye.num_bytes for eye in eyes),
        "warnings": list(notes),
        "failed": [
            {"id": eye.id, "error": {"code": eye.code, "message": eye.message}}
            for eye in eyes
            if eye.status == "failed"
        ],
    }


def _report(out: Path, eyes: Sequence[CohortEye], notes: Sequence[str], *, quiet: bool) -> None:
    from gftcore.datasets import LABELS

    failed = [eye for eye in eyes if eye.status == "failed"]
    for eye in failed:
        say(f"failed: {eye.id}: {eye.message}")
    if failed:
        say("no manifest: the same command tries the failed eyes again")
    if quiet:
        return
    for note in notes:
        say(f"warning: {out}: {note}")
    size = sum(eye.num_bytes for eye in eyes)
    count = Counter(eye.label for eye in eyes if eye.status != "failed")
    for label in LABELS:
        tell(f"{label + ':':9}{count[label]} images ({count[label] / len(eyes):.1%})")
    status = Counter(eye.status for eye in eyes)
    tell(
        f"{out}: {status['made']} eyes made, {status['kept']} there already, "
        f"{status['failed']} failed; {_size(size)}"
    )
