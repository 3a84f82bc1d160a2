# SPDX-License-Identifier: Apache-2.0
"""Data sets: images and their manifests, and folds of whole subjects.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> from gftcore import datasets
>>> records = [
...     datasets.Record(id=f"{i}", subject=f"{i // 2}", eye="OD", path=f"{i}.png", label="NPDR")
...     for i in range(24)
... ]
>>> with tempfile.TemporaryDirectory() as folder:
...     manifest = datasets.write_manifest(Path(folder) / "manifest.csv", records)
>>> splits = datasets.split_subjects(manifest, seed=0)
>>> len(splits.view(1).train), len(splits.view(1).validate), len(splits.view(1).test)
(16, 4, 4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.datasets.assign import ALGORITHM, NUM_FOLDS, assign_folds
    from gftcore.datasets.check import (
        ManifestSummary,
        check_files,
        subject_labels,
        summarise,
        suspicions,
    )
    from gftcore.datasets.entries import Entry
    from gftcore.datasets.folders import add_labels, read_folder
    from gftcore.datasets.graphs import GraphSource, manifest_graphs
    from gftcore.datasets.labels import EYES, LABELS, class_names, parse_label
    from gftcore.datasets.manifest import Manifest, read_manifest, write_manifest
    from gftcore.datasets.octa500 import read_octa500
    from gftcore.datasets.origin import SYNTHETIC_NOTICE, is_synthetic
    from gftcore.datasets.problems import ManifestError, Problem
    from gftcore.datasets.protocol import octa500_protocol, pool_dr
    from gftcore.datasets.records import COLUMNS, Record
    from gftcore.datasets.splits import (
        TEST_FOLD,
        Splits,
        SplitView,
        fold_table,
        read_splits,
        split_subjects,
        write_splits,
    )

__all__ = [
    "ALGORITHM",
    "COLUMNS",
    "EYES",
    "LABELS",
    "NUM_FOLDS",
    "SYNTHETIC_NOTICE",
    "TEST_FOLD",
    "Entry",
    "GraphSource",
    "Manifest",
    "ManifestError",
    "ManifestSummary",
    "Problem",
    "Record",
    "SplitView",
    "Splits",
    "add_labels",
    "assign_folds",
    "check_files",
    "class_names",
    "fold_table",
    "is_synthetic",
    "manifest_graphs",
    "octa500_protocol",
    "parse_label",
    "pool_dr",
    "read_folder",
    "read_manifest",
    "read_octa500",
    "read_splits",
    "split_subjects",
    "subject_labels",
    "summarise",
    "suspicions",
    "write_manifest",
    "write_splits",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ALGORITHM": "assign",
        "COLUMNS": "records",
        "EYES": "labels",
        "LABELS": "labels",
        "NUM_FOLDS": "assign",
        "SYNTHETIC_NOTICE": "origin",
        "TEST_FOLD": "splits",
        "Entry": "entries",
        "GraphSource": "graphs",
        "Manifest": "manifest",
        "ManifestError": "problems",
        "ManifestSummary": "check",
        "Problem": "problems",
        "Record": "records",
        "SplitView": "splits",
        "Splits": "splits",
        "add_labels": "folders",
        "assign_folds": "assign",
        "check_files": "check",
        "class_names": "labels",
        "is_synthetic": "origin",
        "fold_table": "splits",
        "manifest_graphs": "graphs",
        "octa500_protocol": "protocol",
        "parse_label": "labels",
        "pool_dr": "protocol",
        "read_folder": "folders",
        "read_manifest": "manifest",
        "read_octa500": "octa500",
        "read_splits": "splits",
        "split_subjects": "splits",
        "subject_labels": "check",
        "summarise": "check",
        "suspicions": "check",
        "write_manifest": "manifest",
        "write_splits": "splits",
    },
)
