# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore export``: what of each graph, of all together, and beside them."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gftcore.cli.extraction import counts_of
from gftcore.cli.jobs import Job
from gftcore.errors import FormatError, RefusedError
from gftcore.formats import (
    write_csv_tables,
    write_dictionary,
    write_graphml,
    write_json,
    write_parquet,
    write_voreen,
    write_voreen_csv,
)
from gftcore.formats.dictionary import TABLES
from gftcore.formats.reading import bounded_bytes
from gftcore.formats.table_sets import require_name
from gftcore.formats.voreen_dictionary import write_voreen_dictionary
from gftcore.graph import ExtractFailure, HeteroGraph, load
from gftcore.io import atomic_path, file_sha256, provenance
from gftcore.io.tables import unguarded

if TYPE_CHECKING:
    from gftcore.cli.progress import Progress

__all__ = ["Exporting"]

_RUN_SCHEMA = "gftcore-export-run/1"
#: Format to the ends of the files that each graph becomes; the others hold all graphs together.
_EACH = {
    "json": (".json",),
    "graphml": (".graphml",),
    "voreen": (".voreen.json",),
    "voreen-csv": ("_nodes.csv", "_edges.csv"),
}
_WRITERS: Mapping[str, Callable[[HeteroGraph, Path], object]] = {
    "json": lambda graph, base: write_json(graph, _with(base, ".json")),
    "graphml": lambda graph, base: write_graphml(graph, _with(base, ".graphml")),
    "voreen": lambda graph, base: write_voreen(graph, _with(base, ".voreen.json")),
    "voreen-csv": write_voreen_csv,
}
#: Formats that cannot say themselves what their columns mean and what they were made of.
_SILENT = ("csv", "voreen-csv")
#: What the table of images says of an image, and so has to have.
_KNOWN = ("image_id", "relpath", "sha256", "status", "error_code", "message")


