"""``diffusion``: a class- and attribute-conditional diffusion model on pixels."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import Progress, UserError, content_key, derive_seed, did_you_mean, rng, silent
from ..imagesets import ImageSet
from ._batches import NoiseLevels, TrainingData, losses, to_images
from ._concept import Concept, with_column
from ._contracts import Conditions, GeneratorCard
from ._optimise import LossOfStep, Schedule, optimise
from ._samplers import SAMPLERS, get_sigmas_karras, guided
from ._trail import Snapshot, Trail, with_weights
from ._unet import Denoiser, make_denoiser, preset
from ._vocabulary import NULL, Vocabulary


class Diffusion:
    """Class- and attribute-conditional pixel diffusion: EDM on a small U-Net, with classifier-free guidance.

    Preconditioning, noise levels and sampling schedule follow Karras et al. 2022 (arXiv 2206.00364), guidance
    Ho & Salimans 2022 (arXiv 2207.12598), sampling DPM-Solver++(2M) (arXiv 2211.01095) or Heun.

    Parameters
    ----------
    argument:
        Preset of the U-Net: ``unet-micro`` (tests), ``unet-tiny`` (minutes on one core), ``unet-small``,
        ``unet-base``.
    steps, batch_size, learning_rate, ema, dropout:
        Training: AdamW with cosine decay; the averaged weights are kept; share of conditions dropped.
    columns:
        Table columns that it is conditioned on; ``skin_tone`` enters by the groups I-II, III-IV, V-VI.
    guidance:
        g in ``D = D_c + g (D_c - D_u)``; 0 samples the conditional model as it is.
    sampler, sampling_steps, sigma_min, sigma_max:
        ``dpmpp_2m`` or ``heun`` on the Karras schedule.
    patch:
        Fold patch x patch pixels into channels (default: the preset's).
    size:
        Side of the images (default: that of the training images, which must be square).
    flips:
        ``both``, ``horizontal`` or ``none``: the mirror images that mean the same.
    checkpoint:
        File for the state of an unfinished fit; the same fit goes on from there, bit for bit.
    device:
        ``cpu``, ``cuda`` or ``auto``.

    Example
    -------
    >>> Diffusion("unet-tiny", steps=500, columns=("label", "skin_tone")).card.columns
    ('label', 'skin_tone')
    """

    version = 1

    def __init__(
        self,
        argument: str = "unet-small",
        *,
        steps: int = 2000,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        ema: float = 0.995,
        dropout: float = 0.1,
        columns: Sequence[str] | str = ("label",),
        guidance: float = 1.0,
        sampler: str = "dpmpp_2m",
        sampling_steps: int = 18,
        sigma_min: float = 0.02,
        sigma_max: float = 20.0,
        noise_mean: float = -1.0,
        noise_spread: float = 1.2,
        patch: int | None = None,
        size: int | None = None,
        flips: str = "both",
        checkpoint: str | Path | None = None,
        device: str = "auto",
    ) -> None:
        self.settings = {
            name: value for name, value in locals().items() if name not in ("self", "checkpoint", "device")
        }
        _check_settings(self.settings)
        self.shape = preset(argument)
        self.columns = (columns,) if isinstance(columns, str) else tuple(columns)
        self.settings["columns"] = list(self.columns)
        if not self.columns:
            raise UserError("diffusion needs at least one column to condition on", remedy="columns=[label]")
        if sampler not in SAMPLERS:
            raise UserError(f"no sampler is called {sampler!r}", remedy=did_you_mean(sampler, SAMPLERS))
        self.steps, self.batch_size, self.learning_rate, self.ema = steps, batch_size, learning_rate, ema
        self.guidance, self.sampler, self.sampling_steps = guidance, sampler, sampling_steps
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self.noise = NoiseLevels(noise_mean, noise_spread, dropout)
        self.patch = patch or self.shape.patch
        self.size, self.flips = size, flips
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.save_every = 60.0
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.vocabulary: Vocabulary | None = None
        self.denoiser: Denoiser | None = None
        self.trail: tuple[Snapshot, ...] = ()
        self.concept: Concept | None = None
        self.card = GeneratorCard(
            name="diffusion",
            version=str(self.version),
            licence="that of the training images",
            citation="Karras et al. 2022, arXiv 2206.00364; Ho & Salimans 2022, arXiv 2207.12598",
            columns=self.columns,
            settings=self.settings,
        )

    def fit(self, train: ImageSet, *, seed: int, progress: Progress | None = None) -> None:
        """Train on the images; resumes from ``checkpoint`` where that holds a part of this same fit."""
        if not len(train):
            raise UserError("the training set is empty", where=train.about.name)
        self.size = self.size or _square_side(train)
        self.vocabulary = Vocabulary.of(train.table, self.columns)
        data = self.training_data(train)
        self.denoiser = make_denoiser(
            self.size,
            self.shape,
            self.patch,
            self.vocabulary.sizes,
            data.spread(),
            derive_seed(seed, "weights"),
        ).to(self.device)
        self.card = dataclasses.replace(
            self.card,
            trained_on=train.content_hash,
            licence=f"that of the training images: {train.about.licence}",
        )
        key = content_key("fit", self.settings, self.card.trained_on, seed, self.version)
        schedule = Schedule(self.steps, self.learning_rate, self.ema, save_every=self.save_every)
        self.losses = self.optimise(
            self.real_loss(data, seed, self.batch_size), schedule, progress, "diffusion", key=key
        )

    def training_data(self, images: ImageSet) -> TrainingData:
        """Return images and tokens in memory, at the size of this model."""
        return TrainingData.of(images, self._vocabulary(), self._side(), self.flips)

    def real_loss(self, data: TrainingData, seed: int, batch_size: int) -> LossOfStep:
        """Return the function step -> mean denoising loss on that step's batch of real images."""

        def loss(step: int) -> Tensor:
            return losses(self.network, data.batch(seed, step, batch_size), self.noise, seed, step).mean()

        return loss

    def optimise(
        self,
        loss: LossOfStep,
        schedule: Schedule,
        progress: Progress | None,
        label: str,
        *,
        key: str,
        trail: Trail | None = None,
    ) -> list[float]:
        """Run the training loop on this model's network (see ``optimise``); returns the losses."""
        return optimise(
            self.network,
            loss,
            schedule,
            progress=progress or silent(),
            label=label,
            checkpoint=self.checkpoint,
            key=key,
            trail=trail,
        )

    @property
    def network(self) -> Denoiser:
        """The fitted denoiser; an error before ``fit``."""
        if self.denoiser is None:
            raise UserError("this diffusion model is not fitted yet", remedy="call fit, or load a saved one")
        return self.denoiser

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield (B, H, W, 3) uint8 batches for the given rows of the conditions."""
        for start in range(0, len(indices), batch_size):
            chosen = list(indices[start : start + batch_size])
            yield to_images(self.sample_tensor(self.tokens(conditions, chosen), chosen, seed))

    def tokens(self, conditions: Conditions, rows: Sequence[int]) -> Tensor:
        """Return the (len(rows), columns) tokens of those rows of the conditions."""
        return torch.from_numpy(self._vocabulary().encode(conditions.table.iloc[list(rows)]))

    def initial_noise(self, indices: Sequence[int], seed: int) -> Tensor:
        """Return the starting points (N, 3, H, W): that of image i depends on (seed, i) alone."""
        shape = (3, self._side(), self._side())
        draws = [rng(seed, int(i)).standard_normal(shape, dtype=np.float32) for i in indices]
        return torch.from_numpy(np.stack(draws)).to(self.device) * self.sigma_max

    def sigmas(self) -> Tensor:
        """Return the sampler's noise levels, falling, with a final 0."""
        return get_sigmas_karras(self.sampling_steps, self.sigma_min, self.sigma_max, device=self.device)

    @torch.no_grad()
    def sample_tensor(self, tokens: Tensor, indices: Sequence[int], seed: int) -> Tensor:
        """Return the images (N, 3, H, W) in about [-1, 1] for tokens (N, columns), one per index."""
        self.network.eval()
        return SAMPLERS[self.sampler](self.denoise(tokens), self.initial_noise(indices, seed), self.sigmas())

    def denoise(self, tokens: Tensor, guidance: float | None = None) -> Any:
        """Return D(x, sigma) under these tokens, with guidance (default: the model's own)."""
        tokens = tokens.to(self.device)
        network, null = self.network, torch.full_like(tokens, NULL)
        strength = self.guidance if guidance is None else guidance
        return guided(
            lambda x, sigma: network(x, sigma, tokens), lambda x, sigma: network(x, sigma, null), strength
        )

    def aligned(self, name: str, notes: str, **settings: Any) -> Diffusion:
        """Return a copy that an aligner may train on: own weights, a card of kind ``aligned``."""
        twin = deepcopy(self)
        twin.trail = ()
        twin.card = dataclasses.replace(
            self.card, name=name, kind="aligned", notes=notes, settings={**self.settings, "aligner": settings}
        )
        return twin

    def at(self, snapshot: Snapshot) -> Diffusion:
        """Return this model as it was at a snapshot of its ``trail``; its card's ``aligner`` tells the step."""
        twin = copy(self)
        twin.trail, twin.denoiser = (), deepcopy(self.network)
        with_weights(twin.denoiser, snapshot)
        aligner = {**self.card.settings.get("aligner", {}), "step": snapshot.step}
        twin.card = dataclasses.replace(self.card, settings={**self.card.settings, "aligner": aligner})
        return twin

    def with_column(
        self, name: str, values: Sequence[str], where: Mapping[str, str] | None = None
    ) -> Diffusion:
        """Return a copy that takes one more condition column, of which it knows nothing yet.

        Its embedding starts at zero, so that images are this model's bit for bit, whatever is asked of the column,
        until an aligner teaches it. Aligners ask for its values, equally often, in requests like the training rows
        that ``where`` picks (``{"label": "neutrophil"}``; default: all). Raises ``UserError`` before ``fit``, for a
        column that it has already, for fewer than two values, and where it knows no such class.
        """
        self._vocabulary()
        return with_column(self, name, values, where or {})

    def save(self, folder: str | Path) -> None:
        """Write the model in diffusers' folder form, with safetensors and a card."""
        from ._diffusion_files import save_diffusion

        save_diffusion(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Diffusion:
        """Read what ``save`` wrote."""
        from ._diffusion_files import load_diffusion

        return load_diffusion(cls, Path(folder))

    def _vocabulary(self) -> Vocabulary:
        if self.vocabulary is None:
            raise UserError("this diffusion model is not fitted yet", remedy="call fit, or load a saved one")
        return self.vocabulary

    def _side(self) -> int:
        assert self.size is not None
        return self.size


def _square_side(images: ImageSet) -> int:
    height, width = images.image(0).shape[:2]
    if height != width:
        raise UserError(
            f"the images are {height} x {width}, not square", where=images.about.name, remedy="give size=32"
        )
    return height


def option_names() -> list[str]:
    """Names of the constructor's options, in order."""
    return [name for name in inspect.signature(Diffusion).parameters if name != "self"]


def _check_settings(settings: dict[str, Any]) -> None:
    for name in ("steps", "batch_size", "sampling_steps"):
        given = settings[name]
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise UserError(f"diffusion's {name} must be a whole number of 1 or more, got {given!r}")
    numbers = (
        "learning_rate",
        "ema",
        "dropout",
        "guidance",
        "sigma_min",
        "sigma_max",
        "noise_mean",
        "noise_spread",
    )
    for name in numbers:
        if isinstance(settings[name], bool) or not isinstance(settings[name], int | float):
            raise UserError(f"diffusion's {name} must be a number, got {settings[name]!r}")
    if not 0 < settings["sigma_min"] < settings["sigma_max"]:
        raise UserError("diffusion needs 0 < sigma_min < sigma_max")
    if not (0 <= settings["dropout"] < 1 and 0 <= settings["ema"] < 1 and settings["learning_rate"] > 0):
        raise UserError("diffusion needs dropout and ema in [0, 1) and a learning_rate above 0")
