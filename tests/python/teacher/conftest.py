# SPDX-License-Identifier: Apache-2.0
"""What tests of the teacher share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from teacher_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.stack:
        yield made
