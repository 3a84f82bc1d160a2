# SPDX-License-Identifier: Apache-2.0
"""Settings of the whole test suite: Hypothesis profiles, and skips that name their reason."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from browser import find_browser

PROFILE_VARIABLE = "GFTCORE_HYPOTHESIS_PROFILE"

# First calls compile (Numba), so a limit on the time of one example would fail at random.
settings.register_profile(
    "ci",
    derandomize=True,
    database=None,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough",
    max_examples=10_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(os.environ.get(PROFILE_VARIABLE, "ci"))


def _needs_module(name: str) -> Callable[[], str | None]:
    def reason() -> str | None:
        return None if importlib.util.find_spec(name) else f"{name} is not installed"

    return reason


def _needs_gpu() -> str | None:
    return None if shutil.which("nvidia-smi") else "no GPU: nvidia-smi is not on PATH"


def _needs_browser() -> str | None:
    return None if find_browser() else "no browser: chromium is not on PATH"


SKIP_REASONS: dict[str, Callable[[], str | None]] = {
    "browser": _needs_browser,
    "cuda": _needs_gpu,
    "ray": _needs_module("ray"),
    "train": _needs_module("torch"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test where the machine lacks what its marker says it needs."""
    for marker, find_reason in SKIP_REASONS.items():
        if item.get_closest_marker(marker) and (reason := find_reason()):
            pytest.skip(reason)
