# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach run``: the whole way from a data set to instructions."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.instruction_sets import in_options, option_names
from gftcore.cli.jobs import summary
from gftcore.cli.outcome import (
    Exit,
    exit_code,
    guarded,
    print_json,
    say,
    show_traceback,
    tell,
)

__all__ = ["teach_run"]

_SCHEMA = "gftcore-teach-run/1"
#: What became of the lines of a batch file, in words.
_BATCH = {
    "done": "accepted",
    "planned": "not accepted and planned again",
    "failed": "failed",
    "refused": "refused",
    "unknown": "unknown",
    "ignored": "ignored",
}


@guarded
@option_names()
def teach_run(
    manifest: options.ManifestFile,
    out: options.Out,
    splits: own.Splits,
    models: own.Models,
    fold: own.Fold,
    *,
    truth: own.Truth = None,
    limit: own.Limit = None,
    base_url: own.BaseUrl = None,
    teacher_model: own.TeacherModel = None,
    allow_remote: own.AllowRemote = False,
    budget: own.Budget = None,
    price_in: own.PriceIn = None,
    price_out: own.PriceOut = None,
    image_tokens: own.ImageTokens = None,
    output_tokens: own.OutputTokens = 8192,
    limit_name: own.LimitName = "max_completion_tokens",
    structured: own.Structured = True,
    parallel: own.Parallel = 4,
    requests_per_minute: own.RequestsPerMinute = None,
    tokens_per_minute: own.TokensPerMinute = None,
    timeout_s: own.Timeout = 300.0,
    retry_failed: own.Retry = False,
    batch_out: own.BatchOut = None,
    batch_in: own.BatchIn = None,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Make teaching cases, let a teacher write about them, check it, and write the data set.

    Without --base-url sentences are made by rule, offline, always the same. With it a language
    model is asked; its key is read from GFTCORE_TEACHER_API_KEY alone. Nothing leaves this machine
    without --allow-remote, and no name, path, subject or date leaves it at all. What was answered
    once is never asked again: the same command goes on where it stopped. --dry-run shows one
    request as it would be sent, and the cost. Writes instructions.parquet, dropped.json and
    quality.html. Needs the extra `bulk`, with --base-url also `teacher`.
    """
    from gftcore._lazy import require
    from gftcore.cli.lessons import Lessons
    from gftcore.cli.teach_asking import asking_of, budget_of, key_of, require_fitting
    from gftcore.cli.teach_plan import make_cases, tell_cases
    from gftcore.cli.teach_showing import shown, tell_shown
    from gftcore.cli.teaching import Teaching
    from gftcore.teacher import RemoteTeacher

    silent = json_ or quiet
    require("pyarrow", extra="bulk", user="gftcore teach run")
    asking = asking_of(
        base_url, teacher_model, batch_out, batch_in,
        structured=structured, max_output_tokens=output_tokens, output_limit=limit_name,
    )  # fmt: skip
    limits = {
        "--timeout-s": timeout_s,
        "--requests-per-minute": requests_per_minute,
        "--tokens-per-minute": tokens_per_minute,
    }
    require_fitting(
        base_url, batch_in, asking, limits=limits, retry=retry_failed, allow_remote=allow_remote
    )
    money = budget_of(
        base_url, asking,
        cap=budget, price_in=price_in, price_out=price_out, image_tokens=image_tokens,
    )  # fmt: skip
    service: dict[str, Any] = {
        "budget": money,
        "api_key": key_of(base_url),
        "allow_remote": allow_remote,
        "parallel": parallel,
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "timeout_s": timeout_s,
    }
    work = Teaching.begin(
        manifest, splits=splits, models=models, fold=fold, truth=truth, out=out, limit=limit,
        overwrite=overwrite,
    )  # fmt: skip
    lessons = Lessons(work, asking, silent)
    lessons.require_replaceable()
    make_cases(work, threads, dry_run=dry_run, silent=silent)
    if not json_:
        tell_cases(work, dry_run=dry_run, quiet=quiet)
    told: dict[str, Any] = {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "output": str(out),
        "settings": work.document,
        "cases": summary(list(work.jobs.values())),
    }
    if dry_run:
        told["request"] = None if asking is None else shown(lessons, money.prices)
        if asking is not None and not json_:
            tell_shown(told["request"])
    elif asking is None:
        lessons.by_rule()
    elif batch_out is not None:
        files = lessons.batch_out(batch_out, money, retry=retry_failed)
        told["batch_files"] = [str(one) for one in files]
    elif batch_in:
        lessons.batch_in(batch_in, money)
    elif base_url is not None:
        lessons.ask(functools.partial(RemoteTeacher, base_url, **service), retry=retry_failed)
    told |= lessons.told
    if lessons.stopped is not None:
        message = in_options(str(lessons.stopped))
        told["stopped"] = {"code": lessons.stopped.code, "message": message}
    if json_:
        print_json(told)
    else:
        _tell(out, told, quiet=quiet)
    if lessons.stopped is not None:
        show_traceback(lessons.stopped)
        say(f"gftcore teach run: {message}")
        return exit_code(lessons.stopped)
    return _code(told)


def _tell(out: Path, told: dict[str, Any], *, quiet: bool) -> None:
    if quiet:
        return
    for file in told.get("batch_files", ()):
        tell(file)
    batches = told.get("batch_replies", ())
    for one in batches:
        said = ", ".join(f"{one[name]} {word}" for name, word in _BATCH.items() if one[name])
        tell(f"{one['file']}: {said or 'no replies'}")
    if any(one["planned"] for one in batches):
        tell("run --batch-out again for what was not accepted")
    if "requests" in told:
        counts = {name: count for name, count in told["requests"].items() if count}
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        tell(f"requests: {said or 'none'}")
    if told.get("other_replies"):
        tell(f"{told['other_replies']} replies belong to other settings or images")
    if "spent" in told:
        tell(f"spent or reserved by all runs: {told['spent']:.6f}")
    if "figures" in told:
        counts, dropped = told["figures"]["counts"], told["figures"]["dropped"]
        tell(
            f"{counts['instructions']} instructions about {counts['images']} images, "
            f"{dropped['count']} dropped: {out / 'quality.html'}"
        )
    if "kept" in told:
        there = f"that of {told['kept']} instructions is kept" if told["kept"] else "there is none"
        tell(f"the run stopped before it had a larger data set; {there}")


def _code(told: dict[str, Any]) -> Exit:
    counts = told.get("requests") or {}
    failed = told["cases"]["failed"] or counts.get("failed") or counts.get("refused")
    empty = "figures" in told and not told["figures"]["counts"]["instructions"]
    return Exit.SOME_FAILED if failed or (empty and told.get("other_replies")) else Exit.DONE
