# SPDX-License-Identifier: Apache-2.0
"""The network of images: interrupted it ends the same, splits kept apart, sizes, settings."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from gftcore.baselines import ImageConfig, train_baseline  # noqa: E402
from gftcore.baselines.pixels import LabelledImages, read_pixels, resized  # noqa: E402
from gftcore.baselines.resnet import ImageFit, image_network  # noqa: E402
from gftcore.config import canonical_json  # noqa: E402
from gftcore.datasets import (  # noqa: E402
    GraphSource,
    Manifest,
    Record,
    read_manifest,
    split_subjects,
    write_manifest,
)
from gftcore.errors import ArgumentError, FormatError, RefusedError  # noqa: E402
from gftcore.io import write_image  # noqa: E402
from gftcore.runs import EpochReport, FoldResult  # noqa: E402
from labelled import mask_manifest  # noqa: E402

pytestmark = pytest.mark.train
CONFIG = ImageConfig(
    image_px=48, depths=(1, 1), widths=(8, 16), epochs=5, batch_size=8, lr=3e-3, seed=1
)
FILES = ("predictions.csv", "history.csv", "model.safetensors", "fold.json")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Masks without images, 96 x 96 px, two classes of another disease."""
    return mask_manifest(tmp_path_factory.mktemp("masks"), 36)


class Stop(Exception):
    """What interrupts a training."""


class Watch:
    """Progress that stops after an epoch."""

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self.images = 0
        self.epochs: list[tuple[int, bool]] = []

    def graph(self) -> None:
        self.images += 1

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None:  # noqa: ARG002
        self.epochs.append((entry.epoch, new))
        if new and entry.epoch == self.at:
            raise Stop

    def fold(self, result: FoldResult) -> None: ...


def train(manifest: Manifest, out: Path, config: ImageConfig = CONFIG, **more: Any) -> FoldResult:
    splits = split_subjects(manifest)
    (result,) = train_baseline(
        manifest, splits, out, name="resnet18", config=config, folds=(1,), **more
    )
    return result


