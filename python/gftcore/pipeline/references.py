# SPDX-License-Identifier: Apache-2.0
"""What networks compare an eye with: ranges and thresholds over healthy eyes of a manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gftcore._validation import require_iterator
from gftcore.config import canonical_json
from gftcore.datasets import is_synthetic, manifest_graphs
from gftcore.datasets.check import require_manifest
from gftcore.errors import ArgumentError
from gftcore.findings import HealthyEye, finding_thresholds
from gftcore.pipeline.staging import require_model
from gftcore.pipeline.tabulating import TABLE_KEEP, table_biomarkers
from gftcore.pipeline.training import model_source
from gftcore.tabulation import ReferenceEye, reference_ranges

if TYPE_CHECKING:
    from gftcore.datasets import GraphSource, Manifest
    from gftcore.model import Model

__all__ = ["RECORDS", "all_with_references", "healthy_ids", "with_references"]

#: Entries of the record of a training that are about healthy eyes.
RECORDS = ("reference", "thresholds")


def with_references(
    model: Model, manifest: Manifest, ids: Iterable[str], *, threads: int | None = None
) -> Model:
    """Return a network whose record holds the ranges of tables and the thresholds of findings.

    Both are over the healthy eyes, those of the first class, among some images, whose graphs are
    made as those that the network learned from.

    Parameters
    ----------
    model
        The network; weights and answers stay as they are.
    manifest
        The data set.
    ids
        Images, as a rule those that the network learned from.
    threads
        Number of images that are extracted at once; None means one per usable processor.

    Raises
    ------
    ArgumentError
        If no image is of a healthy eye, or if there is no such image.
    FormatError
        If images cannot be read; it names the rows.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from gftcore import datasets, io, tabulation
    >>> from gftcore.model import default_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     io.write_image(Path(folder) / "a.png", [[False, True, False]] * 3)
    ...     eye = datasets.Record(id="a", subject="s", eye="OD", path="a.png", label="Healthy")
    ...     manifest = datasets.write_manifest(Path(folder) / "manifest.csv", [eye])
    ...     model = with_references(default_model(), manifest, ["a"], threads=1)
    >>> tabulation.reference_of(model.config).info
    ReferenceInfo(eyes=1, label='Healthy', data='unknown')
    """
    return all_with_references([model], manifest, [ids], threads=threads)[0]


def all_with_references(
    models: Sequence[Model],
    manifest: Manifest,
    ids: Sequence[Iterable[str]],
    *,
    threads: int | None = None,
    step: Callable[[], None] | None = None,
) -> tuple[Model, ...]:
    """Do so for several networks, extracting each eye once for all that make graphs alike.

    Parameters
    ----------
    models, manifest, threads
        As for `with_references`.
    ids
        Images of each network.
    step
        Called after each eye.
    """
    networks = [require_model(model) for model in models]
    healthy = [healthy_ids(manifest, some) for some in ids]
    if not all(healthy):
        raise ArgumentError(
            f"ids must hold an image of the class {manifest.classes[0]}, got none; reference "
            "ranges and thresholds come from these"
        )
    data = "synthetic" if is_synthetic(manifest) else "unknown"
    alike: dict[str, list[int]] = {}
    for number, network in enumerate(networks):
        alike.setdefault(canonical_json(model_source(network).to_dict()), []).append(number)
    out: dict[int, Model] = {}
    for numbers in alike.values():
        wanted = {name for number in numbers for name in healthy[number]}
        source = model_source(networks[numbers[0]])
        measured = _measured(manifest, wanted, source, threads, step)
        for number in numbers:
            eyes = [measured[name] for name in healthy[number]]
            ranges = reference_ranges(
                (eye for eye, _ in eyes), label=manifest.classes[0], data=data
            )
            thresholds = finding_thresholds(eye for _, eye in eyes)
            config = networks[number].config
            training = {
                **config.training,
                "reference": ranges.to_dict(),
                "thresholds": thresholds.to_dict(),
            }
            out[number] = dataclasses.replace(
                networks[number], config=config.replace(training=training)
            )
    return tuple(out[number] for number in range(len(networks)))


def healthy_ids(manifest: Manifest, ids: Iterable[str]) -> tuple[str, ...]:
    """Return which of some images are of the first class, in the order of the manifest."""
    require_manifest(manifest)
    wanted = list(require_iterator(ids, "ids", "a sequence of ids"))
    healthy = {r.id for r in manifest.select(wanted) if r.label == manifest.classes[0]}
    return tuple(record.id for record in manifest if record.id in healthy)


def _measured(
    manifest: Manifest,
    ids: set[str],
    source: GraphSource,
    threads: int | None,
    step: Callable[[], None] | None,
) -> dict[str, tuple[ReferenceEye, HealthyEye]]:
    """Measure eyes one after the other; what is held of an eye is small beside its graph."""
    kept = [i for i, record in enumerate(manifest) if record.id in ids]
    eyes = dataclasses.replace(
        manifest,
        records=tuple(manifest.records[i] for i in kept),
        rows=tuple(manifest.rows[i] for i in kept),
    )
    out = {}
    # Biomarkers need the masks, which no folder of graphs keeps.
    for record, graph in manifest_graphs(eyes, source, threads=threads, keep=TABLE_KEEP):
        out[record.id] = ReferenceEye.of(graph, table_biomarkers(graph)), HealthyEye.of(graph)
        if step is not None:
            step()
    return out
