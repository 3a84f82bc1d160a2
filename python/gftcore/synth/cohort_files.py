# SPDX-License-Identifier: Apache-2.0
"""The folder of a cohort: what lies where, whose it is, and whether it is sound."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from PIL import Image

from gftcore import __version__
from gftcore.errors import ArgumentError, RefusedError
from gftcore.io.files import atomic_path, file_sha256
from gftcore.io.images import write_image
from gftcore.synth.edges import write_edges
from gftcore.synth.lesions import MASK_PX
from gftcore.synth.options import FOV_MM
from gftcore.synth.truth import NOTICE
from gftcore.synth.truth_files import MAX_BYTES, truth_json

if TYPE_CHECKING:
    from gftcore.synth.cohort_plan import CohortPlan, PlannedEye
    from gftcore.synth.eye import SyntheticEye

__all__ = ["CohortFolder", "eye_paths"]

SCHEMA = "gftcore-cohort/1"
#: Folder and suffix of the files of an eye. The truth comes last: it vouches for the others.
PARTS: Mapping[str, str] = {"images": "png", "masks": "png", "graphs": "csv", "truth": "json"}
_HASHED = {"images": "image", "masks": "mask", "graphs": "graph"}
_TABLES = ("cohort.json", "manifest.csv", "splits.json")
_IMAGE_PX = 304
#: Longer files describe no cohort.
_LONGEST = 1 << 20
_NO_HASH = "0" * 64
_OWN_HASH = re.compile(rb'("truth":")([0-9a-f]{64})("\}\}\n)\Z')
# What `atomic_path` calls a file that is not whole yet.
_LEFTOVER = re.compile(r"\.(.{1,50})-[0-9a-f]{16}\.([a-z]+)")


def eye_paths(folder: Path, name: str) -> dict[str, Path]:
    """Return the files of an eye by part: ``images``, ``masks``, ``graphs``, ``truth``."""
    return {part: folder / part / f"{name}.{suffix}" for part, suffix in PARTS.items()}


class CohortFolder:
    """A folder that is, or becomes, the cohort of a plan.

    Parameters
    ----------
    path
        The folder.
    plan
        What it is to hold.
    """

    def __init__(self, path: Path, plan: CohortPlan) -> None:
        self.path = path
        self._plan = plan
        self._names = frozenset(eye.id for eye in plan.eyes)

    # --- the folder as a whole -------------------------------------------------------------------

    def require_ours(self) -> None:
        """Make sure that nothing foreign is in the way.

        Raises
        ------
        ArgumentError
            If the path is no folder.
        RefusedError
            If the folder holds another cohort, a larger one, or foreign files.
        """
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise ArgumentError(f"out must be a folder, got {self.path}, which is a file")
        known = (self.path / "cohort.json").exists()
        if known:
            self._require_same_cohort()
        for entry in sorted(self.path.iterdir()):
            name = entry.name
            if name in PARTS and entry.is_dir():
                self._require_known_files(entry)
            elif not (name.startswith(".") or (name in _TABLES and entry.is_file()) or known):
                # Beside a cohort's own files, others are left alone; a new one needs a new folder.
                self._refuse(f"holds {name}, which is no part of a cohort;")

    def _require_same_cohort(self) -> None:
        file = self.path / "cohort.json"
        try:
            with file.open("rb") as stream:
                document = json.loads(stream.read(_LONGEST))
        except (ValueError, RecursionError):
            document = None
        wanted = self._description()
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            self._refuse(f"has a cohort.json without the schema {SCHEMA};")
        for key in ("gftcore", "seed"):
            if document.get(key) != wanted[key]:
                got, here = f"{document.get(key)!s:.40}", wanted[key]
                self._refuse(f"holds a cohort with the {_WORDS[key]} {got}, not {here};")
        held = document.get("subjects")
        if type(held) is not int or held > self._plan.subjects:
            self._refuse(
                f"holds a cohort of {held!s:.20} subjects, not {self._plan.subjects}; "
                "ask for at least as many, or"
            )

    def _require_known_files(self, folder: Path) -> None:
        suffix = f".{PARTS[folder.name]}"
        foreign = sorted(
            entry.name
            for entry in os.scandir(folder)
            if not entry.name.startswith(".")
            and not (entry.name.removesuffix(suffix) in self._names and entry.is_file())
        )
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            self._refuse(
                f"holds {folder.name}/{foreign[0]}{more}, which the cohort does not have; "
                "move it, or"
            )

    def _refuse(self, why: str) -> NoReturn:
        raise RefusedError(f"{self.path} {why} choose another folder")

    def begin(self) -> None:
        """Remove what a killed run left unfinished, and describe the cohort."""
        for part in PARTS:
            (self.path / part).mkdir(exist_ok=True)
            self._remove_leftovers(self.path / part, self._names, PARTS[part])
        for table in _TABLES:
            stem, _, suffix = table.partition(".")
            self._remove_leftovers(self.path, frozenset([stem]), suffix)
        target = self.path / "cohort.json"
        data = (json.dumps(self._description(), indent=1) + "\n").encode()
        if not target.exists() or target.read_bytes() != data:
            self.remove_tables()
            with atomic_path(target) as temporary:
                temporary.write_bytes(data)

    def remove_tables(self) -> None:
        """Remove manifest and splits, which would name eyes that are not there."""
        for table in ("manifest.csv", "splits.json"):
            (self.path / table).unlink(missing_ok=True)

    @staticmethod
    def _remove_leftovers(folder: Path, names: frozenset[str], suffix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                found = _LEFTOVER.fullmatch(entry.name)
                ours = found and found[1] in names and found[2] == suffix
                if ours and entry.is_file(follow_symlinks=False):
                    Path(entry.path).unlink()

    def _description(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "gftcore": __version__,
            "notice": NOTICE,
            "seed": self._plan.seed,
            "subjects": self._plan.subjects,
            "images": len(self._plan.eyes),
            "images_by_label": self._plan.images_by_label,
            "fov_mm": FOV_MM,
            "image_px": _IMAGE_PX,
            "mask_px": MASK_PX,
        }

    # --- one eye ---------------------------------------------------------------------------------

    def write(self, planned: PlannedEye, made: SyntheticEye) -> int:
        """Write the files of an eye, each as a whole; return their bytes."""
        paths = eye_paths(self.path, planned.id)
        write_image(paths["images"], made.image)
        with atomic_path(paths["masks"]) as temporary:
            Image.fromarray(made.mask).save(temporary, format="PNG")  # 1 bit
        write_edges(paths["graphs"], made.edges)
        hashes = {_HASHED[part]: file_sha256(paths[part]) for part in _HASHED}
        # The digits of its own hash count as zeros.
        data = truth_json(made.truth, sha256={**hashes, "truth": _NO_HASH})
        own = hashlib.sha256(data).hexdigest().encode()
        with atomic_path(paths["truth"]) as temporary:
            temporary.write_bytes(_OWN_HASH.sub(rb"\g<1>" + own + rb"\g<3>", data))
        return _size(paths)

    def kept(self, planned: PlannedEye) -> int | None:
        """Return the bytes of an eye that is there, whole and sound; None if it has to be made.

        Raises
        ------
        RefusedError
            If a sound eye is there, but another one: made by other code of the same version.
        """
        paths = eye_paths(self.path, planned.id)
        if not all(path.is_file() for path in paths.values()):
            return None
        document = _sound(paths["truth"])
        if document is None:
            return None
        known = document.get("sha256", {})
        if any(known.get(name) != file_sha256(paths[part]) for part, name in _HASHED.items()):
            return None
        wanted = {
            "gftcore": __version__,
            "seed": planned.seed,
            "stream": planned.stream,
            "parameters": planned.parameters().to_dict(),
        }
        wanted = json.loads(json.dumps(wanted))  # tuples are lists there
        if any(document.get(key) != value for key, value in wanted.items()):
            self._refuse(f"holds another eye {planned.id} than this version makes;")
        return _size(paths)


_WORDS = {"gftcore": "version", "seed": "seed"}


def _sound(truth: Path) -> dict[str, Any] | None:
    """Return a truth file whose own hash is right, else None."""
    with truth.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    found = _OWN_HASH.search(data)
    if found is None or len(data) > MAX_BYTES:
        return None
    plain = data[: found.start(2)] + _NO_HASH.encode() + data[found.end(2) :]
    if hashlib.sha256(plain).hexdigest().encode() != found[2]:
        return None
    document: dict[str, Any] = json.loads(data)
    return document


def _size(paths: Mapping[str, Path]) -> int:
    return sum(path.stat().st_size for path in paths.values())
