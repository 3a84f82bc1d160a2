# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach status``: how far a data set is."""

from __future__ import annotations

import json

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.outcome import guarded, print_json, tell

__all__ = ["teach_status"]

_SCHEMA = "gftcore-teach-status/1"


@guarded
def teach_status(
    out: own.DataSet,
    *,
    json_: options.Json = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Say how many cases of a data set are there, what failed and what is left."""
    from gftcore.cli.teaching import FAILED_FILE, case_names, read_run

    about = read_run(out)
    assert about is not None
    there = set(case_names(out))
    failed = []
    if (out / FAILED_FILE).exists():
        failed = json.loads((out / FAILED_FILE).read_bytes())["failed"]
    left = about["images"] - len(there) - len(failed)
    if json_:
        print_json(
            {
                "schema": _SCHEMA,
                "output": str(out),
                "settings": about,
                "cases": {"made": len(there), "failed": len(failed), "left": left},
                "failed": failed,
            }
        )
        return 0
    for one in failed:
        tell(f"failed: {one['image_id']}: {one['message']}")
    tell(
        f"{out}: {len(there)} of {about['images']} cases of fold {about['fold']} made, "
        f"{len(failed)} failed, {left} left"
    )
    return 0
