# SPDX-License-Identifier: Apache-2.0
"""A version of the package from a commit or the working tree to an environment it runs in.

Every version gets its own copy of the sources, wheel and environment. NumPy is installed once and
seen by all environments, so that a side never has another one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.rounds import GateError

ROOT = Path(__file__).resolve().parents[2]
WORKTREE = "worktree"
DEPENDENCIES = ("numpy>=2.0",)
# What decides how fast the package is.
SPEED_FILES = ("CMakeLists.txt", "pyproject.toml", "cpp", "python")


def run(command: list[str | Path], *, cwd: Path | None = None) -> str:
    """Run a command to its end; its output is shown only if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise GateError(f"{shown}\nended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def git(*arguments: str) -> str:
    return run(["git", "-C", ROOT, *arguments])


def accepted(base: str, head: str) -> set[str]:
    """What the commits since `base` declare slower on purpose: lines ``Slower: name, name``."""
    end = "HEAD" if head == WORKTREE else head
    messages = git("log", "--format=%B", f"{base}..{end}")
    lines = re.findall(r"^Slower: (.+)$", messages, re.MULTILINE)
    return {name.strip() for line in lines for name in line.split(",")}


def copy_sources(version: str, folder: Path) -> Path:
    """The tracked files of a commit, or those of the working tree with new ones."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    if version == WORKTREE:
        names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():  # not one that was deleted but is still tracked
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        return folder
    packed = folder.with_suffix(".tar")
    git("archive", "--output", str(packed), f"{version}^{{commit}}")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, **({"filter": "data"} if sys.version_info >= (3, 12) else {}))
    packed.unlink()
    return folder


def speed_hash(source: Path) -> str:
    """Hash of the files that decide how fast the package is."""
    state = hashlib.sha256()
    for path in sorted(speed_files(source)):
        state.update(f"{path.relative_to(source)}\0".encode())
        state.update(path.read_bytes())
    return state.hexdigest()[:16]


def speed_files(source: Path) -> Iterator[Path]:
    for name in SPEED_FILES:
        path = source / name
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.is_file():
            yield path


def pip() -> list[str]:
    """A pip that can install into another environment; environments here have none of their own."""
    own = getattr(sys, "_base_executable", sys.executable)
    for python in (sys.executable, own, shutil.which("python3", path=outer_path())):
        command = [str(python), "-m", "pip"]
        found = python and subprocess.run([*command, "--version"], capture_output=True, check=False)
        if found and found.returncode == 0:
            return command
    raise GateError("no python3 with pip found; install pip >= 22.3")


def outer_path() -> str:
    """PATH without the environment that runs this."""
    here = str(Path(sys.executable).parent)
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != here)


def make_environment(folder: Path) -> Path:
    """An empty environment of this interpreter's version; returns its Python."""
    if not (folder / "bin" / "python").exists():
        run([sys.executable, "-m", "venv", "--without-pip", folder])
    return folder / "bin" / "python"


@dataclass(frozen=True)
class Build:
    """A built version. `source` and `build` are also where the instruction gate finds the core."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def build(self) -> Path:
        return self.folder / "build"

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"


class Workshop:
    """Makes builds in one folder. One that is there already is used again."""

    def __init__(self, folder: Path, tell: Callable[[str], None] = print) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tell = tell

    def hash(self, version: str) -> str:
        """Hash of what decides a version's speed; nothing is built."""
        return speed_hash(copy_sources(version, self.folder / "draft"))

    def make(
        self, version: str, *, tag: str = "", change: Callable[[Path], None] | None = None
    ) -> Build:
        """Build a version; `change` may edit the copy of its sources, `tag` keeps copies apart."""
        draft = copy_sources(version, self.folder / "draft")
        if change is not None:
            change(draft)
        build = Build(self.folder / f"{speed_hash(draft)}{tag and '-' + tag}")
        if (build.folder / "built").exists():
            shutil.rmtree(draft)
            return build
        shutil.rmtree(build.folder, ignore_errors=True)
        build.folder.mkdir()
        draft.rename(build.source)
        self._tell(f"building {version} {tag} in {build.folder}")
        self._install(build)
        (build.folder / "built").touch()
        return build

    def _install(self, build: Build) -> None:
        make_environment(build.folder / "env")
        into = [*pip(), "--python", build.python, "--disable-pip-version-check"]
        wheels = build.folder / "wheel"
        keep = ["--config-settings", f"build-dir={build.build}"]
        run([*into, "wheel", "--no-deps", *keep, "--wheel-dir", wheels, build.source])
        (wheel,) = wheels.glob("*.whl")
        run([*into, "install", "--no-deps", wheel])
        (packages,) = (build.folder / "env" / "lib").glob("python*/site-packages")
        (packages / "shared.pth").write_text(f"{self._dependencies(build.python)}\n")

    def _dependencies(self, python: Path) -> Path:
        folder = self.folder / "dependencies"
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            target = ["--target", partial, *DEPENDENCIES]
            run([*pip(), "--python", python, "--disable-pip-version-check", "install", *target])
            partial.rename(folder)
        return folder
