"""What can be wrong with an image set: one small check each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..core import wilson
from ._groups import GROUP_COLUMNS
from ._inspect import Inspection

Severity = Literal["error", "warning"]
_SPLIT_COLUMNS = ("given_split", "split")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what, where (file or row), what to do, and whether it stops the set's use."""

    what: str
    where: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.remedy})"


def unusable_files(seen: Inspection) -> Iterator[Fault]:
    for row, look in enumerate(seen.looks):
        if look.fault is not None:
            yield Fault(look.fault, seen.where(row), "replace the file or remove its row")


def stray_files(seen: Inspection) -> Iterator[Fault]:
    for name in seen.strays:
        what = "the image is on disk, but no row of the table names it"
        yield Fault(what, f"{seen.name}: {name}", "add a row or remove the file", "warning")


def doubled_rows(seen: Inspection) -> Iterator[Fault]:
    if "file_name" not in seen.table.columns:
        return
    for name, rows in _repeated(seen.values("file_name")):
        same = len(seen.table.iloc[rows].astype(str).drop_duplicates()) == 1
        kind = "the same row stands" if same else "one file bears different entries"
        numbers = ", ".join(str(row + 1) for row in rows)
        yield Fault(f"{kind} in rows {numbers}", f"{seen.name}: {name}", "keep one row for each file")


def mixed_sizes(seen: Inspection) -> Iterator[Fault]:
    yield from _mixed(
        seen, "sizes", lambda row: "{} x {}".format(*seen.looks[row].size), "give a size when reading"
    )


def mixed_modes(seen: Inspection) -> Iterator[Fault]:
    remedy = "save all alike; colour that only some classes have is a shortcut"
    yield from _mixed(seen, "pixel modes", lambda row: seen.looks[row].mode, remedy)


def mixed_formats(seen: Inspection) -> Iterator[Fault]:
    remedy = "save all without loss, or all with the same loss: compression traces tell the classes apart"
    yield from _mixed(seen, "file formats", lambda row: seen.looks[row].format, remedy)


def deep_images(seen: Inspection) -> Iterator[Fault]:
    deep = [row for row in seen.usable if seen.looks[row].bits > 8]
    if deep:
        bits = max(seen.looks[row].bits for row in deep)
        what = f"{len(deep)} images have up to {bits} bits a channel; each would be windowed by its own range"
        yield Fault(
            what, seen.where(deep[0]), "give one window for all: ?window=LOW-HIGH, or ?window=set", "warning"
        )


def missing_labels(seen: Inspection) -> Iterator[Fault]:
    if "label" not in seen.table.columns:
        yield Fault(
            "there is no column 'label'", seen.name, "add one, or choose a column with ?label=NAME", "warning"
        )
        return
    missing = [row for row, value in enumerate(seen.values("label")) if value is None]
    if missing:
        what = f"{len(missing)} images have no label, first"
        yield Fault(f"{what} row {missing[0] + 1}", seen.where(missing[0]), "label them or drop their rows")


def lonely_classes(seen: Inspection) -> Iterator[Fault]:
    if "label" not in seen.table.columns:
        return
    values = seen.values("label")
    for label, n in sorted(Counter(value for value in values if value is not None).items()):
        if n == 1:
            what = f"the class {label!r} has one image"
            yield Fault(what, seen.where(values.index(label)), "add images, merge the class or drop it")


def identical_images(seen: Inspection) -> Iterator[Fault]:
    """Identical pixels under two labels, in two given splits, or merely twice."""
    labels = seen.values("label") if "label" in seen.table.columns else [None] * len(seen.table)
    files = (
        seen.values("file_name") if "file_name" in seen.table.columns else list(map(str, range(len(labels))))
    )
    keys = [look.key or None for look in seen.looks]
    for _, rows in _repeated(keys):
        if len({files[row] for row in rows}) < 2:
            continue
        where = (
            f"{seen.where(rows[0])} and {' and '.join(f'row {row + 1} ({files[row]})' for row in rows[1:5])}"
        )
        names = sorted({label for row in rows if (label := labels[row]) is not None})
        if len(names) > 1:
            what = f"identical images bear the labels {' and '.join(map(repr, names))}"
            yield Fault(what, where, "find out which label is right, drop the rest")
        crossing = [column for column in _SPLIT_COLUMNS if len(_values_at(seen, column, rows)) > 1]
        if crossing:
            what = f"identical images stand in {_between(seen, crossing[0], rows)} of {crossing[0]}"
            yield Fault(what, where, "keep one, or split anew by group")
        elif len(names) < 2:
            yield Fault("identical images", where, "keep one; splits by group hold them together", "warning")


