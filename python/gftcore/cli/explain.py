# SPDX-License-Identifier: Apache-2.0
"""``gftcore explain``: images to class probabilities and what decided, without torch."""

from __future__ import annotations

from gftcore.cli import explain_options as own
from gftcore.cli import options
from gftcore.cli.jobs import find_jobs
from gftcore.cli.outcome import guarded

__all__ = ["explain"]


@guarded
def explain(
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
    """Say which class each image is of, and which vessels, areas and edges decided.

    Writes <name>.explanation.json and a picture, <name>.explanation.png. It explains the network,
    not a disease. Not a medical device; not for clinical use. The network that comes with the
    package was trained on synthetic images. Images that were explained before are skipped.
    """
    from gftcore.cli.explaining import Explaining
    from gftcore.cli.perform import perform

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
    work = Explaining.begin(
        model=model,
        config=config,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    return perform(work, jobs, threads=threads, dry_run=dry_run, json_=json_, quiet=quiet)
