# SPDX-License-Identifier: Apache-2.0
"""An item that fails in a batch fails with the error that `extract` raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore import errors, graph
from gftcore.graph import BatchItem, ExtractFailure, bulk

MASK = np.eye(12, dtype=bool)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("ShapeError", errors.ShapeError, "SHAPE"),
        ("ArgumentError", errors.ArgumentError, "ARGUMENT"),
        ("UnavailableError", errors.UnavailableError, "UNAVAILABLE"),
        ("MemoryError", MemoryError, "MemoryError"),
        ("GftcoreError", errors.GftcoreError, "ERROR"),
        ("SomethingNew", errors.GftcoreError, "ERROR"),
    ],
)
def test_errors_of_the_core_keep_their_class(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Exception], code: str
) -> None:
    class Failing:
        def __init__(self, *_args: object) -> None: ...

        def submit(self, *_args: object) -> None: ...

        def next(self) -> tuple[str, str]:
            return name, "why"

        def close(self) -> None: ...

    monkeypatch.setattr(bulk.core, "BatchExtractor", Failing)
    assert list(graph.extract_batch([MASK])) == [ExtractFailure(0, code, "why")]
    with pytest.raises(kind, match="why") as caught:
        list(graph.extract_batch([MASK], on_error="raise"))
    assert type(caught.value) is kind


def test_memory_that_the_copy_lacks_is_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(_given: object) -> None:
        raise MemoryError

    monkeypatch.setattr(bulk, "_private", greedy)
    (failure,) = graph.extract_batch([MASK])
    assert failure == ExtractFailure(0, "MemoryError", "not enough memory")


@pytest.mark.parametrize(
    "item",
    [
        {"mask": np.zeros((2, 2, 2), bool)},
        {"mask": np.zeros((0, 4), bool)},
        {"mask": np.zeros((4, 4))},
        {"mask": [[1, 2], [2, 1]]},
        {"mask": "mask.png"},
        {"mask": MASK, "intensity": np.ones((5, 5))},
        {"mask": MASK, "exclude": [(3, 3, 3, 3)]},
        {"mask": MASK, "faz_mask": np.ones((2, 2), bool)},
        {"mask": MASK, "threshold": "high"},
    ],
)
def test_codes_equal_those_of_extract(item: dict[str, Any]) -> None:
    with pytest.raises(errors.GftcoreError) as caught:
        graph.extract(**item)
    (failure,) = graph.extract_batch([BatchItem(**item, name="x")])
    assert failure == ExtractFailure(0, caught.value.code, str(caught.value), "x")
