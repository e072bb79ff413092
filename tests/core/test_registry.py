from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint

import pytest

from synmedbench.core import Registry, UserError, registry
from synmedbench.core import _registry as module


def blur(argument: float = 1.0, *, strength: int = 1) -> tuple[float, int]:
    """A blur for tests."""
    return argument, strength


def needy(*, path: str) -> str:
    """Needs a path."""
    return path


@pytest.fixture
def points(monkeypatch):
    here = __name__
    listed = [
        EntryPoint("blur", f"{here}:blur", "synmedbench.generators"),
        EntryPoint("needy", f"{here}:needy", "synmedbench.generators"),
        EntryPoint("broken", "no_such_module_at_all:X", "synmedbench.generators"),
        EntryPoint("twice", f"{here}:blur", "synmedbench.generators"),
        EntryPoint("twice", f"{here}:needy", "synmedbench.generators"),
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: [p for p in listed if p.group == group])
    monkeypatch.setitem(__import__("sys").modules, here, __import__("sys").modules[__name__])


def test_builds_from_the_short_form(points):
    assert Registry("generators").build("blur:2?strength=3") == ("2", 3)
    assert Registry("generators").build({"name": "blur", "argument": 0.5}) == (0.5, 1)


def test_an_unknown_name_says_what_was_probably_meant(points):
    with pytest.raises(UserError, match="did you mean 'blur'"):
        Registry("generators").build("blurr")


def test_unknown_and_missing_options_are_named(points):
    with pytest.raises(UserError, match=r"takes no 'strenght'.*did you mean 'strength'"):
        Registry("generators").build("blur?strenght=2")
    with pytest.raises(UserError, match=r"needs 'path'.*needy\?path=VALUE"):
        Registry("generators").build("needy")


def test_a_broken_plug_in_warns_when_listed_and_the_rest_works(points):
    with pytest.warns(UserWarning, match="'broken'"):
        rows = {name: text for name, text, _ in Registry("generators").describe()}
    assert rows["blur"] == "A blur for tests."
    assert rows["broken"].startswith("broken: ")
    with pytest.raises(UserError, match="cannot be imported"):
        Registry("generators").build("broken")


def test_a_collision_is_an_error_when_the_name_is_used(points):
    with pytest.raises(UserError, match="two packages register"):
        Registry("generators").build("twice")


def test_listing_names_imports_nothing(points):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "broken" in Registry("generators").names()


def test_an_unknown_kind_is_refused():
    with pytest.raises(UserError, match="no registry"):
        registry("generator")
