# SPDX-License-Identifier: Apache-2.0
"""Data sets for other libraries: a folder with the images and one file per split."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gftcore._validation import describe, require_bool, require_choice
from gftcore.datasets.labels import SPLITS
from gftcore.datasets.origin import SYNTHETIC_NOTICE
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingFileError,
    RefusedError,
)
from gftcore.instructions.exporters import (
    INFO,
    RECORDS,
    SUFFIX,
    TARGETS,
    data_url,
    dataset_info,
)
from gftcore.instructions.records import Instruction, InstructionSet
from gftcore.instructions.store import COLUMNS
from gftcore.instructions.turns import placeholders, turn_fault
from gftcore.io import provenance
from gftcore.io.files import atomic_path, file_sha256, held_folder, require_path

__all__ = ["EXPORT", "Exported", "export_instructions"]

SCHEMA = "gftcore-instruction-export/1"
#: Says what an export is; written last, so a folder without it is not whole.
EXPORT = "export.json"
#: OpenAI takes so many examples in a file; other hosts take other numbers.
_LEAST, _MOST = 10, 50_000
_LEFT_OVER = re.compile(r"\..+-[0-9a-f]{16}\.(jsonl?|png)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export made.

    Attributes
    ----------
    to
        Name of the format.
    examples
        File to the number of its examples.
    images
        How many different images there are.
    written
        How many files were not there before.
    """

    to: str
    examples: Mapping[str, int]
    images: int
    written: int


def export_instructions(
    instructions: InstructionSet,
    root: str | Path,
    dest: str | Path,
    *,
    to: str,
    overwrite: bool = False,
) -> Exported:
    """Write a data set in the form that another library reads.

    Parameters
    ----------
    instructions
        From `read_instructions`.
    root
        Folder of the data set, which the paths of the images start at.
    dest
        Folder for the export, another one. It holds ``train``, ``validate`` and ``test`` as far as
        the set has them, copies of the images, and ``export.json``, which comes last.
    to
        ``trl``, ``swift``, ``llamafactory``, ``llava`` or ``openai``.
    overwrite
        Whether another export in the folder may be replaced, and other files may lie there. Files
        of the earlier export that the new one lacks go; others stay.

    Returns
    -------
    Exported
        Numbers of examples and images.

    Raises
    ------
    RefusedError
        If the folder holds anything else and `overwrite` is False. The same export again leaves
        all files alone; one that was interrupted goes on.
    ArgumentError
        If a text has a word that stands for an image, turns are out of order, or the format has no
        place for a message of the system (``llava``).
    FormatError
        If an image is not the one that was described, or too large for the format.

    Warns
    -----
    GftcoreWarning
        ``EXAMPLES``: fewer than 10 or more than 50,000 examples in a file for ``openai``.

    Notes
    -----
    Paths of images are relative to `dest`. Libraries take them so if they are told where:

    - TRL: files are opened by ``datasets`` or by the processor from the current folder.
    - ms-swift: the environment variable ``ROOT_IMAGE_DIR=DEST``.
    - LLaMA-Factory: ``dataset_dir: DEST``; ``media_dir`` is the same by default.
    - LLaVA: ``--image_folder DEST``.
    - OpenAI: images are in the file, as RGB, which it asks for; 10 MB each at most.

    Equal input gives equal bytes. No record has the id of an image or a number of a subject.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from gftcore import io
    >>> from gftcore.instructions import Instruction, InstructionSet, Message
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     image = Path(folder) / "set" / "images" / "0.png"
    ...     image.parent.mkdir(parents=True)
    ...     io.write_image(image, np.zeros((8, 8), np.uint8))
    ...     one = Instruction(
    ...         stage=1, slot="stage", image_id="a", image="images/0.png",
    ...         image_sha256=io.file_sha256(image), table_sha256="1" * 64, label="PDR", eye="OD",
    ...         split="train", subject=0, teacher="template/1", messages=(
    ...             Message(role="user", content="What is the stage?"),
    ...             Message(role="assistant", content="The image shows PDR."),
    ...         ),
    ...     )
    ...     made = export_instructions(
    ...         InstructionSet(records=(one,)), Path(folder) / "set", Path(folder) / "out", to="trl"
    ...     )
    ...     sorted(path.name for path in (Path(folder) / "out").iterdir())
    ['export.json', 'images', 'train.jsonl']
    """
    require_choice(to, TARGETS, "to")
    replace = require_bool(overwrite, "overwrite")
    source, target = require_path(root), require_path(dest)
    if not isinstance(instructions, InstructionSet):
        raise ArgumentTypeError(
            f"instructions must come from read_instructions, got {describe(instructions)}"
        )
    if not len(instructions):
        raise ArgumentError("instructions must have one row at least, got none")
    if source.resolve() == target.resolve():
        raise ArgumentError(f"dest must be another folder than that of the data set, got {target}")
    for one in instructions:
        _require_exportable(one, to)
    if target.exists() and not target.is_dir():
        raise RefusedError(f"{target} exists and is no folder")
    with held_folder(target):
        return _Export(instructions, source, target, to, replace).run()