@pytest.fixture(scope="module")
def trained(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    out = tmp_path_factory.mktemp("run") / "out"
    return out, train(manifest, out)


def test_two_classes_of_masks_train_with_no_code(
    manifest: Manifest, trained: tuple[Path, FoldResult]
) -> None:
    out, result = trained
    assert result.test_balanced_accuracy is not None
    assert result.test_balanced_accuracy > 0.8
    with (out / "fold-1" / "predictions.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    view = split_subjects(manifest).view(1)
    assert [row["id"] for row in rows] == [*view.validate, *view.test]
    with (out / "fold-1" / "history.csv").open() as stream:
        history = list(csv.DictReader(stream))
    assert len(history) == CONFIG.epochs
    scores = [float(row["validation_balanced_accuracy"]) for row in history]
    assert result.best_epoch == scores.index(max(scores))  # the earlier of equals
    assert [float(row["lr"]) for row in history] == pytest.approx(
        [CONFIG.lr * np.cos(np.pi * e / 10) ** 2 for e in range(5)]
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_interrupted_it_ends_with_the_same_bytes(
    manifest: Manifest, tmp_path: Path, precision: str
) -> None:
    config = CONFIG.replace(precision=precision)
    train(manifest, tmp_path / "whole", config)
    for at in (0, 2):
        with pytest.raises(Stop):
            train(manifest, tmp_path / "stopped", config, progress=Watch(at))
    watch = Watch()
    train(manifest, tmp_path / "stopped", config, progress=watch)
    assert watch.images == len(manifest)
    assert watch.epochs == [(0, False), (1, False), (2, False), (3, True), (4, True)]
    for name in (*FILES, "checkpoint.safetensors"):
        whole, stopped = (tmp_path / run / "fold-1" / name for run in ("whole", "stopped"))
        assert whole.read_bytes() == stopped.read_bytes(), name


def test_stopped_behind_the_last_checkpoint_the_history_is_whole(
    manifest: Manifest,
    trained: tuple[Path, FoldResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gftcore.nn import epochs
    from gftcore.nn.checkpoint import Checkpoint, write_checkpoint

    def write(path: Path, state: Checkpoint) -> None:
        write_checkpoint(path, state)
        if state.epochs == CONFIG.epochs:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "write_checkpoint", write)
        with pytest.raises(Stop):
            train(manifest, tmp_path)
    train(manifest, tmp_path)
    for name in FILES:
        whole, stopped = (run / "fold-1" / name for run in (trained[0], tmp_path))
        assert whole.read_bytes() == stopped.read_bytes(), name


def test_a_training_that_diverges_at_once_has_no_results(
    manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError, match="training diverged at epoch 0; lower lr"):
        train(manifest, tmp_path, CONFIG.replace(lr=1e30))
    left = {path.name for path in (tmp_path / "fold-1").iterdir()}
    assert left == {"history.csv", "checkpoint.safetensors"}


def test_another_recipe_is_another_training(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, config = made_up(), CONFIG.replace(image_px=32)
    first = ImageFit(data, data.ids[:12], data.ids[12:18], config)
    # Checkpoints of the first recipe do not name it.
    of = [config.to_dict(), data.sha256, list(data.ids[:12]), list(data.ids[12:18])]
    assert first.run == hashlib.sha256(canonical_json(of).encode()).hexdigest()
    train(manifest, tmp_path, CONFIG.replace(epochs=1))
    for name in ("run.json", "fold-1/fold.json"):
        assert json.loads((tmp_path / name).read_text())["recipe"] == 1
    monkeypatch.setattr(ImageConfig, "recipe", 2)
    assert ImageFit(data, data.ids[:12], data.ids[12:18], config).run != first.run
    with pytest.raises(RefusedError, match=r"\(recipe\)"):
        train(manifest, tmp_path, CONFIG.replace(epochs=1))


def test_a_checkpoint_without_the_optimiser_is_not_enough(
    manifest: Manifest, trained: tuple[Path, FoldResult], tmp_path: Path
) -> None:
    from gftcore.nn.checkpoint import read_checkpoint, write_checkpoint

    with pytest.raises(Stop):
        train(manifest, tmp_path, progress=Watch(2))
    file = tmp_path / "fold-1" / "checkpoint.safetensors"
    stored = read_checkpoint(file)
    assert stored is not None
    stored.optimiser.clear()
    write_checkpoint(file, stored)
    train(manifest, tmp_path)
    files = [run / "fold-1" / "history.csv" for run in (trained[0], tmp_path)]
    assert files[0].read_bytes() != files[1].read_bytes()


def test_the_file_says_whether_the_images_are_synthetic(
    trained: tuple[Path, FoldResult], tmp_path: Path
) -> None:
    manifest = mask_manifest(tmp_path, 36)
    (tmp_path / "cohort.json").write_text('{"schema": "gftcore-cohort/1", "images": 36}')
    train(manifest, tmp_path / "out", CONFIG.replace(epochs=1))
    data = []
    for out in (trained[0], tmp_path / "out"):
        with safe_open(out / "fold-1" / "model.safetensors", "numpy") as file:
            data.append(json.loads(file.metadata()["model"]).get("data"))
    assert data == [None, "synthetic"]


def test_a_second_run_keeps_what_is_there(
    manifest: Manifest, trained: tuple[Path, FoldResult]
) -> None:
    out, result = trained
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert train(manifest, out) == result
    assert {path: path.stat().st_mtime_ns for path in before} == before
    with pytest.raises(RefusedError, match="other data or settings"):
        train(manifest, out, CONFIG.replace(lr=0.5))


def made_up(seed: int = 0) -> LabelledImages:
    rng = np.random.default_rng(seed)
    labels = tuple(i % 3 for i in range(24))
    pixels = tuple(
        np.clip(rng.normal(60 + 60 * y, 30, (32, 32)), 0, 255).astype(np.uint8) for y in labels
    )
    ids = tuple(f"{i}" for i in range(24))
    return LabelledImages(ids=ids, labels=labels, classes=("a", "b", "c"), pixels=pixels, sha256="")


def fitted(data: LabelledImages, config: ImageConfig) -> tuple[ImageFit, list[EpochReport]]:
    from gftcore.nn.epochs import run_epochs

    fit = ImageFit(data, data.ids[:12], data.ids[12:18], config)
    return fit, run_epochs(fit, config.epochs)


def test_test_images_are_not_seen() -> None:
    config = CONFIG.replace(image_px=32, epochs=2)
    data = made_up()
    fit, history = fitted(data, config)
    poisoned = LabelledImages(
        ids=data.ids,
        labels=(*data.labels[:18], *(2,) * 6),
        classes=data.classes,
        pixels=(*data.pixels[:18], *(np.zeros((32, 32), dtype=np.uint8),) * 6),
        sha256="",
    )
    other, again = fitted(poisoned, config)
    assert again == history
    assert (other.mean, other.sd) == (fit.mean, fit.sd)
    # Validation images choose, but no weight and no statistic depends on them.
    swapped = LabelledImages(
        ids=data.ids,
        labels=data.labels,
        classes=data.classes,
        pixels=(*data.pixels[:12], *made_up(1).pixels[12:]),
        sha256="",
    )
    other, again = fitted(swapped, config)
    assert [entry.loss for entry in again] == [entry.loss for entry in history]
    assert (other.mean, other.sd) == (fit.mean, fit.sd)
    np.testing.assert_allclose(fit.mean, np.mean([p / 255 for p in data.pixels[:12]]), rtol=1e-6)
    np.testing.assert_allclose(fit.sd, np.std([p / 255 for p in data.pixels[:12]]), rtol=1e-5)
    # A training image is seen.
    poisoned = LabelledImages(
        ids=data.ids,
        labels=data.labels,
        classes=data.classes,
        pixels=(data.pixels[1], *data.pixels[1:]),
        sha256="",
    )
    assert fitted(poisoned, config)[1] != history


def test_classes_weigh_alike() -> None:
    data = made_up()
    fit = ImageFit(data, ["0", "3", "6", "1"], data.ids[12:], CONFIG.replace(image_px=32))
    # N / (K n_c) for the classes that are there: 3 images of a, 1 of b, none of c.
    assert fit.weights.tolist() == pytest.approx([4 / 6, 4 / 2, 0])
    with pytest.raises(ArgumentError, match="of two classes at least"):
        ImageFit(data, ["0", "3"], data.ids[12:], CONFIG.replace(image_px=32))


def test_the_default_network_is_a_resnet_18() -> None:
    network = image_network(1000, ImageConfig())
    count = sum(p.numel() for p in network.parameters())
    # 11 689 512 with three channels (He et al. 2016); one channel has 2 x 64 x 49 fewer.
    assert count == 11_689_512 - 2 * 64 * 49
    again = image_network(1000, ImageConfig())
    other = image_network(1000, ImageConfig(seed=1))
    first = [next(iter(n.parameters())) for n in (network, again, other)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])


def test_each_epoch_turns_images_in_its_own_way() -> None:
    from gftcore.baselines.resnet import _turned

    square = np.arange(9.0, dtype=np.float32).reshape(3, 3)
    ways = {_turned(square, turn).tobytes() for turn in range(8)}
    assert len(ways) == 8
    assert all(sorted(np.frombuffer(way, np.float32)) == list(range(9)) for way in ways)
    config = CONFIG.replace(image_px=32, epochs=1)
    turned, plain = (fitted(made_up(), config.replace(augment=a))[1] for a in ("flips", "none"))
    assert turned != plain


# --- images --------------------------------------------------------------------------------------


def test_sizes_and_types() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (32, 32), dtype=np.uint8)
    assert resized(image, 32) is image
    halves = resized(image, 16)
    assert halves.shape == (16, 16)
    assert halves[3, 5] == pytest.approx(image[6:8, 10:12].mean() / 255, rel=1e-6)
    wide = image.astype(np.uint16) * 257
    np.testing.assert_allclose(resized(wide, 32), image / 255, rtol=1e-6)
    for mask in (image > 99, (image > 99).astype(np.uint8) * 255, (image > 99).astype(np.uint8)):
        np.testing.assert_array_equal(resized(mask, 32), image > 99)
    real = image / 10.0 - 5
    found = resized(real, 32)
    assert (found.min(), found.max(), found.dtype) == (0, 1, np.float32)
    assert not resized(np.zeros((16, 16)), 16).any()
    for shape in ((32, 16), (48, 48), (16, 16)):
        with pytest.raises(FormatError, match="must be 32 x 32 px or a multiple, got"):
            resized(np.zeros(shape, dtype=np.uint8), 32)
    with pytest.raises(FormatError, match="finite"):
        resized(np.full((16, 16), np.nan), 16)


def test_images_are_read_before_masks_and_named_by_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (32, 32), dtype=np.uint8)
    write_image(tmp_path / "a.png", image)
    write_image(tmp_path / "m.png", image > 99)
    write_image(tmp_path / "small.png", image[:16])
    records = [
        Record(id="0", subject="a", eye="OD", path="a.png", mask_path="m.png", label="Healthy"),
        Record(id="1", subject="b", eye="OD", mask_path="m.png", label="PDR"),
    ]
    data = read_pixels(write_manifest(tmp_path / "m.csv", records), 32, GraphSource())
    np.testing.assert_array_equal(data.pixels[0], image)
    np.testing.assert_array_equal(data.pixels[1], image > 99)
    batch = data.batch([1, 0])
    assert (batch.dtype, batch.shape) == (np.float32, (2, 32, 32))
    np.testing.assert_allclose(batch[1], image / 255, rtol=1e-6)
    text = (tmp_path / "m.csv").read_text().replace("a.png", "small.png")
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(FormatError, match=r"1 images cannot be read, the first in row 2: must be"):
        read_pixels(read_manifest(tmp_path / "m.csv"), 32, GraphSource())


def test_settings() -> None:
    for changes, message in (
        ({"depths": ()}, "depths must hold a number for each stage"),
        ({"depths": (1, 1)}, "depths and widths must be as many, got 2 and 4"),
        ({"image_px": 63}, "image_px must be between 64"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"lr": 0.0}, "lr must be finite and greater than 0"),
        ({"epochs": 0}, "epochs must be between"),
        ({"precision": "float16"}, "precision must be"),
        ({"augment": "cuts"}, "augment must be"),
    ):
        with pytest.raises(ArgumentError, match=message):
            ImageConfig(**changes)
    config = ImageConfig(depths=[1], widths=[8], image_px=8)  # type: ignore[arg-type]
    assert (config.depths, config.widths) == ((1,), (8,))
    assert json.loads(json.dumps(config.to_dict()))["depths"] == [1]
    assert config.hash != ImageConfig().hash
