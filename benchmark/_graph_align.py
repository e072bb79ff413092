"""The stages of alignment: raters, judges, methods, what happens along each, where it stops, and R afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..core import UserError, parse_spec
from ..experts import AttributePanel, load_rules
from ..metrics import RewardModel
from ._graph_keys import code_of, content_of
from ._graph_seed import SeedGraph
from ._recipe import RERATED, AlignmentPart, Component, JudgePart, short_name, without_alias
from ._stage import Stage

TO_THE_END = ("inverted",)
"""Never stopped early: it must do its harm. All else, the control too, stops by one rule; only the reward differs."""
AGAIN = "R again"


@dataclass
class Alignment:
    """The stages of one seed's alignment."""

    of: SeedGraph
    part: AlignmentPart
    base: Stage
    shuffled: Stage | None = None

    def experts(self) -> dict[str, Any]:
        """Who rates: the source, its noise, and how many images."""
        part, about = self.part.experts, self.of.images.about
        source = part.source if part.source != "auto" else ("oracle" if about.oracle else "panel")
        if source == "oracle" and about.oracle is None:
            raise UserError(
                f"no oracle knows the image set {about.name!r}",
                where="alignment.experts.source",
                remedy="write panel, attributes, or auto",
            )
        found: dict[str, Any] = {
            "source": source,
            "oracle": about.oracle,
            "noise": part.noise,
            "n": part.ratings,
        }
        return {**found, "rules": self.rules} if source == "attributes" else found

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The rules of the classes, for panels of attributes."""
        return load_rules(self.part.experts.rules).model_dump()

    def panels(self, roles: str) -> dict[str, Stage]:
        """The stages of these roles' panels of predictors, by the name they are needed under; an oracle has none."""
        if self.experts()["source"] == "oracle":
            return {}
        config: dict[str, Any] = {"steps": self.part.reward.steps}
        if self.experts()["source"] == "attributes":
            config |= {"rules": self.rules, "code": AttributePanel.version}
        found = {}
        for role in roles:
            stage = self.of.stage(f"panel {role}", "._work_feedback:fit_panel", {"role": role, **config}, {})
            self.of.graph.panels[(role, self.of.seed)] = found[f"panel-{role}"] = stage
        return found

    def judges(self) -> dict[str, Stage]:
        """Add the judges R and E, each on ratings of its own, and the shuffled R where a control needs it."""
        found = {}
        for role, part in {"R": self.part.reward, "E": self.part.evaluator}.items():
            rated = self._rated(role, f"ratings {role}", f"rate for {role}")
            found[role] = self._judge(f"judge {role}", role, part, rated)
            self.of.graph.judges[(role, self.of.seed)] = found[role]
            if role == "R" and any(map(takes_shuffled, self.part.methods)):
                self.shuffled = self._judge("judge R, shuffled", role, part, rated, shuffle=True)
        return found

    def _rated(
        self, role: str, purpose: str, title: str, name: str = "base", fitted: Stage | None = None
    ) -> dict[str, Stage]:
        """Add the stages that sample images and have a role's raters rate them."""
        images = self.of.sample(name, fitted or self.base, purpose, self.part.experts.ratings)
        config = {"role": role, "experts": self.experts()}
        needs = {"images": images, **self.panels(role)}
        return {"images": images, "ratings": self.of.stage(title, "._work_feedback:rate", config, needs)}

    def _judge(
        self, title: str, role: str, part: JudgePart, rated: Mapping[str, Stage], **more: Any
    ) -> Stage:
        config = {
            "role": role,
            "judge": part.model_dump(),
            "code": RewardModel.version,
            "content": content_of(part.weights),
            "columns": self.of.columns,
            **more,
        }
        return self.of.stage(title, "._work_feedback:fit_judge", config, rated)

    def methods(self) -> dict[str, Stage]:
        """Add every method, and return by its name the stage that holds the generator to be scored."""
        if self.part.snapshots:
            self._trajectory(short_name(self._base_spec), None)
        found = {}
        for method in self.part.methods:
            name = short_name(method)
            found[name] = self._followed(name, method, self._aligned(name, method))
        for method in self.part.methods:
            if short_name(method) in self.part.rerate:
                name = short_name(method) + RERATED
                found[name] = self._followed(name, method, self._rerated(name, method))
        return found

    @property
    def _base_spec(self) -> Component:
        return self.base.config["spec"]  # type: ignore[no-any-return]

    def _aligned(self, name: str, method: Component) -> Stage:
        reward = self.shuffled if takes_shuffled(method) else self.of.judges["R"]
        assert reward is not None
        needs = {"base": self.base, "reward": reward}
        stage = self._align(f"align {name}", method, needs, self.part.steps, self.part.snapshots)
        self.of.graph.spent[(name, self.of.seed)] = [stage]
        return stage

    def _align(
        self,
        called: str,
        method: Component,
        needs: Mapping[str, Stage],
        steps: int,
        snapshots: int,
        **more: Any,
    ) -> Stage:
        budget: dict[str, Any] = {
            "steps": steps,
            "batch_size": self.part.batch_size,
            "learning_rate": self.part.learning_rate,
        }
        config = {
            **self.base.config,
            "method": method,
            "method_code": code_of("aligners", method),
            "loader": parse_spec(without_alias(self._base_spec)).name,
            "budget": {**budget, "snapshots": snapshots} if snapshots else budget,
            **more,
        }
        return self.of.stage(called, "._work_generate:align", config, needs)

    def _rerated(self, name: str, method: Component) -> Stage:
        """Half of the steps; its images rated by R's raters, R fitted on both; the other half by the new R."""
        half, kept = self.part.steps // 2, self.part.snapshots // 2
        reward = self.of.judges["R"]
        first = self._align(
            f"align {name}, first half", method, {"base": self.base, "reward": reward}, half, kept
        )
        rated = self._rated("R", f"ratings {AGAIN}", f"rate {name} for {AGAIN}", name, first)
        both = {
            "images": reward.needs["images"],
            "ratings": reward.needs["ratings"],
            **{f"{need}-again": stage for need, stage in rated.items()},
        }
        again = self._judge(f"judge R of {name}", "R", self.part.reward, both)
        rest, needs = self.part.steps - half, {"base": first, "reward": again}
        stage = self._align(
            f"align {name}", method, needs, rest, self.part.snapshots - kept, done=half, title=name
        )
        self.of.graph.spent[(name, self.of.seed)] = [first, *rated.values(), again, stage]
        return stage

    def _followed(self, name: str, method: Component, aligned: Stage) -> Stage:
        """Add what happens along the alignment and where E stops it; return the stage with the generator."""
        self.of.graph.cards[(name, self.of.seed)] = aligned
        if not self.part.snapshots:
            return aligned
        trajectory = self._trajectory(name, aligned)
        if not self.part.stop_early or kind_of(method) in TO_THE_END:
            return aligned
        at_base = self.of.graph.trajectories[(short_name(self._base_spec), self.of.seed)]
        needs = {"base": self.base, "align": aligned, "trajectory": trajectory, "trajectory-base": at_base}
        config = {**aligned.config, "title": name}
        stage = self.of.stage(f"stop {name}", "._work_trajectory:stop", config, needs)
        self.of.graph.cards[(name, self.of.seed)] = stage
        self.of.graph.stops[(name, self.of.seed)] = stage
        return stage

    def _trajectory(self, name: str, aligned: Stage | None) -> Stage:
        recipe, graph = self.of.recipe, self.of.graph
        assert graph.copies is not None
        config = {
            **self.base.config,
            "loader": parse_spec(without_alias(self._base_spec)).name,
            "generator": name,
            "n": self.part.trajectory_images,
            "batch_size": recipe.batch_size,
            "extractors": {short_name(part): part for part in recipe.extractors},
            "extractor": recipe.compared()[0],
            "experts": self.experts(),
            "copies": dict(graph.copies.config),
            "judges": RewardModel.version,
        }
        needs = {
            "base": self.base,
            **({"align": aligned} if aligned else {}),
            "copies": graph.copies,
            **{f"features-{key}": stage for key, stage in self.of.features.items()},
            **{f"judge-{role}": stage for role, stage in self.of.judges.items()},
            **self.panels("H"),
        }
        stage = self.of.stage(f"trajectory {name}", "._work_trajectory:trajectory", config, needs)
        graph.trajectories[(name, self.of.seed)] = stage
        return stage

    def after(self) -> None:
        """Add R's card on images of the base, rated anew, and on those of every method, once there are snapshots."""
        if not self.part.snapshots:
            return
        for name, fitted in {short_name(self._base_spec): self.base, **self._chosen()}.items():
            rated = self._rated("R", "ratings R after", f"rate {name} for R after", name, fitted)
            config = {"columns": self.of.columns, "code": RewardModel.version}
            needs = {**rated, "judge": self.of.judges["R"]}
            self.of.graph.afters[(name, self.of.seed)] = self.of.stage(
                f"card R after {name}", "._work_feedback:card_after", config, needs
            )

    def _chosen(self) -> dict[str, Stage]:
        return {name: self.of.fits[name] for name in self.part.names()}


def kind_of(method: Component) -> str:
    """The registered name of a method."""
    return parse_spec(without_alias(method)).name


def takes_shuffled(method: Component) -> bool:
    """True for the control whose reward is fitted on shuffled verdicts."""
    return kind_of(method) == "shuffled"
