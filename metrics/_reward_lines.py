"""A reward model's card in plain lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def reward_card_lines(card: Mapping[str, Any]) -> list[str]:
    """Return the card as lines for people: what was held out, the numbers, then each class and each criterion.

    >>> print(reward_card_lines({"n_ratings": 40, "n_held_out": 10, "plausible_share": 0.7, "reason": "too few"})[0])
    ratings: 40, of which 10 were held out (70% plausible)
    """
    lines = [_head(card)]
    if card.get("n_real"):
        lines.append(f"real images for automatic feedback: {card['n_real']:,}")
    if card.get("auroc") is None:
        lines.append(f"how far it can be trusted: {card.get('reason') or 'not known'}")
    else:
        lines += _numbers(card)
    if card.get("swap_auroc") is not None:
        lines.append(
            f"a real image under its own class against a wrong one: AUROC {card['swap_auroc']:.3f} "
            f"({card['n_swap']} held-out images)"
        )
    rows = [
        (name, row["n"], row["n_plausible"], row["auroc"], row["auprc"], row["ece"])
        for name, row in (card.get("by_class") or {}).items()
        if "n_plausible" in row
    ]
    if rows:
        lines += ["", *_table(("class", "n", "plausible", "AUROC", "AUPRC", "ECE"), rows)]
    asked = [
        (name, row["n"], row["n_yes"], row["auroc"]) for name, row in (card.get("criteria") or {}).items()
    ]
    if asked:
        lines += ["", *_table(("criterion", "n", "yes", "AUROC"), asked)]
    if any(value is None for row in [*rows, *asked] for value in row):
        lines += ["", "–: not enough held-out ratings (AUROC: 5 of each verdict; ECE: 50)"]
    return lines


def _head(card: Mapping[str, Any]) -> str:
    share = card.get("plausible_share")
    told = "" if share is None else f" ({share:.0%} plausible)"
    if "n_ratings" not in card:
        return f"ratings: {card['n']:,}{told}"
    return f"ratings: {card['n_ratings']:,}, of which {card['n_held_out']:,} were held out{told}"


def _numbers(card: Mapping[str, Any]) -> list[str]:
    lines = [
        f"AUROC {card['auroc']:.3f} [{card['auroc_lo']:.3f}, {card['auroc_hi']:.3f}]; 0.5 is a guess",
        f"average precision {card['auprc']:.3f}; {card['plausible_share']:.3f} is a guess",
        f"Brier score {card['brier']:.3f}; calibration error (ECE) {card['ece']:.3f}",
    ]
    if card.get("mean_probability") is not None:
        lines.append(f"mean probability {card['mean_probability']:.3f}, share {card['plausible_share']:.3f}")
    if card["auroc_lo"] <= 0.5:
        lines.append("it is not shown to be better than a guess: align nothing with it, rate more images")
    return lines


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    cells = [head, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(str(row[j])) for row in cells) for j in range(len(head))]
    return [
        "  ".join(
            str(v).ljust(w) if j == 0 else str(v).rjust(w)
            for j, (v, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
