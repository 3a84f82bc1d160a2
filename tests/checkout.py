# SPDX-License-Identifier: Apache-2.0
"""The checkout that the tests lie in, and the tools that some of them call."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def tool(name: str) -> str:
    """Path of a program, from this environment first; skip the test if there is none."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, output captured as text; the caller looks at the exit code."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def tracked_files() -> list[Path]:
    """Files under version control, relative to the root; skip the test outside of a checkout."""
    result = run([tool("git"), "ls-files", "-z"])
    if result.returncode != 0:
        pytest.skip(f"not a git checkout: {result.stderr.strip()}")
    return [Path(name) for name in result.stdout.split("\0") if name]
