"""From the tables of a TOML file to a `ModelCard`, field by field.

Strict, since a card decides what is loaded and sent: an unknown field is an error too. Each error is a ConfigError
whose one sentence names the file and the field.
"""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from attrs import evolve, fields

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.tactics.cards import Architecture, Figure, ModelCard, Precision
from lean_sidekick.tactics.prompts.registry import ADAPTERS

_E = TypeVar("_E", bound=Enum)
_FIELDS = (
    *("adapter", "architecture", "hub", "folder", "revision", "licence", "parameters", "download_mb", "precision"),
    *("context_tokens", "decoding", "figures", "note"),
)
_MAX_TOKENS = 1_048_576


def read_card(raw: Mapping[str, object], path: Path) -> ModelCard:
    """The card in the tables of a file; its name is the file's. Raises ConfigError."""
    table = _Table(raw, path, "")
    table.only(_FIELDS)
    architecture = table.choice("architecture", Architecture)
    adapter = table.text("adapter", None if architecture.writes else "")
    if architecture.writes and adapter not in ADAPTERS:
        raise table.error("adapter", f"must be one of {', '.join(ADAPTERS)}, not {adapter!r}")
    hub, folder = table.text("hub", ""), table.text("folder", "")
    if bool(hub) == bool(folder):
        raise table.error("hub", "or `folder` must say where the model is, and not both")
    if hub and hub.count("/") != 1:
        raise table.error("hub", f"must be a name such as owner/model, not {hub!r}")
    default = ADAPTERS[adapter].traits if architecture.writes else None
    return ModelCard(
        name=path.stem,
        adapter=adapter,
        architecture=architecture,
        hub=hub,
        folder=(path.parent / Path(folder).expanduser()) if folder else None,
        revision=table.text("revision", "main"),
        licence=table.text("licence"),
        parameters=table.whole("parameters", 0, 10**13, 0),
        download_mb=table.whole("download_mb", 0, 10**7, 0),
        precision=table.choice("precision", Precision),
        context_tokens=table.whole("context_tokens", 1, _MAX_TOKENS, default.context_tokens if default else 512),
        decoding=_decoding(table, default.decoding if default else None),
        figures=tuple(_figure(figure) for figure in table.tables("figures")),
        note=table.text("note", ""),
        path=path,
    )


def _decoding(card: "_Table", default: Decoding | None) -> Decoding | None:
    """How the card says to decode, on top of what the adapter does; None if it says nothing."""
    table = card.table("decoding")
    if table is None:
        return None
    if default is None:
        raise card.error("decoding", "has no meaning for a model that writes nothing")
    table.only([field.name for field in fields(Decoding)])
    return evolve(
        default,
        strategy=table.choice("strategy", Strategy, default.strategy),
        candidate_count=table.whole("candidate_count", 1, 1_024, default.candidate_count),
        max_new_tokens=table.whole("max_new_tokens", 1, _MAX_TOKENS, default.max_new_tokens),
        temperatures=table.numbers("temperatures", 0.01, 10, default.temperatures),
        top_k=table.whole("top_k", 0, _MAX_TOKENS, default.top_k),
        top_p=table.number("top_p", 0.01, 1, default.top_p),
        repetition_penalty=table.number("repetition_penalty", 0.1, 10, default.repetition_penalty),
        length_penalty=table.number("length_penalty", -10, 10, default.length_penalty),
        seed=table.whole("seed", 0, 2**31 - 1, default.seed),
    )


def _figure(table: "_Table") -> Figure:
    table.only(["benchmark", "value", "budget", "source"])
    return Figure(
        benchmark=table.text("benchmark"),
        value=table.number("value", 0, 100, None),
        budget=table.text("budget"),
        source=table.text("source"),
    )


class _Table:
    """One table of a card; `prefix` is what stands before its fields' names in messages."""

    def __init__(self, raw: Mapping[str, object], path: Path, prefix: str) -> None:
        self._raw = raw
        self._path = path
        self._prefix = prefix

    def error(self, name: str, problem: str) -> ConfigError:
        return ConfigError(f"The model card {self._path} cannot be used: `{self._prefix}{name}` {problem}.")

    def only(self, names: tuple[str, ...] | list[str]) -> None:
        for name in self._raw:
            if name not in names:
                raise self.error(name, f"is no field of a card; there are {', '.join(names)}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str) or (default is None and not value.strip()) or "\0" in value:
            raise self.error(name, f"must be a text, not {value!r:.60}")
        return value

    def whole(self, name: str, least: int, most: int, default: int) -> int:
        value = self._raw.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.error(name, f"must be a whole number from {least} to {most}, not {value!r:.60}")
        return value

    def number(self, name: str, least: float, most: float, default: float | None) -> float:
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.error(name, f"must be a number from {least:g} to {most:g}, not {value!r:.60}")
        return float(value)

    def numbers(self, name: str, least: float, most: float, default: tuple[float, ...]) -> tuple[float, ...]:
        value = self._raw.get(name, list(default))
        if not isinstance(value, list) or not value:
            raise self.error(name, f"must be a list of numbers, not {value!r:.60}")
        items = {f"{name}[{place}]": item for place, item in enumerate(value)}
        table = _Table(items, self._path, self._prefix)
        return tuple(table.number(item, least, most, None) for item in items)

    def choice(self, name: str, kind: type[_E], default: _E | None = None) -> _E:
        value = self._value(name, default)
        if isinstance(value, kind):
            return value
        known = {member.value: member for member in kind}
        if not isinstance(value, str) or value not in known:
            raise self.error(name, f"must be one of {', '.join(known)}, not {value!r:.60}")
        return known[value]

    def table(self, name: str) -> "_Table | None":
        value = self._raw.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(name, "must be a table")
        return _Table(value, self._path, f"{self._prefix}{name}.")

    def tables(self, name: str) -> "list[_Table]":
        value = self._raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(name, "must be a list of tables")
        return [_Table(item, self._path, f"{self._prefix}{name}[{place}].") for place, item in enumerate(value)]

    def _value(self, name: str, default: object) -> object:
        value = self._raw.get(name, default)
        if value is None:
            raise self.error(name, "is missing")
        return value
