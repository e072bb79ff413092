"""The first lines of the ratings page: what is shown, what is not, what cannot be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..experts import ceiling_line, verdict_words, win_shares, win_words
from ._names import capital, clean, plural
from ._numbers import bracket, number
from ._ratings_material import REAL, RatingsMaterial


@dataclass(frozen=True)
class Verdict:
    """One line: its chip (a CSS class and its word), the sentence, and where the evidence stands."""

    chip: str
    word: str
    sentence: str
    anchor: str


_MOST = 4


def verdicts_of(material: RatingsMaterial) -> list[Verdict]:
    """The verdict sentences in order: the ceiling, each generator, agreement, raters."""
    return (_rated(material) if material.rated else []) + _compared(material)


def _compared(material: RatingsMaterial) -> list[Verdict]:
    """Which origins were preferred: each against all others, or the two against each other."""
    wins = win_shares(material.preferences)
    among = wins[wins["other"] == "all"] if (wins["other"] == "all").any() else wins
    words = {"preferred": "shown", "not preferred": "shown"}
    return [
        _line(words.get(row["verdict"], row["verdict"]), win_words(row), "comparisons")
        for row in among.to_dict("records")
    ]


def _rated(material: RatingsMaterial) -> list[Verdict]:
    table = material.shares
    table = table[table["column"] == "all"]
    ceiling = ceiling_line(table)
    known = "cannot be known" not in ceiling
    lines = [_line("measured" if known else "cannot be known", capital(ceiling), "plausibility")]
    for row in table[table["origin"] != REAL].to_dict("records"):
        lines.append(_line(_word(row), verdict_words(row), "plausibility"))
    lines += _between(material)
    return [*lines, _agreement(material), *_raters(material)]


def _line(word: str, sentence: str, anchor: str) -> Verdict:
    chips = {"shown": "shown", "not shown": "notshown", "measured": "clear", "cannot be known": "unknown"}
    return Verdict(chips[word], word, clean(sentence).rstrip(".") + ".", anchor)


def _word(row: dict[Any, Any]) -> str:
    if pd.isna(row["verdict"]) or row["verdict"] == "cannot be known":
        return "cannot be known"
    return "not shown" if row["verdict"] == "not shown" else "shown"


def _between(material: RatingsMaterial) -> list[Verdict]:
    """One sentence for each two generators, up to three of them; the table has the others."""
    table = material.reach
    table = table[(table["column"] == "all") & (table["other"] != REAL) & table["difference"].notna()]
    lines = []
    for row in table.to_dict("records")[:3] if len(table) <= 3 else []:
        apart = f"{row['difference']:+.3f} {bracket(row['lo'], row['hi'], 3)}"
        more = "more" if row["difference"] > 0 else "less"
        if row["verdict"] == "shown":
            said = f"{row['origin']} is judged plausible {more} often than {row['other']}: {apart}"
        else:
            said = (
                f"{row['origin']} and {row['other']} were not told apart: {apart}; differences from "
                f"{number(row['detectable'], 2)} on could have been"
            )
        lines.append(_line(row["verdict"], said, "reach"))
    return lines


def _agreement(material: RatingsMaterial) -> Verdict:
    table = material.summary
    rows = table[(table["column"] == "all") & (table["criterion"] == "plausible")].set_index("measure")
    raters = material.ratings["rater"].nunique()
    if raters < 2:
        return _line(
            "cannot be known", "Agreement between raters: there is one rater; let a second one see some of the "
            "same images", "agreement",
        )  # fmt: skip
    if not len(rows) or not rows.loc["share equal", "n_images"]:
        return _line("cannot be known", "Agreement between raters: no image was rated by two", "agreement")
    equal, alpha, ac1 = (rows.loc[name] for name in ("share equal", "krippendorff alpha", "gwet ac1"))
    if pd.isna(equal["value"]):
        return _line("cannot be known", f"Agreement between raters: {equal['reason']}", "agreement")
    said = f"Raters agree on the verdict in {number(equal['value'], 2)} {bracket(equal['lo'], equal['hi'], 2)} of pairs"
    if pd.isna(alpha["value"]):
        said += f"; beyond chance: cannot be known ({alpha['reason']}; AC1 {number(ac1['value'], 2)})"
    else:
        said += f"; beyond chance, alpha {number(alpha['value'], 2)} {bracket(alpha['lo'], alpha['hi'], 2)}"
    return _line(
        "measured", f"{said}; {plural(int(equal['n_images']), 'image')} that two or more rated", "agreement"
    )


def _raters(material: RatingsMaterial) -> list[Verdict]:
    """What stands out of the raters, the first four; or that nothing does."""
    table = material.drifts
    shown = table[table["shown"]]["words"].tolist()
    if shown:
        more = [f"{plural(len(shown) - _MOST, 'more finding')} on raters below"] if len(shown) > _MOST else []
        return [_line("shown", each, "raters") for each in [*shown[:_MOST], *more]]
    tested = int(table["p_adjusted"].notna().sum())
    if not tested:
        return [_line("cannot be known", "Drift of raters: too few showings for any test", "raters")]
    said = f"No rater drifts in verdict or pace, nor differs markedly from the others ({plural(tested, 'test')}, Holm)"
    return [_line("not shown", said, "raters")]
