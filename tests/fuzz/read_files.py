# SPDX-License-Identifier: Apache-2.0
"""Read malformed files and judge what comes of it; run as a program, so that a crash is seen.

    python tests/fuzz/read_files.py --cases 10000 --kind images --folder /tmp/cases

Each case is read from ``FOLDER/case.*``, which stays there if the process dies. The summary goes to
standard output as JSON: outcomes, findings, slowest case, growth of memory.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import mutations
import numpy as np
from PIL import Image

from gftcore import datasets, formats, graph, io, model, staging, synth
from gftcore.errors import GftcoreError

#: Pixel limit of the readers in these runs; larger images must be refused, not decoded.
LIMIT = 1_000_000
SLOW_S = 10.0
CHANNELS = (None, "red", "green", "blue", "alpha", "mean")


def judge(call: Callable[[], Any], check: Callable[[Any], bool], path: Path) -> tuple[str, str]:
    """Return the outcome of reading a file, and what is wrong with it, if anything."""
    try:
        result = call()
    except GftcoreError as error:
        named = path.name in str(error)
        return type(error).__name__, "" if named else f"the message does not name the file: {error}"
    except Exception as error:  # the finding is that there is one
        return "undocumented", f"{type(error).__name__}: {error}"
    return "result", "" if check(result) else f"not a documented result: {result!r:.200}"


def good_image(pixels: Any) -> bool:
    """Whether `read_image` may return it."""
    return (
        isinstance(pixels, np.ndarray)
        and pixels.ndim == 2
        and pixels.dtype.kind in "biuf"
        and pixels.dtype.isnative
        and pixels.size <= LIMIT
    )


def good_mask(pixels: Any) -> bool:
    """Whether `read_mask` may return it."""
    return good_image(pixels) and pixels.dtype == np.uint8 and pixels.max(initial=0) <= 1


class Images:
    """Cases for `read_image` and `read_mask`."""

    def __init__(self) -> None:
        self.valid = mutations.valid_images()
        self.names = sorted(self.valid)

    def make(self, rng: np.random.Generator, folder: Path) -> Path:
        """Write one malformed file; sometimes its suffix is that of another kind."""
        name = self.names[int(rng.integers(len(self.names)))]
        data = mutations.damaged_image(rng, name, self.valid[name], list(self.valid.values()))
        suffix = Path(name).suffix
        if rng.random() < 0.05:
            suffix = io.SUFFIXES[int(rng.integers(len(io.SUFFIXES)))]
        path = folder / f"case{suffix}"
        path.write_bytes(data)
        return path

    def judge(self, rng: np.random.Generator, path: Path) -> tuple[str, str]:
        """Read the file as an image, and every third one as a mask."""
        channel = CHANNELS[int(rng.integers(len(CHANNELS)))] if rng.random() < 0.5 else None
        if rng.random() < 0.3:
            threshold = float(rng.integers(-5, 300)) if rng.random() < 0.7 else None
            return judge(
                lambda: io.read_mask(path, threshold=threshold, channel=channel, max_pixels=LIMIT),
                good_mask,
                path,
            )
        return judge(
            lambda: io.read_image(path, channel=channel, max_pixels=LIMIT), good_image, path
        )


def good_scan(scan: Any) -> bool:
    """Whether `read_scan` may return it."""
    known = scan.fov_mm is None or 1 <= scan.fov_mm <= 30
    return good_image(scan.pixels) and known and scan.eye in ("OD", "OS", "unknown")


class Scans:
    """Cases for `read_scan`: DICOM, NIfTI, TIFF with scales."""

    def __init__(self, folder: Path) -> None:
        sys.path.append(str(Path(__file__).parents[1]))
        import medical_files as made

        rng = np.random.default_rng(0)
        grey = rng.integers(0, 255, (24, 31), dtype=np.uint8)
        deep = rng.integers(0, 4095, (24, 31), dtype=np.uint16)
        colour = rng.integers(0, 255, (9, 5, 3), dtype=np.uint8)
        groups = made.item(
            PixelMeasuresSequence=made.item(PixelSpacing=[0.1, 0.1]),
            FrameAnatomySequence=made.item(FrameLaterality="L"),
        )
        runs = made.dicom(deep)
        runs.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
        stream = stream_of(grey, "JPEG")
        found = {
            "grey.dcm": made.dicom(grey, PhotometricInterpretation="MONOCHROME1"),
            "deep.dcm": made.dicom(deep, bits=12, SharedFunctionalGroupsSequence=groups,
                                   PixelSpacing=None, ImageLaterality=None),
            "colour.dcm": made.dicom(colour),
            "runs.dcm": runs,
            "jpeg.dcm": made.compressed(made.dicom(grey), stream, "1.2.840.10008.1.2.4.50"),
        }  # fmt: skip
        paths = [made.saved(folder / name, dataset) for name, dataset in found.items()]
        scaled = {"zooms": (0.1, 0.1), "unit": "mm"}
        paths.append(made.nifti(folder / "grey.nii", grey, **scaled))
        paths.append(made.nifti(folder / "deep.nii", deep, scale=(0.5, 2), version=1))
        paths.append(made.nifti(folder / "two.nii", grey, version=2, **scaled))
        paths.append(made.nifti(folder / "real.nii.gz", grey / np.float32(7)))
        Image.fromarray(deep).save(folder / "scale.tif", resolution=250, resolution_unit="cm")
        self.valid = {path.name: path.read_bytes() for path in (*paths, folder / "scale.tif")}
        self.names = sorted(self.valid)

    def make(self, rng: np.random.Generator, folder: Path) -> Path:
        """Write one malformed file; a compressed one is damaged inside or outside."""
        name = self.names[int(rng.integers(len(self.names)))]
        data, others = self.valid[name], list(self.valid.values())
        suffix = name[name.index(".") :]
        if suffix == ".nii.gz" and rng.random() < 0.7:
            inside = mutations.damaged(rng, gzip.decompress(data), others)
            data = gzip.compress(inside + bytes(int(rng.integers(2)) << 26), 1, mtime=0)
        else:
            data = mutations.damaged(rng, data, others)
        if rng.random() < 0.05:
            suffix = io.SCAN_SUFFIXES[int(rng.integers(len(io.SCAN_SUFFIXES)))]
        path = folder / f"case{suffix}"
        path.write_bytes(data)
        return path

    def judge(self, rng: np.random.Generator, path: Path) -> tuple[str, str]:
        """Read the file as a scan, and every fifth one as an image."""
        channel = CHANNELS[int(rng.integers(len(CHANNELS)))] if rng.random() < 0.3 else None
        if rng.random() < 0.2:
            return judge(lambda: io.read_image(path, max_pixels=LIMIT), good_image, path)
        return judge(
            lambda: io.read_scan(path, channel=channel, max_pixels=LIMIT, burned_in="allow"),
            good_scan,
            path,
        )


def stream_of(pixels: np.ndarray, kind: str) -> bytes:
    """Return the bytes of an image file."""
    out = BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


class Graphs:
    """Cases for `graph.load` and `graph.read_meta`."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(1)
        keep = ("mask", "skeleton", "distance", "vessel_label", "ica_label", "face_label")
        self.valid = []
        for i, shape in enumerate(((14, 19), (9, 9))):
            path = folder / f"valid{i}.npz"
            graph.extract(rng.random(shape) < 0.6, keep=keep if i == 0 else ()).save(path)
            self.valid.append(path.read_bytes())

    def make(self, rng: np.random.Generator, folder: Path) -> Path:
        """Write one malformed file."""
        path = folder / "case.npz"
        data = self.valid[int(rng.integers(len(self.valid)))]
        path.write_bytes(mutations.damaged_graph(rng, data, self.valid))
        return path

    def judge(self, rng: np.random.Generator, path: Path) -> tuple[str, str]:
        """Load the file; what is loaded can be used."""
        if rng.random() < 0.1:
            return judge(lambda: graph.read_meta(path), lambda meta: meta.shape is not None, path)

        loaded = None

        def load() -> graph.HeteroGraph:
            nonlocal loaded
            loaded = graph.load(path)
            return loaded

        outcome, wrong = judge(load, lambda found: isinstance(found, graph.HeteroGraph), path)
        if loaded is not None:
            wrong = wrong or self._use(loaded, path)
        return outcome, wrong

    @staticmethod
    def _use(found: graph.HeteroGraph, path: Path) -> str:
        try:
            again = path.with_name("again.npz")
            found.save(again)
            graph.load(again)
            found.to_batch()
            formats.write_tables(found, path.with_name("tables"))
        except GftcoreError:
            return ""  # values that a batch or a table refuses
        except Exception as error:
            return f"loaded, but then {type(error).__name__}: {error}"
        return ""


