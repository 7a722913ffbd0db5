"""The Lean side of extraction: how a file gets in, which answers are taken."""

import json

from lean_sidekick.evaluation.extraction.lean_rows import read_trace
from lean_sidekick.evaluation.extraction.lean_text import HEADER, KEYWORD, trace_command, trace_parts
from support.fake_documents import at, information

ROWS = [
    ["Init"],
    [[0, 5, 9]],
    [[6, 9, ["⊢ a"], []]],
    [[1, 2]],
    [[0, 6, 9]],
    [["A.match", None, [1, 2, 1, 5]], ["b", "Init", None]],
    [["A.do", True, 3, 4]],
    [[0, "c", "def", None, None, None, [], None, [], None]],
    [[True, 1, 0, "bad"]],
]


def message(*parts: object) -> str:
    return json.dumps(parts, separators=(",", ":"))


def test_a_text_goes_in_as_one_literal_on_one_line() -> None:
    command = trace_command("n", 'A".lean', "A", 'theorem «x"» := "\\n"\r\n\tα')
    assert command == f'{KEYWORD} "n" "A\\".lean" "A" "theorem «x\\"» := \\"\\\\n\\"\\r\\n\tα"'


def test_an_answer_is_read_with_names_as_they_are_typed() -> None:
    answer = read_trace("n", [information(0, message("n", "", *ROWS))])
    assert answer is not None
    assert (answer.failure, answer.imports, answer.missing) == ("", ("Init",), ((1, 2),))
    [proof] = answer.proofs
    [step] = answer.steps
    assert (proof.start, proof.proof, proof.end, step.before, step.after) == (0, 5, 9, ("⊢ a",), ())
    assert [(one.name, one.module, one.place) for one in answer.constants] == [
        ("A.«match»", None, (1, 2, 1, 5)),
        ("b", "Init", None),
    ]
    assert (answer.named[0].name, answer.premises[0].statement) == ("A.«do»", None)


def test_answers_of_others_and_damaged_ones_are_not_taken() -> None:
    good = message("n", "", *ROWS)
    assert read_trace("n", [information(0, good)]) is not None
    for diagnostics in (
        [],
        [information(0, good), information(0, good)],
        [at(0, good)],
        [information(0, message("m", "", *ROWS))],
        [information(0, message("n", "", *ROWS[:-1]))],
        [information(0, message("n", "", ["Init"], [[0, 5]], *ROWS[2:]))],
        [information(0, good[:-1])],
    ):
        assert read_trace("n", diagnostics) is None


def test_the_text_imports_lean_alone_and_ends_in_a_keyword() -> None:
    assert HEADER == "import Lean\n"
    text = HEADER + "".join(part.spellings[-1] for part in trace_parts())
    assert text.endswith("end LeanSidekick\n"), "or the question would be read as part of the last definition"
    assert all(spelling.endswith("\n") for part in trace_parts() for spelling in part.spellings)
