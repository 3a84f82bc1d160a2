# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore teach``: the folder of a data set, and the cases in it."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from gftcore import __version__
from gftcore.cli.jobs import Job
from gftcore.cli.progress import Progress
from gftcore.datasets import read_manifest, read_splits
from gftcore.datasets.origin import origin_record
from gftcore.errors import FormatError, GftcoreError, MissingFileError, RefusedError
from gftcore.graph import ExtractFailure
from gftcore.graph.assemble import settings_hash
from gftcore.instructions import STORE
from gftcore.io import atomic_path, file_sha256, provenance
from gftcore.io.files import held_folder
from gftcore.model import Model
from gftcore.model.files import CONFIG_FILE, WEIGHTS_FILE
from gftcore.pipeline import ExplainConfig, fold_models, model_notice
from gftcore.pipeline.cross_fitting import same_network
from gftcore.pipeline.references import RECORDS, all_with_references, healthy_ids
from gftcore.pipeline.teaching import case_settings, teaching_cases
from gftcore.teacher.case_files import (
    CASE_SCHEMA,
    CASES,
    PICTURES,
    case_document,
    case_path,
    write_teaching_case,
)
from gftcore.teacher.composing import DROPPED, QUALITY, SHEET

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Record, Splits

__all__ = ["FAILED_FILE", "RUN_FILE", "Teaching", "case_names", "read_run"]

RUN_FILE = "run.json"
FAILED_FILE = "failed.json"
RUN_SCHEMA = "gftcore-teaching/1"
FAILED_SCHEMA = "gftcore-teaching-failed/1"
_MODELS = "models"
_FOLDERS = (CASES, *PICTURES.values(), _MODELS)
#: Entries of the settings that another machine may change.
_FREE = ("simd_target",)
_KEY = re.compile(r"[0-9a-f]{16}\.png")
# What `atomic_path` calls a file that is not whole yet.
_LEFTOVER = re.compile(r"\..{0,50}-[0-9a-f]{16}\.(json|png|safetensors|parquet|html)")


