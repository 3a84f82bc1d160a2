# SPDX-License-Identifier: Apache-2.0
"""``gftcore retrieve``: training cases that are like an eye."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreError, GftcoreWarning

if TYPE_CHECKING:
    from gftcore.datasets import Manifest
    from gftcore.retrieval import CaseIndex, Neighbour

__all__ = ["retrieve"]

_SCHEMA = "gftcore-retrieve/1"
_SUFFIX = ".npz"
_NOTICE = (
    "nearest by how nodes and edges spread over the quadrants, a weak measure: shares are near .25 "
    "in every eye; not for clinical use"
)

_REMARKS = {
    "FEW_CASES": "fewer cases than -k are left",
    "SUBJECT_UNKNOWN": "not in the manifest, so other images of the same person may be listed",
}


@guarded
def retrieve(
    queries: Annotated[
        list[str],
        typer.Argument(metavar="QUERY...", help="Ids of the manifest, or graphs, .npz."),
    ],
    manifest: Annotated[
        Path, typer.Option("--manifest", help="CSV: id,subject,eye,path,label and more.")
    ],
    splits: Annotated[Path, typer.Option("--splits", help="Folds of `data split`.")],
    model: Annotated[
        int, typer.Option("--model", min=1, max=5, help="Cases are what this model trains on.")
    ],
    graphs: Annotated[
        Path, typer.Option("--graphs", help="Folder with <id>.npz of the manifest's images.")
    ],
    *,
    mode: Annotated[
        Literal["fraction", "count", "per_mm2"],
        typer.Option("--mode", help="What is compared in each quadrant."),
    ] = "fraction",
    z_scores: Annotated[
        bool, typer.Option("--z-scores", help="Compare in standard deviations over the cases.")
    ] = False,
    k: Annotated[int, typer.Option("-k", min=1, help="How many cases.")] = 3,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """List the training cases that are nearest to an eye, never of its own subject.

    Whose eye a graph of another image is, nobody knows; then no subject is left out.
    """
    from gftcore.datasets import SYNTHETIC_NOTICE, is_synthetic, read_manifest, read_splits
    from gftcore.retrieval import index_from_manifest

    table = read_manifest(manifest)
    folds = read_splits(splits, table)
    wanted = _wanted(queries, table, graphs)
    index = index_from_manifest(table, folds, model, graphs, mode=mode, z_scores=z_scores)
    found: list[tuple[Neighbour, ...]] = []
    with Progress(len(wanted), what="retrieve", silent=json_ or quiet) as progress:
        for job, name in wanted:
            cases: tuple[Neighbour, ...] = ()
            with job.attempt():
                cases = _nearest(job, name, index, table, k)
            found.append(cases)
            progress.step(failed=job.status == "failed")
    jobs = [job for job, _ in wanted]
    if json_:
        entries = [
            _entry(job, name, cases) for (job, name), cases in zip(wanted, found, strict=True)
        ]
        print_json(
            {
                "schema": _SCHEMA,
                "notice": _NOTICE,
                "manifest_sha256": table.sha256,
                "synthetic": is_synthetic(table),
                "model": model,
                "mode": mode,
                "z_scores": z_scores,
                "k": k,
                "cases": len(index),
                "summary": summary(jobs),
                "queries": entries,
            }
        )
        return end_code(jobs)
    for job, cases in zip(jobs, found, strict=True):
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            near = (f"{case.id} ({case.label}, {case.distance:.4g})" for case in cases)
            tell(f"{job.stem}: {', '.join(near) or 'none'}")
    if not quiet:
        _say_remarks(jobs)
        tell(_NOTICE)
        if is_synthetic(table):
            tell(SYNTHETIC_NOTICE)
    return end_code(jobs)


def _wanted(queries: Sequence[str], table: Manifest, graphs: Path) -> list[tuple[Job, str | None]]:
    """Return a job for each eye, with the id of its image; None if it is not in the manifest."""
    place = {record.id: graphs / f"{record.id}{_SUFFIX}" for record in table}
    id_of = {path.resolve(): name for name, path in place.items()}
    of_image: dict[str, str] | None = None
    out: dict[Path, tuple[Job, str | None]] = {}
    for query in queries:
        path = place.get(query, Path(query))
        name = query if query in place else id_of.get(path.resolve())
        if name is None and (digest := _image_of(path)):
            # A graph that was made once more of an image of the manifest is of its subject.
            if of_image is None:
                of_image = {_image_of(file): known for known, file in place.items()}
            name = of_image.get(digest)
        job = Job(path, PurePosixPath(query if name is None else name))
        out.setdefault(path.resolve(), (job, name))
    return list(out.values())


def _image_of(path: Path) -> str:
    """SHA-256 of the image that a graph was made of; empty if the file does not tell."""
    from gftcore.graph import read_meta

    try:
        return str(read_meta(path).source.get("sha256", ""))
    except (GftcoreError, OSError):
        return ""  # told where the file is read


def _nearest(
    job: Job, name: str | None, index: CaseIndex, table: Manifest, k: int
) -> tuple[Neighbour, ...]:
    from gftcore.biomarkers import quadrant_vector
    from gftcore.graph import load
    from gftcore.retrieval import subject_group

    if job.path.suffix != _SUFFIX:
        raise ArgumentError("must be an id of the manifest or a graph, .npz")
    vector = quadrant_vector(load(job.path), mode=index.mode)
    group = None
    if name is not None:
        (record,) = table.select([name])
        group = subject_group(index, table, record)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GftcoreWarning)
        cases = index.nearest(vector, k=k, exclude_subject=group, exclude_id=name)
    codes = [str(one.message).partition(":")[0] for one in caught]
    job.warnings = (*codes, *([] if name is not None else ["SUBJECT_UNKNOWN"]))
    job.status = "ok"
    return cases


def _entry(job: Job, name: str | None, cases: Sequence[Neighbour]) -> dict[str, Any]:
    out: dict[str, Any] = {"path": str(job.path), "id": name, "status": job.status}
    if job.status == "failed":
        return out | {"error": {"code": job.code, "message": job.message}}
    near = [{"id": one.id, "label": one.label, "distance": one.distance} for one in cases]
    return out | {"warnings": list(job.warnings), "neighbours": near}


def _say_remarks(jobs: Sequence[Job]) -> None:
    for code, meaning in _REMARKS.items():
        number = sum(code in job.warnings for job in jobs)
        if number:
            say(f"warning: {code} for {number} of {len(jobs)} eyes: {meaning}")
