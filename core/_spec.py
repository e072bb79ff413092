"""The short form of a component: ``name[:argument][@revision][?key=value&...]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

import yaml

from ._errors import UserError


@dataclass(frozen=True)
class Spec:
    """A component's name and what its factory is called with."""

    name: str
    argument: str | None = None
    revision: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """Keyword arguments of the factory: the options, and ``argument`` / ``revision`` where they were given."""
        given = {"argument": self.argument, "revision": self.revision}
        return {**{key: value for key, value in given.items() if value is not None}, **self.options}

    def __str__(self) -> str:
        text = self.name + (f":{self.argument}" if self.argument is not None else "")
        text += f"@{self.revision}" if self.revision is not None else ""
        pairs = "&".join(f"{key}={_text(value)}" for key, value in self.options.items())
        return text + (f"?{pairs}" if pairs else "")


def parse_spec(spec: str | Mapping[str, Any] | Spec) -> Spec:
    """Read a component from its short form, or from a mapping with a ``name`` and options.

    Values of options are read as YAML (``n=3`` is an int, ``size=[32, 64]`` a list). An ``@`` belongs to the
    revision only in the last part of the argument, so that paths with ``@`` in a folder's name stay whole.

    >>> parse_spec("timm:resnet18@v1?size=64")
    Spec(name='timm', argument='resnet18', revision='v1', options={'size': 64})
    >>> parse_spec({"name": "blur", "sigma": 2})
    Spec(name='blur', argument=None, revision=None, options={'sigma': 2})
    """
    if isinstance(spec, Spec):
        return spec
    if isinstance(spec, Mapping):
        return _from_mapping(spec)
    head, _, query = spec.partition("?")
    name, colon, rest = head.partition(":")
    argument, revision = (rest if colon else None), None
    if not colon:
        name, at, tail = name.partition("@")
        revision = tail if at else None
    elif "@" in rest.replace("\\", "/").rpartition("/")[2]:
        argument, _, revision = rest.rpartition("@")
    if not name.strip():
        raise UserError("a component needs a name", where=repr(spec), remedy="write name:argument?key=value")
    return Spec(name.strip(), argument or None, revision or None, _options(query, spec))


def _from_mapping(spec: Mapping[str, Any]) -> Spec:
    options = dict(spec)
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise UserError("a component needs a 'name'", where=repr(dict(spec)))
    short = parse_spec(name)
    return Spec(
        short.name,
        options.pop("argument", short.argument),
        options.pop("revision", short.revision),
        {**short.options, **options},
    )


def _options(query: str, spec: str) -> dict[str, Any]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
        return {key: read_value(value) for key, value in pairs}
    except (ValueError, yaml.YAMLError) as error:
        raise UserError(
            "the options after '?' cannot be read", where=repr(spec), remedy="write ?key=value&key2=value2"
        ) from error


def read_value(text: str) -> Any:
    """Read one value as YAML; ``1e-3`` is a number here, which YAML 1.1 takes for text.

    >>> read_value("1e-3"), read_value("[1, 2]"), read_value("")
    (0.001, [1, 2], None)
    """
    value = yaml.safe_load(text) if text else None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return value


_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def _text(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip().removesuffix("...").strip()
    return quote(text, safe="[]{}, :/.'\"-")