def _require_exportable(one: Instruction, to: str) -> None:
    fault = turn_fault(one.messages)
    if fault:
        raise ArgumentError(f"messages of {one.id} {fault}")
    if to == "llava" and one.messages[0].role == "system":
        raise ArgumentError(f"llava has no place for a message of the system, as {one.id} has one")
    marks = [mark for each in one.messages for mark in placeholders(each.content)]
    if marks:
        raise ArgumentError(
            f"texts of {one.id} must not have {marks[0]!r}, which a processor would take for more "
            "than text; change the text"
        )


@dataclass(slots=True)
class _Export:
    """One export into a folder that nobody else writes to."""

    rows: InstructionSet
    root: Path
    dest: Path
    to: str
    overwrite: bool
    written: int = 0
    _urls: dict[str, str] = field(default_factory=dict)

    def run(self) -> Exported:
        """Do all that is not done yet."""
        by_split = {name: [one for one in self.rows if one.split == name] for name in SPLITS}
        parts = {name: some for name, some in by_split.items() if some}
        files = {name + SUFFIX[self.to]: some for name, some in parts.items()}
        examples = {name: len(some) for name, some in files.items()}
        pictures = self._pictures()
        copied = {} if self.to == "openai" else pictures
        self._warn(examples)
        whole: dict[str, Any] = {
            **provenance(SCHEMA),
            "to": self.to,
            "data": self.rows.data,
            "instructions_sha256": _digest(self.rows),
        }
        if self.rows.data == "synthetic":
            whole["notice"] = SYNTHETIC_NOTICE
        earlier = self._earlier()
        done = {key: earlier.get(key) for key in whole} == whole and self._holds(earlier)
        if not done:
            names = [*files, *copied, *([INFO] if self.to == "llamafactory" else [])]
            self._make_room(names, earlier, same=_same_set(earlier, whole))
            for image, digest in copied.items():
                self._copy(image, digest)
            made = {name: self._write(name, self._lines(name, files[name])) for name in files}
            if self.to == "llamafactory":
                made[INFO] = self._write(INFO, iter([dataset_info(list(parts))]))
            whole |= {"files": made, "examples": examples, "images": copied}
            text = json.dumps(whole, indent=1, sort_keys=True) + "\n"
            with atomic_path(self.dest / EXPORT) as temporary:
                temporary.write_text(text, "utf-8")
            self.written += 1
        return Exported(to=self.to, examples=examples, images=len(pictures), written=self.written)

    def _pictures(self) -> dict[str, str]:
        """Files of the images and the SHA-256 that all rows agree in."""
        out: dict[str, str] = {}
        for one in self.rows:
            if out.setdefault(one.image, one.image_sha256) != one.image_sha256:
                raise FormatError(f"{one.id}: {one.image} has another SHA-256 than in other rows")
        return out

    def _warn(self, examples: Mapping[str, int]) -> None:
        if self.to != "openai":
            return
        for name, count in examples.items():
            if not _LEAST <= count <= _MOST:
                text = f"EXAMPLES: OpenAI takes {_LEAST} to {_MOST} in a file, {name} has {count}"
                warnings.warn(text, GftcoreWarning, stacklevel=4)

    def _earlier(self) -> dict[str, Any]:
        """What an export that lies there says of itself; empty if there is none."""
        try:
            document = json.loads((self.dest / EXPORT).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        known = isinstance(document, dict) and document.get("schema") == SCHEMA
        return document if known else {}

    def _holds(self, earlier: Mapping[str, Any]) -> bool:
        """Whether every file of an export is there as it was written."""
        wanted = {**earlier.get("files", {}), **earlier.get("images", {})}
        try:
            return all(file_sha256(self.dest / name) == wanted[name] for name in wanted)
        except MissingFileError:
            return False

    def _make_room(self, names: list[str], earlier: Mapping[str, Any], *, same: bool) -> None:
        """Refuse what may not be replaced; take away what the new export would not replace."""
        known = {EXPORT, *names}
        there = set()
        for path in sorted(self.dest.rglob("*")):
            if path.is_dir():
                continue
            if _LEFT_OVER.fullmatch(path.name):
                path.unlink()  # of an export that was killed
            elif not path.name.startswith("."):
                there.add(path.relative_to(self.dest).as_posix())
        if not self.overwrite:
            other = sorted(there - known)
            if other:
                raise RefusedError(f"{self.dest / other[0]} is no part of it; use another folder")
            if EXPORT in there and not same:
                raise RefusedError(
                    f"{self.dest} holds another export; use overwrite=True or another folder"
                )
            return
        (self.dest / EXPORT).unlink(missing_ok=True)  # from here on the folder is not whole
        ours = {*earlier.get("files", {}), *earlier.get("images", {})}
        for name in (ours & there) - known:
            (self.dest / name).unlink()

    def _copy(self, image: str, digest: str) -> None:
        path, target = self.root / image, self.dest / image
        data = _described(path, digest)
        if target.exists():
            if target.read_bytes() == data:
                return
            self._require_replaceable(target)
        with atomic_path(target) as temporary:
            temporary.write_bytes(data)
        self.written += 1

    def _write(self, name: str, blocks: Iterator[bytes]) -> str:
        """Write a file unless it is there, and return its SHA-256."""
        target = self.dest / name
        digest = hashlib.sha256()
        before = file_sha256(target) if target.exists() else None
        with atomic_path(target) as temporary:
            with temporary.open("wb") as stream:
                for block in blocks:
                    digest.update(block)
                    stream.write(block)
            if before not in (None, digest.hexdigest()):
                self._require_replaceable(target)
        self.written += before != digest.hexdigest()
        return digest.hexdigest()

    def _require_replaceable(self, path: Path) -> None:
        if not self.overwrite:
            raise RefusedError(
                f"{path} exists and holds something else; use overwrite=True or another folder"
            )

    def _lines(self, name: str, rows: list[Instruction]) -> Iterator[bytes]:
        """Yield the bytes of a file: an array, or a record a line."""
        array = name.endswith(".json")
        for number, one in enumerate(rows):
            record = RECORDS[self.to](one, self._url(one) if self.to == "openai" else "")
            text = json.dumps(record, ensure_ascii=False)
            if array:
                text = ("[\n" if number == 0 else ",\n") + text
            yield (text if array else text + "\n").encode()
        if array:
            yield b"\n]\n"

    def _url(self, one: Instruction) -> str:
        if one.image not in self._urls:
            if len(self._urls) >= 16:  # rows of an image mostly follow each other
                self._urls.clear()
            _described(self.root / one.image, one.image_sha256)
            self._urls[one.image] = data_url(self.root / one.image, one.image)
        return self._urls[one.image]


def _described(path: Path, digest: str) -> bytes:
    """Return the bytes of an image, if it is the one that was described."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MissingFileError(f"{path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise FormatError(f"{path}: is not the image that was described; its SHA-256 differs")
    return data


def _digest(rows: InstructionSet) -> str:
    digest = hashlib.sha256()
    for one in rows:
        values = [getattr(one, name) for name, _, _ in COLUMNS[:-1]]
        values += [[each.role, each.content] for each in one.messages]
        digest.update(json.dumps(values).encode())
    return digest.hexdigest()


def _same_set(earlier: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(earlier.get(key) == whole[key] for key in ("to", "instructions_sha256"))
