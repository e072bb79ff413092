"""What `rate` says before it serves: what raters will see, what that could show, and the links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ._admin_state import about, kinds
from ._draw import REAL
from ._rating_plan import rating_plan, rating_plan_lines

if TYPE_CHECKING:
    from ._server import Listener
    from ._study import Study

_SHOWN = 10


def rate_lines(study: Study, listener: Listener) -> list[str]:
    """Return the lines: the study, what it could show, a link for each rater, the admin's link, where answers go."""
    parts = [study_lines(study), plan_lines(study), link_lines(study, listener), end_lines(study, listener)]
    return [line for part in parts if part for line in (*part, "")][:-1]


def study_lines(study: Study) -> list[str]:
    """Return what raters will see, and how far they are."""
    state = study.state()
    lines = [f"study {study.name}: {about(study)}"]
    if state["done"]:
        lines.append(f"resumed: {state['done']} of {state['total']} ratings are done")
    if state["paused"]:
        lines.append("the study is paused: resume it on the admin's page")
    told = ", ".join(study.shown) or "nothing"
    lines.append(f"raters are told of what was requested: {told}; never which images are real")
    return [*lines, *study.told, *unknown_lines(study)]


def unknown_lines(study: Study) -> list[str]:
    """Return a warning where raters are told classes that the criteria do not know: they read no expectation."""
    if "label" not in study.shown:
        return []
    labels = {item.shown(("label",))["label"] for item in study.items}
    unknown = study.criteria.unknown_labels(labels)
    if not unknown:
        return []
    some = ", ".join(unknown[:_SHOWN]) + (f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else "")
    return [
        f"warning: the criteria {study.criteria.name} do not know {len(unknown)} of "
        f"{len(labels)} requested class{'' if len(labels) == 1 else 'es'}: "
        f"{some}; for these raters read no expectations (add them to 'expected', or to 'aliases')"
    ]


def plan_lines(study: Study) -> list[str]:
    """Return what the study could tell apart when every rater has finished."""
    if study.settings.mode == "compare":
        return compare_lines(study)
    n_real, n_synthetic = kinds(study)
    generators = len({item.origin for item in study.items} - {REAL})
    plan = rating_plan(
        images=max(1, n_synthetic // max(1, generators)),
        raters=max(1, len(study.raters)),
        overlap=study.settings.overlap,
        repeats=study.settings.repeats,
        real_share=n_real / max(1, n_real + n_synthetic),
        generators=max(1, generators),
    )
    hands = [list(study.hand(rater).tasks.values()) for rater in study.raters]
    dealt = replace(
        plan,
        real_images=n_real,
        per_rater=max((len(hand) for hand in hands), default=0),
        repeats_per_rater=max((sum(task.repeat > 0 for task in hand) for hand in hands), default=0),
    )
    return ["what it could show when all is rated:", *(f"  {line}" for line in rating_plan_lines(dealt))]


def compare_lines(study: Study) -> list[str]:
    """Return what comparisons tell; with a warning where all images have one origin, so that none can win."""
    lines = ["comparisons tell which of two is preferred, not how many are plausible"]
    origins = sorted({item.origin for item in study.items})
    if len(origins) == 1:
        lines.append(
            f"warning: all images come from {origins[0]}: the pairs can be learned from, but compare it with nothing; "
            "give sets of other generators, or --real SET"
        )
    return lines


def link_lines(study: Study, listener: Listener) -> list[str]:
    """Return each rater's link and the admin's."""
    rows = study.state()["raters"]
    width = max((len(row["rater"]) for row in rows), default=0)
    lines = ["links, one for each rater; whoever has a link answers in that name:"]
    for row in rows:
        shown = f"{listener.address}/r/{study.link_token(row['rater'])}"
        if row["link"] != "valid":
            shown = f"({row['link']}: renew it on the admin's page)"
        lines.append(f"  {row['rater']:{width}}  {shown}")
    lines += ["admin: progress, agreement, pause, export; it shows what raters must not see:"]
    return [*lines, f"  {listener.address}/admin/{study.admin_token}"]


def end_lines(study: Study, listener: Listener) -> list[str]:
    """Return where answers are kept and how to stop, after a warning where other machines could read along."""
    lines = []
    if not listener.loopback and not (listener.given or "").startswith("https:"):
        lines.append(
            f"warning: other machines can reach this server ({listener.host}), and without TLS anybody on the network "
            "can read links and answers; put a proxy with TLS in front and give its --address, or use an SSH tunnel"
        )
    until = min((row["expires"] for row in study.state()["raters"]), default="")[:10]
    holds = f"; links hold until {until}" if until else ""
    return [*lines, f"answers are kept in {study.store.place}{holds}; stop with Ctrl-C"]
