# SPDX-License-Identifier: Apache-2.0
"""Measurements of all images of a manifest: biomarkers, and statistics of their graphs."""

from __future__ import annotations

import csv
import hashlib
import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.biomarkers import biomarkers
from gftcore.datasets import GraphSource, manifest_graphs
from gftcore.datasets.graphs import have_grey_values
from gftcore.errors import GftcoreError, GftcoreWarning
from gftcore.graph.assemble import run_settings, settings_hash
from gftcore.io import file_sha256, write_csv
from gftcore.io.tables import unguarded

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
#: Images after which the table is written, so that an interruption costs no more.
_BATCH = 50
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
    learned: Iterable[str] | None = None,
    threads: int | None = None,
    step: Callable[[], None] | None = None,
) -> FeatureTable:
    """Return the measurements of all images of a manifest.

    Images are segmented and made graphs of exactly as for the training of networks and for
    staging. If one of the images to learn from is only a mask, grey values are left out.

    Parameters
    ----------
    manifest
        From `gftcore.datasets.read_manifest`.
    cache
        Folder for the table, which is written on the way. A row there counts if it was made from
        the same bytes with the same settings.
    source
        How images become graphs; None means the defaults.
    learned
        Ids of the images that models learn from or are chosen by; None means all.
    threads
        Number of images that are extracted at once.
    step
        Called after each image.

    Raises
    ------
    FormatError
        If there are images that cannot be read, or masks to test on where models learn from grey
        values; it names the rows.

    Warns
    -----
    GftcoreWarning
        ``GREY_VALUES_UNUSED`` if some of the images to learn from, but not all, are masks.
    """
    source = source or GraphSource()
    path = cache / FEATURES_FILE
    rows = _stored(path, manifest, source)
    if step is not None:
        for _ in rows:
            step()
    fresh = 0
    try:
        left = _without(manifest, rows)
        for record, graph in manifest_graphs(left, source, threads=threads, keep=_KEEP):
            rows[record.id] = _measured(graph)
            fresh += 1
            if fresh % _BATCH == 0:
                _write(path, manifest, rows)
            if step is not None:
                step()
    finally:
        if fresh % _BATCH:
            _write(path, manifest, rows)
    kinds = {name: kind for name, ((kind, _, _), _) in rows.items()}
    return _table(manifest, rows, grey=have_grey_values(manifest, kinds, learned))


#: (``image`` or ``mask``, SHA-256 of the source, of the settings) and measurements.
_Row = tuple[tuple[str, str, str], dict[str, float]]


def _without(manifest: Manifest, rows: Mapping[str, _Row]) -> Manifest:
    """Return the images that are not measured yet."""
    each = zip(manifest, manifest.rows, strict=True)
    left = [(record, row) for record, row in each if record.id not in rows]
    return replace(
        manifest, records=tuple(record for record, _ in left), rows=tuple(row for _, row in left)
    )


def _measured(graph: HeteroGraph) -> _Row:
    with warnings.catch_warnings():
        # What is said of one image at hand would be said hundreds of times.
        warnings.simplefilter("ignore", GftcoreWarning)
        markers = biomarkers(graph).to_dict()
    made_from = graph.meta.source
    origin = (made_from["kind"], made_from["sha256"], graph.meta.config_hash)
    return origin, markers | graph_statistics(graph)


def _write(path: Path, manifest: Manifest, rows: Mapping[str, _Row]) -> None:
    """Write what there is, in the order of the manifest, whichever came first."""
    table = []
    for record in manifest:
        if record.id in rows:
            origin, values = rows[record.id]
            own = dict(zip(_ORIGIN, (record.id, _SCHEMA, *origin), strict=True))
            table.append({**own, **values})
    columns = list(dict.fromkeys(name for row in table for name in row))
    write_csv(path, columns, [[row.get(name) for name in columns] for row in table])


def _stored(path: Path, manifest: Manifest, source: GraphSource) -> dict[str, _Row]:
    """Return those rows of a file that are as if they were made now, by id."""
    if not os.path.lexists(path):
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = {unguarded(row["id"]): row for row in csv.DictReader(stream)}
    except (OSError, KeyError, ValueError, csv.Error):
        return {}
    found = {}
    for record in manifest:
        row = _true_row(table.get(record.id, {}), manifest, record, source)
        if row is not None:
            found[record.id] = row
    return found


def _true_row(
    cells: Mapping[Any, Any], manifest: Manifest, record: Record, source: GraphSource
) -> _Row | None:
    # Cells are missing, or too many, where a row was cut.
    if None in cells or None in cells.values():
        return None
    try:
        schema, kind, digest, settings = (cells[column] for column in _ORIGIN[1:])
        run = run_settings(source.config(record), source.seg if kind == "image" else None)
        if (schema, settings) != (_SCHEMA, settings_hash(run)):
            return None
        if digest != _digest(manifest, record):
            return None
        values = {
            column: float(cell) if cell else math.nan
            for column, cell in cells.items()
            if column not in _ORIGIN
        }
    except (GftcoreError, OSError, KeyError, ValueError):
        return None
    return (kind, digest, settings), values


def _digest(manifest: Manifest, record: Record) -> str:
    file = manifest.image_path(record) or manifest.mask_path(record)
    assert file is not None
    return file_sha256(file)


def _table(manifest: Manifest, rows: Mapping[str, _Row], *, grey: bool) -> FeatureTable:
    each = [rows[record.id][1] for record in manifest]
    columns = list(dict.fromkeys(name for values in each for name in values))
    if not grey:
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
        values=np.array([[values.get(name, math.nan) for name in columns] for values in each]),
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
    )


def _marker_names() -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        return set(biomarkers(np.zeros((8, 8), dtype=bool)).to_dict())
