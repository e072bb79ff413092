"""The same small grid of classifiers twice: as a plain loop over cells, and as this package trains it.

A plain loop is what one writes first: a network, a DataLoader with two workers that decode PNG files, float32, one cell
after the other, torch on all cores. Both sides have the same networks, initial weights, steps, batches, learning
rates, decay and flips; the order of the images differs.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, RandomSampler

from synmedbench.classifiers import TimmClassifier, measure_speed, subset_per_class
from synmedbench.classifiers._train import _decayed, _set_rate
from synmedbench.core import registry
from synmedbench.imagesets import phantom_blood

CORES = 2


@dataclass(frozen=True)
class Grid:
    """One classifier at one number of real images, for some seeds; the images as files and as one array."""

    folder: Path
    spec: dict[str, Any]
    n_real: int
    seeds: tuple[int, ...]

    @property
    def labels(self) -> np.ndarray:
        return np.load(self.folder / "labels.npy")

    @property
    def pixels(self) -> np.ndarray:
        return np.load(self.folder / "images.npy", mmap_mode="r")

    def rows(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Training and test rows; the first half of the images is for training."""
        half = len(self.labels) // 2
        return subset_per_class(self.labels[:half].tolist(), self.n_real, seed), np.arange(
            half, len(self.labels)
        )


def written(folder: Path, n: int, size: int, cell_types: int = 4) -> Path:
    """Draw cells and keep them as PNG files and as an array."""
    drawn = phantom_blood(n=n, size=size, seed=0, cell_types=cell_types)
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(drawn.images()):
        Image.fromarray(image).save(folder / f"{i:05d}.png")
    np.save(folder / "images.npy", drawn.images())
    np.save(folder / "labels.npy", np.array(drawn.labels))
    return folder


class Files(Dataset[tuple[torch.Tensor, int]]):
    """PNG files, decoded whenever they are asked for, flipped by chance in training."""

    def __init__(self, folder: Path, rows: np.ndarray, targets: np.ndarray, train: bool) -> None:
        self.folder, self.rows, self.targets, self.train = folder, rows, targets, train

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        image = np.asarray(Image.open(self.folder / f"{self.rows[i]:05d}.png").convert("RGB"))
        unit = torch.from_numpy(image.copy()).permute(2, 0, 1).float() / 255
        if self.train and torch.rand(()) < 0.5:
            unit = unit.flip(2)
        return unit, int(self.targets[i])


def plain_cell(grid: Grid, seed: int) -> float:
    """Train and test one cell; returns balanced accuracy."""
    torch.manual_seed(seed)
    classifier: TimmClassifier = registry("classifiers").build(grid.spec)
    names, targets = np.unique(grid.labels, return_inverse=True)
    network, preprocessing, _ = classifier.untrained(grid.pixels.shape[1], len(names), seed)
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    train_rows, test_rows = grid.rows(seed)
    settings = classifier.settings
    if classifier.frozen:
        network.backbone.requires_grad_(False)
    optimiser = torch.optim.AdamW(_decayed(network, settings.weight_decay), lr=settings.learning_rate)
    data = Files(grid.folder, train_rows, targets[train_rows], train=True)
    sampler = RandomSampler(data, replacement=True, num_samples=settings.steps * settings.batch_size)
    loader = DataLoader(data, settings.batch_size, sampler=sampler, num_workers=CORES)
    network.train()
    if classifier.frozen:
        network.backbone.eval()
    for step, (images, y) in enumerate(loader):
        _set_rate(optimiser, settings, step)
        loss = functional.cross_entropy(network(preprocessing(images).contiguous()), y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
        optimiser.step()
    network.eval()
    held = Files(grid.folder, test_rows, targets[test_rows], train=False)
    with torch.no_grad():
        found = [
            network(preprocessing(x).contiguous()).argmax(1)
            for x, _ in DataLoader(held, 32, num_workers=CORES)
        ]
    return balanced(torch.cat(found).numpy(), targets[test_rows])


def plain_loop(grid: Grid) -> list[float]:
    """All cells, one after the other, on all cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(CORES)
    try:
        return [plain_cell(grid, seed) for seed in grid.seeds]
    finally:
        torch.set_num_threads(before)


def our_loop(grid: Grid, pool: ProcessPoolExecutor) -> list[float]:
    """All cells as the package trains them: side by side, the images mapped, features computed once."""
    features = None
    if grid.spec.get("frozen"):
        images = grid.pixels
        edges = np.linspace(0, len(images), CORES + 1).astype(int)
        parts = pool.map(_embed, [grid] * CORES, edges[:-1].tolist(), edges[1:].tolist())
        features = np.concatenate(list(parts))
        np.save(grid.folder / "features.npy", features)
    return list(pool.map(_our_cell, [grid] * len(grid.seeds), grid.seeds))


def workers() -> ProcessPoolExecutor:
    """One process for each core, each with one thread."""
    return ProcessPoolExecutor(
        CORES, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    )


def fastest(spec: dict[str, Any], size: int, seconds: float) -> tuple[dict[str, Any], dict[str, float]]:
    """The spec with the precision and layout that a short measurement found, and the seconds of a step for each."""
    found = measure_speed(spec, size=size, seconds=seconds)
    return {**spec, "precision": found["precision"], "channels_last": found["channels_last"]}, found[
        "seconds_per_step"
    ]


def balanced(predicted: np.ndarray, targets: np.ndarray) -> float:
    """Mean recall over the classes."""
    return float(np.mean([(predicted[targets == k] == k).mean() for k in np.unique(targets)]))


def _embed(grid: Grid, start: int, stop: int) -> np.ndarray:
    return registry("classifiers").build(grid.spec).embed(grid.pixels[start:stop])


def _our_cell(grid: Grid, seed: int) -> float:
    classifier: TimmClassifier = registry("classifiers").build(grid.spec)
    names, targets = np.unique(grid.labels, return_inverse=True)
    train_rows, test_rows = grid.rows(seed)
    labels = grid.labels[train_rows].tolist()
    if classifier.frozen:
        features = np.load(grid.folder / "features.npy", mmap_mode="r")
        head = classifier.fit_features(features[train_rows], labels, classes=names.tolist(), seed=seed)
        logits = head.logits_of(features[test_rows])
    else:
        fitted = classifier.fit(grid.pixels[train_rows], labels, classes=names.tolist(), seed=seed)
        logits = fitted.logits(grid.pixels[test_rows])
    return balanced(logits.argmax(1), targets[test_rows])
