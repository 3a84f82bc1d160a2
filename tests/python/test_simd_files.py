# SPDX-License-Identifier: Apache-2.0
"""One file per instruction set: complete sets, and objects that share no function with others."""

from __future__ import annotations

import platform
import re

import pytest

import checkout
from checkout import ROOT

SIMD = ROOT / "cpp" / "src" / "simd"
FLAGS = {
    "avx2": ["-mavx2", "-mbmi2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mbmi2"],
}
ISA_FILES = sorted(path for isa in FLAGS for path in SIMD.glob(f"*_{isa}.cpp"))


def included(path):
    return set(re.findall(r'^#include ([<"].+[>"])', path.read_text(), flags=re.MULTILINE))


def test_every_kernel_has_every_target():
    kernels = {path.stem for path in SIMD.glob("*.hpp")}
    assert kernels
    wanted = {f"{kernel}_{isa}.cpp" for kernel in kernels for isa in ("scalar", *FLAGS)}
    assert {path.name for path in SIMD.glob("*.cpp")} == wanted


@pytest.mark.parametrize("path", ISA_FILES, ids=lambda path: path.name)
def test_isa_file_includes_nothing_with_inline_functions(path):
    own = re.sub(r"_avx\w+$", "", path.stem)
    # A family may use the header and the bodies of the one whose name begins its own.
    names = [p.stem for p in SIMD.glob("*.hpp") if f"{own}_".startswith(f"{p.stem}_")]
    headers = {"<immintrin.h>", "<cstdint>", "<cstddef>", *(f'"{name}.hpp"' for name in names)}
    bodies = {f'"{body.name}"' for name in names for body in SIMD.glob(f"{name}_*.inl")}
    seen = [path, *(p for name in names for p in SIMD.glob(f"{name}.hpp"))]
    seen += [p for name in names for p in SIMD.glob(f"{name}_*.inl")]
    assert set().union(*map(included, seen)) <= headers | bodies


@pytest.mark.parametrize("folder", ["cpp", "tests/cpp"])
def test_sources_are_listed_by_hand(folder):
    listed = (ROOT / folder / "CMakeLists.txt").read_text().split()
    assert "GLOB" not in listed
    sources = {str(p.relative_to(ROOT / folder)) for p in (ROOT / folder).rglob("*.cpp")}
    assert {name for name in listed if name.endswith(".cpp")} == sources


def weak_functions(source, isa, folder):
    """Functions of the object that the linker may take from, or give to, another object."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"no instruction sets of x86-64 on {platform.machine()}")
    compiled = folder / "compiled.o"
    shared = ["-std=c++20", "-O2", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden"]
    include = [f"-I{ROOT / 'cpp' / 'include'}", f"-I{ROOT / 'cpp' / 'src'}"]
    command = [checkout.tool("g++"), *shared, *include, *FLAGS[isa], "-c", source, "-o", compiled]
    result = checkout.run(command)
    assert result.returncode == 0, result.stderr
    symbols = checkout.run([checkout.tool("nm"), "-C", compiled]).stdout
    assert " T " in symbols
    return [line for line in symbols.splitlines() if re.search(r" [wWV] ", line)]


@pytest.mark.parametrize("path", ISA_FILES, ids=lambda path: path.name)
def test_isa_object_has_no_weak_functions(path, tmp_path):
    assert weak_functions(path, path.stem.rsplit("_", 1)[1], tmp_path) == []


def test_weak_function_is_noticed(tmp_path):
    source = tmp_path / "leaky.cpp"
    source.write_text(
        "template <class T> [[gnu::noinline]] T twice(T x) { return x + x; }\n"
        "int used(int x) { return twice(x); }\n"
    )
    assert weak_functions(source, "avx2", tmp_path)
