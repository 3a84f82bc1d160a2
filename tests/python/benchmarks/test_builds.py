# SPDX-License-Identifier: Apache-2.0
"""The sources that the gate builds: copies, planted slow-downs, programs for callgrind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import checkout
from checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from gate import builds, instructions, planted, plants
from gate.rounds import GateError
from gate.workloads import WORKLOADS


@pytest.fixture
def sources(tmp_path):
    for folder in ("cpp", "python/gftcore"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def test_plants_fit_the_sources(sources):
    before = builds.speed_hash(sources)
    plants.plant_all(sources)
    assert builds.speed_hash(sources) != before
    for kernel in plants.KERNELS:
        text = (sources / "cpp" / "src" / kernel.file).read_text()
        assert f'plant::Repeat again("{kernel.kernel}")' in text
    for call in plants.CALLS:
        text = (sources / "python" / "gftcore" / call.file).read_text()
        assert f"{call.function} = slowed({call.function})" in text


@pytest.mark.parametrize("plant", [plants.CALLS[0], plants.KERNELS[0]])
def test_plant_without_a_place_is_an_error(sources, plant):
    folder = "python/gftcore" if plant in plants.CALLS else "cpp/src"
    (sources / folder / plant.file).write_text("#include <vector>\n")
    with pytest.raises(GateError, match="plant squared_distance"):
        plants.plant_all(sources)


def test_plants_name_benchmarks_and_kernels():
    benchmarks = {workload.name for workload in WORKLOADS}
    programs = "".join(path.read_text() for path in instructions.PROGRAMS.glob("*.cpp"))
    for call in plants.CALLS:
        assert set(call.benchmarks) <= benchmarks
    for kernel in plants.KERNELS:
        assert f'"{kernel.kernel}"' in programs


def test_planted_call_takes_three_tenths_longer(monkeypatch):
    clock, seen = [0.0], []

    def trace(skeleton, *, anchors):
        seen.append((len(skeleton), anchors.tolist()))
        clock[0] += 0.05 if len(skeleton) == 8 else 1.0

    image, anchors = np.zeros((128, 4)), np.array([[0, 3], [9, 3]])
    assert planted.slowed(trace) is trace
    monkeypatch.setenv(planted.VARIABLE, "trace")
    monkeypatch.setattr(planted.time, "process_time", lambda: clock[0])
    planted.slowed(trace)(image, anchors=anchors)
    assert clock[0] == pytest.approx(1.3)
    assert seen[:4] == [(128, [[0, 3], [9, 3]]), (8, [[0, 3]]), (8, [[1, 3]]), (8, [])]


def test_strips_of_a_reduced_image_fit():
    image = np.arange(32)[:, None] * np.ones(5, dtype=int)
    assert planted.strip(image, number=3, rows=128)[:, 0].tolist() == [6, 7]
    assert planted.strip(7, number=3, rows=128) == 7


@pytest.mark.parametrize("path", sorted(instructions.PROGRAMS.glob("*.cpp")), ids=lambda p: p.stem)
def test_counting_program_fits_the_core(path):
    if reason := instructions.why_not():
        pytest.skip(reason)
    command = [instructions.compiler(), *instructions.FLAGS, "-Wall", "-Wextra", "-Werror"]
    command += ["-Wconversion", "-Wshadow", f"-I{ROOT / 'cpp' / 'include'}", "-fsyntax-only", path]
    result = checkout.run(command)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty repository in the place of this one; returns a function that calls git in it."""
    root = tmp_path / "root"
    root.mkdir()
    program = checkout.tool("git")
    for variable in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(variable, os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "nobody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "nobody@example.org")
    monkeypatch.setattr(builds, "ROOT", root)

    def git(*arguments):
        subprocess.run([program, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "--quiet")
    return git


def test_commits_may_declare_what_is_slower(repository):
    for message in (
        "First\n\nSlower: trace",
        "Second\n\nSlower: label, thin fast\nSlower: save",
        "Not\n\nIt is Slower: prune",
    ):
        repository("commit", "--allow-empty", "--quiet", "-m", message)
    assert builds.accepted("HEAD~2", builds.WORKTREE) == {"label", "thin fast", "save"}
    assert builds.accepted("HEAD~1", "HEAD") == set()


def test_working_tree_is_copied_with_new_files_and_without_ignored_ones(repository, tmp_path):
    root = builds.ROOT
    for name in ("kept.txt", "deleted.txt", "new.txt", "ignored.o"):
        (root / name).write_text(name)
    (root / ".gitignore").write_text("*.o\n")
    repository("add", "kept.txt", "deleted.txt")
    repository("commit", "--quiet", "-m", "files")
    (root / "deleted.txt").unlink()
    copied = builds.copy_sources(builds.WORKTREE, tmp_path / "copy")
    assert {path.name for path in copied.iterdir()} == {".gitignore", "kept.txt", "new.txt"}
    copied = builds.copy_sources("HEAD", tmp_path / "copy")
    assert {path.name for path in copied.iterdir()} == {"deleted.txt", "kept.txt"}


def test_hash_ignores_what_has_no_part_in_speed(sources):
    before = builds.speed_hash(sources)
    (sources / "README.md").write_text("words")
    assert builds.speed_hash(sources) == before
    (sources / "pyproject.toml").write_text("[project]")
    assert builds.speed_hash(sources) != before
