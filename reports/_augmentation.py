"""What a record says of augmentation, by classifier, measure, group and test set; and how its arms are named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..benchmark import Augmentation, Contrast, Equivalence, Record, Saturation
from ._names import clean, column_name, metric_name, metrics_in_order, split_stratum, stratum_name
from ._utility import BASELINE, METRIC, arm_label

REPEATED, SHUFFLED, MIXED, ALONE = (
    "real-repeated",
    "real+shuffled-synthetic",
    "real+synthetic",
    "synthetic-only",
)
ADDING = (MIXED, "real+aimed-synthetic", "real+weighted-synthetic", "synthetic-then-real")
"""Arms that add synthetic images to real ones: their gains are told by group."""
BETTER, WORSE, UNKNOWN = "better", "worse", "cannot be known from these data"
TEST = "test"


class Setting(Protocol):
    """What the rows of an analysis have in common."""

    classifier: str
    metric: str
    stratum: str
    test_set: str


class Grid:
    """The analysis of a record; what is drawn is the main measure, what is tabled is all."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.part = record.augmentation or Augmentation()
        self._gains: dict[tuple[str, str, str, str, str], list[Contrast]] = defaultdict(list)
        for row in _family(self.part.contrasts):
            self._gains[arm_of(row.b), row.classifier, row.metric, row.stratum, row.test_set].append(row)
        rows = _settings(self.part)
        self.classifiers = list(dict.fromkeys(row.classifier for row in rows))
        self.metric = _main_metric(row.metric for row in rows if row.stratum == "all")
        self.synthetic = {cell.generator: cell.open_set for cell in record.cells if cell.generator}

    def gains(
        self,
        classifier: str,
        *,
        over: str = BASELINE,
        metric: str | None = None,
        stratum: str = "all",
        test_set: str = TEST,
    ) -> list[Contrast]:
        """The contrasts of all arms with one arm, in one setting."""
        return self._gains.get((over, classifier, metric or self.metric, stratum, test_set), [])

    def same_place(self, row: Contrast, over: str) -> Contrast | None:
        """The contrast of the same arm, number, ratio and setting with another arm."""
        found = self.gains(
            row.classifier, over=over, metric=row.metric, stratum=row.stratum, test_set=row.test_set
        )
        return next((other for other in found if place_of(other) == place_of(row)), None)

    def columns(self) -> list[str]:
        """The columns by whose values gains were taken: ``skin_tone``, ``label``."""
        keys = [key[3] for key in self._gains if key[0] == BASELINE and key[4] == TEST]
        return list(
            dict.fromkeys(column for stratum in keys for column, value in [split_stratum(stratum)] if value)
        )

    def column_metric(self, column: str) -> str:
        """The measure by which a column's groups are told: the main one where it was taken."""
        found = {
            key[2] for key in self._gains if split_stratum(key[3])[0] == column and split_stratum(key[3])[1]
        }
        return _main_metric(found, self.metric)

    def test_sets(self) -> list[str]:
        """The test sets other than the run's own."""
        return list(dict.fromkeys(key[4] for key in self._gains if key[0] == BASELINE and key[4] != TEST))

    def focus(self, rows: Sequence[Contrast]) -> list[Contrast]:
        """One ratio for each arm, so that arms stand side by side.

        It is the ratio that most arms have (the largest of several); an arm without it keeps its own largest.
        """
        by_arm: dict[str, list[Contrast]] = defaultdict(list)
        for row in rows:
            by_arm[row.a].append(row)
        held = Counter(ratio for found in by_arm.values() for ratio in {row.ratio for row in found})
        wanted = max(held, key=lambda ratio: (held[ratio], ratio), default=0.0)
        kept = []
        for found in by_arm.values():
            ratios = {row.ratio for row in found}
            own = wanted if wanted in ratios else max(ratios)
            kept += [row for row in found if row.ratio == own]
        return kept

    def titled(self, title: str, classifier: str) -> str:
        """The title, with the classifier where there are several."""
        return f"{title}, {clean(classifier)}" if len(self.classifiers) > 1 else title

    def openness(self, side: str) -> str:
        """``open-set`` or ``closed-set`` for an arm with synthetic images, where the cells say it."""
        known = self.synthetic.get(generator_of(side) or "")
        return "" if known is None else "open-set" if known else "closed-set"


