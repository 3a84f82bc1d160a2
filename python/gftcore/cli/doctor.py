# SPDX-License-Identifier: Apache-2.0
"""``gftcore doctor``: what is installed and what it can do."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import gftcore
from gftcore.cli import options
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell
from gftcore.errors import CoreImportError, GftcoreError

__all__ = ["doctor"]

#: Extras for users; the others are for those who develop the package.
_DEVELOPERS = ("bench", "dev")
#: Programs that open a report, by the names that systems give them.
_BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "firefox",
    "microsoft-edge",
)  # fmt: skip
_GPU_QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
_GPU_TIMEOUT_S = 5


@guarded
def doctor(
    *,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Show versions, instruction sets, extras, browsers and GPUs; try the core on a drawn mask.

    Exit code 6 if the core is missing or gives a wrong answer, or if a package that the base
    install needs is missing or too old.
    """
    from gftcore.processors import default_threads

    core = _core()
    base, extras = _requirements()
    document: dict[str, Any] = {
        "schema": "gftcore-doctor/1",
        "gftcore": gftcore.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "processors": default_threads(),
        "core": core,
        "packages": base,
        "extras": extras,
        "browsers": [name for name in _BROWSERS if shutil.which(name)],
        "gpus": _gpus(),
    }
    if json_:
        print_json(document)
    elif not quiet:
        _tell(document)
    problems = _problems(document)
    for problem in problems:
        say(problem)
    return Exit.ENVIRONMENT if problems else Exit.DONE


def _core() -> dict[str, Any]:
    """Load the core, and let it make the graph of a cross."""
    try:
        targets = gftcore.simd_targets()
        target = gftcore.simd_target()
        cross = [[row == 3 or col == 3 for col in range(7)] for row in range(7)]
        right = gftcore.graph.extract(cross).num_segments == 4
    except CoreImportError as error:
        return {"loaded": False, "works": False, "message": str(error)}
    except GftcoreError as error:  # GFTCORE_SIMD may name what this processor lacks
        return {"loaded": True, "works": False, "message": str(error)}
    found: dict[str, Any] = {"loaded": True, "works": right}
    if not right:
        found["message"] = "the core gives a wrong graph of a cross; reinstall gftcore"
    return found | {"simd_target": target, "simd_targets": list(targets)}


def _requirements() -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Packages of the base install and of each extra, as the installed metadata names them."""
    try:
        lines = importlib.metadata.requires("gftcore") or []
        extras = importlib.metadata.metadata("gftcore").get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:  # imported from a folder, not installed
        return {}, {}
    by_extra: dict[str, dict[str, Any]] = {name: {} for name in ("", *sorted(extras))}
    for line in lines:
        requirement, _, marker = line.partition(";")
        if not _applies(marker):
            continue
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
        name = re.match(r"[\w.-]+", requirement.strip())
        if name is not None and name[0] != "gftcore":
            by_extra[extra[1] if extra else ""][name[0]] = _found(name[0], requirement)
    base = by_extra.pop("")
    return base, {name: by_extra[name] for name in by_extra if name not in _DEVELOPERS}


def _applies(marker: str) -> bool:
    """Whether a requirement is for this Python; the only other marker that this package uses."""
    limit = re.search(r"python_version\s*<\s*['\"]3\.(\d+)", marker)
    return limit is None or sys.version_info < (3, int(limit[1]))


def _found(name: str, requirement: str) -> dict[str, Any]:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = None
    least = re.search(r">=\s*([\w.]+)", requirement)
    needs = least[1] if least else None
    fits = version is not None and (needs is None or _numbers(version) >= _numbers(needs))
    return {"version": version, "needs": needs, "ok": fits}


def _numbers(version: str) -> tuple[int, ...]:
    """Leading numbers of a version, which is all that the lower bounds of this package have."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in numbers[0].split(".")) if numbers else ()


def _gpus() -> list[str]:
    if shutil.which(_GPU_QUERY[0]) is None:
        return []
    try:
        done = subprocess.run(
            _GPU_QUERY, capture_output=True, encoding="utf-8", errors="replace",
            timeout=_GPU_TIMEOUT_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):  # a driver without a card, or one that hangs
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _problems(document: dict[str, Any]) -> list[str]:
    problems = [] if document["core"]["works"] else [document["core"]["message"]]
    for name, one in document["packages"].items():
        if not one["ok"]:
            what = f"is {one['version']}, needs {one['needs']}" if one["version"] else "is missing"
            problems.append(f'{name} {what}: pip install --upgrade "{name}>={one["needs"]}"')
    return problems


def _tell(document: dict[str, Any]) -> None:
    tell(
        f"gftcore {document['gftcore']}, Python {document['python']}, {document['platform']}, "
        f"{document['processors']} processors"
    )
    core = document["core"]
    if core["works"]:
        tell(f"core: {core['simd_target']} of {', '.join(core['simd_targets'])}, works")
    tell(f"base: {_listed(document['packages'].items())}")
    for extra, packages in document["extras"].items():
        ready = all(one["ok"] for one in packages.values())
        hint = "" if ready else f'; pip install "gftcore[{extra}]"'
        tell(f"extra {extra}: {_listed(packages.items())}{hint}")
    tell(f"browsers for reports: {', '.join(document['browsers']) or 'none on the path'}")
    gpus = "; ".join(document["gpus"]) or "none"
    tell(f"GPUs: {gpus}; the core computes on processors, training uses what torch finds")


def _listed(packages: Iterable[tuple[str, dict[str, Any]]]) -> str:
    shown = []
    for name, one in packages:
        if one["version"] is None:
            shown.append(f"{name} missing")
        elif one["ok"]:
            shown.append(f"{name} {one['version']}")
        else:
            shown.append(f"{name} {one['version']} (needs {one['needs']})")
    return ", ".join(shown) or "unknown, since gftcore is not installed"
