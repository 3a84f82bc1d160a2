# SPDX-License-Identifier: Apache-2.0
"""Importing is free, and a missing core is explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import gftcore

HEAVY = ("torch", "torch_geometric", "transformers", "pyarrow", "duckdb", "openai", "scipy",
         "numba", "networkx", "skimage", "pydantic", "jsonschema", "pydicom", "nibabel", "openpyxl",
         "tenacity", "tifffile")  # fmt: skip


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after running `code`."""
    program = f"import sys, json\n{code}\nprint(json.dumps([m.split('.')[0] for m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import gftcore",
        "import gftcore; gftcore.simd_target()",
        "import gftcore.errors",
        "import gftcore.biomarkers, gftcore.datasets, gftcore.graph, gftcore.io, gftcore.metrics",
        "import gftcore.formats",
        "import gftcore.segmentation, gftcore.synth, gftcore.model, gftcore.staging",
        "import gftcore.attribution",
        "import gftcore.pipeline",
        "import gftcore.tabulation, gftcore.findings, gftcore.narrative, gftcore.claims",
        "import gftcore.retrieval, gftcore.instructions",
        "import gftcore.report, gftcore.teacher",
        "import gftcore.pictures",
        "from gftcore.cli import main; main(['--help'])",
    ],
)
def test_no_numpy_yet(code: str) -> None:
    loaded = loaded_after(code)
    assert "numpy" not in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    "code",
    [
        "from gftcore import graph; graph.extract([[0, 1, 0]])",
        "from gftcore.graph import *",
        "from gftcore.segmentation import *",
        "from gftcore.io import *",
        "from gftcore.formats import *; data_dictionary()",
        "from gftcore.metrics import *",
        "from gftcore.formats import *",
        "from gftcore.biomarkers import *",
        "from gftcore.datasets import *",
        "from gftcore import metrics as m; m.confusion_matrix(['a'], ['b'], labels=['a', 'b'])",
        "from gftcore import biomarkers; biomarkers.biomarkers([[0, 1, 0]])",
        "from gftcore.synth import *",
        "from gftcore.model import *",
        "from gftcore.staging import *",
        "from gftcore.attribution import *",
        "from gftcore.pipeline import *",
        "from gftcore.tabulation import *; table_schema()",
        "from gftcore.retrieval import *",
        "from gftcore.instructions import *\n"
        "quality_sheet(quality_figures(InstructionSet(records=()), {}))",
        "from gftcore.teacher import *\n"
        "one = chat_request(model='m', system='s', user='u', stage='one', slots=[])\n"
        "import tempfile\n"
        "with tempfile.TemporaryDirectory() as folder, Ledger(folder + '/ledger') as ledger:\n"
        "    ledger.plan(one, worst_micros=1)",
        "from gftcore.report import *; index_page([], notice='Not a medical device.')",
        "from gftcore import graph, staging\n"
        "one = staging.FeatureSet(columns=('length',), mean=(1,), sd=(1,))\n"
        "config = staging.ModelConfig(features={'vessel': one})\n"
        "model = staging.Model(config=config, weights=staging.initial_weights(config, seed=0))\n"
        "import tempfile\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    model.save(folder)\n"
        "    staging.predict(staging.Model.load(folder), [graph.extract([[0, 1, 0]])])",
        "from gftcore import attribution, graph, model\n"
        "one = model.FeatureSet(columns=('length',), mean=(1,), sd=(1,))\n"
        "config = model.ModelConfig(features={'vessel': one})\n"
        "network = model.Model(config=config, weights=model.initial_weights(config, seed=0))\n"
        "attribution.integrated_gradients(network, [graph.extract([[0, 1, 0]])], of='both')",
        "from gftcore.pipeline import explain_graph\n"
        "from gftcore import graph, model\n"
        "from gftcore.attribution import MAP_KEEP\n"
        "one = model.FeatureSet(columns=('length',), mean=(1,), sd=(1,))\n"
        "config = model.ModelConfig(features={'vessel': one})\n"
        "network = model.Model(config=config, weights=model.initial_weights(config, seed=0))\n"
        "explain_graph(graph.extract([[0, 1, 0]], keep=MAP_KEEP), network).picture()",
        "import gftcore.cli.app, gftcore.cli.extraction",
        "from gftcore.pictures import *\n"
        "from gftcore import graph\n"
        "bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]], keep=PICTURE_KEEP)\n"
        "draw_overlay(bar).pixels(), draw_feature(bar).svg()",
    ],
)
def test_the_base_needs_no_optional_package(code: str) -> None:
    assert not loaded_after(f"import warnings; warnings.simplefilter('ignore')\n{code}") & set(
        HEAVY
    )


@pytest.mark.parametrize(
    "module",
    [
        "gftcore",
        "gftcore.attribution",
        "gftcore.biomarkers",
        "gftcore.datasets",
        "gftcore.formats",
        "gftcore.graph",
        "gftcore.instructions",
        "gftcore.io",
        "gftcore.metrics",
        "gftcore.model",
        "gftcore.pipeline",
        "gftcore.retrieval",
        "gftcore.staging",
        "gftcore.synth",
        "gftcore.teacher",
    ],
)
def test_lazy_names_exist(module: str) -> None:
    package = __import__(module, fromlist=["*"])
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in dir(package)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_a_missing_core_is_an_error_with_a_note(tmp_path: Path) -> None:
    package = Path(gftcore.__file__).parent
    (tmp_path / "gftcore").mkdir()
    for path in package.iterdir():
        if not path.name.startswith(("_core.", "__pycache__")):
            (tmp_path / "gftcore" / path.name).symlink_to(path.resolve())
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import gftcore\n"
        "try: gftcore.graph.extract([[1]])\n"
        "except gftcore.errors.CoreImportError as e: print(isinstance(e, ImportError), e)\n"
        "from gftcore.cli import main\n"
        "print('code', main(['doctor', '--quiet']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", _with_site(program)],
        capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.startswith("True the compiled core gftcore._core cannot be loaded")
    assert "pip install ." in done.stdout
    assert done.stdout.rstrip().endswith("code 6")


def _with_site(program: str) -> str:
    """Put the packages back that -S hides, without the hooks of an editable install."""
    return (
        f"import sys; sys.path.extend({[p for p in sys.path if 'site-packages' in p]!r})\n{program}"
    )


def test_version_is_the_distribution_s() -> None:
    metadata = pytest.importorskip("importlib.metadata")
    try:
        version = metadata.version("gftcore")
    except metadata.PackageNotFoundError:
        pytest.skip("gftcore is on the path, not installed")
    assert version == gftcore.__version__


def test_every_package_is_an_attribute() -> None:
    folders = Path(gftcore.__file__).parent.glob("*/__init__.py")
    names = {path.parent.name for path in folders}
    assert len(names) > 10
    assert names <= set(gftcore.__all__)
    assert names <= set(dir(gftcore))
