# SPDX-License-Identifier: Apache-2.0
"""Measurements of all images of a manifest: biomarkers, and statistics of their graphs."""

from __future__ import annotations

import csv
import hashlib
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gftcore.biomarkers import biomarkers
from gftcore.datasets import GraphSource, manifest_graphs
from gftcore.errors import GftcoreError, GftcoreWarning
from gftcore.graph.assemble import run_settings, settings_hash
from gftcore.io import file_sha256, write_csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import Manifest, Record
    from gftcore.graph import HeteroGraph

__all__ = ["FEATURES_FILE", "FeatureTable", "graph_statistics", "read_features"]

FEATURES_FILE = "features.csv"
#: Another number when other things are measured: a table of the old ones is no longer true.
_SCHEMA = "gftcore-features/1"
_ORIGIN = ("id", "schema", "kind", "source_sha256", "settings_sha256")
_KEEP = ("mask", "skeleton")
#: Places in the image measure the camera rather than the eye; directions do not add up.
_PLACES = ("row", "col", "pos_compat", "centroid", "orientation", "hasNode")
_STATISTICS: Mapping[str, Callable[[NDArray[np.float64]], float]] = {
    "mean": lambda values: float(values.mean()),
    "sd": lambda values: float(values.std()),
    "median": lambda values: float(np.median(values)),
    "q90": lambda values: float(np.quantile(values, 0.9)),
    "q99": lambda values: float(np.quantile(values, 0.99)),
    "max": lambda values: float(values.max()),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTable:
    """Measurements of images.

    Attributes
    ----------
    ids, labels, classes
        Of the images; numbers of their classes; names of the classes.
    columns
        Names of the measurements: biomarkers first.
    num_biomarkers
        How many of them are biomarkers.
    values
        float64 [n, F]; NaN where a measurement does not exist.
    sha256
        Of all inputs, labels and settings.
    """

    ids: tuple[str, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    classes: tuple[str, ...]
    columns: tuple[str, ...] = field(repr=False)
    num_biomarkers: int
    values: NDArray[np.float64] = field(repr=False)
    sha256: str

    def places(self, ids: Sequence[str]) -> list[int]:
        """Return where the images of some ids stand."""
        place = {name: i for i, name in enumerate(self.ids)}
        return [place[name] for name in ids]


def graph_statistics(graph: HeteroGraph) -> dict[str, float]:
    """Return counts, and statistics of each column of vessels and areas; NaN without values.

    Columns that say where something is are left out. For the FAZ the columns themselves.
    """
    out = {
        "junctions": float(graph.num_nodes),
        "segments": float(graph.num_segments),
        "areas": float(graph.num_icas),
        "links": float(graph.num_edges),
    }
    tables = (
        ("vessel", graph.vessel_x, graph.vessel_columns),
        ("area", graph.ica_x, graph.ica_columns),
    )
    for kind, table, columns in tables:
        for k, name in enumerate(columns):
            if name.startswith(_PLACES):
                continue
            known = np.asarray(table[:, k], dtype=np.float64)
            known = known[np.isfinite(known)]
            for statistic, function in _STATISTICS.items():
                out[f"{kind}_{name}_{statistic}"] = function(known) if len(known) else math.nan
    for k, name in enumerate(graph.ica_columns):
        if not name.startswith(_PLACES):
            out[f"faz_{name}"] = float(graph.faz_x[0, k]) if len(graph.faz_x) else math.nan
    return out


def read_features(
    manifest: Manifest,
    cache: Path,
    source: GraphSource | None = None,
    *,
    threads: int | None = None,
    step: Callable[[], None] | None = None,
) -> FeatureTable:
    """Return the measurements of all images of a manifest.

    Images are segmented and made graphs of exactly as for the training of networks and for
    staging. Measurements that not all images have, such as grey values if one of them is only a
    mask, are left out.

    Parameters
    ----------
    manifest
        From `gftcore.datasets.read_manifest`.
    cache
        Folder for the table. It counts if all its rows were made from the same bytes with the same
        settings.
    source
        How images become graphs; None means the defaults.
    threads
        Number of images that are extracted at once.
    step
        Called after each image.

    Raises
    ------
    FormatError
        If there are images that cannot be read; it names the rows.
    """
    source = source or GraphSource()
    path = cache / FEATURES_FILE
    rows = _stored(path, manifest, source)
    if rows is None:
        rows = _measured(manifest, source, threads, step)
        table = [
            {**dict(zip(_ORIGIN, (name, _SCHEMA, *origin), strict=True)), **values}
            for name, (origin, values) in rows.items()
        ]
        columns = list(dict.fromkeys(name for row in table for name in row))
        write_csv(path, columns, [[row.get(name) for name in columns] for row in table])
    elif step is not None:
        for _ in manifest:
            step()
    return _table(manifest, rows)


#: Id to (``image`` or ``mask``, SHA-256 of the source, of the settings) and measurements.
_Rows = dict[str, tuple[tuple[str, str, str], dict[str, float]]]


def _measured(
    manifest: Manifest,
    source: GraphSource,
    threads: int | None,
    step: Callable[[], None] | None,
) -> _Rows:
    found: _Rows = {}
    for record, graph in manifest_graphs(manifest, source, threads=threads, keep=_KEEP):
        with warnings.catch_warnings():
            # What is said of one image at hand would be said hundreds of times.
            warnings.simplefilter("ignore", GftcoreWarning)
            markers = biomarkers(graph).to_dict()
        made_from = graph.meta.source
        origin = (made_from["kind"], made_from["sha256"], graph.meta.config_hash)
        found[record.id] = origin, markers | graph_statistics(graph)
        if step is not None:
            step()
    return {record.id: found[record.id] for record in manifest}


def _stored(path: Path, manifest: Manifest, source: GraphSource) -> _Rows | None:
    """Return the rows of a file, None unless they are those of the manifest and the settings."""
    if not os.path.lexists(path):
        return None
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = list(csv.DictReader(stream))
        ids = [record.id for record in manifest]
        if [row["id"] for row in table] != ids:
            return None
        rows: _Rows = {}
        for row, record in zip(table, manifest, strict=True):
            name, schema, kind, digest, settings = (row.pop(column) for column in _ORIGIN)
            run = run_settings(source.config(record), source.seg if kind == "image" else None)
            true = schema == _SCHEMA and settings == settings_hash(run)
            # Cells are missing, or too many, where a row was cut.
            whole = None not in row and None not in row.values()
            if not (true and whole and digest == _digest(manifest, record)):
                return None
            values = {column: float(cell) if cell else math.nan for column, cell in row.items()}
            rows[name] = (kind, digest, settings), values
    except (GftcoreError, OSError, KeyError, ValueError, TypeError):
        return None
    return rows


def _digest(manifest: Manifest, record: Record) -> str:
    file = manifest.image_path(record) or manifest.mask_path(record)
    assert file is not None
    return file_sha256(file)


def _table(manifest: Manifest, rows: _Rows) -> FeatureTable:
    columns = list(dict.fromkeys(name for _, values in rows.values() for name in values))
    if any(kind == "mask" for (kind, *_), _ in rows.values()):
        columns = [name for name in columns if "intensity" not in name]
    markers = _marker_names()
    columns.sort(key=lambda name: name not in markers)
    lines = [
        f"{record.id}\t{record.label}\t{' '.join(rows[record.id][0])}\n" for record in manifest
    ]
    return FeatureTable(
        ids=tuple(record.id for record in manifest),
        labels=tuple(manifest.classes.index(record.label) for record in manifest),
        classes=manifest.classes,
        columns=tuple(columns),
        num_biomarkers=sum(name in markers for name in columns),
        values=np.array(
            [[rows[record.id][1].get(name, math.nan) for name in columns] for record in manifest]
        ),
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
    )


def _marker_names() -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        return set(biomarkers(np.zeros((8, 8), dtype=bool)).to_dict())
