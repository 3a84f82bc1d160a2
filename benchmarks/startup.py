# SPDX-License-Identifier: Apache-2.0
"""How long `import gftcore` and `gftcore --help` take in a fresh process, against a limit.

The "peer" is the limit itself, so that ratio = limit / ours and the goal is 1.
"""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from rows import Row, make_row
from timing import alternate

IMPORT_WALL_LIMIT_S = 0.030  # beyond the start of the bare interpreter
HELP_CPU_LIMIT_S = 0.6
LEAST_S = 1e-4  # noise can make the difference of two starts negative

BARE = "pass"
IMPORT = "import gftcore"
HELP = "from gftcore.cli import main; raise SystemExit(main(['--help']))"


def run_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"python -c {code!r} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def contestant(code: str) -> Callable[[], str]:
    return lambda: run_python(code)


def check_answers() -> None:
    """Importing loads neither NumPy nor torch; the help names the commands."""
    heavy = run_python(
        f"{IMPORT}; import sys; print(sorted({{'numpy', 'torch'}} & {{*sys.modules}}))"
    )
    assert heavy.strip() == "[]", f"import gftcore loads {heavy.strip()}"
    assert "extract" in run_python(HELP), "gftcore --help does not name `extract`"


def startup_rows(rounds: int) -> list[Row]:
    """Time both; starts are short, so there are at least 9 rounds."""
    check_answers()
    rounds = max(rounds, 9)
    wall = alternate([contestant(BARE), contestant(IMPORT)], rounds=rounds, clock=time.perf_counter)
    cpu = alternate([contestant(HELP)], rounds=rounds, clock=children_cpu_s)
    beyond_bare = np.maximum(wall[:, 1] - wall[:, 0], LEAST_S)
    python = platform.python_version()
    return [
        make_row(
            names=("startup", stage, peer, python, "fresh process"),
            ours_s=ours_s,
            peer_s=np.full(rounds, limit_s),
            goal=1.0,
        )
        for stage, peer, ours_s, limit_s in (
            ("import gftcore, wall", "limit over bare Python", beyond_bare, IMPORT_WALL_LIMIT_S),
            ("gftcore --help, CPU", "limit on Python", cpu[:, 0], HELP_CPU_LIMIT_S),
        )
    ]