def _settings(part: Augmentation) -> list[Setting]:
    """The rows of all parts that speak of cells."""
    return [
        *part.contrasts, *part.curves, *part.equivalences, *part.saturation, *part.levelling, *part.variance,
        *part.plausibility, *part.sharing,
    ]  # fmt: skip


def _family(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """One contrast for each place and pair: the family's row, or the registered one where it stands alone.

    A registered mean over several numbers or ratios (it says 0 there) is no place of the grid, and is left out.
    """
    found: dict[tuple[object, ...], Contrast] = {}
    for row in contrasts:
        of_generator = "/" in row.a or "/" in row.b
        if row.id is not None and (row.n_real_train == 0 or (row.ratio == 0 and of_generator)):
            continue
        key = (row.b, row.classifier, row.metric, row.stratum, row.test_set, *place_of(row))
        if key not in found or row.id is None:
            found[key] = row
    return list(found.values())


def _main_metric(metrics: Iterable[str], wanted: str = METRIC) -> str:
    found = metrics_in_order(metrics)
    return wanted if wanted in found or not found else found[0]


def place_of(row: Contrast) -> tuple[str, int, float]:
    """Where a contrast stands in the grid: arm, number of real images per class, ratio."""
    return row.a, row.n_real_train, row.ratio


def arm_of(side: str) -> str:
    """The arm of ``ARM`` or ``ARM/GENERATOR``."""
    return side.partition("/")[0]


def generator_of(side: str) -> str | None:
    """The generator of ``ARM/GENERATOR``."""
    return side.partition("/")[2] or None


def side_words(side: str, ratio: float = 0.0) -> str:
    """An arm in words.

    >>> side_words("real+synthetic/diffusion", 10), side_words("real-repeated")
    ('real + diffusion, ×10', 'real-repeated')
    """
    return arm_label(arm_of(side), generator_of(side), ratio)


def row_side(row: Equivalence | Saturation) -> str:
    """``ARM`` or ``ARM/GENERATOR`` of a row that holds them apart."""
    return f"{row.arm}/{row.generator}" if row.generator else row.arm


def group_words(stratum: str) -> str:
    """The value of a stratum, without its column; the stratum in words where it has no value."""
    return clean(split_stratum(stratum)[1]) or stratum_name(stratum)


def tested_on(test_set: str) -> str:
    """A test set in words.

    >>> tested_on("test"), tested_on("site=B"), tested_on("external:ddi")
    ('own test images', 'site B, left out of training', 'external: ddi')
    """
    if test_set == TEST:
        return "own test images"
    if test_set.startswith("external:"):
        return f"external: {clean(test_set.removeprefix('external:'))}"
    column, value = split_stratum(test_set)
    return f"{column_name(column)} {clean(value)}, left out of training" if value else clean(test_set)


def setting_words(row: Setting, grid: Grid) -> str:
    """What of a row's setting differs from the main one: for the small line of a table."""
    said = [clean(row.classifier)] if len(grid.classifiers) > 1 else []
    said += [metric_name(row.metric)] if row.metric != grid.metric else []
    said += [stratum_name(row.stratum)] if row.stratum != "all" else []
    said += [tested_on(row.test_set)] if row.test_set != TEST else []
    return ", ".join(said)


def setting_order(row: Setting, grid: Grid) -> tuple[int, int, int, str]:
    """Main settings first: own test images, all groups, the main measure."""
    return (
        int(row.test_set != TEST),
        int(row.stratum != "all"),
        int(row.metric != grid.metric),
        row.classifier,
    )


def is_main(row: Setting, grid: Grid) -> bool:
    """True for the main measure over all groups on the run's own test images."""
    return setting_order(row, grid)[:3] == (0, 0, 0)
