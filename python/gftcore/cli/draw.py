# SPDX-License-Identifier: Apache-2.0
"""``gftcore draw``: graph files to pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, MissingFileError, RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph import HeteroGraph
    from gftcore.pictures import Picture

__all__ = ["draw"]

_SCHEMA = "gftcore-draw/1"
_SUFFIX = ".npz"


@guarded
def draw(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="GRAPH...", help="Graphs, .npz, or folders that are searched."),
    ],
    out: options.Out,
    *,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="All of the graph; so if nothing else is asked for.")
    ] = False,
    feature: Annotated[
        list[str] | None,
        typer.Option("--feature", help="Map of a column: radius_mean_px, ica.area; repeatable."),
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option("--limits", help="LOW,HIGH of the colours of the one --feature, as shown."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", help="Another graph, or a folder with one of the same name."),
    ] = None,
    within_px: Annotated[
        float, typer.Option("--within-px", help="Farther apart nothing of --compare is the same.")
    ] = 3.0,
    background: Annotated[
        Path | None,
        typer.Option("--background", help="Image below, or a folder with one of the same name."),
    ] = None,
    channel: options.Channel = None,
    svg: Annotated[
        bool, typer.Option("--svg", help="SVG with names under the pointer, not PNG.")
    ] = False,
    scale: Annotated[
        int | None,
        typer.Option("--scale", min=1, max=2000, help="Side of a mask pixel; default: by size."),
    ] = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Draw graphs of `extract` or `run`: <name>.overlay.png, maps of features, differences.

    Pictures that are there already with the same content are skipped.
    """
    from gftcore._validation import require_real

    features = tuple(dict.fromkeys(_feature(one) for one in feature or ()))
    jobs = find_jobs(paths, out, suffixes=(_SUFFIX,), what="graph")
    work = _Drawing(
        out=out,
        overlay=overlay or (not features and compare is None),
        features=features,
        limits=_limits(limits, features),
        other=compare,
        within_px=require_real(within_px, "--within-px", above=0),
        background=background,
        channel=channel,
        suffix=".svg" if svg else ".png",
        scale=scale,
    )
    if compare is not None:
        from gftcore._lazy import require

        require("scipy.spatial", extra="metrics", user="gftcore draw --compare")
    if background is not None and len(jobs) > 1 and not background.is_dir():
        raise ArgumentError(
            f"--background {background} is one image for {len(jobs)} graphs; name a folder"
        )
    if not dry_run:
        # A folder that cannot be made is no fault of a graph.
        out.mkdir(parents=True, exist_ok=True)
    with Progress(len(jobs), what="draw", silent=json_ or quiet or dry_run) as progress:
        for job in jobs:
            if job.status != "failed":
                with job.attempt():
                    work.run(job, overwrite=overwrite, dry_run=dry_run)
            progress.step(failed=job.status == "failed")
    _report(jobs, json_=json_, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


def _feature(text: str) -> tuple[str, str]:
    """Type and column of a name such as ``ica.area``; without a type the one that has it.

    Names of tables, such as ``length_px`` and ``length_mm``, name the same columns.
    """
    from gftcore._validation import require_choice
    from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS

    known: dict[str, dict[str, str]] = {}
    for kind, table in (("vessel", VESSEL_COLUMNS), ("ica", ICA_COLUMNS)):
        names = {
            one: info.name
            for info in table.values()
            for one in (info.exported, info.exported_mm)
            if one
        }
        known[kind] = {**{name: name for name in table}, **names}
    kind, dot, column = text.partition(".")
    if dot:
        require_choice(kind, tuple(known), "type of --feature")
        return kind, known[kind][require_choice(column, tuple(known[kind]), "--feature")]
    kinds = [kind for kind, names in known.items() if text in names]
    if len(kinds) > 1:
        raise ArgumentError(f"--feature must be vessel.{text} or ica.{text}, both have it")
    if not kinds:
        require_choice(text, (*known["vessel"], *known["ica"]), "--feature")
    return kinds[0], known[kinds[0]][text]


def _limits(text: str | None, features: tuple[tuple[str, str], ...]) -> tuple[float, float] | None:
    if text is None:
        return None
    from gftcore.graph import column_info
    from gftcore.pictures.scales import require_limits

    if len(features) != 1:
        raise ArgumentError(f"--limits is for one --feature, got {len(features)}")
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentError(f"--limits must be LOW,HIGH, got {text!r}") from error
    log = column_info(*features[0]).unit == "area"
    return require_limits((low, high), log=log, name="--limits")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn of each graph."""

    out: Path
    overlay: bool
    features: tuple[tuple[str, str], ...]
    limits: tuple[float, float] | None
    other: Path | None
    within_px: float
    background: Path | None
    channel: str | None
    suffix: str
    scale: int | None

    def names(self) -> list[str]:
        """Ends of the names of the pictures."""
        out = ["overlay"] if self.overlay else []
        out += [f"{kind}.{column}" for kind, column in self.features]
        return out + (["compare"] if self.other is not None else [])

    def run(self, job: Job, *, overwrite: bool, dry_run: bool) -> None:
        from gftcore.io.files import atomic_path

        base = self.out / Path(job.stem)
        targets = [base.with_name(f"{base.name}.{end}{self.suffix}") for end in self.names()]
        present = not overwrite and any(path.exists() for path in targets)
        job.outputs = [str(path) for path in targets]
        if dry_run and not present:
            return
        # All are made before the first is written: one that cannot be made leaves no other behind.
        made = [picture.encoded(self.suffix) for picture in self.pictures(job)]
        waiting = []
        for target, content in zip(targets, made, strict=True):
            if present and target.exists():
                if target.read_bytes() != content:
                    raise RefusedError(f"{target} exists and differs; use --overwrite")
            else:
                waiting.append((target, content))
        if not waiting:
            job.status = "skipped"
        elif not dry_run:
            for target, content in waiting:
                with atomic_path(target) as temporary:
                    temporary.write_bytes(content)
            job.status = "ok"

    def pictures(self, job: Job) -> Iterator[Picture]:
        from gftcore.graph import load
        from gftcore.pictures import draw_comparison, draw_feature, draw_overlay

        graph = load(job.path)
        looks: dict[str, Any] = {"scale": self.scale, "background": self._image(job)}
        job.warnings = graph.meta.warnings
        job.counts = {"segments": graph.num_segments, "areas": graph.num_icas}
        name = job.stem.name
        if self.overlay:
            yield draw_overlay(graph, name=name, **looks)
        for kind, column in self.features:
            yield draw_feature(graph, kind, column, limits=self.limits, name=name, **looks)
        if self.other is not None:
            other, path = self._other(job, self.other)
            names = (name, path.stem)
            if name == path.stem:
                # Names of folders would tell apart, too, but may be those of a person.
                names = (f"{name} (left)", f"{name} (right)")
            yield draw_comparison(graph, other, names=names, within_px=self.within_px, **looks)

    def _other(self, job: Job, other: Path) -> tuple[HeteroGraph, Path]:
        from gftcore.graph import load

        path = other / f"{job.stem}{_SUFFIX}" if other.is_dir() else other
        return load(path), path

    def _image(self, job: Job) -> NDArray[Any] | None:
        from gftcore.io import SUFFIXES, read_image

        if self.background is None:
            return None
        path = self.background
        if path.is_dir():
            places = [path / f"{job.stem}{suffix}" for suffix in SUFFIXES]
            found = [place for place in places if place.is_file()]
            if not found:
                raise MissingFileError(f"{places[0].with_suffix('')}.*: no image for {job.path}")
            path = found[0]
        return read_image(path, channel=self.channel)  # type: ignore[arg-type]


def _report(jobs: list[Job], *, json_: bool, quiet: bool, dry_run: bool) -> None:
    counts = summary(jobs)
    if json_:
        entries = [job.document() for job in jobs]
        print_json({"schema": _SCHEMA, "dry_run": dry_run, "summary": counts, "graphs": entries})
        return
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            how = "would write " if dry_run else ""
            how = "there already: " if job.status == "skipped" else how
            tell(f"{how}{', '.join(job.outputs)}")
    if not quiet and not dry_run:
        say(
            f"pictures of {counts['ok']} graphs written, {counts['skipped']} there already, "
            f"{counts['failed']} failed"
        )
