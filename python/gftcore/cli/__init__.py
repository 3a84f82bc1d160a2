# SPDX-License-Identifier: Apache-2.0
"""The command line: ``gftcore COMMAND``. One file per command."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; None means those of the process.

    Returns
    -------
    int
        0 done; 1 done, some inputs failed; 2 usage; 3 bad input or configuration; 4 missing extra;
        5 refused; 6 environment; 130 or 143 interrupted.
    """
    from gftcore.cli.app import app

    try:
        app(args=None if argv is None else list(argv), prog_name="gftcore")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0