class Lists:
    """Cases for `read_manifest`, `read_splits`, `read_edges` and `read_truth`."""

    def __init__(self, folder: Path) -> None:
        records = [
            datasets.Record(
                id=f"{i}_OD", subject=f"{i // 2}", eye="OD", path=f"{i}.png", label=label, fov_mm=3
            )
            for i, label in enumerate(["Healthy", "NPDR", "PDR"] * 4)
        ]
        self.manifest = datasets.write_manifest(folder / "sound.csv", records)
        datasets.write_splits(folder / "sound.json", datasets.split_subjects(self.manifest))
        options = synth.GrowthOptions.test_profile(svc=1, dvc=0)
        synth.write_edges(folder / "trees.csv", synth.grow_vessels(seed=1, options=options).edges())
        sparse = synth.GrowthOptions.test_profile(svc=12, dvc=0)
        parameters = synth.draw_parameters("PDR", seed=1).replace(growth=sparse)
        truth = synth.make_eye(seed=1, parameters=parameters).truth
        synth.write_truth(folder / "truth.json", truth)
        names = ("sound.csv", "sound.json", "trees.csv", "truth.json")
        self.valid = [(folder / name).read_bytes() for name in names]

    def make(self, rng: np.random.Generator, folder: Path) -> Path:
        """Write one malformed file; its name tells who is to read it."""
        kind = int(rng.integers(4))
        path = folder / ("case.csv", "case.json", "case.edges", "case.truth")[kind]
        if kind in (1, 3) and rng.random() < 0.5:
            path.write_bytes(mutations.other_json(rng, self.valid[kind]))
        else:
            path.write_bytes(mutations.damaged(rng, self.valid[kind], self.valid))
        return path

    def judge(self, rng: np.random.Generator, path: Path) -> tuple[str, str]:
        """Read the file by the reader of its kind."""
        del rng
        if path.suffix == ".csv":
            return judge(
                lambda: datasets.read_manifest(path),
                lambda found: isinstance(found, datasets.Manifest),
                path,
            )
        if path.suffix == ".json":
            return judge(
                lambda: datasets.read_splits(path, self.manifest),
                lambda found: isinstance(found, datasets.Splits),
                path,
            )
        if path.suffix == ".edges":
            return judge(
                lambda: synth.read_edges(path), lambda found: isinstance(found, synth.Edges), path
            )
        return judge(
            lambda: synth.read_truth(path), lambda found: isinstance(found, synth.EyeTruth), path
        )


