# SPDX-License-Identifier: Apache-2.0
"""Training cases that are like an eye, never of the same subject.

Examples
--------
>>> from gftcore import datasets, retrieval
>>> records = [
...     datasets.Record(id=f"{i}", subject=f"{i // 2}", eye="OD", path=f"{i}.png", label="NPDR")
...     for i in range(4)
... ]
>>> index = retrieval.build_index(records, [[i] * 8 for i in range(4)], mode="count")
>>> [case.id for case in index.nearest([1] * 8, k=2, exclude_id="1")]
['2', '3']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.retrieval.files import index_json, load_index
    from gftcore.retrieval.index import CaseIndex, Neighbour, build_index
    from gftcore.retrieval.training import check_training, index_from_manifest, subject_group

__all__ = [
    "CaseIndex",
    "Neighbour",
    "build_index",
    "check_training",
    "index_from_manifest",
    "index_json",
    "load_index",
    "subject_group",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CaseIndex": "index",
        "Neighbour": "index",
        "build_index": "index",
        "check_training": "training",
        "index_from_manifest": "training",
        "index_json": "files",
        "load_index": "files",
        "subject_group": "training",
    },
)
