"""Memorisation: are synthetic images nearer to single training images than real unseen images are?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, wilson
from ._checks import Features, as_pair
from ._closeness import Closeness, Views, closeness_to, named_views
from ._precedence import ALPHA, Calibration, below, calibrate, fewest_copies, precedence_p

FEWEST_HOLDOUT = 50
UNKNOWN = "cannot be known"


class Pair(NamedTuple):
    """An image and its nearest training image, by row: how near (0 copy, about 1 unrelated), and under which view."""

    synthetic: int
    train: int
    closeness: float
    view: str


class CopiedPatient(NamedTuple):
    """A training patient, how many images are near-copies of one of theirs, and the nearest one's row."""

    patient: Any
    images: int
    train: int


@dataclass(frozen=True, eq=False)
class PatientsAtRisk:
    """How many training patients have at least one near-copy; ``most`` are those copied most, with their counts.

    Where patients are not known, each training image stands for one.
    """

    n: int
    share: Interval
    most: tuple[CopiedPatient, ...]
    known: bool

    @property
    def copied(self) -> int:
        """The number of training patients with at least one near-copy."""
        return round(self.share.value * self.n)


@dataclass(frozen=True, eq=False)
class MemorisationVerdict:
    """Whether a generator copies its training images, how much of it, how sure, which images, and whose.

    ``memorising`` is None where these data could not show it, whatever the generator did. ``p_value`` is of the
    exact precedence test that decides; ``p_rank`` of a Mann-Whitney test on all images, for information (a
    generator that keeps to the middle of the data moves it without copying). ``closeness``, ``nearest_train``,
    ``nearest_view`` and ``copies`` are per synthetic image; ``pairs`` are the nearest ones, nearest first, and
    ``holdout_pairs`` the same of the hold-out: what unrelated looks like. ``fewest_copies`` is the smallest
    number of copies that this test could have found at all. Over several generators, adjust the p-values
    (Benjamini-Hochberg) and ask :meth:`decide` again.
    """

    memorising: bool | None
    p_value: float
    p_rank: float
    copy_share: Interval
    holdout_share: float
    threshold: float
    fewest_copies: int | None
    n_train: int
    n_synthetic: int
    n_holdout: int
    holdout_units: int
    closeness: NDArray[np.float64]
    nearest_train: NDArray[np.int64]
    nearest_view: NDArray[np.str_]
    copies: NDArray[np.bool_]
    patients: PatientsAtRisk
    pairs: tuple[Pair, ...]
    holdout_pairs: tuple[Pair, ...]
    features: str
    words: str

    def decide(self, adjusted_p: float, alpha: float = ALPHA) -> bool:
        """Return the verdict at an adjusted p-value: below alpha, and more copies than in the hold-out."""
        return bool(adjusted_p < alpha and self.copy_share.value > self.holdout_share)


def memorisation(
    train: ArrayLike,
    synthetic: ArrayLike,
    holdout: ArrayLike,
    *,
    features: str = "these features",
    train_views: Views = (),
    groups: ArrayLike | None = None,
    holdout_groups: ArrayLike | None = None,
    level: float = LEVEL,
    shown: int = 20,
    device: str = "cpu",
) -> MemorisationVerdict:
    """Judge memorisation against what real, unseen images look like.

    The closeness of an image is its distance to the nearest training image over the mean distance to the next
    50 (after Carlini et al. 2023): 0 for a copy, near 1 where no training image stands out. So an image in a
    crowded or an average place is no copy for that. An image is a copy when its closeness is below 0.9 q, q the
    r-th smallest closeness in the hold-out, r = 1% of it.

    If the generator were as a hold-out, all orders of the pooled images would be equally likely, and the chance
    that c or more of m synthetic images come before the r-th of h hold-out images is exactly hypergeometric:
    P(at most r - 1 hold-out images among the first c + r - 1) (precedence test, Epstein 1954). The factor 0.9 can
    only lower c, so the p-value is never too small.

    Parameters
    ----------
    train, synthetic, holdout:
        Features, (n, D), (m, D), (h, D); the hold-out's patients were never seen by the generator; h at least
        50.
    features:
        Name of the extractor, for the words.
    train_views:
        Features of the same training images, row by row, under other views (flipped, cropped): a copy of a
        view is a copy. By name, or in a row. The hold-out is measured against the same views.
    groups, holdout_groups:
        The patient of each training and each hold-out image. A patient is at risk once, however often copied; a
        hold-out patient counts once in the test, by the nearest image.
    level, shown:
        Level of the intervals of the shares; how many of the nearest pairs to list.

    Raises
    ------
    UserError
        For bad features, fewer than 50 hold-out images, a view or groups that do not match the images.

    Example
    -------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> train, holdout, good = rng.standard_normal((3, 200, 16))
    >>> memorisation(train, good, holdout).memorising, memorisation(train, train, holdout).memorising
    (False, True)
    """
    seen, made, unseen = _checked(train, synthetic, holdout)
    views = named_views(seen, train_views)
    owners = _owners(groups, len(seen), "groups")
    near, real = (closeness_to(each, list(views.values()), device) for each in (made, unseen))
    unseen_owners = _owners(holdout_groups, len(unseen), "holdout_groups")
    known = calibrate(real.values, unseen_owners)
    copies = below(near.values, known.threshold)
    count = int(copies.sum())
    p_value = float(precedence_p(count, len(made), known.rank, known.units, known.leaked))
    share = wilson(count, len(made), level)
    needed = fewest_copies(len(made), known)
    memorising = None if needed is None else p_value < ALPHA and share.value > known.share
    patients = _at_risk(near.train[copies], owners, len(seen), level)
    names = np.array(list(views))
    return MemorisationVerdict(
        memorising=memorising,
        p_value=p_value,
        p_rank=_rank_test(near.values, real.values),
        copy_share=share,
        holdout_share=known.share,
        threshold=known.threshold,
        fewest_copies=needed,
        n_train=len(seen),
        n_synthetic=len(made),
        n_holdout=len(unseen),
        holdout_units=known.units,
        closeness=near.values,
        nearest_train=near.train,
        nearest_view=names[near.view],
        copies=copies,
        patients=patients,
        pairs=_pairs(near, names, shown),
        holdout_pairs=_pairs(real, names, shown),
        features=features,
        words=_words(memorising, share, known, p_value, needed, patients, (len(made), len(unseen)), features),
    )


