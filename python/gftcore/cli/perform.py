# SPDX-License-Identifier: Apache-2.0
"""How ``gftcore explain``, ``table`` and ``run`` do their work and what they print."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from gftcore.cli.jobs import Job, end_code, summary
from gftcore.cli.outcome import Exit, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.cli.stage import say_remarks
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from gftcore.cli.explaining import Explaining

__all__ = ["perform"]


def perform(
    work: Explaining,
    jobs: list[Job],
    *,
    threads: int | None,
    dry_run: bool,
    json_: bool,
    quiet: bool,
) -> Exit:
    """Work on all jobs, or say what would be written; print what came out."""
    if dry_run:
        work.plan(jobs)
    else:
        progress = Progress(len(jobs), what=work.command, silent=json_ or quiet)
        with warnings.catch_warnings(), progress as bar:
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            work.run(jobs, threads, bar)
    if json_:
        print_json(_document(work, jobs, dry_run=dry_run))
    else:
        _tell(work, jobs, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


def _document(work: Explaining, jobs: list[Job], *, dry_run: bool) -> dict[str, Any]:
    from gftcore.pipeline import STATEMENT

    return {
        "schema": work.schema,
        "dry_run": dry_run,
        "notice": work.notice,
        "statement": STATEMENT,
        "model": work.about_model(),
        "settings_hash": work.settings_hash,
        "summary": summary(jobs),
        "images": [work.entry(job) for job in jobs],
    }


def _tell(work: Explaining, jobs: list[Job], *, quiet: bool, dry_run: bool) -> None:
    """Say what became of each image, and what stands beside the results."""
    from gftcore.pipeline import STATEMENT

    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            tell(_line(work, job))
    if quiet or dry_run:
        return
    tell(STATEMENT)
    tell(work.notice)
    say_remarks([job for job in jobs if job.status == "ok"])
    counts = summary(jobs)
    said = f"{counts['ok']} images {work.done}, {counts['skipped']} there already, "
    said += f"{counts['failed']} failed"
    seconds = work.seconds(jobs)
    if seconds:
        each = [f"{words} {1000 * seconds[name]:.1f} ms" for name, words in work.work.items()]
        said += f"; time an image: {1000 * sum(seconds.values()):.0f} ms ({', '.join(each)})"
    say(said)


def _line(work: Explaining, job: Job) -> str:
    if job.status == "waiting":
        return f"would write {', '.join(job.outputs)}"
    told = work.told[job.path]
    about = {"logit": "logit", "margin": "margin", "prob": "probability"}[told["kind"]]
    parts = [f"{told['prediction']} {told['probabilities'][told['prediction']]:.3f}"]
    chosen = " and ".join(
        f"{one['count']} {name} ({100 * one['share']:.0f} %)"
        for name, one in told["selected"].items()
        if name in told["errors"]
    )
    parts.append(f"{about} of {told['target']} by {chosen}")
    errors = [error for error in told["errors"].values() if error is not None]
    if errors:
        parts.append(f"error {100 * max(errors):.1f} %")
    notes = f" [{', '.join(job.warnings)}]" if job.warnings else ""
    skipped = " (there already)" if job.status == "skipped" else ""
    return f"{job.path}: {'; '.join(parts)}: {job.outputs[work.shown]}{notes}{skipped}"
