# SPDX-License-Identifier: Apache-2.0
"""``gftcore explain``: images to class probabilities and what decided, without torch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.cli.stage import say_remarks
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from gftcore.cli.explaining import Explaining

__all__ = ["explain"]

_SCHEMA = "gftcore-explain/1"


@guarded
def explain(
    paths: options.Paths,
    out: options.Out,
    *,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Folder or file of a network; default: the package's own."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Explained class; default: the predicted one.")
    ] = None,
    kind: Annotated[
        Literal["logit", "margin", "prob"],
        typer.Option("--kind", help="The class's logit, its margin over another, its probability."),
    ] = "logit",
    against: Annotated[
        str | None,
        typer.Option("--against", help="The other class of a margin; default: the next best."),
    ] = None,
    panels: Annotated[
        int | None,
        typer.Option("--panels", min=1, max=4096, help="Steps of the path; default: 16, prob 64."),
    ] = None,
    rtol: Annotated[
        float | None,
        typer.Option("--rtol", help="In place of --panels: as many as this error needs."),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", min=0, help="Number of nodes and of edges to select; default: 20."),
    ] = None,
    mass: Annotated[
        float | None,
        typer.Option("--mass", help="In place of --top: as many as make up this part, 0 to 1."),
    ] = None,
    by: Annotated[
        Literal["contribution", "magnitude"],
        typer.Option("--by", help="What ranks: positive sums, or sums of absolute values."),
    ] = "contribution",
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
    """Say which class each image is of, and which vessels, areas and edges decided.

    Writes <name>.explanation.json and a picture, <name>.explanation.png. It explains the network,
    not a disease. Not a medical device; not for clinical use. The network that comes with the
    package was trained on synthetic images. Images that were explained before are skipped.
    """
    from gftcore.cli.explaining import Explaining
    from gftcore.pipeline import ExplainConfig

    config = ExplainConfig(
        target=target,
        kind=kind,
        against=against,
        n=panels,
        rtol=rtol,
        nodes=top,
        edges=top,
        mass=mass,
        by=by,
    )
    jobs = find_jobs(paths, out)
    run = Explaining.begin(
        model=model,
        config=config,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    if dry_run:
        run.plan(jobs)
    else:
        silent = json_ or quiet
        with warnings.catch_warnings(), Progress(len(jobs), what="explain", silent=silent) as bar:
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            run.run(jobs, threads, bar)
    if json_:
        print_json(_document(run, jobs, dry_run=dry_run))
    else:
        _tell(run, jobs, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


def _document(run: Explaining, jobs: list[Job], *, dry_run: bool) -> dict[str, Any]:
    from gftcore.pipeline import STATEMENT

    return {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "notice": run.notice,
        "statement": STATEMENT,
        "model": run.about_model(),
        "settings_hash": run.settings_hash,
        "summary": summary(jobs),
        "images": [run.entry(job) for job in jobs],
    }


def _tell(run: Explaining, jobs: list[Job], *, quiet: bool, dry_run: bool) -> None:
    from gftcore.cli.explaining import WORK
    from gftcore.pipeline import STATEMENT

    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            tell(_line(run, job))
    if quiet or dry_run:
        return
    tell(STATEMENT)
    tell(run.notice)
    say_remarks([job for job in jobs if job.status == "ok"])
    counts = summary(jobs)
    said = f"{counts['ok']} images explained, {counts['skipped']} there already, "
    said += f"{counts['failed']} failed"
    seconds = run.seconds(jobs)
    if seconds:
        split = ", ".join(f"{words} {1000 * seconds[name]:.1f} ms" for name, words in WORK.items())
        said += f"; time an image: {1000 * sum(seconds.values()):.0f} ms ({split})"
    say(said)


def _line(run: Explaining, job: Job) -> str:
    if job.status == "waiting":
        return f"would write {', '.join(job.outputs)}"
    told = run.told[job.path]
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
    return f"{job.path}: {'; '.join(parts)}: {job.outputs[-1]}{notes}{skipped}"
