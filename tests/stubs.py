# SPDX-License-Identifier: Apache-2.0
"""Write the stub of the compiled core: ``python tests/stubs.py [FILE]``.

Without FILE, the committed stub is replaced.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMITTED = ROOT / "python" / "gftcore" / "_core.pyi"
HEADER = "# SPDX-License-Identifier: Apache-2.0\n"


def generate() -> str:
    """Return the formatted stub of the `gftcore._core` that this Python imports."""
    with tempfile.TemporaryDirectory() as folder:
        stubgen = [sys.executable, "-m", "pybind11_stubgen", "gftcore._core", "-o", folder]
        subprocess.run(stubgen, check=True, cwd=folder, capture_output=True, text=True)
        path = Path(folder, "gftcore", "_core.pyi")
        path.write_text(HEADER + path.read_text())
        for command in (["check", "--fix", "--select=I"], ["format"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml"]
            subprocess.run([*ruff, path], check=True, capture_output=True, text=True)
        return path.read_text()


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED
    target.write_text(generate())


if __name__ == "__main__":
    main()
