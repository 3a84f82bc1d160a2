# SPDX-License-Identifier: Apache-2.0
"""Rules on where things lie and what may depend on what, each with a case that breaks it."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

import checkout
from checkout import ROOT

TOP_LEVEL = {
    "CHANGELOG.md",
    "CMakeLists.txt",
    "CMakePresets.json",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "benchmarks",
    "cpp",
    "cuda",
    "docs",
    "pyproject.toml",
    "python",
    "tests",
}
BASE_SUBPACKAGES = (
    "attribution", "biomarkers", "cli", "datasets", "formats", "graph", "io", "metrics", "model",
    "pipeline", "report", "retrieval", "runs", "segmentation", "staging", "synth",
)  # fmt: skip
NOT_IN_BASE = (
    "cv2", "duckdb", "matplotlib", "networkx", "numba", "pandas", "pyarrow", "scipy", "skimage",
    "sklearn", "torch",
)  # fmt: skip


def test_top_level_is_as_agreed():
    present = {path.parts[0] for path in checkout.tracked_files()}
    assert {name for name in present if not name.startswith(".")} == TOP_LEVEL


COMMENT = {".cpp": "//", ".hpp": "//", ".inl": "//", ".cu": "//", ".cuh": "//", ".py": "#"}
LICENCES = ("Apache-2.0", "BSD-3-Clause")  # the second: a table of scikit-image


def test_sources_name_their_licence_in_the_first_line():
    def first_line(path: Path) -> str:
        lines = (line for line in (ROOT / path).read_text().splitlines() if line[:2] != "#!")
        return next(lines, "")

    def names_licence(path: Path) -> bool:
        wanted = f"{COMMENT[path.suffix]} SPDX-License-Identifier: "
        return first_line(path) in [wanted + licence for licence in LICENCES]

    sources = [path for path in checkout.tracked_files() if path.suffix in COMMENT]
    assert [str(path) for path in sources if not names_licence(path)] == []


# --- what the core may include ------------------------------------------------------------------

FOREIGN = re.compile(r"Python\.h|pybind11|torch/|ATen")


def test_core_knows_neither_python_nor_torch():
    suffixes = {".cpp", ".hpp", ".inl", ".h", ".cu", ".cuh", ".txt", ".cmake"}
    files = [p for top in ("cpp", "cuda") for p in (ROOT / top).rglob("*") if p.suffix in suffixes]
    assert len(files) > 50
    assert [str(p) for p in files if FOREIGN.search(p.read_text())] == []


@pytest.mark.parametrize(
    "header", ["Python.h", "pybind11/numpy.h", "torch/script.h", "ATen/ATen.h"]
)
def test_foreign_include_is_noticed(header):
    assert FOREIGN.search(f"#include <{header}>")


# --- what Python may call -----------------------------------------------------------------------


def forbidden_uses(source: str) -> list[str]:
    """Calls and imports that run data as code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            unsafe = ("pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib")
            found += [n for n in names if n and n.split(".")[0] in unsafe]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("eval", "exec", "yaml.load", "yaml.unsafe_load"):
                found.append(called)
            options = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if options.get("allow_pickle", "False") != "False":
                found.append("allow_pickle")
            if called == "torch.load" and options.get("weights_only") != "True":
                found.append("torch.load")
    return found


def test_no_data_is_run_as_code():
    found = {p: forbidden_uses(p.read_text()) for p in (ROOT / "python").rglob("*.py")}
    assert {str(path): uses for path, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval(text)",
        "import yaml; yaml.load(stream)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
    ],
)
def test_data_run_as_code_is_noticed(source):
    assert forbidden_uses(source)


def test_safe_loading_is_allowed():
    source = "np.load(path, allow_pickle=False); torch.load(path, weights_only=True)"
    assert forbidden_uses(source) == []


# --- who imports whom ---------------------------------------------------------------------------


def lint_imports(folder: Path):
    command = [checkout.tool("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"]
    return checkout.run(command, cwd=folder)  # it analyses the package in its working directory


def test_import_contracts_hold():
    result = lint_imports(ROOT / "python")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("graph/stages.py", "import torch", "Nothing optional in the base"),
        ("graph/stages.py", "def late():\n    import torch", "Nothing optional in the base"),
        ("io/masks.py", "import gftcore.graph.api", "Layers"),
        ("graph/api.py", "import gftcore.datasets", "Layers"),
        ("graph/api.py", "import gftcore.formats", "Layers"),
        ("formats/tables.py", "import gftcore.metrics", "Layers"),
        ("formats/tables.py", "import pyarrow", "Nothing optional in the base"),
        ("graph/exports.py", "import gftcore.formats", "Layers"),
        ("formats/graphml.py", "import gftcore.metrics", "Layers"),
        ("formats/graphml.py", "import networkx", "Nothing optional in the base"),
        ("nn/fit.py", "import gftcore.staging", "Training and staging meet in a file"),
        ("datasets/assign.py", "import torch", "Nothing optional in the base"),
        ("model/weights.py", "import gftcore.staging", "Layers"),
        ("staging/inference.py", "import torch", "Nothing optional in the base"),
        ("pipeline/staging.py", "import torch", "Nothing optional in the base"),
        ("staging/inference.py", "import gftcore.pipeline", "Layers"),
        ("datasets/assign.py", "import sklearn", "Nothing optional in the base"),
        ("metrics/classification.py", "import sklearn", "Nothing optional in the base"),
        ("biomarkers/boxes.py", "import gftcore.metrics", "Layers"),
        ("graph/api.py", "import gftcore.biomarkers", "Layers"),
        ("report/render.py", "import gftcore.pipeline", "Layers"),
        ("datasets/assign.py", "import gftcore.runs", "Layers"),
        ("runs/folder.py", "import torch", "Nothing optional in the base"),
        ("nn/fit.py", "import gftcore.baselines", "Layers"),
        ("graph/api.py", "import gftcore.reference", "Nobody needs the reference"),
        ("reference/label.py", "import gftcore.graph", "The reference stands alone"),
        ("graph/api.py", "import figures", "Nobody needs tests or benchmarks"),
    ],
)
def test_planted_import_breaks_its_contract(tmp_path, module, planted, contract):
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    copy = shutil.copytree(ROOT / "python" / "gftcore", tmp_path / "gftcore", ignore=ignored)
    with (copy / module).open("a") as file:
        file.write(f"\n{planted}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    assert f"{contract} BROKEN" in result.stdout


def loaded_by(code: str) -> set[str]:
    """Names in ``sys.modules`` of a fresh interpreter after `code`."""
    code += "\nimport sys; print(*sorted(sys.modules))"
    result = checkout.run([sys.executable, "-c", code])
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_import_of_the_package_is_free():
    loaded = loaded_by("import gftcore; gftcore.simd_targets()")
    assert loaded & {"numpy", "torch", "PIL", "pydantic", "typer"} == set()


@pytest.mark.parametrize("name", BASE_SUBPACKAGES)
def test_base_subpackage_loads_nothing_optional(name):
    everything = f"import gftcore.{name} as m\nfor name in m.__all__: getattr(m, name)"
    assert loaded_by(everything) & set(NOT_IN_BASE) == set()


def test_command_line_help_loads_no_arrays():
    help_text = "from gftcore.cli import main\nmain(['--help'])"
    assert loaded_by(help_text) & {"numpy", "torch"} == set()


def test_import_is_noticed():
    assert {"numpy", "gftcore.graph.api"} <= loaded_by("import gftcore.graph.api")


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_tests_cannot_leave_the_machine():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))
