"""A theorem in LeanDojo Benchmark's format, to its description: marks, places, comments, what is left out."""

import json

from attrs import evolve

from lean_sidekick.evaluation.extraction.theorem_rows import annotated_tactic, plain_tactic, theorem_json, written_steps
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedStep, TracedTheorem, UsedPremise


def step(tactic: str, *premises: UsedPremise, column: int = 3) -> TracedStep:
    lines = tactic.split("\n")
    return TracedStep(
        tactic=tactic,
        start=SourcePoint(5, column),
        end=SourcePoint(4 + len(lines), len(lines[-1]) + (column if len(lines) == 1 else 1)),
        state_before="n : Nat\n⊢ n + 0 = n",
        state_after="no goals",
        premises=premises,
    )


def used(name: str, line: int, start: int, end: int, path: str | None = "A.lean") -> UsedPremise:
    return UsedPremise(
        full_name=name,
        start=SourcePoint(line, start),
        end=SourcePoint(line, end),
        defined_in=path,
        defined_at=None if path is None else SourcePoint(2, 9),
        defined_end=None if path is None else SourcePoint(2, 17),
    )


def theorem(*steps: TracedStep) -> TracedTheorem:
    return TracedTheorem(
        full_name="N.t",
        path="P/B.lean",
        start=SourcePoint(4, 1),
        end=SourcePoint(6, 12),
        statement="theorem t (n : Nat) : n + 0 = n",
        steps=steps,
        uses=(),
        is_complete=True,
    )


def test_the_object_has_the_fields_of_the_format_and_no_others() -> None:
    row = json.loads(theorem_json(theorem(step("exact Nat.add_zero n", used("Nat.add_zero", 5, 9, 21))), "u", "c"))
    assert row == {
        "url": "u",
        "commit": "c",
        "file_path": "P/B.lean",
        "full_name": "N.t",
        "start": [4, 1],
        "end": [6, 12],
        "traced_tactics": [
            {
                "tactic": "exact Nat.add_zero n",
                "annotated_tactic": [
                    "exact <a>Nat.add_zero</a> n",
                    [{"full_name": "Nat.add_zero", "def_path": "A.lean", "def_pos": [2, 9], "def_end_pos": [2, 17]}],
                ],
                "state_before": "n : Nat\n⊢ n + 0 = n",
                "state_after": "no goals",
            }
        ],
    }
    assert list(row) == ["url", "commit", "file_path", "full_name", "start", "end", "traced_tactics"]


def test_marks_stand_in_the_right_places_on_every_line() -> None:
    tactic = "rw [foo,\n      bar 𝕜] -- foo\n  simp [foo]"
    found = annotated_tactic(
        step(tactic, used("bar", 6, 7, 10), used("foo", 5, 7, 10), used("M.foo", 7, 9, 12), used("𝕜", 6, 11, 12))
    )
    assert found[0] == "rw [<a>foo</a>,\n      <a>bar</a> <a>𝕜</a>] -- foo\n  simp [<a>foo</a>]"
    assert [premise.full_name for premise in found[1]] == ["foo", "bar", "𝕜", "M.foo"]


def test_a_premise_without_a_definition_outside_or_inside_another_one_is_not_marked() -> None:
    text, marked = annotated_tactic(
        step(
            "exact foo.bar",
            used("foo.bar", 5, 9, 16),
            used("foo", 5, 9, 12, path=None),
            used("bar", 5, 13, 16),
            used("x", 9, 1, 2),
            used("y", 5, 90, 91),
        )
    )
    assert (text, len(marked)) == ("exact <a>foo.bar</a>", 1)


def test_the_plain_tactic_has_no_comments_and_its_own_indentation() -> None:
    assert plain_tactic(step("exact h -- done")) == "exact h"
    tactic = "cases n with -- both\n  | zero => rfl\n  /- the\n  other -/\n\n    | succ n => exact h"
    assert plain_tactic(step(tactic)) == "cases n with\n| zero => rfl\n  | succ n => exact h"
    assert plain_tactic(step('exact f "--" -- x')) == 'exact f "--"'
    assert plain_tactic(step("-- first\n  exact h")) == "exact h"


def test_what_the_format_leaves_out() -> None:
    kept = step("exact h")
    again = evolve(kept, start=SourcePoint(9, 3))
    other = evolve(kept, state_after="⊢ True")
    found = theorem(
        kept,
        again,
        other,
        step("· exact h"),
        evolve(kept, state_before="no goals"),
        evolve(kept, state_before="n : Nat\n| n + 0"),
    )
    assert list(written_steps(found)) == [kept, other]
