"""Options: what a client, a file or the environment says, before anything is decided.

Names are those of the wire (`suggest.delayMs`), nested as objects or tables. Reading never fails: an unknown name
or a wrong value gives one sentence and is left out, so that the next source or the default holds. No I/O.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from lean_sidekick.settings.settings import SettingKind, SettingRow, Settings, SettingValue, setting_rows

SECTION = "leanSidekick"
TRUSTED_PROJECTS = "trustedProjects"
# Settings of the VS Code extension itself, which reach us when a client sends its whole section.
_CLIENT_ONLY = ("server.", "trace.")
_MAX_DEPTH = 3


@frozen(kw_only=True)
class Options:
    """What one source says and may say; `source` is what messages call it."""

    source: str
    _said: Mapping[str, Any] = field(factory=dict)

    def over(self, settings: Settings) -> Settings:
        """The settings with what this source says in place of what they hold."""
        return evolve(settings, **self._said)

    def says(self, field_name: str) -> bool:
        """Whether this source says something for a field of `Settings`."""
        return field_name in self._said

    def without_defaults(self) -> "Options":
        """These options without those that only repeat a default."""
        defaults = {row.field_name: row.default for row in setting_rows()}
        said = {name: value for name, value in self._said.items() if value != defaults[name]}
        return evolve(self, said=said)


def parse_options(
    raw: object, source: str, *, may_set_guarded: bool = True, known_extra: frozenset[str] = frozenset()
) -> tuple[Options, tuple[str, ...]]:
    """Reads what one source says, with one sentence for each thing that cannot be used.

    `may_set_guarded` is false for the file of a project that nobody trusts; `known_extra` are names that the caller
    reads by itself. None says nothing.
    """
    if raw is None:
        return Options(source=source), ()
    if not isinstance(raw, Mapping):
        return Options(source=source), (f"The settings in {source} are ignored: they must be a table of names.",)
    if len(raw) == 1 and isinstance(section := raw.get(SECTION), Mapping):
        raw = section
    rows = {row.wire_name: row for row in setting_rows()}
    said: dict[str, SettingValue] = {}
    warnings: list[str] = []
    unknown: list[str] = []
    for name, value in _flatten(raw):
        row = rows.get(name)
        if row is None:
            if name not in known_extra and not name.startswith(_CLIENT_ONLY):
                unknown.append(name)
        elif row.is_guarded and not may_set_guarded:
            warnings.append(
                f"{name} in {source} is ignored: a project may not choose what runs on your machine or what leaves it; "
                f"set it yourself, or add the project's folder to {TRUSTED_PROJECTS} in your own settings file."
            )
        elif (read := _read(row, value)) is None:
            warnings.append(f"{name} in {source} is ignored: it must be {expected(row)}, not {_show(value)}.")
        else:
            said[row.field_name] = read
    if unknown:
        warnings.append(_unknown_names(unknown, source, list(rows)))
    return Options(source=source, said=said), tuple(warnings)


def expected(row: SettingRow) -> str:
    """What a value of this setting must be, in words."""
    match row.kind:
        case SettingKind.BOOLEAN:
            return "true or false"
        case SettingKind.STRING if row.choices:
            return " or ".join(f"`{choice}`" for choice in row.choices)
        case SettingKind.STRING:
            return "a text"
        case SettingKind.STRINGS:
            without = f" without {', '.join(row.forbidden)}" if row.forbidden else ""
            return f"a list of texts{without}"
        case SettingKind.INTEGER:
            return f"a whole number from {row.minimum:.0f} to {row.maximum:.0f}"
        case SettingKind.NUMBER:
            return f"a number from {row.minimum:g} to {row.maximum:g}"


def _flatten(raw: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The leaves of nested tables with their dotted names; tables nested deeper than any name are leaves."""
    for key, value in raw.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name.count(".") < _MAX_DEPTH:
            yield from _flatten(value, f"{name}.")
        else:
            yield name, value


def _read(row: SettingRow, value: object) -> SettingValue | None:
    """The value if this setting can have it, else None."""
    match row.kind:
        case SettingKind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case SettingKind.STRING:
            return value if isinstance(value, str) and _is_allowed(row, value) else None
        case SettingKind.STRINGS:
            return _read_texts(row, value)
        case SettingKind.INTEGER | SettingKind.NUMBER:
            return _read_number(row, value)


def _is_allowed(row: SettingRow, text: str) -> bool:
    return text in row.choices if row.choices else "\0" not in text


def _read_texts(row: SettingRow, value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        return None
    return None if set(row.forbidden) & set(value) else tuple(value)


def _read_number(row: SettingRow, value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not row.minimum <= value <= row.maximum:  # NaN fails this too
        return None
    if row.kind is SettingKind.NUMBER:
        return float(value)
    # JSON has one kind of number: a client may send 2.0 for 2.
    return int(value) if value == int(value) else None


def _show(value: object) -> str:
    try:
        return _cut(json.dumps(value, ensure_ascii=False, default=str), 40)
    except (ValueError, RecursionError):  # thousands of digits, or nested thousands deep
        return "that"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _unknown_names(unknown: list[str], source: str, known: list[str]) -> str:
    from difflib import get_close_matches  # only needed to help with a mistake

    shown = []
    for name in [_cut(name, 60) for name in unknown[:5]]:
        close = get_close_matches(name, known, n=1)
        shown.append(f"{name} (did you mean {close[0]}?)" if close else name)
    more = f" and {len(unknown) - len(shown)} more" if len(unknown) > len(shown) else ""
    are = "is" if len(unknown) == 1 else "are"
    return f"{', '.join(shown)}{more} in {source} {are} ignored: there is no such setting."
