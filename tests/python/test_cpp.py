# SPDX-License-Identifier: Apache-2.0
"""The C++ tests, built and run without Python as in the presets."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import checkout

pytestmark = pytest.mark.slow


def test_cpp_tests_pass(tmp_path):
    cmake = checkout.tool("cmake")
    ctest = checkout.tool("ctest")
    if not (os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")):
        pytest.skip("no C++ compiler")
    ninja = Path(cmake).with_name("ninja")
    found = str(ninja) if ninja.is_file() else shutil.which("ninja")
    generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={found}"] if found else []
    # Optimised a little: quick to compile, quick to run; the presets cover the rest.
    options = [
        "-DGFTCORE_TESTS=ON",
        "-DGFTCORE_WERROR=ON",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1",
    ]
    configured = checkout.run(
        [cmake, "-S", checkout.ROOT, "-B", tmp_path, *generator, *options],
    )
    if "need doctest" in configured.stderr:
        pytest.skip("doctest is not installed (Debian and Ubuntu: doctest-dev)")
    assert configured.returncode == 0, configured.stderr
    built = checkout.run([cmake, "--build", tmp_path, "-j", "2"])
    assert built.returncode == 0, built.stdout[-8000:]
    tested = checkout.run([ctest, "--output-on-failure"], cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout[-8000:]
    assert "100% tests passed" in tested.stdout
