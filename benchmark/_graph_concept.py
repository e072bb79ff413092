"""The stages that teach a new concept and measure what was learned, for one seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import UserError, did_you_mean
from ..experts import AttributePanel, ValuePanel, load_rules
from ..imagesets import ImageSet, open_oracle
from ..metrics import RewardModel
from ._graph_align import takes_shuffled
from ._graph_keys import code_of, content_of
from ._graph_seed import SeedGraph
from ._recipe import Component, ConceptPart, Recipe, short_name
from ._stage import Stage
from ._work_data import with_groups


def build_concept(recipe: Recipe, at: SeedGraph) -> None:
    """Add the stages of ``recipe.concept`` for one seed; ``graph.concepts`` has those whose results hold its rows.

    Raises ``UserError`` for a class that the images lack, a column that neither an oracle nor the images know, and a
    value that no rule knows or no image bears.
    """
    part = recipe.concept
    assert part is not None
    assert recipe.base is not None
    _Concept(part, at, at.fits[short_name(recipe.base)]).build()


def judges_of(part: ConceptPart, images: ImageSet) -> dict[str, Any]:
    """Who rates and who measures: the oracle that refines the column, else predictors fitted on real labels."""
    _check_where(part, images)
    name = images.about.oracle
    refined = getattr(open_oracle(name), "refines", {}) if name else {}
    if part.source in ("auto", "oracle") and part.column in refined:
        criterion, values = refined[part.column]
        strange = [value for value in part.names() if value not in values]
        if strange:
            raise UserError(
                f"no rule of the oracle {name} knows the {part.column} {strange[0]!r}",
                where="concept.values",
                remedy=did_you_mean(strange[0], values),
            )
        return {"source": "oracle", "oracle": name, "criterion": criterion, "noise": part.noise}
    if part.source == "oracle":
        raise UserError(
            f"no oracle judges a column {part.column!r} of the image set {images.about.name!r}",
            where="concept.source",
            remedy="write panel, attributes, or auto",
        )
    source = "panel" if part.source == "auto" else part.source
    found: dict[str, Any] = {"source": source, "oracle": None, "bears": _borne(part, images)}
    return {**found, "rules": load_rules(part.rules).model_dump()} if source == "attributes" else found


def _check_where(part: ConceptPart, images: ImageSet) -> None:
    for column, value in part.where.items():
        known = sorted(set(map(str, with_groups(images).column(column))))
        if value not in known:
            raise UserError(
                f"no image has the {column} {value!r}",
                where="concept.where",
                remedy=did_you_mean(value, known),
            )


def _borne(part: ConceptPart, images: ImageSet) -> dict[str, str]:
    """Value of a real image -> the value of the concept that it stands for."""
    if part.column not in images.table.columns:
        raise UserError(
            f"no oracle and no column of the images knows {part.column!r}: nobody could judge what was taught",
            where="concept.column",
            remedy=did_you_mean(part.column, map(str, images.table.columns)),
        )
    given = part.values if isinstance(part.values, dict) else {value: value for value in part.values}
    borne = {
        real: name for name, reals in given.items() for real in ([reals] if isinstance(reals, str) else reals)
    }
    known = sorted(set(images.column(part.column).dropna().astype(str)))
    for real in borne:
        if real not in known:
            raise UserError(
                f"no real image bears the {part.column} {real!r}",
                where="concept.values",
                remedy=did_you_mean(real, known),
            )
    if set(borne.values()) != set(given):
        raise UserError("two values of the concept stand for the same real value", where="concept.values")
    return borne


class _Concept:
    """The stages of one seed."""

    def __init__(self, part: ConceptPart, at: SeedGraph, base: Stage) -> None:
        self.part, self.at, self.base = part, at, base
        self.judges = judges_of(part, at.images)
        self.about = {
            "column": part.column,
            "values": list(part.names()),
            "where": dict(part.where),
            "columns": at.columns,
        }

    def stage(self, name: str, function: str, config: Mapping[str, Any], needs: Mapping[str, Stage]) -> Stage:
        return self.at.stage(f"concept {name}", f"._work_concept:{function}", {**self.about, **config}, needs)

    def build(self) -> None:
        panels = {role: self.panels(role) for role in "RH"}
        extended = self.stage("base", "extend", {}, {"base": self.base, **panels["H"]})
        for arm, method in self.part.arms().items():
            fitted = extended if method is None else self.align(arm, method, extended, panels["R"])
            self.at.graph.concepts[(arm, self.at.seed)] = self.measure(arm, extended, fitted, panels["H"])

    def panels(self, role: str) -> dict[str, Stage]:
        """The predictors of a role: of the value, and of the class or its attributes; none where an oracle judges."""
        if self.judges["source"] == "oracle":
            return {}
        steps = self.part.reward.steps
        config = {
            "role": role,
            "features": self.part.sights.get(role, "drawn"),  # type: ignore[call-overload]
            "steps": steps,
            "bears": self.judges["bears"],
            "code": ValuePanel.version,
        }
        own: dict[str, Any] = {"role": role, "steps": steps}
        if self.judges["source"] == "attributes":
            own |= {"rules": self.judges["rules"], "code": AttributePanel.version}
        whole = self.at.stage(f"concept panel {role}, plausible", "._work_feedback:fit_panel", own, {})
        value = self.stage(f"panel {role}, {self.part.column}", "fit_value_panel", config, {})
        return {f"value-{role}": value, f"panel-{role}": whole}

    def judge(self, extended: Stage, panels: Mapping[str, Stage], *, shuffle: bool) -> Stage:
        n = {"n": self.part.ratings}
        drawn = self.stage("sample for ratings", "sample_rated", n, {"extended": extended})
        asked = {"judges": self.judges, "question": self.part.question}
        rated = self.stage("rate", "rate_values", asked, {"images": drawn, **panels})
        config = {
            "judge": self.part.reward.model_dump(),
            "code": RewardModel.version,
            "content": content_of(self.part.reward.weights),
            "shuffle": shuffle,
        }
        needs = {"images": drawn, "ratings": rated}
        return self.stage("judge R, shuffled" if shuffle else "judge R", "fit_concept_judge", config, needs)

    def align(self, arm: str, method: Component, extended: Stage, panels: Mapping[str, Stage]) -> Stage:
        part = self.part
        config = {
            "arm": arm,
            "method": method,
            "method_code": code_of("aligners", method),
            "budget": {
                "steps": part.steps,
                "batch_size": part.batch_size,
                "learning_rate": part.learning_rate,
            },
        }
        reward = self.judge(extended, panels, shuffle=takes_shuffled(method))
        return self.stage(f"align {arm}", "align_concept", config, {"extended": extended, "reward": reward})

    def measure(self, arm: str, extended: Stage, fitted: Stage, panels: Mapping[str, Stage]) -> Stage:
        n = {"n": self.part.n_images}
        needs = {"extended": extended, "fit": fitted}
        drawn = self.stage(f"sample {arm}", "sample_values", n, needs)
        config = {"arm": arm, "judges": self.judges}
        return self.stage(f"score {arm}", "measure_values", config, {"images": drawn, **panels})
