# SPDX-License-Identifier: Apache-2.0
"""The README's set-up: two commands, word for word."""

from __future__ import annotations

import re

from checkout import ROOT

VENV = "python3 -m venv --without-pip .venv && python3 -m pip --python .venv"
COMMANDS = [
    f"{VENV} install . && .venv/bin/gftcore demo",
    f'{VENV} install ".[dev]" && .venv/bin/python -m pytest',
]


def test_setup_has_exactly_two_commands():
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)
    shell = [body for language, body in blocks if language in ("", "sh", "bash", "console")]
    assert [line for body in shell for line in body.splitlines() if line.strip()] == COMMANDS


def test_readme_says_what_it_is_not_for():
    assert "not a medical device" in (ROOT / "README.md").read_text()
