# SPDX-License-Identifier: Apache-2.0
"""Training images to teaching cases: each one explained by a network that did not learn from it."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import describe, require_iterator
from gftcore.attribution import draw_contributions
from gftcore.attribution.paths import sha256_of
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, GftcoreWarning
from gftcore.findings import find_findings, rounded_finding, thresholds_of
from gftcore.graph.assemble import settings_hash
from gftcore.graph.bulk import ExtractFailure
from gftcore.io import file_sha256
from gftcore.pipeline.cross_fitting import require_cross_fitted
from gftcore.pipeline.explaining import ExplainConfig, ExplainedImage, explain_images
from gftcore.pipeline.lesion_facts import truth_facts
from gftcore.pipeline.tabulating import TABLE_KEEP, tabulate
from gftcore.pipeline.training import model_source
from gftcore.report.pictures import grey_picture
from gftcore.tabulation import Fovea
from gftcore.teacher import TeachingCase
from gftcore.teacher.images import LONGEST_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import GraphSource, Manifest, Record, Splits
    from gftcore.graph import ExtractConfig
    from gftcore.model import Model

__all__ = ["case_settings", "teaching_cases", "truth_path"]


#: Raised when equal inputs give another case.
_RECIPE = 2


def teaching_cases(
    manifest: Manifest,
    splits: Splits,
    models: Mapping[int, Model],
    fold: int,
    *,
    ids: Iterable[str] | None = None,
    truth: Path | None = None,
    threads: int | None = None,
) -> Iterator[tuple[Record, TeachingCase | ExtractFailure]]:
    """Yield record and case of the images that the model of a fold learns from, in any order.

    An image of fold j is explained by network j, which was validated on that fold, and for the
    class of its label, whatever the network calls it.

    Parameters
    ----------
    manifest, splits
        The data set, and the fold of each image.
    models
        Fold to network, as `fold_models` returns them; with reference ranges and thresholds, see
        `with_references`, or the tables have no ranges and nothing is found.
    fold
        1 to 5: the validation fold of the model that is to be taught. Its images, and those of
        the test fold, have no case.
    ids
        Some of the images; None means all.
    truth
        Folder with the truth ``<id>.json`` of each eye of a synthetic cohort; claims are then
        checked against lesions and not against findings.
    threads
        As for `explain_images`.

    Yields
    ------
    Record and TeachingCase or ExtractFailure
        An image that fails does not stop the others.

    Raises
    ------
    FormatError
        If a network may have learned from its images, see `fold_models`.
    ArgumentError
        If `ids` names an image that the model of the fold does not learn from.
    """
    require_cross_fitted(models, manifest, splits, fold)
    train = splits.view(fold).train
    wanted = train if ids is None else tuple(require_iterator(ids, "ids", "a sequence of ids"))
    foreign = set(wanted) - set(train)
    if foreign:
        raise ArgumentError(
            f"ids must be images that the model of fold {fold} learns from, "
            f"got {len(foreign)} that are not"
        )
    if truth is not None and not isinstance(truth, Path):
        raise ArgumentTypeError(f"truth must be a Path or None, got {describe(truth)}")
    parts: dict[tuple[int, str, ExtractConfig], list[Record]] = {}
    for record in manifest.select(wanted):
        j = splits.fold_of_id[record.id]
        key = j, record.label, model_source(models[j]).config(record)
        parts.setdefault(key, []).append(record)
    return _cases(manifest, models, parts, truth, threads)


def case_settings(model: Model, record: Record, truth: Path | None = None) -> str:
    """Return the SHA-256 of all that a case depends on beside its image and this version.

    Parameters
    ----------
    model
        The network that explains it.
    record
        Of the manifest.
    truth
        As for `teaching_cases`.

    Raises
    ------
    MissingFileError
        If the truth of the eye is missing.
    """
    settings = {
        "recipe": _RECIPE,
        "source": _source(model, record).to_dict(),
        "options": ExplainConfig(target=record.label).to_dict(),
        "model_sha256": sha256_of(model),
    }
    if truth is not None:
        settings["truth_sha256"] = file_sha256(truth_path(truth, record))
    return settings_hash(settings)


def truth_path(truth: Path, record: Record) -> Path:
    """Return where the truth of an eye lies."""
    return truth / f"{record.id}.json"


def _source(model: Model, record: Record) -> GraphSource:
    source = model_source(model)
    return dataclasses.replace(source, extract=source.config(record))


def _cases(
    manifest: Manifest,
    models: Mapping[int, Model],
    parts: Mapping[tuple[int, str, ExtractConfig], list[Record]],
    truth: Path | None,
    threads: int | None,
) -> Iterator[tuple[Record, TeachingCase | ExtractFailure]]:
    for (j, label, _), records in parts.items():
        model = models[j]
        imaged = [(record, manifest.image_path(record)) for record in records]
        files = [file for _, file in imaged if file is not None]
        with warnings.catch_warnings():
            # Their codes stand in the tables.
            warnings.simplefilter("ignore", GftcoreWarning)
            results = explain_images(
                files,
                model,
                config=ExplainConfig(target=label),
                source=_source(model, records[0]),
                threads=threads,
                keep=TABLE_KEEP,
            )
            for record, file in imaged:
                yield record, _case(record, None if file is None else next(results), model, truth)


def _case(
    record: Record, said: ExplainedImage | ExtractFailure | None, model: Model, truth: Path | None
) -> TeachingCase | ExtractFailure:
    if isinstance(said, ExtractFailure):
        return said
    try:
        # A mask has no grey values that anybody could look at.
        if said is None or said.staged.source.get("kind") == "mask":
            raise ArgumentError("must have an image of grey values, got a mask alone")
        return _made(record, said, model, truth)
    except (GftcoreError, OSError, MemoryError) as error:
        code = error.code if isinstance(error, GftcoreError) else type(error).__name__
        return ExtractFailure(0, code, str(error) or "not enough memory", record.id)


def _made(record: Record, said: ExplainedImage, model: Model, truth: Path | None) -> TeachingCase:
    table = tabulate(
        said,
        model,
        image_id=record.id,
        layer=record.layer or "",
        label=record.label,
        settings_hash=case_settings(model, record, truth),
    )
    thresholds = thresholds_of(model.config)
    found = () if thresholds is None else find_findings(said.graph, thresholds)
    findings = tuple(rounded_finding(one) for one in found)
    lesions = None
    if truth is not None:
        from gftcore.synth import read_truth

        known = read_truth(truth_path(truth, record))
        lesions = truth_facts(known, Fovea.of(said.graph), label=record.label)
    return TeachingCase(
        image_id=record.id,
        table=table,
        findings=findings,
        label=record.label,
        truth=lesions,
        image=_grey(said),
        overlay=_overlay(said),
    )


def _overlay(said: ExplainedImage) -> NDArray[np.uint8]:
    """Draw what decided, about as large as a teacher sees it: no legend, no numbers, no notice."""
    rows, cols = said.graph.meta.shape
    scale = max(1, LONGEST_SIDE // max(rows, cols))
    drawn = draw_contributions(
        said.attribution, said.graph, background=said.staged.pixels, scale=scale
    )
    return drawn[: rows * scale]


def _grey(said: ExplainedImage) -> NDArray[np.uint8]:
    """Return the pixels that were segmented, as eight bits; others are stretched."""
    pixels = said.staged.pixels
    assert pixels is not None
    return pixels if pixels.dtype == np.uint8 else grey_picture(pixels, pixels.shape)
