# SPDX-License-Identifier: Apache-2.0
"""``gftcore stage``: images to class probabilities, without torch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from gftcore.cli.staging import Staging

__all__ = ["say_remarks", "stage"]

_SCHEMA = "gftcore-stage/1"
#: Kinds of work as `gftcore.pipeline.CpuTimes` tells them apart, in words.
_WORK = {
    "read": "reading",
    "graph": "segmentation and graph",
    "standardise": "standardisation",
    "network": "network",
}


@guarded
def stage(
    paths: options.ListedPaths,
    *,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Folder or file of a network; default: the package's own."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for stages.csv and run.json.", file_okay=False),
    ] = None,
    fov_mm: Annotated[
        float | None,
        typer.Option(
            "--fov-mm", help="Length of the longer side in mm; default: that of training."
        ),
    ] = None,
    eye: Annotated[Literal["OD", "OS", "unknown"], typer.Option("--eye")] = "unknown",
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Say which class each image is of, with probabilities, by a trained network.

    Images become graphs exactly as in the training of the network. Not a medical device; not for
    clinical use. The network that comes with the package was trained on synthetic images.
    """
    from gftcore.cli.staging import Staging

    jobs = find_jobs(paths, out, lists=True)
    run = Staging.begin(
        model=model,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    if not dry_run:
        silent = json_ or quiet
        with warnings.catch_warnings(), Progress(len(jobs), what="stage", silent=silent) as bar:
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            run.run(jobs, threads, bar)
    if json_:
        print_json(_document(run, jobs, dry_run=dry_run))
    elif dry_run:
        _tell_plan(run, jobs, quiet=quiet)
    else:
        _tell(run, jobs, quiet=quiet)
    return end_code(jobs)


def _document(run: Staging, jobs: list[Job], *, dry_run: bool) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "notice": run.notice,
        "model": run.about_model(),
        "settings_hash": run.settings_hash,
        "outputs": [str(path) for path in run.targets],
        "summary": summary(jobs),
        "cpu_seconds": {name: getattr(run.times, name) for name in _WORK},
        "images": [run.entry(job) for job in jobs],
    }


def _tell_plan(run: Staging, jobs: list[Job], *, quiet: bool) -> None:
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            tell(f"would stage {job.path}")
    if not quiet:
        for path in run.targets:
            tell(f"would write {path}")


def _tell(run: Staging, jobs: list[Job], *, quiet: bool) -> None:
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
    if quiet:
        return
    done = [job for job in jobs if job.status == "ok"]
    _tell_table(run, done)
    say_remarks(done)
    split = ", ".join(
        f"{words} {1000 * getattr(run.times, name) / max(len(done), 1):.1f} ms"
        for name, words in _WORK.items()
    )
    counts = summary(jobs)
    say(f"{counts['ok']} images staged, {counts['failed']} failed; CPU time an image: {split}")


def _tell_table(run: Staging, done: list[Job]) -> None:
    if done:
        files = [str(job.path) for job in done]
        first = max(len(name) for name in (*files, "file"))
        classes = run.model.config.classes
        second = max(len(name) for name in (*classes, "prediction"))
        widths = [max(len(name), 5) for name in classes]
        heads = [f"{name:>{width}}" for name, width in zip(classes, widths, strict=True)]
        tell("  ".join([f"{'file':{first}}", f"{'prediction':{second}}", *heads]))
        for file, job in zip(files, done, strict=True):
            staged = run.staged[job.path]
            cells = [
                f"{p:{width}.3f}"
                for p, width in zip(staged.probabilities.tolist(), widths, strict=True)
            ]
            notes = [f"[{', '.join(job.warnings)}]"] if job.warnings else []
            tell("  ".join([f"{file:{first}}", f"{staged.prediction:{second}}", *cells, *notes]))
    tell(run.notice)


def say_remarks(done: list[Job]) -> None:
    """Say what the codes of warnings mean, and how many images have each."""
    from gftcore.graph.assemble import WARNINGS
    from gftcore.pipeline import REMARKS

    meanings = {**WARNINGS, **REMARKS}
    for code in dict.fromkeys(code for job in done for code in job.warnings):
        number = sum(code in job.warnings for job in done)
        say(f"warning: {code} in {number} images: {meanings.get(code, 'see the documentation')}")
