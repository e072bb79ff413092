"""Compare base models at equal CPU time on drawn cells: ``python docs/make_bases.py FOLDER``.

Fits what FOLDER lacks (about 5 minutes of one core for each but the long one), samples and measures every model that
``results/bases.json`` lacks, and writes ``docs/results/bases.md``; without FOLDER it writes the page alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import laplace

from synmedbench.core import console_progress, registry, write_json, write_text
from synmedbench.generators import Diffusion, conditions_like, sample_images
from synmedbench.imagesets import ImageSet, open_imageset, open_oracle
from synmedbench.metrics import frechet_distance, prdc

ROOT = Path(__file__).resolve().parents[1]
KEPT, PAGE = ROOT / "results" / "bases.json", ROOT / "docs" / "results" / "bases.md"
DATA, SEED, N = "phantom-blood?n=2400&size=32&seed=0", 0, 480
ARMS: dict[str, dict[str, Any]] = {
    "unet-tiny": {"steps": 5000, "learning_rate": 0.004},
    "unet-small, patch 2": {"steps": 4000, "patch": 2},
    "unet-small": {"steps": 1350},
    "unet-thin": {"steps": 3100, "learning_rate": 0.004},
    "unet-small, patch 2, long": {"steps": 9000, "patch": 2, "ema": 0.999},
}
"""All with batches of 16; the step counts cost about the same CPU time, but for the last."""
SHOWN = ("plausible", "smear", "nucleus_shape", "frechet_distance", "coverage", "laplacian")
MILLISECONDS = {"unet-tiny": 58, "unet-small, patch 2": 76, "unet-small": 225, "unet-thin": 92}
"""A step of 16 images on one quiet core (one machine, one run)."""


def fitted(name: str, train: ImageSet, folder: Path) -> Diffusion:
    """The arm's model, from the folder or fitted now."""
    place = folder / name.replace(", ", "-").replace(" ", "")
    if not place.is_dir():
        options = {"learning_rate": 0.003, **ARMS[name]}
        state = folder / f"{place.name}.state"
        made = Diffusion(name.partition(",")[0], batch_size=16, size=32, checkpoint=state, **options)
        made.fit(train, seed=SEED, progress=console_progress())
        made.save(place)
    return Diffusion.load(place)


def measured(
    model: Diffusion, train: ImageSet, reference: ImageSet, holdout: ImageSet
) -> dict[str, dict[str, float]]:
    """Plausibility by the oracle, distance, coverage and sharpness of one model's images, without and with guidance."""
    extractor, found = registry("extractors").build("domain"), {}
    extractor.fit(train, seed=SEED)
    real = np.asarray(extractor.features(reference.images()))
    oracle, sharp = open_oracle("phantom-blood"), energy(holdout.images())
    for guidance in (0.0, 1.0):
        model.guidance, model.sampling_steps = guidance, 18
        wanted = conditions_like(train.table, N, ("label",), seed=1)
        images = sample_images(model, wanted, seed=5, batch_size=60).images()
        judged, features = oracle.judge(images, wanted.table), np.asarray(extractor.features(images))
        found[f"{guidance:g}"] = {
            "plausible": float(judged["plausible"].mean()),
            "smear": float(judged["smear"].mean()),
            "nucleus_shape": float(judged["nucleus_shape"].mean()),
            "frechet_distance": float(frechet_distance(real, features)),
            "coverage": float(prdc(real, features).coverage),
            "laplacian": energy(images) / sharp,
        }
    return found


def energy(images: Any) -> float:
    """Mean absolute Laplacian of the grey images: 0 for flat ones."""
    return float(np.mean([np.abs(laplace(image.astype(float).mean(-1))).mean() for image in images]))


def halves() -> tuple[ImageSet, ImageSet, ImageSet]:
    """Training half, reference and hold-out quarters."""
    images = open_imageset(DATA)
    order = np.random.default_rng(SEED).permutation(len(images))
    n = len(images) // 4
    train, reference, holdout = (np.sort(rows) for rows in np.split(order, [2 * n, 3 * n]))
    return images.subset(train), images.subset(reference), images.subset(holdout)


def page(kept: dict[str, Any]) -> str:
    """The page, from the numbers alone."""
    lines = [
        "# What makes a base worth aligning\n",
        "Made by `docs/make_bases.py` from `results/bases.json`. Drawn cells (`phantom-blood`, 32 px, 1,200 for",
        f"training), batches of 16, one seed each, {N} images: a lead, not a claim. H is the oracle; of real hold-out",
        f"images it passes {kept['real']['plausible']:.2f}. A Laplacian of 1 is that of real images. Minutes are of",
        "one quiet core (milliseconds a step x steps).\n",
        "| U-Net | steps | minutes | guidance | H | smear | nucleus shape | Fréchet (domain) | coverage | Laplacian |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, rows in kept["arms"].items():
        steps = ARMS[name]["steps"]
        minutes = steps * MILLISECONDS[name.removesuffix(", long")] / 60_000
        for guidance, row in rows.items():
            shown = " | ".join(f"{row[key]:.2f}" for key in SHOWN)
            lines.append(f"| {name} | {steps:,} | {minutes:.1f} | {guidance} | {shown} |")
    lines += [
        "",
        "`smear` is the criterion that looks at the background. Folding 2 x 2 pixels into channels (`unet-tiny`,",
        "patch 2) leaves a grid too faint for the eye; the oracle sees it, and longer training did not remove it. Full",
        "resolution with wide channels is free of it and too slow to learn shapes in the same time. `unet-thin` has",
        "full resolution with 16 channels there.\n",
    ]
    return "\n".join(lines)


def main(folder: Path | None) -> None:
    """Fit, measure and write."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.is_file() else {"arms": {}}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        train, reference, holdout = halves()
        judged = open_oracle("phantom-blood").judge(holdout.images(), holdout.table)
        kept |= {"data": DATA, "seed": SEED, "n": N, "real": {"plausible": float(judged["plausible"].mean())}}
        for name in ARMS:
            if name not in kept["arms"]:
                kept["arms"][name] = measured(fitted(name, train, folder), train, reference, holdout)
                KEPT.parent.mkdir(exist_ok=True)
                write_json(KEPT, kept)
    PAGE.parent.mkdir(exist_ok=True)
    write_text(PAGE, page(kept))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
