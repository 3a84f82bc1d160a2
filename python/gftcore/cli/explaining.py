# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore explain``: stage, explain, draw, write, resume."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gftcore import __version__
from gftcore.cli.jobs import Job
from gftcore.cli.staging import about_model, by_source, changed_source, source_of
from gftcore.errors import RefusedError
from gftcore.graph import ExtractFailure
from gftcore.graph.assemble import settings_hash
from gftcore.io import atomic_path, file_sha256, write_image
from gftcore.model import Model, default_model
from gftcore.pipeline import ExplainConfig, ExplainedImage, explain_images, model_notice
from gftcore.pipeline.explanation_file import EXPLANATION_SCHEMA
from gftcore.pipeline.times import Laps

if TYPE_CHECKING:
    from typing_extensions import Self

    from gftcore.cli.progress import Progress
    from gftcore.datasets import GraphSource

__all__ = ["SHOWN", "WORK", "Explaining", "write_explanation"]

#: Kinds of work whose wall time is told, in words.
WORK = {
    "read": "reading",
    "segment": "segmentation",
    "graph": "graph",
    "standardise": "standardisation",
    "network": "network",
    "attribution": "attribution",
    "selection": "selection",
    "picture": "picture",
    "files": "files",
}


#: What is told of each image.
SHOWN = ("prediction", "probabilities", "target")


