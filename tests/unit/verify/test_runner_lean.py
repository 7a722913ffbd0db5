"""The runner's Lean text by version, and its message: nothing but the answer asked for is taken for one."""

import json

import pytest

from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.gates import Gates
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.verify.runner_answer import Answer, NoAnswer, read_answer
from lean_sidekick.verify.runner_lean import KEYWORD, Call, runner_texts
from support.fake_documents import at, information

EARLY = Gates.for_version(LeanVersion(4, 0, 0), is_early=True)
NINE = Gates.for_version(LeanVersion(4, 9, 0), is_early=False)
NEWEST = Gates.for_version(LeanVersion(4, 34, 0), is_early=False)


def forms(gates: Gates, header: str = "") -> list[tuple[str | None, bool]]:
    return [(text.added_import, text.has_clock) for text in runner_texts(gates, header)]


def test_the_unchanged_header_is_tried_first_and_the_clock_where_lean_may_have_one() -> None:
    assert forms(EARLY) == [(None, False), ("import Lean", False)]
    assert forms(NINE) == [(None, True), (None, False), ("import Lean", True), ("import Lean", False)]


def test_module_files_stay_modules_and_prelude_files_are_left_alone() -> None:
    header = "module\npublic import Mathlib"
    assert {text.added_import for text in runner_texts(NEWEST, header)} == {None, "meta import Lean"}
    definitions = runner_texts(NEWEST, header)[0].definitions
    assert "\nmeta partial def " in definitions and "\nmeta def " in definitions and "\nlocal elab " in definitions
    assert "\ndef " not in definitions and "\nelab " not in definitions
    assert runner_texts(NEWEST, "prelude\nimport Init.Core") == ()


@pytest.mark.parametrize("gates", [EARLY, NINE, NEWEST])
def test_every_form_is_whole(gates: Gates) -> None:
    for header in ("", "module"):
        for text in runner_texts(gates, header):
            definitions = text.definitions
            assert "«" not in definitions, "a mark was left in the text"
            assert definitions.endswith("\n") and f'"{KEYWORD} "' in definitions
            assert ("cancelTk?" in definitions) is text.has_clock


def test_what_differs_between_leans() -> None:
    early, later, newest = (runner_texts(gates, "")[0].definitions for gates in (EARLY, NINE, NEWEST))
    assert "Term.getMessageLog" in early and "withoutRecover" not in early
    assert "Core.getMessageLog" in later and "withoutRecover" in later and "fileMap" in later
    assert "Elab.async" not in early + later and "set_option Elab.async false" in newest


def unescaped(literal: str) -> str:
    """A Lean string literal read back."""
    assert literal[0] == literal[-1] == '"'
    text, i = "", 1
    while i < len(literal) - 1:
        if literal[i] == "\\":
            i += 1
            text += {"n": "\n"}.get(literal[i], literal[i])
        else:
            assert literal[i] != '"', "the literal ends early"
            text += literal[i]
        i += 1
    return text


def test_a_candidate_cannot_leave_its_string_literal() -> None:
    hostile = ['exact "a"', 'x" ; #eval 0', "\\", '\\"', "a\nb", "-- c", "/- d", "𝔸 ⟨⟩ «e»", '"]']
    line = Call(nonce="n0nce", heartbeats=5, milliseconds=7, workers=2, texts=hostile, steps=["skip"]).line
    assert "\n" not in line
    head = f'{KEYWORD} "n0nce" 5 7 2 "" "" "[\\"skip\\"]" '
    assert line.startswith(head)
    assert json.loads(unescaped(line[len(head) :])) == hostile


ANSWER = '["n0nce",["⊢ p"],"focused",[["ran",[]],["failed",["no"]]]]'


def test_the_answer_is_read() -> None:
    answer = read_answer("n0nce", [information(9, "something else"), information(3, ANSWER)])
    assert isinstance(answer, Answer)
    assert answer.before == ("⊢ p",) and answer.is_focused
    assert [(row.kind, row.texts) for row in answer.rows if row] == [("ran", ()), ("failed", ("no",))]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [information(1, ANSWER.replace("n0nce", "another"))],
        [information(1, ANSWER), information(2, ANSWER)],
        [at(1, ANSWER)],
        [information(1, ANSWER[:-5])],
        [information(1, '["n0nce",[],"focused"]')],
        [information(1, '["n0nce",[],"focused",[3]]')],
        [information(1, '["n0nce",null,"focused",[]]')],
    ],
    ids=["silence", "another nonce", "twice", "an error", "cut off", "too short", "no row", "no goals"],
)
def test_anything_else_is_no_answer(messages: list[Diagnostic]) -> None:
    assert read_answer("n0nce", messages) is NoAnswer.SILENCE


def test_a_state_that_lean_does_not_have_is_told_from_silence() -> None:
    assert read_answer("n0nce", [information(3, '["n0nce","unknown"]')]) is NoAnswer.UNKNOWN_BASE
    assert read_answer("n0nce", [information(3, '["other","unknown"]')]) is NoAnswer.SILENCE
