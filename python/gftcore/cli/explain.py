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

__all__ = ["Against", "By", "Eye", "Fov", "Kind", "Mass", "ModelPath", "Panels", "Rtol", "Target"]
__all__ += ["Top", "explain", "run_document", "tell_run"]

_SCHEMA = "gftcore-explain/1"

ModelPath = Annotated[
    Path | None,
    typer.Option("--model", help="Folder or file of a network; default: the package's own."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="Explained class; default: the predicted one.")
]
Kind = Annotated[
    Literal["logit", "margin", "prob"],
    typer.Option("--kind", help="The class's logit, its margin over another, its probability."),
]
Against = Annotated[
    str | None,
    typer.Option("--against", help="The other class of a margin; default: the next best."),
]
Panels = Annotated[
    int | None,
    typer.Option("--panels", min=1, max=4096, help="Steps of the path; default: 16, prob 64."),
]
Rtol = Annotated[
    float | None,
    typer.Option("--rtol", help="In place of --panels: as many as this error needs."),
]
Top = Annotated[
    int | None,
    typer.Option("--top", min=0, help="Number of nodes and of edges to select; default: 20."),
]
Mass = Annotated[
    float | None,
    typer.Option("--mass", help="In place of --top: as many as make up this part, 0 to 1."),
]
By = Annotated[
    Literal["contribution", "magnitude"],
    typer.Option("--by", help="What ranks: positive sums, or sums of absolute values."),
]
Fov = Annotated[
    float | None,
    typer.Option("--fov-mm", help="Length of the longer side in mm; default: that of training."),
]
Eye = Annotated[Literal["OD", "OS", "unknown"], typer.Option("--eye")]


@guarded
def explain(
    paths: options.Paths,
    out: options.Out,
    *,
    model: ModelPath = None,
    target: Target = None,
    kind: Kind = "logit",
    against: Against = None,
    panels: Panels = None,
    rtol: Rtol = None,
    top: Top = None,
    mass: Mass = None,
    by: By = "contribution",
    fov_mm: Fov = None,
    eye: Eye = "unknown",
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
        print_json(run_document(run, jobs, schema=_SCHEMA, dry_run=dry_run))
    else:
        tell_run(run, jobs, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


def run_document(run: Explaining, jobs: list[Job], *, schema: str, dry_run: bool) -> dict[str, Any]:
    """JSON output of a run."""
    from gftcore.pipeline import STATEMENT

    return {
        "schema": schema,
        "dry_run": dry_run,
        "notice": run.notice,
        "statement": STATEMENT,
        "model": run.about_model(),
        "settings_hash": run.settings_hash,
        "summary": summary(jobs),
        "images": [run.entry(job) for job in jobs],
    }


def tell_run(run: Explaining, jobs: list[Job], *, quiet: bool, dry_run: bool) -> None:
    """Say what became of each image, and what stands beside the results."""
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
    said = f"{counts['ok']} images {run.done}, {counts['skipped']} there already, "
    said += f"{counts['failed']} failed"
    seconds = run.seconds(jobs)
    if seconds:
        each = [f"{words} {1000 * seconds[name]:.1f} ms" for name, words in run.work.items()]
        said += f"; time an image: {1000 * sum(seconds.values()):.0f} ms ({', '.join(each)})"
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
    return f"{job.path}: {'; '.join(parts)}: {job.outputs[run.shown]}{notes}{skipped}"
