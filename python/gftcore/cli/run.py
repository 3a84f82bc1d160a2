# SPDX-License-Identifier: Apache-2.0
"""``gftcore run``: images to everything that is known about them, as pages for a browser."""

from __future__ import annotations

from gftcore.cli import explain_options as own
from gftcore.cli import options
from gftcore.cli.jobs import find_jobs
from gftcore.cli.outcome import guarded

__all__ = ["run"]


@guarded
def run(
    paths: options.ListedPaths,
    out: options.Out,
    *,
    model: own.ModelPath = None,
    target: own.Target = None,
    kind: own.Kind = "logit",
    against: own.Against = None,
    panels: own.Panels = None,
    rtol: own.Rtol = None,
    top: own.Top = None,
    mass: own.Mass = None,
    by: own.By = "contribution",
    fov_mm: own.Fov = None,
    eye: own.Eye = "unknown",
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Do everything: graph, class, what decided, table, findings, text, and a page for each image.

    Writes <name>.report.html and the files of `table`, `explain` and the graph; index.html lists
    all images. Pages open in any browser, offline and without script. They explain the network,
    not a disease. Not a medical device; not for clinical use. The network that comes with the
    package was trained on synthetic images. Images that have their files are skipped. Files and
    pages repeat the names of the images: name no image after a person.
    """
    from gftcore.cli.perform import perform
    from gftcore.cli.reporting import Reporting

    jobs = find_jobs(paths, out, lists=True)
    config = own.explain_config(
        target=target,
        kind=kind,
        against=against,
        panels=panels,
        rtol=rtol,
        top=top,
        mass=mass,
        by=by,
    )
    work = Reporting.begin(
        model=model,
        config=config,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    return perform(work, jobs, threads=threads, dry_run=dry_run, json_=json_, quiet=quiet)
