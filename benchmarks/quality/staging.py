# SPDX-License-Identifier: Apache-2.0
"""Stages of a cohort by the graph network and by all baselines: one command, one table.

    python benchmarks/quality/staging.py COHORT --out DIR [--jobs 2]
    python benchmarks/quality/staging.py COHORT --out DIR --report    # of what is there so far

COHORT holds manifest.csv and splits.json, as `gftcore data synth` makes them. Each model is trained
on the same splits for each fold, with one thread; jobs run side by side. Run it again after an
interruption: finished folds stay, others go on after their last epoch, and the result is the same.
DIR gets a folder per model, staging.json and staging.md. Intervals resample the subjects of the
test images; a difference is that of the same resamples. Exit code: 0 the network is ahead of all
baselines, 1 it is not, 2 a failure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
if "--job" in sys.argv:  # before anything loads a library that starts threads
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import json
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from exits import FAILED, MET, MISSED, exit_with
from gftcore import datasets, runs, simd_target
from gftcore.baselines import BASELINES, ImageConfig, TableConfig, read_features, train_baseline
from gftcore.io import atomic_path
from machine import header
from staging_table import markdown, measured

MODELS = ("gnn", "resnet18", "forest", "svm", "logistic", "threshold")
#: The others take seconds a fold, and share what they read.
LONG = ("gnn", "resnet18")
#: Less exact than float32, and faster where the processor has it.
IMAGE_SETTINGS = {"precision": "bfloat16"}


def read_cohort(folder: Path) -> tuple[datasets.Manifest, datasets.Splits]:
    manifest = datasets.read_manifest(folder / "manifest.csv")
    return manifest, datasets.read_splits(folder / "splits.json", manifest)


class Clock:
    """Wall and CPU time of a job over all its interruptions, in a file; progress to stderr."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.known = json.loads(path.read_text()) if path.exists() else {}
        self.began = time.monotonic(), time.process_time()

    def write(self, *, done: bool) -> None:
        if self.known.get("done"):
            return
        wall, cpu = time.monotonic() - self.began[0], time.process_time() - self.began[1]
        record = {
            "wall_s": self.known.get("wall_s", 0.0) + wall,
            "cpu_s": self.known.get("cpu_s", 0.0) + cpu,
            "done": done,
        }
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps(record) + "\n")

    def graph(self) -> None: ...

    def epoch(self, fold: int, entry: runs.EpochReport, *, new: bool) -> None:
        if new:
            self.write(done=False)
            print(
                f"{self.name}: fold {fold}, epoch {entry.epoch}, loss {entry.loss:.4f}, "
                f"validation balanced accuracy {entry.validation_balanced_accuracy:.3f}",
                file=sys.stderr,
                flush=True,
            )

    def fold(self, result: runs.FoldResult) -> None:
        print(f"{self.name}: fold {result.fold} is there", file=sys.stderr, flush=True)


def do_job(options: argparse.Namespace) -> int:
    """Train one model for some folds, or prepare what models share."""
    name, _, numbers = options.job.partition(":")
    manifest, splits = read_cohort(options.cohort)
    clock = Clock(options.out / "times" / f"{options.job.replace(':', '-')}.json", options.job)
    common: dict[str, Any] = {"threads": 1, "progress": clock}
    if name == "graphs":
        from gftcore.nn import read_graphs

        read_graphs(manifest, options.out / "graphs", threads=1)
    elif name == "features":
        read_features(manifest, options.out, threads=1)
    else:
        common["folds"] = [int(number) for number in numbers.split(",")]
        place = options.out / name
        if name in LONG:
            from gftcore.nn import use_threads

            use_threads(1)
        if name == "gnn":
            from gftcore.nn import TrainConfig, keep_freed_memory, train_folds

            keep_freed_memory()
            config = TrainConfig(**options.gnn)
            train_folds(manifest, splits, place, config, cache=options.out / "graphs", **common)
        else:
            image = name == "resnet18"
            own = ImageConfig(**IMAGE_SETTINGS | options.image) if image else TableConfig()
            train_baseline(
                manifest, splits, place, name=name, config=own, cache=options.out, **common
            )
    clock.write(done=True)
    return MET


def run_jobs(jobs: Sequence[str], options: argparse.Namespace) -> bool:
    """Run jobs in processes of their own, some side by side; whether all of them succeeded."""
    command = [sys.executable, __file__, str(options.cohort), "--out", str(options.out)]
    command += ["--gnn", json.dumps(options.gnn), "--image", json.dumps(options.image)]
    waiting, running = list(jobs), {}
    good = True
    try:
        while (waiting and good) or running:
            while waiting and good and len(running) < options.jobs:
                job = waiting.pop(0)
                running[job] = subprocess.Popen([*command, "--job", job])
            for job, process in list(running.items()):
                if process.poll() is not None:
                    del running[job]
                    if process.returncode:
                        print(f"{job} failed", file=sys.stderr)
                        good = False
            time.sleep(0.05)
    finally:
        for process in running.values():
            process.terminate()
            process.wait()
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for runs and tables")
    parser.add_argument("--models", default=",".join(MODELS), help="some of the models")
    parser.add_argument("--folds", default="1,2,3,4,5", help="some of the validation folds")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--resamples", type=int, default=2000, help="of subjects")
    parser.add_argument("--gnn", type=json.loads, default={}, help="settings as a JSON object")
    parser.add_argument("--image", type=json.loads, default={}, help="those of resnet18")
    parser.add_argument("--report", action="store_true", help="train nothing")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        return do_job(options)
    models = [name for name in MODELS if name in options.models.split(",")]
    if not models or not set(options.models.split(",")) <= {"gnn", *BASELINES}:
        parser.error(f"--models must be some of {','.join(MODELS)}")
    folds = options.folds.split(",")
    if not options.report:
        first = [job for job, names in (
            ("graphs", {"gnn"}), ("features", set(BASELINES) - {"resnet18"}),
        ) if names & set(models)]  # fmt: skip
        long = [f"{name}:{fold}" for fold in folds for name in LONG if name in models]
        short = [f"{name}:{options.folds}" for name in models if name not in LONG]
        if not run_jobs(first, options) or not run_jobs([*long, *short], options):
            return FAILED
    manifest, _ = read_cohort(options.cohort)
    document = {
        **header("staging", [simd_target()]),
        "synthetic": datasets.is_synthetic(manifest),
        "settings": {"gnn": options.gnn, "image": IMAGE_SETTINGS | options.image},
        **measured(manifest, options.out, models, resamples=options.resamples),
    }
    text = markdown(document)
    for name, content in (
        ("staging.json", json.dumps(document, indent=1) + "\n"),
        ("staging.md", text),
    ):
        with atomic_path(options.out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    print(text)
    ahead = [row["behind_gnn"]["value"] > 0 for row in document["models"] if row["behind_gnn"]]
    return MET if all(ahead) else MISSED


if __name__ == "__main__":
    exit_with(main)
