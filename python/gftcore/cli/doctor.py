# SPDX-License-Identifier: Apache-2.0
"""``gftcore doctor``: what is installed and what it can do."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from typing import Any

import gftcore
from gftcore.cli import options
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell
from gftcore.errors import CoreImportError

__all__ = ["doctor"]

_BASE = ("numpy", "pillow", "typer", "rich", "safetensors")
_EXTRAS = {
    "train": ("torch", "torch-geometric", "captum"),
    "vlm": ("transformers", "peft", "accelerate"),
    "teacher": ("openai", "tenacity"),
    "bulk": ("pyarrow",),
    "ray": ("ray",),
    "report": ("playwright",),
    "io": ("pydicom", "nibabel", "tifffile", "openpyxl"),
    "networkx": ("networkx",),
    "dev": ("pytest",),
}


@guarded
def doctor(
    *,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Show versions, instruction sets and optional packages; exit code 6 if the core is missing."""
    core = _core()
    document: dict[str, Any] = {
        "schema": "gftcore-doctor/1",
        "gftcore": gftcore.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "core": core,
        "packages": {name: _version(name) for name in _BASE},
        "extras": {
            extra: {name: _version(name) for name in names} for extra, names in _EXTRAS.items()
        },
    }
    if json_:
        print_json(document)
    elif not quiet:
        _tell(document)
    if not core["loaded"]:
        say(core["message"])
        return Exit.ENVIRONMENT
    return Exit.DONE


def _core() -> dict[str, Any]:
    try:
        targets = gftcore.simd_targets()
    except CoreImportError as error:
        return {"loaded": False, "message": str(error)}
    return {"loaded": True, "simd_target": gftcore.simd_target(), "simd_targets": list(targets)}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _tell(document: dict[str, Any]) -> None:
    tell(f"gftcore {document['gftcore']}, Python {document['python']}, {document['platform']}")
    core = document["core"]
    if core["loaded"]:
        tell(f"core: {core['simd_target']} of {', '.join(core['simd_targets'])}")
    tell("base: " + ", ".join(f"{name} {text}" for name, text in document["packages"].items()))
    for extra, names in document["extras"].items():
        shown = ", ".join(f"{name} {text or 'missing'}" for name, text in names.items())
        tell(f"extra {extra}: {shown}")