class Models:
    """Cases for `Model.load`: weights, header or configuration changed, in one file or beside."""

    def __init__(self, folder: Path) -> None:
        found = graph.extract(np.random.default_rng(1).random((14, 19)) < 0.6)
        columns = {"vessel": found.vessel_columns, "ica": found.ica_columns}
        columns["faz"] = found.ica_columns
        features = {
            name: model.FeatureSet(columns=tuple(names[:2]), mean=(1, 0.5), sd=(2, 0.1))
            for name, names in columns.items()
        }
        configs = (
            model.ModelConfig(features=features, hidden=2, training={"seed": 1}),
            model.ModelConfig(features=features, hidden=2, rel_aggr="cat", n_pre=0, act="elu"),
            model.ModelConfig(features={"vessel": features["vessel"]}, hidden=3, conv="gcn"),
        )
        self.found = found
        self.valid = []
        cells = np.full((38, 38, 2), 0.5, dtype=np.float32)
        every = ({"vessel": cells, "ica": cells}, None, None)
        for config, grids in zip(configs, every, strict=True):
            weights = model.initial_weights(config, seed=0)
            model.Model(config=config, weights=weights, spatial=grids).save(folder / "sound")
            self.valid.append((folder / "sound" / "model.safetensors").read_bytes())

    def make(self, rng: np.random.Generator, folder: Path) -> Path:
        """Write one malformed model, a third of them with its configuration in a file beside it."""
        path = folder / "case.safetensors"
        valid = self.valid[int(rng.integers(len(self.valid)))]
        end = 8 + int.from_bytes(valid[:8], "little")
        header, body = valid[8:end], valid[end:]
        how = rng.random()
        if how < 0.2:
            path.write_bytes(mutations.damaged(rng, valid, self.valid))
            return path
        if how < 0.3:
            spoiled = bytearray(body)  # other values, sometimes no numbers
            spoiled[int(rng.integers(len(body)))] = int(rng.integers(256))
            body = bytes(spoiled)
        elif how < 0.5:
            header = mutations.other_json(rng, header)
        else:
            content = json.loads(header)
            text = content["__metadata__"]["config"].encode()
            changed = mutations.other_json(rng, text)
            if how < 0.8:
                content["__metadata__"]["config"] = changed.decode("utf-8", "replace")
            else:
                path = folder / "case.model" / "config.json"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(changed)
                if rng.random() < 0.7:  # else both files must say the same
                    del content["__metadata__"]["config"]
            header = json.dumps(content).encode()
        weights = path if path.suffix == ".safetensors" else path.with_name("model.safetensors")
        weights.write_bytes(len(header).to_bytes(8, "little") + header + body)
        return path

    def judge(self, rng: np.random.Generator, path: Path) -> tuple[str, str]:
        """Load the model and use what was loaded."""
        del rng
        given = path if path.suffix == ".safetensors" else path.parent
        loaded = None

        def load() -> model.Model:
            nonlocal loaded
            loaded = model.Model.load(given)
            return loaded

        outcome, wrong = judge(load, lambda found: isinstance(found, model.Model), given)
        if loaded is not None:
            wrong = wrong or self._use(loaded, given)
        return outcome, wrong

    def _use(self, found: model.Model, path: Path) -> str:
        try:
            again = path.with_name("again")
            found.save(again)
            if model.Model.load(again).sha256 != found.sha256:
                return "saved and loaded again it is another one"
            staging.predict(found, [self.found], threads=1)
            if found.spatial is not None:
                found.spatial_baseline(self.found)
        except GftcoreError:
            return ""  # columns that a graph lacks, values that overflow
        except Exception as error:
            return f"loaded, but then {type(error).__name__}: {error}"
        return ""


