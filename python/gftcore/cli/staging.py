# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore stage``: read, extract in threads, classify, write."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore.cli.jobs import Job
from gftcore.errors import RefusedError
from gftcore.graph.assemble import settings_hash
from gftcore.io import atomic_path, provenance, write_csv
from gftcore.model import Model, default_model
from gftcore.pipeline import CpuTimes, StagedImage, model_notice, model_source, stage_images

if TYPE_CHECKING:
    from gftcore.cli.progress import Progress
    from gftcore.datasets import GraphSource

__all__ = ["Staging", "about_model", "by_source", "changed_source", "probabilities_of"]
__all__ += ["source_of"]

_RUN_SCHEMA = "gftcore-stage-run/1"
_COLUMNS = (
    "image_id", "relpath", "sha256", "kind", "status", "error_code", "message", "warnings",
    "prediction",
)  # fmt: skip
_LAST = ("junctions", "vessels", "icas", "faz", "edges", "config_hash", "model_sha256", "notice")


@dataclass(slots=True)
class Staging:
    """Settings of one run of ``gftcore stage``, and what came out."""

    model: Model
    #: Whether it is the one that comes with the package.
    default: bool
    source: GraphSource
    out: Path | None
    times: CpuTimes = field(default_factory=CpuTimes)
    staged: dict[Path, StagedImage] = field(default_factory=dict)

    @staticmethod
    def begin(
        *, model: Path | None, out: Path | None, overwrite: bool, changes: Mapping[str, Any]
    ) -> Staging:
        """Read the network; refuse a folder with results. What is None in `changes` stays.

        Raises
        ------
        RefusedError
            If there are results.
        """
        network = default_model() if model is None else Model.load(model)
        run = Staging(network, model is None, changed_source(network, changes), out)
        present = [path for path in run.targets if path.exists()]
        if present and not overwrite:
            raise RefusedError(f"{present[0]} exists; use --overwrite or another folder")
        return run

    @property
    def notice(self) -> str:
        """What stands beside every result."""
        return model_notice(self.model)

    @property
    def settings_hash(self) -> str:
        """SHA-256 of the settings of the graphs."""
        return settings_hash(self.source.to_dict())

    @property
    def targets(self) -> list[Path]:
        """Files that are written."""
        return [] if self.out is None else [self.out / "stages.csv", self.out / "run.json"]

    def about_model(self) -> dict[str, Any]:
        """Return what a result says of the network; no path."""
        return about_model(self.model, default=self.default)

    def run(self, jobs: list[Job], threads: int | None, progress: Progress) -> None:
        """Work on all jobs; each one's outcome is recorded in it."""
        if self.out is not None:
            # A folder that cannot be made is no fault of an image.
            self.out.mkdir(parents=True, exist_ok=True)
        waiting = [job for job in jobs if job.status == "waiting"]
        for _ in range(len(jobs) - len(waiting)):
            progress.step(failed=True)
        parts = by_source(self.source, waiting)
        results = chain.from_iterable(
            stage_images(
                [job.path for job in part],
                self.model,
                source=source,
                threads=threads,
                times=self.times,
            )
            for source, part in parts
        )
        try:
            for job, result in zip(chain(*(part for _, part in parts)), results, strict=True):
                if isinstance(result, StagedImage):
                    job.status, job.warnings = "ok", result.warnings
                    job.counts, job.config_hash = dict(result.counts), result.config_hash
                    self.staged[job.path] = result
                else:
                    job.failed(result.code, result.message)
                progress.step(failed=job.status == "failed")
        finally:
            # An interrupted run also tells what it finished.
            self._write(jobs)

    def entry(self, job: Job) -> dict[str, Any]:
        """Entry of the JSON output."""
        out = job.document()
        del out["outputs"]
        staged = self.staged.get(job.path)
        if job.status != "ok" or staged is None:
            return out
        return out | {
            "source": dict(staged.source),
            "prediction": staged.prediction,
            "probabilities": probabilities_of(staged),
            "logits": dict(zip(staged.classes, staged.logits.tolist(), strict=True)),
            "seconds": dict(staged.seconds),
        }

    def _write(self, jobs: list[Job]) -> None:
        if self.out is None:
            return
        classes = self.model.config.classes
        columns = (
            *_COLUMNS, *(f"p_{name}" for name in classes), *(f"logit_{name}" for name in classes),
            *_LAST,
        )  # fmt: skip
        done = [job for job in jobs if job.status != "waiting"]
        rows = [self._row(job) for job in sorted(done, key=lambda job: (str(job.stem), job.code))]
        write_csv(self.targets[0], columns, [[row.get(c) for c in columns] for row in rows])
        document = {
            **provenance(_RUN_SCHEMA, settings_hash=self.settings_hash),
            "notice": self.notice,
            "model": self.about_model(),
            "source": self.source.to_dict(),
        }
        with atomic_path(self.targets[1]) as temporary:
            temporary.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", "utf-8")

    def _row(self, job: Job) -> dict[str, Any]:
        row: dict[str, Any] = {
            "image_id": str(job.stem),
            "relpath": f"{job.stem}{job.path.suffix}",
            "status": job.status,
            "notice": self.notice,
        }
        if job.status == "failed":
            return row | {"error_code": job.code, "message": job.message}
        staged = self.staged[job.path]
        return row | {
            "sha256": staged.source.get("sha256"),
            "kind": staged.source.get("kind"),
            "warnings": " ".join(staged.warnings),
            "prediction": staged.prediction,
            **{f"p_{name}": p for name, p in probabilities_of(staged).items()},
            **{
                f"logit_{name}": value
                for name, value in zip(staged.classes, staged.logits.tolist(), strict=True)
            },
            **staged.counts,
            "config_hash": staged.config_hash,
            "model_sha256": staged.model_sha256,
        }


def changed_source(model: Model, changes: Mapping[str, Any]) -> GraphSource:
    """Return how a network's training made graphs, with what is not None in `changes`."""
    known = {name: value for name, value in changes.items() if value is not None}
    source = model_source(model)
    extract = source.extract.replace(
        **{name: known.pop(name) for name in ("fov_mm", "eye") if name in known}
    )
    return dataclasses.replace(source, extract=extract, **known)


def source_of(source: GraphSource, job: Job) -> GraphSource:
    """Return the settings of an image: what a list says of it goes before the options."""
    known = source.extract
    extract = known.replace(fov_mm=job.fov_mm or known.fov_mm, eye=job.eye or known.eye)
    return dataclasses.replace(source, extract=extract)


def by_source(source: GraphSource, jobs: list[Job]) -> list[tuple[GraphSource, list[Job]]]:
    """Divide jobs by the settings of their images."""
    parts: dict[tuple[float | None, str | None], list[Job]] = {}
    for job in jobs:
        parts.setdefault((job.fov_mm, job.eye), []).append(job)
    return [(source_of(source, part[0]), part) for part in parts.values()]


def about_model(model: Model, *, default: bool) -> dict[str, Any]:
    """Return what a result says of a network; no path."""
    return {
        "default": default,
        "sha256": model.sha256,
        "classes": list(model.config.classes),
        "data": model.config.training.get("data"),
    }


def probabilities_of(staged: StagedImage) -> dict[str, float]:
    """Name of each class to its probability."""
    return dict(zip(staged.classes, staged.probabilities.tolist(), strict=True))
