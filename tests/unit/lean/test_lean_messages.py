"""Lean's messages: every wording in its old and its new form."""

from typing import Any

import pytest

from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.core.positions import Position, Range
from lean_sidekick.lean import diagnostics as said
from lean_sidekick.lean.diagnostics import Diagnostic, Severity


def message(text: str, severity: Severity = Severity.ERROR, tags: tuple[int, ...] = ()) -> Diagnostic:
    return Diagnostic(range=Range(Position(0, 0), Position(0, 1)), severity=severity, message=text, lean_tags=tags)


def place(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def on_the_wire(**more: Any) -> dict[str, Any]:
    return {"range": {"start": place(1, 2), "end": place(1, 4)}, "severity": 2, "message": "m"} | more


def test_the_whole_range_is_taken_where_lean_gives_it() -> None:
    full = {"start": place(1, 2), "end": place(5, 0)}
    assert said.parse_diagnostic(on_the_wire(fullRange=full)).range == Range(Position(1, 2), Position(5, 0))
    assert said.parse_diagnostic(on_the_wire()).range == Range(Position(1, 2), Position(1, 4))


def test_a_diagnostic_without_severity_counts_as_an_error() -> None:
    """Guards the direction of the guess: it must not be able to hide an error."""
    data = on_the_wire()
    del data["severity"]
    assert said.parse_diagnostic(data).is_error


@pytest.mark.parametrize(
    "broken",
    [
        {"message": "m"},
        {"range": {"start": place(0, 0)}, "message": "m"},
        {"range": {"start": place(0, 0), "end": place(0, 0)}},
        on_the_wire(severity=9),
        on_the_wire(range=[1, 2]),
        on_the_wire(fullRange={"start": {"line": "x", "character": 0}, "end": place(0, 0)}),
    ],
)
def test_a_diagnostic_that_cannot_be_read_is_no_diagnostic(broken: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        said.parse_diagnostic(broken)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("unsolved goals\n⊢ 1 = 2", ["1 = 2"]),
        ("unsolved goals\ncase left\np q : Prop\n⊢ p\n\ncase right\np q : Prop\n⊢ q", ["p", "q"]),
        ("unsolved goals\ncase a\n⊢ p\n\nNote: something to know", ["p"]),
    ],
)
def test_unsolved_goals_are_read(text: str, targets: list[str]) -> None:
    assert said.is_unsolved_goals(message(text))
    assert [goal.target for goal in said.unsolved_goals(message(text))] == targets


def test_unsolved_goals_of_unknown_shape_are_still_goals() -> None:
    """An empty list would read as "no goals left"."""
    assert len(said.unsolved_goals(message("unsolved goals\nsomething new"))) == 1
    assert len(said.unsolved_goals(message("Offene Ziele", tags=(said.TAG_UNSOLVED_GOALS,)))) == 1


def test_other_messages_have_no_unsolved_goals() -> None:
    assert said.unsolved_goals(message("type mismatch")) == ()
    assert not said.is_unsolved_goals(message("unsolved goals\n⊢ p", Severity.INFORMATION))


@pytest.mark.parametrize(
    ("predicate", "text"),
    [
        (said.is_sorry_warning, "declaration uses 'sorry'"),
        (said.is_sorry_warning, "declaration uses `sorry`"),
        (
            said.is_heartbeat_timeout,
            "(deterministic) timeout at 'whnf', maximum number of heartbeats (50000) has been reached "
            "(use 'set_option maxHeartbeats <num>' to set the limit)",
        ),
        (
            said.is_heartbeat_timeout,
            "(deterministic) timeout at `elaborator`, maximum number of heartbeats (200000) has been reached\n\n"
            "Note: Use `set_option maxHeartbeats <num>` to set the limit.",
        ),
        (
            said.is_recursion_limit,
            "maximum recursion depth has been reached (use `set_option maxRecDepth <num>` to increase limit)",
        ),
        (
            said.is_memory_limit,
            "excessive memory consumption detected at 'replace' "
            "(potential solution: increase memory consumption threshold)",
        ),
        (said.is_not_implemented, "elaboration function for 'Lean.Parser.Tactic.foo' has not been implemented\n  foo"),
        (said.is_not_implemented, "tactic 'Lean.Parser.Tactic.foo' has not been implemented"),
        (said.is_not_implemented, "Tactic `foo` has not been implemented"),
        (said.is_unknown_name, "unknown identifier 'foo'"),
        (said.is_unknown_name, "Unknown constant `foo`"),
        (said.imports_must_be_rebuilt, 'Imports are out of date and must be rebuilt; use the "Restart File" command'),
        (said.imports_should_be_rebuilt, 'Imports are out of date and should be rebuilt; use the "Restart File"'),
        (said.is_imports_out_of_date, "Imports are out of date and should be rebuilt; use"),
        (said.is_imports_out_of_date, "Imports are out of date and must be rebuilt; use"),
    ],
)
def test_wordings_old_and_new(predicate: Any, text: str) -> None:
    assert predicate(message(text))
    assert not predicate(message("type mismatch\n  h\nhas type\n  p : Prop"))


def test_a_recursion_limit_is_no_heartbeat_timeout() -> None:
    text = "maximum recursion depth has been reached (use `set_option maxRecDepth <num>` to increase limit)"
    assert not said.is_heartbeat_timeout(message(text))


def test_goals_accomplished_is_known_by_its_tag() -> None:
    assert said.is_goals_accomplished(message("Goals accomplished!", Severity.INFORMATION, (2,)))
    assert not said.is_goals_accomplished(message("Goals accomplished!", Severity.INFORMATION))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("unknown package 'No'\nYou might need to open '/p' as a workspace in your editor", "No"),
        ("unknown module prefix 'No'\n\nNo directory 'No' or file 'No.olean' in the search path entries:", "No"),
        ("object file '/p/build/No/Such.olean' of module No.Such does not exist", "No.Such"),
        ("bad import 'No.Such'", "No.Such"),
    ],
)
def test_a_failed_import_is_named(text: str, name: str) -> None:
    assert said.failed_import(message(text)) == name
    assert said.failed_import(message(text, Severity.INFORMATION)) is None


def test_an_object_file_of_another_lean_is_named() -> None:
    text = "failed to read file '/p/.lake/build/lib/A.olean', incompatible header"
    assert said.foreign_object_file(message(text)) == "/p/.lake/build/lib/A.olean"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a' does not depend on any axioms", ("a", ())),
        ("`a` does not depend on any axioms", ("a", ())),
        ("'a' depends on axioms: [propext]", ("a", ("propext",))),
        (
            "'Nat.foo'' depends on axioms: [Classical.choice,\n Quot.sound,\n propext]",
            ("Nat.foo'", ("Classical.choice", "Quot.sound", "propext")),
        ),
        (
            "`b` depends on axioms: [propext, foo._native.native_decide.ax_1]",
            ("b", ("propext", "foo._native.native_decide.ax_1")),
        ),
        ("'«my thm»' depends on axioms: [«odd, name», sorryAx]", ("«my thm»", ("«odd, name»", "sorryAx"))),
        ("unknown constant 'a'", None),
        ("'a' depends on axioms: [", None),
    ],
)
def test_print_axioms_is_read(text: str, expected: tuple[str, tuple[str, ...]] | None) -> None:
    assert said.parse_axioms(text) == expected