def run(kind: str, cases: int, first: int, folder: Path) -> dict[str, Any]:
    """Judge `cases` files, numbered from `first`."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    sources: dict[str, Callable[[], Images | Scans | Graphs | Lists | Models]] = {
        "images": Images,
        "scans": lambda: Scans(folder),
        "graphs": lambda: Graphs(folder),
        "lists": lambda: Lists(folder),
        "models": lambda: Models(folder),
    }
    source = sources[kind]()
    outcomes: dict[str, int] = {}
    findings: list[str] = []
    slowest = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(first, first + cases):
        rng = np.random.default_rng([number, len(kind)])
        path = source.make(rng, folder)
        began = time.process_time()
        outcome, wrong = source.judge(rng, path)
        seconds = time.process_time() - began
        slowest = max(slowest, seconds)
        if seconds > SLOW_S:
            wrong = wrong or f"took {seconds:.1f} s"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if wrong:
            kept = folder / f"finding-{number}{path.suffix}"
            kept.write_bytes(path.read_bytes())
            findings.append(f"case {number} ({kept}): {wrong}")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "cases": cases,
        "outcomes": outcomes,
        "findings": findings,
        "slowest_s": round(slowest, 3),
        "memory_growth_mb": (after - before) // 1024,
    }


def main() -> int:
    """Run and print the summary; exit code 1 with findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kind", choices=("images", "scans", "graphs", "lists", "models"), required=True
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    summary = run(args.kind, args.cases, args.first, args.folder)
    print(json.dumps(summary, indent=1))
    return 1 if summary["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
