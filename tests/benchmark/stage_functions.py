"""Stage functions for the engine's tests; spawned workers import them by name."""

from __future__ import annotations

import json
import os

from synmedbench.benchmark._stage import Work
from synmedbench.core import UserError


def add(work: Work) -> None:
    total = work.config["n"] + sum(json.loads((p / "n.json").read_text()) for p in work.inputs.values())
    (work.out / "n.json").write_text(json.dumps(total))


def fail(work: Work) -> None:
    raise UserError("the label 'x' is missing", where="row 3")


def crash(work: Work) -> None:
    raise ZeroDivisionError("no")


def die(work: Work) -> None:
    os._exit(9)


def count_calls(work: Work) -> None:
    with open(work.config["log"], "a") as log:
        log.write("called\n")
    (work.scratch / "note").write_text("half way")
