# SPDX-License-Identifier: Apache-2.0
"""The head of a result file: when, where, with which versions and by which command."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import gftcore

SCHEMA = "gftcore-benchmark/1"
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "opencv-contrib-python-headless",
    "connected-components-3d",
    "edt",
    "skan",
    "sknw",
    "torch",
    "torch-geometric",
    "transformers",
)
NOT_REPEATED = "--json"  # where the file went says nothing about what is in it


def usable_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model of the processor; virtual machines may hide it, so family and number stand beside."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in fields and "model" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def versions() -> dict[str, str]:
    """Versions of this package and of what it is compared with; missing ones are left out."""
    found = {package: installed(package) for package in PACKAGES}
    known = {package: number for package, number in found.items() if number is not None}
    return {"gftcore": gftcore.__version__, **known}


def installed(package: str) -> str | None:
    """Version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def command_line(arguments: Sequence[str] | None = None) -> str:
    """How this program was called, without the name of the result file."""
    program, *given = sys.argv if arguments is None else arguments
    kept = []
    skip = False
    for word in given:
        if not skip and word != NOT_REPEATED and not word.startswith(f"{NOT_REPEATED}="):
            kept.append(word)
        skip = word == NOT_REPEATED
    return shlex.join(["python", f"benchmarks/{Path(program).name}", *kept])


def header(kind: str, targets: Iterable[str]) -> dict[str, Any]:
    """Describe this run; `kind` names the program whose rows follow."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": command_line(),
        "machine": {
            "processor": processor(),
            "cores": usable_cores(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "targets": list(targets),
        "python": platform.python_version(),
        "versions": versions(),
    }


def write_result(path: Path, head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write head and rows as one JSON object."""
    path.write_text(json.dumps({"header": head, "rows": rows}, indent=1) + "\n")
