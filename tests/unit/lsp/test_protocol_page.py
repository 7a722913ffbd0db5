"""Our own messages: docs/protocol.md says of each what the types say, and reading them is strict."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest

import lean_sidekick
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.lsp.messages import (
    OWN_MESSAGES,
    CompleteProofStatus,
    OwnMessage,
    WirePosition,
    read_complete_proof,
)
from lean_sidekick.lsp.methods import COMMANDS
from lean_sidekick.lsp.panel_messages import PANEL_MESSAGES
from lean_sidekick.lsp.premise_messages import PREMISE_MESSAGES, FindPremisesParams, read_premise_params

ALL_MESSAGES = (*OWN_MESSAGES, *PREMISE_MESSAGES, *PANEL_MESSAGES)
PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """The text under the heading of a message."""
    match = re.search(rf"^### `{re.escape(name)}`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"docs/protocol.md has no section on {name}"
    return match[1]


def table_after(text: str, mark: str) -> dict[str, str]:
    """The rows of the first table after a mark: field to type."""
    table = text[text.index(mark) :].split("| --- | --- | --- |\n")[1].split("\n\n")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:3] for line in table.strip().splitlines()]
    return {field.strip(" `"): type_.strip().replace("\\|", "|") for field, type_ in rows}


def wire_type(hint: Any) -> str:
    """How the page writes a type."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " | ".join(f'`"{member.value}"`' for member in hint)
    if get_origin(hint) is tuple:
        return f"array of {wire_type(get_args(hint)[0])}"
    if attrs.has(hint) and hint is not WirePosition:
        return f"`{hint.__name__}`"
    if parts := get_args(hint):
        return " | ".join(wire_type(part) for part in parts)
    names = {str: "string", int: "integer", bool: "boolean", type(None): "null", WirePosition: "`Position`"}
    return names[hint]


def fields_of(values: type) -> dict[str, str]:
    hints = get_type_hints(values)
    return {field.name: wire_type(hints[field.name]) for field in attrs.fields(values)}


def types_in(values: type) -> Iterator[type]:
    """A type that travels, and those of its parts that have a table of their own."""
    yield values
    for hint in get_type_hints(values).values():
        for part in (hint, *get_args(hint)):
            if attrs.has(part) and part is not WirePosition:
                yield from types_in(part)


@pytest.mark.parametrize("message", ALL_MESSAGES, ids=lambda message: message.name)
def test_the_page_says_what_the_types_say(message: OwnMessage) -> None:
    text = section(message.name)
    for whole in (message.params, message.result):
        for values in types_in(whole) if whole is not None else ():
            where = text if f", `{values.__name__}`:" in text else PAGE
            assert table_after(where, f", `{values.__name__}`:") == fields_of(values)


def test_the_page_has_our_messages_and_no_others() -> None:
    headings = re.findall(r"^### `(.*)`$", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(message.name for message in ALL_MESSAGES)
    assert {message.name for message in ALL_MESSAGES} >= set(COMMANDS)


def test_the_changes_reach_to_this_version() -> None:
    versions = re.findall(r"^\| (\d+\.\d+\.\d+) \|", PAGE, re.MULTILINE)
    assert versions[0] == lean_sidekick.__version__


def test_every_end_of_a_proof_can_be_answered() -> None:
    """A new status of the engine needs one here, or the command fails after a long search."""
    assert {status.value for status in CompleteProofStatus} == {s.value for s in ProofStatus} | {"cancelled"}


def test_good_arguments_are_read() -> None:
    argument = {"uri": "file:///A.lean", "version": 3, "position": {"line": 0, "character": 2}, "more": 1}
    read = read_complete_proof([argument])
    assert (read.uri, read.version, read.position) == ("file:///A.lean", 3, WirePosition(line=0, character=2))


@pytest.mark.parametrize("wrong", ["3", 3.0, True, None])
def test_nothing_is_turned_into_a_number(wrong: Any) -> None:
    with pytest.raises(InputError):
        read_complete_proof([{"uri": "u", "version": wrong, "position": {"line": 0, "character": 0}}])
    with pytest.raises(InputError):
        read_complete_proof([{"uri": "u", "version": 1, "position": {"line": wrong, "character": 0}}])


@pytest.mark.parametrize("count", [0, 201, True, "3", None])
def test_a_count_is_a_whole_number_within_bounds(count: Any) -> None:
    argument = {"uri": "u", "version": 1, "position": {"line": 0, "character": 0}, "count": count}
    with pytest.raises(InputError, match="with a count from 1 to 200"):
        read_premise_params(FindPremisesParams, [argument])
    assert read_premise_params(FindPremisesParams, [{**argument, "count": 200}]).count == 200
