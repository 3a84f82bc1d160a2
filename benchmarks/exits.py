# SPDX-License-Identifier: Apache-2.0
"""Exit codes that the programs share."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

MET, MISSED, FAILED = 0, 1, 2


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Exit with the code of `main`, or with `FAILED` and a traceback if it raises."""
    try:
        code = main()
    except Exception:
        traceback.print_exc()
        code = FAILED  # Python's own 1 would read as a missed goal
    sys.exit(code)