def crossing_groups(seen: Inspection) -> Iterator[Fault]:
    for column in GROUP_COLUMNS:
        if column not in seen.table.columns:
            continue
        for split in (name for name in _SPLIT_COLUMNS if name in seen.table.columns):
            for value, rows in _repeated(seen.values(column)):
                if len(_values_at(seen, split, rows)) > 1:
                    what = f"{column} {value!r} stands in {_between(seen, split, rows)} of {split}"
                    yield Fault(
                        what, seen.where(rows[0]), "split anew by group; tests on shared patients flatter"
                    )


def odd_backgrounds(seen: Inspection) -> Iterator[Fault]:
    """Classes over-represented among images whose background has another colour than most: a shortcut.

    Another colour: over 8 robust standard deviations (at least 2 grey levels each) from the set's median in
    (red - green) or (green - blue). Over-represented: its share there is at least 1.5 times its share in the
    set, and so by the 95% interval's lower bound at least once.
    """
    if "label" not in seen.table.columns or len(seen.usable) < 50:
        return
    rows = np.asarray(seen.usable)
    colours = np.asarray([seen.looks[row].background for row in rows])
    away = np.abs(colours - np.median(colours, axis=0))
    spread = np.maximum(1.4826 * np.median(away, axis=0), 2.0)
    odd = rows[(away / spread).max(axis=1) > 8.0].tolist()
    labels = seen.values("label")
    overall, there = Counter(labels[row] for row in rows), Counter(labels[row] for row in odd)
    for label, n in there.most_common():
        usual = overall[label] / len(rows)
        if len(odd) >= 10 and label and n / len(odd) >= 1.5 * usual and wilson(n, len(odd)).lo > usual:
            what = (
                f"{len(odd)} images have another background colour than most, and "
                f"{n / len(odd):.0%} of them are {label!r} ({usual:.0%} of the set): "
                "a shortcut for any classifier"
            )
            first = next(row for row in odd if labels[row] == label)
            yield Fault(
                what,
                seen.where(first),
                "balance or mask the backgrounds, and read gains with care",
                "warning",
            )


CHECKS: tuple[Callable[[Inspection], Iterator[Fault]], ...] = (
    unusable_files,
    doubled_rows,
    missing_labels,
    lonely_classes,
    crossing_groups,
    identical_images,
    deep_images,
    mixed_sizes,
    mixed_modes,
    mixed_formats,
    odd_backgrounds,
    stray_files,
)


def _mixed(seen: Inspection, what: str, value: Callable[[int], str], remedy: str) -> Iterator[Fault]:
    rows = seen.usable
    counts = Counter(value(row) for row in rows)
    if len(counts) < 2:
        return
    listed = ", ".join(f"{name} ({n})" for name, n in counts.most_common(5)) + (
        " ..." if len(counts) > 5 else ""
    )
    rare = counts.most_common()[-1][0]
    first = next(row for row in rows if value(row) == rare)
    tell = _tells_classes(seen, [(row, value(row)) for row in rows])
    yield Fault(f"mixed {what}: {listed}{tell}", seen.where(first), remedy, "error" if tell else "warning")


def _tells_classes(seen: Inspection, values: list[tuple[int, str]]) -> str:
    """Say so when a property that should mean nothing gives the label away: each class has only one value of
    it."""
    if "label" not in seen.table.columns:
        return ""
    labels = seen.values("label")
    by_class: dict[str, set[str]] = defaultdict(set)
    for row, value in values:
        label = labels[row]
        if label is not None:
            by_class[label].add(value)
    telling = len(by_class) > 1 and all(len(each) == 1 for each in by_class.values())
    return "; each class has one alone, so it gives the label away" if telling else ""


def _repeated(values: Iterable[str | None]) -> Iterator[tuple[str, list[int]]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, value in enumerate(values):
        if value is not None:
            rows[value].append(row)
    return ((value, where) for value, where in rows.items() if len(where) > 1)


def _values_at(seen: Inspection, column: str, rows: list[int]) -> list[str]:
    if column not in seen.table.columns:
        return []
    values = seen.values(column)
    return sorted({value for row in rows if (value := values[row]) is not None})


def _between(seen: Inspection, column: str, rows: list[int]) -> str:
    return " and ".join(map(repr, _values_at(seen, column, rows)))
