"""Measure reward models on drawn cells, and write docs/results/rewards.md from what was measured.

``python docs/make_rewards.py BASE``, with the folder of a diffusion model that was fitted on `phantom-blood`, adds
the measurements that results/rewards.json lacks (about 20 minutes on one core; stopped, it goes on where it was)
and writes the page. ``python docs/make_rewards.py`` writes the page alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synmedbench.core import MIN_SEEDS, atomic_folder, content_key, describe_seeds, paired_t, rng, write_json
from synmedbench.experts import OracleExpert
from synmedbench.generators import Diffusion, conditions_like, sample_images
from synmedbench.imagesets import ImageSet, open_imageset, open_oracle
from synmedbench.metrics import CURVE_SIZES, RatedSet, RewardModel, choose_to_rate, reward_curve

ROOT = Path(__file__).resolve().parents[1]
KEPT, PAGE = ROOT / "results" / "rewards.json", ROOT / "docs" / "results" / "rewards.md"
DATA, REAL, NOISE = "phantom-blood?n=2400&size=32&seed=0", "phantom-blood?n=400&size=32&seed=77", 0.03
POOL, TEST, STEPS = 900, 900, 300
CURVE_SEEDS, CHOICE_SEEDS = range(3), range(5)
FIRST, ROUNDS = 50, (100, 200)
WAYS = ("random", "uncertainty", "diversity", "both")
FIGURES = ("auroc", "auprc", "brier", "ece")
Row = dict[str, Any]


def measure(base: Path) -> None:
    """Do what is not yet done, and keep each row as soon as it is known."""
    model = Diffusion.load(base)
    about = {"base": model.card.settings, "trained_on": model.card.trained_on, "noise": NOISE, "steps": STEPS,
             "version": RewardModel.version, "pool": POOL, "test": TEST, "real": REAL}  # fmt: skip
    kept = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    if kept.get("about") != json.loads(json.dumps(about)):
        kept = {"about": about, "curve": [], "choice": []}
    pool, test = _rated(model, content_key(about))
    kept["about"] = about
    kept["shares"] = {"rated": float(pool.verdicts.mean()), "test": float(test.verdicts.mean())}
    real = open_imageset(REAL)
    for row in _lacking(kept["curve"], _curve_plan()):
        true = (
            {"real_images": real.images(), "real_conditions": real.table[["label"]]}
            if row["automatic"]
            else {}
        )
        found = reward_curve(pool, test, sizes=[row["n_ratings"]], seeds=[row["seed"]], make=_make, **true)
        last = found[found["automatic"] == row["automatic"]].iloc[-1]
        _keep(kept, "curve", row | {name: last[name] for name in FIGURES} | {"reason": last["reason"]})
    for row in _lacking(kept["choice"], _choice_plan()):
        _keep(kept, "choice", row | _chosen(pool, test, row))


def _make() -> RewardModel:
    return RewardModel(steps=STEPS)


def _curve_plan() -> Iterator[Row]:
    for seed in CURVE_SEEDS:
        for n in CURVE_SIZES:
            for automatic in (False, True):
                yield {"n_ratings": n, "automatic": automatic, "seed": seed}


def _choice_plan() -> Iterator[Row]:
    for seed in CHOICE_SEEDS:
        for how in WAYS:
            yield {"how": how, "seed": seed}


def _lacking(rows: Sequence[Row], plan: Iterator[Row]) -> Iterator[Row]:
    for wanted in plan:
        if not any(all(row[name] == value for name, value in wanted.items()) for row in rows):
            yield wanted


def _keep(kept: dict[str, Any], part: str, row: Row) -> None:
    kept[part].append(json.loads(pd.Series(row).to_json()))
    KEPT.parent.mkdir(exist_ok=True)
    write_json(KEPT, kept)
    print(part, kept[part][-1], flush=True)


def _chosen(pool: RatedSet, test: RatedSet, row: Row) -> Row:
    """From 50 random ratings, rate what is chosen and fit anew, twice; the figures after each round."""
    seed = row["seed"]
    known = list(rng(seed, "first").permutation(len(pool))[:FIRST])
    model, found = _fit(pool, known, seed), {}
    for total in ROUNDS:
        left = np.setdiff1d(np.arange(len(pool)), known)
        some = pool.take(left)
        rows = choose_to_rate(model, some.images, some.conditions, total - len(known), row["how"], seed=seed)
        known += list(left[rows])
        model = _fit(pool, known, seed)
        card = model.card_on(test.images, test.conditions, test.verdicts, seed=0)
        found |= {f"{name}_{total}": card[name] for name in FIGURES}
        found[f"plausible_{total}"] = float(pool.verdicts[known].mean())
    return found


def _fit(pool: RatedSet, rows: Sequence[int], seed: int) -> RewardModel:
    few, model = pool.take(np.array(rows, dtype=np.int64)), _make()
    model.fit(few.images, few.conditions, few.verdicts, criteria=few.criteria, seed=seed)
    return model


def _rated(model: Diffusion, key: str) -> tuple[RatedSet, RatedSet]:
    """Images of the base: some rated by the oracle with noise, others judged by it without."""
    folder = Path(tempfile.gettempdir()) / f"synmedbench-rewards-{key}"
    if not folder.is_dir():
        wanted = conditions_like(open_imageset(DATA).table, POOL + TEST, ("label",), seed=11)
        made = sample_images(model, wanted, seed=11, batch_size=60)
        with atomic_folder(folder) as temporary:
            np.save(temporary / "images.npy", made.images())
            wanted.table.to_parquet(temporary / "table.parquet")
    images = ImageSet.from_arrays(np.load(folder / "images.npy"), pd.read_parquet(folder / "table.parquet"))
    pool, test = images.subset(range(POOL)), images.subset(range(POOL, POOL + TEST))
    expert, oracle = OracleExpert("phantom-blood", noise=NOISE), open_oracle("phantom-blood")
    said = (expert.answers(pool, seed=0) == "yes").astype(float)
    judged = oracle.judge(test.images(), test.table)
    return (
        RatedSet(pool.images(), pool.table[["label"]], said.all(axis=1).to_numpy(float), said),
        RatedSet(test.images(), test.table[["label"]], judged["plausible"].to_numpy(float)),
    )


def page(kept: Mapping[str, Any]) -> str:
    """The page, from the numbers alone."""
    curve, choice = pd.DataFrame(kept["curve"]), pd.DataFrame(kept["choice"])
    parts = [
        "# How good reward models become, and whether choosing what to rate helps\n",
        _intro(kept["about"], kept["shares"]),
        "\n## Learning curve\n",
        *_curve_lines(curve),
        "\n## Choosing what to rate\n",
        *_choice_lines(choice),
    ]
    return "\n".join(parts) + "\n"


def _intro(about: Mapping[str, Any], shares: Mapping[str, float]) -> str:
    base = about["base"]
    name = f"{base.get('argument')}, {base.get('steps'):,} steps, guidance {base.get('guidance'):g}"
    return (
        "Made by `docs/make_rewards.py` from `results/rewards.json`. Drawn cells (`phantom-blood`, 32 px):\n"
        f"images of a diffusion model ({name}), rated by the oracle, which errs in {about['noise']:.0%}\n"
        f"of its answers to each question. Tested on {about['test']} other images of the same model against the\n"
        f"oracle without noise, the same for all: {shares['test']:.0%} plausible ({shares['rated']:.0%} of the rated\n"
        f"images are called so). `RewardModel` with {about['steps']} steps; mean over seeds ± standard deviation.\n"
        "Simulated experts: a lead for people's ratings, not a claim about them.\n"
    )


def _curve_lines(curve: pd.DataFrame) -> list[str]:
    lines = ["| ratings | automatic feedback | AUROC | AUPRC | Brier | ECE | seeds |",
             "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for (n, automatic), rows in curve.groupby(["n_ratings", "automatic"]):
        told = [_spread(rows[name]) for name in FIGURES]
        lines.append(f"| {n} | {'yes' if automatic else 'no'} | {' | '.join(told)} | {len(rows)} |")
    lines += ["", "Automatic feedback's gain in AUROC, paired by seed; nothing is claimed from fewer than 5:", ""]
    for n, rows in curve.groupby("n_ratings"):
        by_seed = rows.pivot(index="seed", columns="automatic", values="auroc").dropna()
        lines.append(f"- {n} ratings: {_gain(by_seed, True, False)}")
    return lines


def _choice_lines(choice: pd.DataFrame) -> list[str]:
    head = f"From {FIRST} random ratings, two rounds to {' and '.join(map(str, ROUNDS))}; without automatic feedback."
    lines = [head + " Gains over *random* are paired by seed (95% t interval).", ""]
    for total in ROUNDS:
        lines += [f"After {total} ratings:", "", "| way | AUROC | ECE | plausible of the rated | gain in AUROC |",
                  "| --- | --- | --- | --- | --- |"]  # fmt: skip
        by_seed = choice.pivot(index="seed", columns="how", values=f"auroc_{total}").dropna()
        for how in WAYS:
            rows = choice[choice["how"] == how]
            gain = "" if how == "random" else _gain(by_seed, how, "random")
            cells = [_spread(rows[f"{name}_{total}"]) for name in ("auroc", "ece", "plausible")]
            lines.append(f"| {how} | {' | '.join(cells)} | {gain} |")
        lines.append("")
    return [*lines, *_choice_words(choice)]


def _choice_words(choice: pd.DataFrame) -> list[str]:
    last = ROUNDS[-1]
    by_seed = choice.pivot(index="seed", columns="how", values=f"auroc_{last}").dropna()
    better = [how for how in WAYS[1:] if paired_t(by_seed[how], by_seed["random"]).lo > 0]
    worse = [how for how in WAYS[1:] if paired_t(by_seed[how], by_seed["random"]).hi < 0]
    if not better and not worse:
        return [f"At {last} ratings no way is shown to be better or worse than rating at random."]
    told = [
        f"shown to be better than random: {', '.join(better) or 'none'}",
        f"worse: {', '.join(worse) or 'none'}",
    ]
    return [f"At {last} ratings, {'; '.join(told)}."]


def _gain(by_seed: pd.DataFrame, a: Any, b: Any) -> str:
    if len(by_seed) < MIN_SEEDS:
        return describe_seeds([float(gain) for gain in by_seed[a] - by_seed[b]])
    i = paired_t(by_seed[a], by_seed[b])
    return f"{i.value:+.3f} [{i.lo:+.3f}, {i.hi:+.3f}]"


def _spread(values: pd.Series) -> str:
    known = values.dropna().to_numpy(float)
    if not len(known):
        return "–"
    return f"{known.mean():.3f}" + (f" ± {known.std(ddof=1):.3f}" if len(known) > 1 else "")


def main() -> None:
    """Measure when a base is given; write the page."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
    if not KEPT.is_file():
        raise SystemExit(f"{KEPT} is not there: give the folder of a base")
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(json.loads(KEPT.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
