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


def train_cell(work: Work) -> None:
    """Train and test; the same subset and initial weights for every arm of a seed, steps equal across arms."""
    config = work.config
    real = split_of(work.inputs["data"], "train")
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
    extra = {"augment": "classical"} if config["arm"] == "classical" else {}
    model = registry("classifiers").build(without_alias(config["model"]), **extra)
    fitted = model.fit(
        data.images,
        data.labels,
        sample_weights=data.weights,
        classes=config["classes"],
        seed=derive_seed(work.seed, "classifier"),
        progress=work.progress,
    )
    test = split_of(work.inputs["data"], "test")
    probabilities = fitted.predict_proba(test.images())
    rows = test_rows(probabilities, test, config)
    draws = replicate_measures(probabilities, test.labels, config["classes"], groups=patients(test, config))
    np.savez(work.out / "replicates.npz", allow_pickle=False, **draws)
    note = {
        "rows": rows,
        "final_loss": float(fitted.final_loss),
        "plateau": bool(reached_plateau(fitted.final_loss, len(config["classes"]))),
        "n_train": len(data.labels),
    }
    (work.out / "cell.json").write_text(json.dumps(note))


def patients(test: ImageSet, config: Any) -> Any | None:
    """The patient (or lesion) of every test image, where known."""
    return test.table[config["group"]].astype(str).to_numpy() if config["group"] else None


def test_rows(probabilities: Any, test: ImageSet, config: Any) -> list[dict[str, Any]]:
    """The cell's long-form rows: every measure, overall, by stratum and by class."""
    found = measures(
        probabilities,
        test.labels,
        config["classes"],
        strata={column: stratum_of(test, column).astype(str) for column in config["strata"]},
        groups=patients(test, config),
        min_n=config["min_stratum"],
    )
    fixed = {
        "arm": config["arm"],
        "generator": config["generator"],
        "n_real_train": config["n_real"],
        "ratio": config["ratio"],
        "classifier": short_name(config["model"]) + _argument(config["model"]),
    }
    return [
        {**fixed, **{name: _plain(getattr(row, name)) for name in _MEASURE_FIELDS}, "seed": config["seed"]}
        for row in found
    ]


_MEASURE_FIELDS = ("stratum", "n_test", "metric", "value", "lo", "hi", "level", "reason")


def _argument(spec: Any) -> str:
    from ..core import parse_spec

    argument = parse_spec(without_alias(spec)).argument
    return f":{argument}" if argument else ""


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
