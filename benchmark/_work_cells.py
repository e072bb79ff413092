"""One cell: a classifier trained on one arm, tested on the real test split."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..classifiers import measures, reached_plateau, replicate_measures, subset_per_class, training_set
from ..core import derive_seed, registry
from ..imagesets import ImageSet, stratum_of
from ._recipe import short_name, without_alias
from ._shelf import split_of, unshelve
from ._stage import Work
from ._work_data import GROUP


def train_cell(work: Work) -> None:
    """Train and test; the same subset and initial weights for every arm of a seed, steps equal across arms."""
    config = work.config
    real = split_of(work.inputs["data"], "train")
    test = split_of(work.inputs["data"], "test")
    lack = lacking(real, config)
    if lack:
        rows = [_null_row(config, metric, len(test), lack) for metric in ("macro_auroc", "balanced_accuracy")]
        (work.out / "cell.json").write_text(json.dumps({"rows": rows}))
        return
    chosen = subset_per_class(real.labels, config["n_real"], derive_seed(work.seed, "subset"))
    subset = real.subset(chosen)
    synthetic = unshelve(work.inputs["synthetic"]) if "synthetic" in work.inputs else None
    data = training_set(
        config["arm"],
        subset.images(),
        subset.labels,
        synthetic.images() if synthetic else None,
        synthetic.labels if synthetic else None,
        ratio=config["ratio"],
        seed=derive_seed(work.seed, "mix"),
    )
    model = registry("classifiers").build(without_alias(config["model"]))
    fitted = model.fit(
        data.images,
        data.labels,
        sample_weights=data.weights,
        classes=config["classes"],
        augment=data.augment,
        seed=derive_seed(work.seed, "classifier"),
        progress=work.progress,
    )
    probabilities = fitted.predict_proba(test.images())
    rows = test_rows(probabilities, test, config)
    draws = replicate_measures(probabilities, test.labels, config["classes"], groups=patients(test))
    np.savez(work.out / "replicates.npz", allow_pickle=False, **draws)
    plateau = bool(reached_plateau(fitted.final_loss, len(config["classes"])))
    if not plateau:
        mark = f"not at its plateau: final training loss {fitted.final_loss:.2f}, a uniform guess has less"
        rows = [{**row, "reason": row["reason"] or mark} for row in rows]
    note = {
        "rows": rows,
        "final_loss": float(fitted.final_loss),
        "plateau": plateau,
        "n_train": len(data.labels),
    }
    (work.out / "cell.json").write_text(json.dumps(note))


def patients(test: ImageSet) -> Any:
    """The group (patient, lesion) of every test image."""
    return test.table[GROUP].to_numpy()


def test_rows(probabilities: Any, test: ImageSet, config: Any) -> list[dict[str, Any]]:
    """The cell's long-form rows: every measure, overall, by stratum and by class."""
    found = measures(
        probabilities,
        test.labels,
        config["classes"],
        strata={column: stratum_of(test, column).astype(str) for column in config["strata"]},
        groups=patients(test),
        min_n=config["min_stratum"],
    )
    return [
        {**_fixed(config), **{name: _plain(getattr(row, name)) for name in _MEASURE_FIELDS}} for row in found
    ]


def lacking(real: ImageSet, config: Any) -> str | None:
    """Why a cell cannot be trained, or None: a class has fewer real training images than the cell takes."""
    counts = {name: real.labels.count(name) for name in config["classes"]}
    name = min(counts, key=lambda each: counts[each])
    if counts[name] >= config["n_real"]:
        return None
    return f"not enough data: {counts[name]} training images of {name}, {config['n_real']} needed"


def _fixed(config: Any) -> dict[str, Any]:
    return {
        "arm": config["arm"],
        "generator": config["generator"],
        "n_real_train": config["n_real"],
        "ratio": config["ratio"],
        "classifier": short_name(config["model"]) + _argument(config["model"]),
        "seed": config["seed"],
    }


def _null_row(config: Any, metric: str, n_test: int, reason: str) -> dict[str, Any]:
    return {**_fixed(config), "n_test": n_test, "metric": metric, "value": None, "reason": reason}


_MEASURE_FIELDS = ("stratum", "n_test", "metric", "value", "lo", "hi", "level", "reason")


def _argument(spec: Any) -> str:
    from ..core import parse_spec

    argument = parse_spec(without_alias(spec)).argument
    return f":{argument}" if argument else ""


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
