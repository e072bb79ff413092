"""One lazy registry for everything that can be plugged in."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ._errors import UserError, did_you_mean
from ._keys import content_key
from ._spec import Spec, parse_spec

KINDS = ("imagesets", "generators", "aligners", "extractors", "metrics", "classifiers")


class Registry:
    """The components of one kind, found through the entry points ``synmedbench.<kind>``.

    Nothing is imported until a component is asked for; a plug-in that cannot be imported warns when it is listed
    and fails with one clear line when it is used; two plug-ins with one name are an error when that name is used.

    Example
    -------
    >>> Registry("generators").build("blur:2")  # doctest: +SKIP
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def _points(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=f"synmedbench.{self.kind}"):
            same = found.setdefault(point.name, [])
            if point.value not in {other.value for other in same}:
                same.append(point)
        return dict(sorted(found.items()))

    def names(self) -> list[str]:
        """All registered names, in order, without importing any of them."""
        return list(self._points())

    def _point(self, name: str) -> EntryPoint:
        points = self._points()
        if name not in points:
            raise UserError(f"no {self.kind[:-1]} is called {name!r}", remedy=did_you_mean(name, points))
        if len(points[name]) > 1:
            owners = ", ".join(sorted(_owner(point) for point in points[name]))
            raise UserError(
                f"two packages register the {self.kind[:-1]} {name!r}: {owners}",
                remedy="uninstall one of them",
            )
        return points[name][0]

    def load(self, name: str) -> Any:
        """Import and return the factory that is registered under ``name``."""
        point = self._point(name)
        try:
            return point.load()
        except Exception as error:
            raise UserError(
                f"the {self.kind[:-1]} {name!r} of {_owner(point)} cannot be imported: {error}",
                remedy=f"reinstall or remove {_owner(point)}",
            ) from error

    def build(self, spec: str | Mapping[str, Any] | Spec, **extra: Any) -> Any:
        """Call the factory that ``spec`` names with its options (and ``extra``); faults in them are told by name."""
        parsed = parse_spec(spec)
        factory = self.load(parsed.name)
        config = {**extra, **parsed.config()}
        self._check(parsed.name, factory, config)
        try:
            return factory(**config)
        except UserError:
            raise
        except (TypeError, ValueError) as error:
            raise UserError(f"the {self.kind[:-1]} {str(parsed)!r} cannot be made: {error}") from error

    def _check(self, name: str, factory: Any, config: Mapping[str, Any]) -> None:
        try:
            parameters = inspect.signature(factory).parameters
        except (TypeError, ValueError):
            return
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        unknown = [] if open_ended else [key for key in config if key not in parameters]
        if unknown:
            hint = did_you_mean(unknown[0], parameters)
            raise UserError(f"the {self.kind[:-1]} {name!r} takes no {unknown[0]!r}", remedy=hint)
        missing = [
            key
            for key, p in parameters.items()
            if p.default is p.empty
            and p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
            and key not in config
        ]
        if missing:
            example = f"{name}:VALUE" if missing[0] == "argument" else f"{name}?{missing[0]}=VALUE"
            raise UserError(f"the {self.kind[:-1]} {name!r} needs {missing[0]!r}", remedy=f"write {example}")

    def version(self, spec: str | Mapping[str, Any] | Spec) -> str:
        """What the component's code is, for keys: the distribution's version, and for plug-ins its source's hash."""
        name = parse_spec(spec).name
        point = self._point(name)
        if point.value.startswith("synmedbench."):
            return str(getattr(self.load(name), "version", 1))
        version = point.dist.version if point.dist else "0"
        self.load(name)
        return f"{_owner(point)} {version} {_source_key(point.value.partition(':')[0])}"

    def describe(self) -> list[tuple[str, str, str]]:
        """Name, first line of documentation and owner of each component; a broken one warns and says so."""
        rows = []
        for name, points in self._points().items():
            owner = " and ".join(sorted({_owner(point) for point in points}))
            try:
                text = (inspect.getdoc(self.load(name)) or "").partition("\n")[0]
            except UserError as error:
                warnings.warn(str(error), stacklevel=2)
                text = f"broken: {error.what}"
            rows.append((name, text, owner))
        return rows


def registry(kind: str) -> Registry:
    """Return the registry of a kind (``generators``, ``metrics``, ...)."""
    if kind not in KINDS:
        raise UserError(f"no registry of {kind!r}", remedy=did_you_mean(kind, KINDS))
    return Registry(kind)


def _source_key(module: str) -> str:
    """The content key of every Python file of a module's top-level package (or of the module, where it has none)."""
    top = sys.modules[module.partition(".")[0]]
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = [(path, path.relative_to(folder)) for folder in folders for path in sorted(folder.rglob("*.py"))]
    if not folders and top.__file__:
        files = [(Path(top.__file__), Path(top.__file__).name)]  # type: ignore[list-item]
    return content_key([[str(name), path.read_bytes()] for path, name in files])


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value.partition(":")[0]


def build_all(kind: str, specs: Iterable[str | Mapping[str, Any]], **extra: Any) -> list[Any]:
    """Build several components of one kind, in the order given."""
    return [registry(kind).build(spec, **extra) for spec in specs]