def _checked(
    train: ArrayLike, synthetic: ArrayLike, holdout: ArrayLike
) -> tuple[Features, Features, Features]:
    seen, made = as_pair(train, synthetic, names=("train", "synthetic"), least=1)
    seen, unseen = as_pair(seen, holdout, names=("train", "holdout"))
    if len(unseen) < FEWEST_HOLDOUT:
        raise UserError(f"not enough data: {len(unseen)} hold-out images, {FEWEST_HOLDOUT} needed")
    return seen, made, unseen


def _owners(groups: ArrayLike | None, n: int, name: str) -> NDArray[Any] | None:
    if groups is None:
        return None
    owners = np.asarray(groups)
    if owners.shape != (n,):
        raise UserError(
            f"shape {owners.shape} for {n} images", where=name, remedy="give one patient for each image"
        )
    return owners


def _at_risk(
    copied: NDArray[np.int64], owners: NDArray[Any] | None, n: int, level: float, shown: int = 20
) -> PatientsAtRisk:
    whose = np.arange(n) if owners is None else owners
    total = len(np.unique(whose))
    names, first, counts = np.unique(whose[copied], return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:shown]
    called = names.tolist()
    most = tuple(CopiedPatient(called[i], int(counts[i]), int(copied[first[i]])) for i in order)
    return PatientsAtRisk(total, wilson(len(names), total, level), most, owners is not None)


def _pairs(near: Closeness, names: NDArray[np.str_], shown: int) -> tuple[Pair, ...]:
    order = np.argsort(near.values, kind="stable")[:shown]
    return tuple(
        Pair(int(i), int(near.train[i]), float(near.values[i]), str(names[near.view[i]])) for i in order
    )


def _rank_test(closeness: Features, calibration: Features) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(closeness, calibration, alternative="less").pvalue)


def _words(
    memorising: bool | None,
    share: Interval,
    known: Calibration,
    p_value: float,
    needed: int | None,
    patients: PatientsAtRisk,
    sizes: tuple[int, int],
    features: str,
) -> str:
    n, n_holdout = sizes
    if memorising is None or needed is None:
        why = (
            f"{known.share:.1%} of the {n_holdout} hold-out images are copies of training images themselves"
            if known.leaked
            else f"{n_holdout} hold-out images and {n} synthetic ones are too few"
        )
        return (
            f"{UNKNOWN}: {why}, so that on {features} not even a set of nothing but copies could be told from "
            "chance. Whether patients are given back stays open"
        )
    near = (
        f"{share.value:.1%} of the images [{share.lo:.1%}, {share.hi:.1%}] are as near to one training image "
        f"as {known.share:.1%} of real unseen images are, on {features} (p = {p_value:.2g})"
    )
    if memorising:
        return f"memorising: {near}; {risk_words(patients)}"
    return (
        f"not shown to memorise: {near}. Fewer than {needed} copies among {n} ({needed / n:.1%}) could not have "
        "been found: this does not say that no patient is given back"
    )


def risk_words(patients: PatientsAtRisk) -> str:
    """Say how many training patients have a near-copy.

    >>> risk_words(PatientsAtRisk(40, wilson(4, 40), (), True))
    '4 of 40 training patients (10.0% [4.0%, 23.1%]) have at least one near-copy'
    """
    who = "training patients" if patients.known else "training images, each of them perhaps a patient,"
    share = patients.share
    return (
        f"{patients.copied} of {patients.n} {who} ({share.value:.1%} [{share.lo:.1%}, {share.hi:.1%}]) have at "
        "least one near-copy"
    )
