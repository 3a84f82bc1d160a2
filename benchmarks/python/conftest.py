# SPDX-License-Identifier: Apache-2.0
"""Inputs and records of the benchmarks; one thread for ours and for what checks the answers."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import pytest

import gftcore
from inputs import Sample, load_inputs
from machine import versions

INPUTS = ("sample", "reduced", "dense")
Timed = Callable[..., Any]


@pytest.fixture(scope="session")
def inputs() -> dict[str, Sample]:
    return dict(zip(INPUTS, load_inputs(), strict=True))


@pytest.fixture(params=INPUTS)
def sample(request: pytest.FixtureRequest, inputs: dict[str, Sample]) -> Sample:
    """Each input in turn."""
    return inputs[request.param]


@pytest.fixture
def full(inputs: dict[str, Sample]) -> Sample:
    """The full sample alone."""
    return inputs["sample"]


def recording(benchmark: Any, sample: Sample) -> Any:
    """Let the benchmark also record what its times depend on."""
    benchmark.extra_info.update(
        input=sample.name,
        shape=list(sample.mask.shape),
        threads=1,
        simd_target=gftcore.simd_target(),
        python=platform.python_version(),
        versions=versions(),
    )
    return benchmark


@pytest.fixture
def timed(benchmark: Any, sample: Sample) -> Timed:
    """Time a call on each input: timed(function, *arguments, **options) returns its answer."""
    return recording(benchmark, sample)


@pytest.fixture
def timed_full(benchmark: Any, full: Sample) -> Timed:
    """Time a call on the full sample."""
    return recording(benchmark, full)
