# SPDX-License-Identifier: Apache-2.0
"""The committed stub of the compiled core is the generated one."""

from __future__ import annotations

import pytest

import stubs

pytest.importorskip("pybind11_stubgen", reason="pybind11-stubgen is not installed")
pytest.importorskip("ruff", reason="ruff is not installed")


def test_stub_is_up_to_date():
    generated = stubs.generate()
    assert "def extract" in generated
    assert stubs.COMMITTED.read_text() == generated, "run: python tests/stubs.py"