@dataclass(slots=True)
class Exporting:
    """Settings of one run of ``gftcore export``, and what is known of its graphs."""

    out: Path
    to: str
    dry_run: bool
    overwrite: bool
    #: Rows of the ``images.csv`` of `extract` by path of the graph without suffix.
    _rows: dict[Path, Mapping[str, str]] = field(default_factory=dict)
    #: Images that have no graph, by name.
    failures: dict[str, ExtractFailure] = field(default_factory=dict)
    _made_of: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def together(self) -> bool:
        """Whether all graphs share their files."""
        return self.to not in _EACH

    @property
    def tables(self) -> list[Path]:
        """Tables of all graphs together."""
        return [self.out / f"{table}.{self.to}" for table in TABLES] if self.together else []

    @property
    def shared(self) -> list[Path]:
        """Files of all graphs together: tables, dictionary, provenance."""
        beside = ["columns.csv", "run.json"] if self.to in _SILENT else []
        return [*self.tables, *(self.out / name for name in beside)]

    def begin(self, paths: Sequence[Path], jobs: Sequence[Job]) -> None:
        """Refuse what may not be replaced, and read what `extract` knows of the images."""
        if self.together:
            self._require_free(self.shared)
            self._look_up(paths, jobs)
        elif self.to in _SILENT:
            self._made_of = self._earlier()

    def each(self, job: Job) -> None:
        """Read a graph, and write its own files if the format has such."""
        image_id = str(job.stem)
        base = self.out / Path(job.stem)
        targets = [_with(base, suffix) for suffix in _EACH.get(self.to, ())]
        job.outputs = [str(path) for path in targets]
        if self.together:
            require_name(image_id)
        made_of = {"sha256": file_sha256(job.path)}
        graph = load(job.path)
        made_of["config_hash"] = graph.meta.config_hash
        job.counts, job.config_hash = counts_of(graph), graph.meta.config_hash
        job.warnings = graph.meta.warnings
        there = any(path.exists() for path in targets) and not self.overwrite
        if there and self._holds(graph, targets, base.name):
            job.status = "skipped"
        elif not self.dry_run:
            if targets:
                _WRITERS[self.to](graph, base)
            job.status = "ok"
        self._made_of[image_id] = made_of

    def all(self, jobs: list[Job], progress: Progress) -> None:
        """Write the files that graphs share."""
        if self.together:
            write = write_csv_tables if self.to == "csv" else write_parquet
            write(self.out, self._results(jobs, progress), overwrite=self.overwrite)
        if self.to in _SILENT:
            dictionary, file = self.shared[-2:]
            document = {**provenance(_RUN_SCHEMA), "to": self.to, "graphs": self._made_of}
            # First, since it says whose the dictionary is.
            with atomic_path(file) as temporary:
                text = json.dumps(document, indent=2, sort_keys=True)
                temporary.write_text(f"{text}\n", "utf-8")
            (write_dictionary if self.to == "csv" else write_voreen_dictionary)(dictionary)

    def _results(
        self, jobs: list[Job], progress: Progress
    ) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
        for job in jobs:
            graph = load(job.path)
            row = self._rows.get(job.path.with_suffix(""), {})
            sha256 = graph.meta.source.get("sha256")
            if sha256 and row.get("sha256") == sha256 and row["relpath"]:
                graph = graph.with_source(relpath=row["relpath"])
            yield str(job.stem), graph
            progress.step(failed=False)
        yield from self.failures.items()

    def _holds(self, graph: HeteroGraph, targets: list[Path], name: str) -> bool:
        """Whether all files hold what would be written; one that holds anything else is refused."""
        with tempfile.TemporaryDirectory() as folder:
            _WRITERS[self.to](graph, Path(folder) / name)
            for path in targets:
                new = Path(folder) / path.name
                if path.exists() and not _same(path, new):
                    raise RefusedError(
                        f"{path} exists and holds something else; use --overwrite or another folder"
                    )
        return all(path.exists() for path in targets)

    def _require_free(self, targets: list[Path]) -> None:
        present = [path for path in targets if path.exists()]
        if present and not self.overwrite:
            raise RefusedError(f"{present[0]} exists; use --overwrite or another folder")

    def _earlier(self) -> dict[str, dict[str, str]]:
        """What earlier runs into the same folder say that their files were made of."""
        dictionary, file = self.shared
        if not file.exists():
            self._require_free([dictionary])
            return {}
        try:
            document = json.loads(bounded_bytes(file))
            if (document["schema"], document["to"]) == (_RUN_SCHEMA, self.to):
                return dict(document["graphs"])
        except (FormatError, OSError, ValueError, TypeError, KeyError, RecursionError):
            pass
        self._require_free([file])
        return {}

    def _look_up(self, paths: Sequence[Path], jobs: Sequence[Job]) -> None:
        names = {str(job.stem) for job in jobs}
        for folder in (path for path in paths if path.is_dir()):
            for index, row in enumerate(_image_rows(folder / "images.csv")):
                image_id = row["image_id"]
                self._rows[folder / image_id] = row
                if row["status"] == "failed" and image_id not in names | self.failures.keys():
                    self.failures[image_id] = ExtractFailure(
                        index, row["error_code"], row["message"], row["relpath"]
                    )


def _with(base: Path, suffix: str) -> Path:
    return base.with_name(base.name + suffix)


def _same(path: Path, other: Path) -> bool:
    return path.stat().st_size == other.stat().st_size and path.read_bytes() == other.read_bytes()


def _image_rows(path: Path) -> list[dict[str, str]]:
    """Rows of the table of images of `extract`; none if there is no such table."""
    try:
        text = bounded_bytes(path).decode("utf-8")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (FormatError, OSError, ValueError, csv.Error):
        return []
    if not set(_KNOWN) <= set(header):
        return []
    whole = [dict(zip(header, map(unguarded, row), strict=True)) for row in rows
             if len(row) == len(header)]  # fmt: skip
    return [row for row in whole if row["image_id"]]