@dataclass(slots=True, kw_only=True)
class Teaching:
    """Settings of one data set, and what became of its cases.

    Attributes
    ----------
    manifest, splits, fold, models, truth
        As for `gftcore.pipeline.teaching_cases`; the networks as they were trained.
    out
        Folder of the data set.
    overwrite
        Whether a data set of other settings makes room.
    records
        Of the images that get a case, in the order of the manifest.
    jobs
        Image to what became of it.
    seconds
        Wall time of the cases that were made.
    """

    manifest: Manifest
    splits: Splits
    fold: int
    models: Mapping[int, Model]
    truth: Path | None
    out: Path
    overwrite: bool
    records: tuple[Record, ...]
    jobs: dict[str, Job] = field(default_factory=dict)
    seconds: float = 0.0

    @classmethod
    def begin(
        cls,
        manifest: Path,
        *,
        splits: Path,
        models: Path,
        fold: int,
        truth: Path | None,
        out: Path,
        limit: int | None,
        overwrite: bool,
    ) -> Teaching:
        """Read everything and refuse what does not fit together; nothing is written."""
        table = read_manifest(manifest)
        folds = read_splits(splits, table)
        networks = fold_models(models, table, folds, fold)
        if truth is not None and not truth.is_dir():
            raise MissingFileError(f"{truth}: is no folder of truths of eyes")
        records = table.select(folds.view(fold).train[:limit])
        work = cls(
            manifest=table, splits=folds, fold=fold, models=networks, truth=truth, out=out,
            overwrite=overwrite, records=records,
        )  # fmt: skip
        work.jobs = {record.id: work._job(record) for record in records}
        return work

    def _job(self, record: Record) -> Job:
        job = Job(self._file(record), PurePosixPath(record.id))
        job.outputs = [str(case_path(self.out, record.id))]
        return job

    def _file(self, record: Record) -> Path:
        file = self.manifest.image_path(record) or self.manifest.mask_path(record)
        assert file is not None
        return file

    @property
    def notice(self) -> str:
        """What stands beside every result."""
        return model_notice(next(iter(self.models.values())))

    @property
    def document(self) -> dict[str, Any]:
        """What ``run.json`` says: data, networks and settings, and no path."""
        settings = {
            "data": origin_record(self.manifest).get("data", "unknown"),
            "manifest_sha256": self.manifest.sha256,
            "splits": {"seed": self.splits.seed, "algorithm": self.splits.algorithm},
            "folds": settings_hash(dict(self.splits.fold_of_id)),
            "fold": self.fold,
            "classes": list(self.manifest.classes),
            "images": len(self.splits.view(self.fold).train),
            "facts": "findings" if self.truth is None else "truth",
            "options": {**ExplainConfig().to_dict(), "target": "label"},
            "models": {str(j): model.sha256 for j, model in self.models.items()},
            "notice": self.notice,
        }
        hashed = settings_hash(settings)
        return {**provenance(RUN_SCHEMA, config_hash=hashed), **settings}

    # --- the folder ------------------------------------------------------------------------------

    def same_settings(self) -> bool:
        """Whether the folder is that of these settings; False if it is none yet.

        Raises
        ------
        RefusedError
            If it is another one's, and must not be overwritten, or if it holds something else.
        """
        stored = read_run(self.out, missing=True)
        if stored is None:
            foreign = [name for name in (*_FOLDERS, STORE) if (self.out / name).exists()]
            if foreign:
                raise RefusedError(
                    f"{self.out} holds {foreign[0]} but no {RUN_FILE}; use another folder"
                )
            return False
        wanted = self.document
        differing = [
            name
            for name in {**stored, **wanted}
            if name not in _FREE and stored.get(name) != wanted.get(name)
        ]
        if differing and not self.overwrite:
            raise RefusedError(
                f"{self.out / RUN_FILE} belongs to other data or settings "
                f"({', '.join(differing):.200}); use --overwrite or another folder"
            )
        return not differing

    @contextlib.contextmanager
    def folder(self) -> Iterator[None]:
        """Hold the folder, described, without what a killed run left unfinished."""
        with held_folder(self.out):
            self.same_settings()
            if self.overwrite and read_run(self.out, missing=True) is not None:
                self._clear()
            for pattern in ("*", *(f"{name}/**/*" for name in _FOLDERS)):
                for file in self.out.glob(pattern):
                    if _LEFTOVER.fullmatch(file.name) and file.is_file():
                        file.unlink()
            _write_json(self.out / RUN_FILE, self.document)
            yield

    def _clear(self) -> None:
        """Remove what an earlier data set wrote, but never the ledger, and nothing else."""
        for name in case_names(self.out):
            path = case_path(self.out, name)
            if CASE_SCHEMA.encode() in path.read_bytes():
                path.unlink()
        self._remove_pictures(keep=set())
        for file in (WEIGHTS_FILE, CONFIG_FILE):
            for path in self.out.glob(f"{_MODELS}/fold-[1-5]/{file}"):
                path.unlink()
        for name in (FAILED_FILE, STORE, DROPPED, QUALITY, SHEET):
            (self.out / name).unlink(missing_ok=True)

    def _remove_pictures(self, *, keep: set[str]) -> None:
        for place in PICTURES.values():
            for path in (self.out / place).glob("*.png"):
                if _KEY.fullmatch(path.name) and path.stem not in keep:
                    path.unlink()

    # --- networks --------------------------------------------------------------------------------

    def stored_models(self) -> dict[int, Model]:
        """Return the networks with references that an earlier run left."""
        out = {}
        for j, base in self.models.items():
            folder = self.out / _MODELS / f"fold-{j}"
            if not (folder / CONFIG_FILE).exists():  # which is written last
                continue
            with contextlib.suppress(GftcoreError):
                model = Model.load(folder)
                if same_network(model, base) and set(RECORDS) <= set(model.config.training):
                    out[j] = model
        return out

    def references_of(self, folds: list[int]) -> dict[int, tuple[str, ...]]:
        """Return the healthy eyes that some networks learned from, without those of the fold.

        The model that is taught is validated on that fold, so that no text may rest on it.
        """
        held = set(self.splits.view(self.fold).validate)
        return {
            j: healthy_ids(
                self.manifest, [name for name in self.splits.view(j).train if name not in held]
            )
            for j in folds
        }

    def _with_references(self, threads: int | None, *, silent: bool) -> dict[int, Model]:
        there = self.stored_models()
        eyes = self.references_of([j for j in self.models if j not in there])
        if eyes:
            count = len(set().union(*eyes.values()))
            with Progress(count, what="healthy eyes", silent=silent) as bar:
                made = all_with_references(
                    [self.models[j] for j in eyes],
                    self.manifest,
                    list(eyes.values()),
                    threads=threads,
                    step=lambda: bar.step(failed=False),
                )
            for j, model in zip(eyes, made, strict=True):
                model.save(self.out / _MODELS / f"fold-{j}")
                there[j] = model
        return {j: there[j] for j in self.models}

    # --- cases -----------------------------------------------------------------------------------

    def plan(self) -> None:
        """Find out which cases are there; nothing is written."""
        models = self.stored_models() if self.same_settings() and not self.overwrite else {}
        for record in self.records:
            model = models.get(self.splits.fold_of_id[record.id])
            if model is not None and self._kept(record, model) is not None:
                self.jobs[record.id].status = "skipped"

    def run(self, threads: int | None, *, silent: bool) -> None:
        """Make all cases that are not there; each one's outcome is recorded in its job."""
        with self.folder():
            models = self._with_references(threads, silent=silent)
            owners = self._owners(models)
            waiting = [name for name, job in self.jobs.items() if job.status == "waiting"]
            began = time.perf_counter()
            results = teaching_cases(
                self.manifest,
                self.splits,
                models,
                self.fold,
                ids=waiting,
                truth=self.truth,
                threads=threads,
            )
            with Progress(len(waiting), what="cases", silent=silent) as bar:
                for record, made in results:
                    job = self.jobs[record.id]
                    with job.attempt():
                        self._finish(job, made, owners)
                    bar.step(failed=job.status == "failed")
            self.seconds = time.perf_counter() - began
            self._write_failed()

    def _owners(self, models: Mapping[int, Model]) -> dict[str, str]:
        """Record which cases are there, and remove what belongs to none; return key to image."""
        owners = {}
        train = self.manifest.select(self.splits.view(self.fold).train)
        for record in train:
            key = self._kept(record, models[self.splits.fold_of_id[record.id]])
            if key is None:
                case_path(self.out, record.id).unlink(missing_ok=True)
                continue
            owners[key] = record.id
            if record.id in self.jobs:
                self.jobs[record.id].status = "skipped"
        self._remove_pictures(keep=set(owners))
        return owners

    def _kept(self, record: Record, model: Model) -> str | None:
        """Return the key of a case that is there and would be made again; None without one."""
        try:
            document = case_document(self.out, record.id)
            table = document["table"]
            same = (
                document["gftcore"] == __version__
                and document["label"] == record.label
                and table["settings_hash"] == case_settings(model, record, self.truth)
                and table["image"]["sha256"] == file_sha256(self._file(record))
            )
            return PurePosixPath(document["image"]["path"]).stem if same else None
        except (GftcoreError, OSError, KeyError, TypeError):
            return None

    def _finish(self, job: Job, made: Any, owners: dict[str, str]) -> None:
        if isinstance(made, ExtractFailure):
            job.failed(made.code, made.message)
            return
        owner = owners.setdefault(made.key, made.image_id)
        if owner != made.image_id:
            raise FormatError(f"has the same pixels as {owner}, which has a case already")
        write_teaching_case(self.out, made)
        job.status, job.warnings = "ok", made.table.warnings

    def _write_failed(self) -> None:
        """List what failed, without folders of this machine."""
        roots = sorted({f"{self.manifest.folder}/", f"{self.truth}/"}, key=len, reverse=True)
        rows = []
        for job in self.jobs.values():
            if job.status == "failed":
                message = job.message
                for root in roots:
                    message = message.replace(root, "")
                rows.append({"image_id": str(job.stem), "code": job.code, "message": message})
        target = self.out / FAILED_FILE
        if rows:
            _write_json(target, {"schema": FAILED_SCHEMA, "failed": rows})
        else:
            target.unlink(missing_ok=True)


def case_names(folder: Path) -> Iterator[str]:
    """Yield the images that have a case in a folder, by name."""
    place = folder / CASES
    for file in sorted(place.rglob("*.json")):
        if not file.name.startswith("."):
            yield file.relative_to(place).with_suffix("").as_posix()


def read_run(folder: Path, *, missing: bool = False) -> dict[str, Any] | None:
    """Return what ``run.json`` says; None, if it may be missing and is.

    Raises
    ------
    MissingFileError
        If there is none.
    FormatError
        If it is no data set's.
    """
    file = folder / RUN_FILE
    if not file.exists():
        if missing:
            return None
        raise MissingFileError(f"{folder}: is no folder of `gftcore teach plan`")
    try:
        document = json.loads(file.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != RUN_SCHEMA:
        raise FormatError(f"{file}: must have the schema {RUN_SCHEMA}; use another folder")
    return document


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
