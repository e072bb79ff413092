"""What every built-in metric is: a table that travels with the numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core import UserError, did_you_mean


@dataclass(frozen=True)
class MetricCard:
    """A metric's description.

    ``needs_n`` is the fewest images (of each set that it reads) for which it is reported at all;
    ``reads`` names those sets: real (the reference), synthetic, train, holdout.
    """

    name: str
    title: str
    family: str
    higher_is_better: bool | None
    needs_n: int
    reads: tuple[str, ...]
    bounds: tuple[float, float | None]
    sees: str
    source: str


_PAIR = ("real", "synthetic")
_CARDS = (
    MetricCard(
        "frechet_distance", "Frechet distance", "fidelity", False, 50, _PAIR, (0.0, None),
        "difference of means and covariances; hardly sees a missing rare class; falls as n rises",
        "Heusel et al. 2017, arXiv 1706.08500; Dowson and Landau 1982",
    ),
    MetricCard(
        "frechet_distance_floor", "Real to real", "fidelity", None, 50, ("real",), (0.0, None),
        "the Frechet distance that real images have to each other at the same numbers of images",
        "split halves of the real set",
    ),
    MetricCard(
        "kernel_distance", "Kernel distance", "fidelity", False, 20, _PAIR, (-1e300, None),
        "difference of distributions up to third moments; unbiased at every n",
        "Binkowski et al. 2018, arXiv 1801.01401",
    ),
    MetricCard(
        "cmmd", "CMMD", "fidelity", False, 20, _PAIR, (0.0, None),
        "difference of distributions of directions of features",
        "Jayasumana et al. 2024, arXiv 2401.09603",
    ),
    MetricCard(
        "precision", "Precision", "fidelity", True, 50, _PAIR, (0.0, 1.0),
        "share of synthetic images near a real one; blind to missing kinds, raised by real outliers",
        "Kynkaanniemi et al. 2019, arXiv 1904.06991",
    ),
    MetricCard(
        "density", "Density", "fidelity", True, 50, _PAIR, (0.0, None),
        "how densely real images surround synthetic ones, about 1 for real ones; robust to real outliers",
        "Naeem et al. 2020, arXiv 2002.09797",
    ),
    MetricCard(
        "recall", "Recall", "diversity", True, 50, _PAIR, (0.0, 1.0),
        "share of real images near a synthetic one; raised by outliers among the synthetic",
        "Kynkaanniemi et al. 2019, arXiv 1904.06991",
    ),
    MetricCard(
        "coverage", "Coverage", "diversity", True, 50, _PAIR, (0.0, 1.0),
        "share of real images with a synthetic one among their neighbours; sees a missing class",
        "Naeem et al. 2020, arXiv 2002.09797",
    ),
    MetricCard(
        "vendi_score", "Vendi score", "diversity", True, 20, ("synthetic",), (1.0, None),
        "effective number of different images, whatever the real ones; noise is diverse, too",
        "Friedman and Dieng 2023, arXiv 2210.02410",
    ),
    MetricCard(
        "authenticity", "Authenticity", "novelty", True, 20, ("train", "synthetic"), (0.0, 1.0),
        "share of images farther from their nearest training image than that one's own neighbour; "
        "real images score about one half in low dimensions",
        "Alaa et al. 2022, arXiv 2102.08921",
    ),
    MetricCard(
        "copy_share", "Share of copies", "novelty", False, 50, ("train", "synthetic", "holdout"), (0.0, 1.0),
        "share of images nearer to one training image than nearly all real hold-out images are",
        "Carlini et al. 2023, arXiv 2301.13188, threshold calibrated on the hold-out",
    ),
    MetricCard(
        "frechet_distance_infinity", "Frechet distance, N to infinity", "fidelity", False, 50, _PAIR, (-1e300, None),
        "as the Frechet distance, without its bias: sets of different n compare; needs 5 images for each feature",
        "Chong and Forsyth 2020, arXiv 1911.07023",
    ),
    MetricCard(
        "sliced_wasserstein", "Sliced Wasserstein distance", "fidelity", False, 50, _PAIR, (0.0, None),
        "differences along single directions, tails included; hardly sees a rare class; falls as n rises",
        "Bonneel et al. 2015, doi 10.1007/s10851-014-0506-3",
    ),
    MetricCard(
        "alpha_precision", "Alpha-precision", "fidelity", True, 50, _PAIR, (0.0, 1.0),
        "whether both sets lie at the same distances from the real mean; blind to the direction they lie in",
        "Alaa et al. 2022, arXiv 2102.08921",
    ),
    MetricCard(
        "beta_recall", "Beta-recall", "diversity", True, 50, _PAIR, (0.0, 1.0),
        "share of real images with a nearer synthetic than real neighbour, at every distance from the synthetic mean; "
        "real images score about one half",
        "Alaa et al. 2022, arXiv 2102.08921, radii of all synthetic images",
    ),
    MetricCard(
        "inception_score", "Inception score", "diversity", True, 50, ("synthetic",), (1.0, None),
        "decided and varied classes, from class probabilities; blind to realism, copies and variety in a class",
        "Salimans et al. 2016, arXiv 1606.03498",
    ),
    MetricCard(
        "intra_class_distance", "Distance inside a class", "diversity", None, 20, _PAIR, (0.0, None),
        "mean distance between two synthetic images over that between two real ones; a collapsed class is below 1, "
        "noise above",
        "Ojha et al. 2021, arXiv 2104.06820, relative to real",
    ),
    MetricCard(
        "data_copying_score", "Data copying (C_T)", "novelty", None, 50, ("train", "synthetic", "holdout"),
        (-1e300, None),
        "whether images are nearer to the training set than unseen real ones (below 0) or farther (above 0), place "
        "by place; a generator of the middle alone is below 0, too",
        "Meehan et al. 2020, arXiv 2004.05675",
    ),
    MetricCard(
        "closest_record_ratio", "Closest record in training set", "novelty", False, 50,
        ("train", "synthetic", "holdout"), (0.0, 1.0),
        "share of images nearer to a training image than to any of as many unseen ones; one half where nothing is "
        "copied; hardly sees a few copies",
        "share of closest records, train against hold-out",
    ),
)  # fmt: skip


def metric_cards() -> dict[str, MetricCard]:
    """Return the description of every built-in metric, by name.

    >>> metric_cards()["kernel_distance"].higher_is_better
    False
    """
    return {card.name: card for card in _CARDS}


def metric_card(name: str) -> MetricCard:
    """Return one metric's description; an unknown name raises, with what was probably meant.

    >>> metric_card("vendi_score_q2").title
    'Vendi score, q = 2'
    """
    cards = metric_cards()
    base, order, q = name.partition("_q")
    if order and base == "vendi_score":
        return replace(cards[base], name=name, title=f"{cards[base].title}, q = {q}")
    if name not in cards:
        raise UserError(f"no metric is called {name!r}", remedy=did_you_mean(name, cards))
    return cards[name]
