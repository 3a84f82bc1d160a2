# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore extract``: read, extract in threads, write, resume."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore.biomarkers import biomarkers
from gftcore.biomarkers.files import BIOMARKER_FIELDS, biomarker_row
from gftcore.cli.image_tables import ImageTable, RowTable, relpath_of
from gftcore.cli.jobs import Job
from gftcore.errors import ArgumentError, FormatError, RefusedError
from gftcore.formats import write_dictionary, write_tables
from gftcore.formats.tables import image_row
from gftcore.graph import (
    BatchItem,
    ExtractFailure,
    HeteroGraph,
    extract_batch,
    load,
    save,
)
from gftcore.graph.assemble import run_settings, settings_hash
from gftcore.io import (
    atomic_path,
    file_sha256,
    is_mask,
    provenance,
    read_image,
)
from gftcore.pictures import PICTURE_KEEP, draw_overlay

if TYPE_CHECKING:
    from gftcore.cli.progress import Progress
    from gftcore.graph import ExtractConfig
    from gftcore.segmentation import SegmentConfig

__all__ = ["Extraction", "Reading", "counts_of", "write_run_file"]

#: What biomarkers need of a graph beside its features; it is not stored.
_MEASURED = ("mask", "skeleton")


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read."""

    kind: str
    threshold: float | None
    channel: str | None
    max_pixels: int

    def source(self, path: Path) -> dict[str, str]:
        """Identify an input by its bytes, and by the options that say how to read them."""
        out = {"sha256": file_sha256(path)}
        if self.channel is not None:
            out["channel"] = self.channel
        if self.threshold is not None:
            out["threshold"] = repr(float(self.threshold))
        return out

    def item(self, path: Path) -> BatchItem:
        """Read one file as mask or image."""
        pixels = read_image(path, channel=self.channel, max_pixels=self.max_pixels)  # type: ignore[arg-type]
        as_mask = self.kind == "mask" or self.threshold is not None
        if as_mask or (self.kind == "auto" and is_mask(pixels)):
            if self.kind == "image":
                raise ArgumentError("--threshold is for masks; it cannot go with --kind image")
            return BatchItem(mask=pixels, threshold=self.threshold, name=str(path))
        return BatchItem(image=pixels, name=str(path))


@dataclass(slots=True)
class Extraction:
    """Settings of one run of ``gftcore extract``."""

    out: Path
    config: ExtractConfig
    seg: SegmentConfig
    reading: Reading
    overlay: bool
    overwrite: bool

    def stem(self, job: Job) -> Path:
        """Path of a job's results without suffix."""
        return self.out / Path(job.stem)

    def names(self, job: Job) -> list[Path]:
        """Files that a job writes."""
        base = self.stem(job)
        suffixes = [".npz", ".junctions.csv", ".nodes.csv", ".edges.csv"]
        if self.overlay:
            suffixes.append(".overlay.png")
        return [base.with_name(base.name + suffix) for suffix in suffixes]

    def plan(self, jobs: list[Job]) -> None:
        """Say what would be written, without writing."""
        for part, some in self._parts(jobs):
            for job in some:
                if job.status == "failed":
                    continue
                job.outputs = [str(path) for path in part.names(job)]
                with job.attempt():
                    part._stored(job)

    def run(self, jobs: list[Job], threads: int | None, progress: Progress) -> None:
        """Work on all jobs; each one's outcome is recorded in it."""
        # A folder that cannot be made is no fault of an image.
        self.out.mkdir(parents=True, exist_ok=True)
        tables = _Tables.begin(self.out, overwrite=self.overwrite)
        try:
            for part, some in self._parts(jobs):
                part._extract(some, tables, threads, progress)
        finally:
            # An interrupted run also tells what it finished.
            tables.images.add_failures(jobs, self.reading.kind)
            tables.images.write()
            tables.biomarkers.write()
        if any(job.status != "failed" for job in jobs):
            self._write_run_files()

    def _parts(self, jobs: list[Job]) -> list[tuple[Extraction, list[Job]]]:
        """Divide jobs by width and eye, and give each part the settings that it needs."""
        parts: dict[tuple[float, str], list[Job]] = {}
        for job in jobs:
            known = (job.fov_mm or self.config.fov_mm, job.eye or self.config.eye)
            parts.setdefault(known, []).append(job)
        return [
            (dataclasses.replace(self, config=self.config.replace(fov_mm=fov_mm, eye=eye)), part)
            for (fov_mm, eye), part in parts.items()
        ]

    def _extract(
        self, jobs: list[Job], tables: _Tables, threads: int | None, progress: Progress
    ) -> None:
        pending: deque[tuple[Job, dict[str, str]]] = deque()
        results = extract_batch(
            self._items(jobs, pending, tables, progress),
            self.config,
            seg=self.seg,
            threads=threads,
            keep=(*PICTURE_KEEP, *_MEASURED),
        )
        for result in results:
            job, source = pending.popleft()
            with job.attempt():
                self._finish(job, source, result, tables)
            progress.step(failed=job.status == "failed")

    def _items(
        self,
        jobs: list[Job],
        pending: deque[tuple[Job, dict[str, str]]],
        tables: _Tables,
        progress: Progress,
    ) -> Iterator[BatchItem]:
        for job in jobs:
            item = None
            if job.status == "waiting":
                with job.attempt():
                    stored = self._stored(job)
                    if stored is None or not (job in tables.biomarkers or self._unmeasured):
                        source = self.reading.source(job.path)
                        item = self.reading.item(job.path)
                    else:
                        job.status = "skipped"
                        self._describe(job, stored)
                        self._add_row(job, stored, tables)
            if item is None:
                progress.step(failed=job.status == "failed")
                continue
            pending.append((job, source))
            yield item

    def _stored(self, job: Job) -> HeteroGraph | None:
        """Return the result of an earlier, equal run; None if the job has to run.

        Raises
        ------
        RefusedError
            If there are results of other settings or another input.
        """
        targets = self.names(job)
        present = [path for path in targets if path.exists()]
        if self.overwrite or not present:
            return None
        if targets[0] not in present:
            raise RefusedError(f"{present[0]} exists; use --overwrite or another folder")
        try:
            graph = load(targets[0])
        except FormatError as error:
            raise RefusedError(f"{targets[0]} is no graph file; use --overwrite") from error
        same = dict(graph.meta.source) == {
            "kind": graph.meta.source.get("kind"),
            **self.reading.source(job.path),
        }
        if not same or graph.meta.config_hash != self._hash(graph.meta.source.get("kind")):
            raise RefusedError(
                f"{targets[0]} comes from other settings or another image; "
                "use --overwrite or another folder"
            )
        # What an interrupted run or an older version did not come to is made again from the start.
        whole = len(present) == len(targets) and set(PICTURE_KEEP) <= graph.kept.keys()
        return graph if whole else None

    def _hash(self, kind: str | None) -> str:
        return settings_hash(run_settings(self.config, self.seg if kind == "image" else None))

    def _finish(
        self,
        job: Job,
        source: dict[str, str],
        result: HeteroGraph | ExtractFailure,
        tables: _Tables,
    ) -> None:
        if isinstance(result, ExtractFailure):
            job.failed(result.code, result.message)
            return
        graph = result.with_source(**source)
        targets = self.names(job)
        try:
            write_tables(graph, self.stem(job), image_id=str(job.stem))
            if self.overlay:
                draw_overlay(graph).save(targets[-1])
            # Before the graph file, so that an interruption leaves no graph without its row.
            self._add_row(job, graph, tables)
            if not self._unmeasured:
                tables.biomarkers.add(biomarker_row(str(job.stem), biomarkers(graph)))
            kept = {name: graph.kept[name] for name in PICTURE_KEEP}
            # Last, because its presence says that the others are complete.
            save(dataclasses.replace(graph, kept=kept), targets[0])
        except BaseException:
            tables.images.drop(job)
            tables.biomarkers.drop(job)
            self._take_back(targets)
            raise
        job.status = "ok"
        self._describe(job, graph)

    @property
    def _unmeasured(self) -> bool:
        """Whether holes are filled first: the mask that biomarkers are about is gone then."""
        return self.config.skeleton_fill_px > 1

    def _take_back(self, targets: list[Path]) -> None:
        """Remove half a result: without its graph file the next run would take it for foreign."""
        for path in targets:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _describe(self, job: Job, graph: HeteroGraph) -> None:
        job.outputs = [str(path) for path in self.names(job)]
        job.warnings = graph.meta.warnings
        job.counts = counts_of(graph)
        job.config_hash = graph.meta.config_hash

    @staticmethod
    def _add_row(job: Job, graph: HeteroGraph, tables: _Tables) -> None:
        tables.images.add(image_row(graph, image_id=str(job.stem), relpath=relpath_of(job)))

    def _write_run_files(self) -> None:
        """Write the data dictionary and the settings, without what a list says of single images."""
        write_dictionary(self.out / "columns.csv", more=BIOMARKER_FIELDS)
        write_run_file(self.out / "run.json", run_settings(self.config, self.seg))


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables with a row for each image."""

    images: ImageTable
    biomarkers: RowTable

    @staticmethod
    def begin(out: Path, *, overwrite: bool) -> _Tables:
        columns = [field.name for field in BIOMARKER_FIELDS]
        return _Tables(
            ImageTable(out / "images.csv", overwrite=overwrite),
            RowTable(out / "biomarkers.csv", columns, overwrite=overwrite),
        )


def counts_of(graph: HeteroGraph) -> dict[str, int]:
    """Numbers that a summary shows."""
    return {
        "junctions": graph.num_nodes,
        "segments": graph.num_segments,
        "areas": graph.num_icas,
        "faz": len(graph.faz_x),
        "edges": graph.num_edges,
    }


def write_run_file(path: Path, settings: dict[str, Any]) -> None:
    """Write provenance and all settings of a run as JSON.

    Its ``settings_hash`` is no ``config_hash``: that of a mask leaves the segmentation out.
    """
    document = {
        **provenance("gftcore-run/1", settings_hash=settings_hash(settings)),
        "config": settings,
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", "utf-8")
