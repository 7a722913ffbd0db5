"""Benchmark items: theorems to prove, read from JSON lines.

Two shapes are read: `name` and `statement` (a header that ends in `:= by`), and miniF2F's `header` and
`formal_statement`. Only these fields are kept, so that nothing else of an item, a reference proof above all, can
reach the prover.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import InputError


@frozen(kw_only=True)
class Item:
    """A theorem to prove; `text` is a Lean file that ends in `:= by`."""

    name: str
    text: str


def read_items(path: Path) -> tuple[Item, ...]:
    """The items of a file, in order. Raises InputError that names the file and the line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    items = [_read(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not items:
        raise InputError(f"{path} holds no item.")
    seen: set[str] = set()
    for item in items:
        if item.name in seen:
            raise InputError(f"{path}: the name {item.name} occurs twice.")
        seen.add(item.name)
    return tuple(items)


def _read(line: str, place: str) -> Item:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise InputError(f"{place}: not JSON ({error}).") from None
    if not isinstance(fields, Mapping) or not isinstance(fields.get("name"), str):
        raise InputError(f"{place}: an item is an object with a `name`.")
    statement = fields.get("statement", fields.get("formal_statement"))
    if not isinstance(statement, str) or not statement.strip():
        raise InputError(f"{place}: the item has no `statement` and no `formal_statement`.")
    statement = statement.rstrip().removesuffix("sorry").rstrip()
    if not statement.endswith("by"):
        raise InputError(f"{place}: the statement does not end in `:= by`.")
    header = fields.get("header") or ""
    if not isinstance(header, str):
        raise InputError(f"{place}: `header` is no text.")
    start = header.rstrip() + "\n\n" if header.strip() else ""
    return Item(name=fields["name"], text=f"{start}{statement}\n")