@dataclass(slots=True)
class Explaining:
    """Settings of one run of ``gftcore explain``, and what came out.

    ``gftcore table`` makes other files of the same results and differs in what it overrides.
    """

    #: Name of the command, and schema of its JSON output.
    command: ClassVar[str] = "explain"
    schema: ClassVar[str] = "gftcore-explain/1"
    #: Kinds of work whose time is told.
    work: ClassVar[Mapping[str, str]] = WORK
    #: What the graphs keep beside the images of the picture.
    keep: ClassVar[tuple[str, ...]] = ()
    #: What the first file of a job is called in a message.
    what: ClassVar[str] = "explanation"
    #: What was done with an image.
    done: ClassVar[str] = "explained"
    #: Which file of a job its line names.
    shown: ClassVar[int] = 1

    model: Model
    #: Whether it is the one that comes with the package.
    default: bool
    source: GraphSource
    config: ExplainConfig
    out: Path
    overwrite: bool
    #: What is told of each image; its arrays are not kept.
    told: dict[Path, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        *,
        model: Path | None,
        config: ExplainConfig,
        out: Path,
        overwrite: bool,
        changes: Mapping[str, Any],
    ) -> Self:
        """Read the network, and refuse classes that it does not know."""
        network = default_model() if model is None else Model.load(model)
        config.require_classes(network.config.classes)
        source = changed_source(network, changes)
        return cls(network, model is None, source, config, out, overwrite)

    @property
    def notice(self) -> str:
        """What stands beside every result."""
        return model_notice(self.model)

    @property
    def settings_hash(self) -> str:
        """SHA-256 of all that a result depends on, beside the image and what a list says of it."""
        return self._settings_hash(self.source)

    def settings_hash_of(self, job: Job) -> str:
        """SHA-256 of all that the result of a job depends on, beside the image."""
        return self._settings_hash(source_of(self.source, job))

    def _settings_hash(self, source: GraphSource) -> str:
        return settings_hash(
            {
                "source": source.to_dict(),
                "options": self.config.to_dict(),
                "model_sha256": self.model.sha256,
            }
        )

    def about_model(self) -> dict[str, Any]:
        """Return what a result says of the network; no path."""
        return about_model(self.model, default=self.default)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the files that a job writes; the first one is read again."""
        return (".explanation.json", ".explanation.png")

    def names(self, job: Job) -> list[Path]:
        """Files that a job writes."""
        base = self.out / Path(job.stem)
        return [base.with_name(base.name + suffix) for suffix in self.suffixes]

    def plan(self, jobs: list[Job]) -> None:
        """Say what would be written, without writing."""
        for job in jobs:
            if job.status == "waiting":
                self._look(job)

    def run(self, jobs: list[Job], threads: int | None, progress: Progress) -> None:
        """Work on all jobs; each one's outcome is recorded in it."""
        # A folder that cannot be made is no fault of an image.
        self.out.mkdir(parents=True, exist_ok=True)
        for job in jobs:
            if job.status == "waiting":
                self._look(job)
            if job.status != "waiting":
                progress.step(failed=job.status == "failed")
        waiting = [job for job in jobs if job.status == "waiting"]
        for source, part in by_source(self.source, waiting):
            results = explain_images(
                [job.path for job in part],
                self.model,
                config=self.config,
                source=source,
                threads=threads,
                keep=self.keep,
            )
            for job, result in zip(part, results, strict=True):
                if isinstance(result, ExtractFailure):
                    job.failed(result.code, result.message)
                else:
                    with job.attempt():
                        self._finish(job, result)
                progress.step(failed=job.status == "failed")

    def _look(self, job: Job) -> None:
        """Record that a job was done before, or that its results are foreign."""
        job.outputs = [str(path) for path in self.names(job)]
        with job.attempt():
            told = self._stored(job)
            if told is not None:
                job.status = "skipped"
                self.told[job.path] = told

    def _stored(self, job: Job) -> dict[str, Any] | None:
        """Return what an earlier, equal run told; None if the job has to run.

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
        known, told = self._read(targets[0], file_sha256(job.path), self.settings_hash_of(job))
        if told is None:
            why = "comes from other settings or another image" if known else f"is no {self.what}"
            raise RefusedError(f"{targets[0]} {why}; use --overwrite or another folder")
        # A file that an interrupted run did not come to is made again from the start.
        return told if len(present) == len(targets) else None

    def _read(self, file: Path, sha256: str, settings: str) -> tuple[bool, dict[str, Any] | None]:
        """Return whether a file is of this kind, and what it tells if this run would write it."""
        try:
            document = json.loads(file.read_text("utf-8"))
            known = document["schema"] == EXPLANATION_SCHEMA
            same = (
                known
                and document["settings_hash"] == settings
                and document["gftcore"] == __version__
                and document["image"]["sha256"] == sha256
            )
            return known, _told(document) if same else None
        except (ValueError, KeyError, TypeError):
            return False, None

    def _finish(self, job: Job, said: ExplainedImage) -> None:
        document, seconds = write_explanation(
            said,
            *self.names(job),
            image_id=str(job.stem),
            more={"settings_hash": self.settings_hash_of(job)},
        )
        self._done(job, said, _told(document), seconds)

    def _done(
        self, job: Job, said: ExplainedImage, told: dict[str, Any], seconds: Mapping[str, float]
    ) -> None:
        job.status, job.warnings = "ok", said.staged.warnings
        job.counts, job.config_hash = dict(said.staged.counts), said.staged.config_hash
        self.told[job.path] = told | {"seconds": {**said.seconds, **seconds}}

    def entry(self, job: Job) -> dict[str, Any]:
        """Entry of the JSON output."""
        return job.document() | self.told.get(job.path, {})

    def seconds(self, jobs: list[Job]) -> dict[str, float]:
        """Mean wall time of an image by kind of work; empty if none was explained."""
        each = [self.told[job.path]["seconds"] for job in jobs if job.status == "ok"]
        if not each:
            return {}
        return {name: sum(one[name] for one in each) / len(each) for name in self.work}


def write_explanation(
    said: ExplainedImage, text: Path, picture: Path, *, image_id: str, more: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, float]]:
    """Write the JSON file, then the picture; return what was written and the times of it."""
    lap = Laps()
    pixels = said.picture()
    drawn_s, _ = lap.next()
    document = {**said.document(image_id=image_id), **more}
    with atomic_path(text) as temporary:
        temporary.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    write_image(picture, pixels)
    written_s, _ = lap.next()
    return document, {"picture": drawn_s, "files": written_s}


def _told(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the command says of an image."""
    attribution = document["attribution"]
    out = {name: document[name] for name in SHOWN}
    out["kind"] = attribution["kind"]
    out["errors"] = {
        name: attribution[name]["error"] for name in ("nodes", "edges") if attribution[name]
    }
    out["selected"] = {
        name: {"count": len(document[name]), "share": document["selection"][f"{name[:-1]}_share"]}
        for name in ("nodes", "edges")
    }
    return out
