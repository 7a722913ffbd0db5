"""From Lean's answer to values: places in code points, steps and names to their declarations, what counts as whole."""

from attrs import evolve

from lean_sidekick.evaluation.extraction.assemble import EXAMPLE, assemble, first_error
from lean_sidekick.evaluation.extraction.lean_rows import (
    ConstantRow,
    MentionRow,
    MessageRow,
    NamedRow,
    ProofRow,
    StepRow,
    TraceAnswer,
)
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedTheorem
from lean_sidekick.premises.environment_lean import PremiseRow

TEXT = """\
/-- α -/
@[simp] theorem a (α : Type) (h : 𝕜 = 𝕜) : True := by
  first
    | (exact α.foo)
  done
example : True := by trivial
def broken : Nat := by oops
lemma bad : True := trivial
"""


def place(text: str, after: int = 0) -> int:
    return len(TEXT[: TEXT.index(text, after)].encode())


def end_of(text: str) -> int:
    return place(text) + len(text.encode())


def span(text: str) -> tuple[int, int]:
    return place(text), end_of(text)


def step(text: str, before: tuple[str, ...], after: tuple[str, ...]) -> StepRow:
    start, end = span(text)
    return StepRow(start=start, end=end, before=before, after=after)


WHOLE = "first\n    | (exact α.foo)"
ANSWER = TraceAnswer(
    failure="",
    imports=("Init",),
    proofs=(
        ProofRow(start=place("def broken"), proof=place(":= by oops"), end=end_of("oops")),
        ProofRow(start=place("@[simp]"), proof=place(":= by\n"), end=end_of("done")),
        ProofRow(start=place("example"), proof=place(":= by trivial"), end=end_of("by trivial")),
        ProofRow(start=place("lemma bad"), proof=place(":= trivial"), end=end_of(":= trivial")),
    ),
    steps=(
        step("done", (), ()),
        step("exact α.foo", ("⊢ True",), ()),
        step(WHOLE, ("case x\n⊢ True", "⊢ p"), ("⊢ q",)),
        step("trivial", ("⊢ True",), ()),
    ),
    missing=(),
    mentions=(
        MentionRow(constant=1, start=place("α.foo"), end=end_of("α.foo")),
        MentionRow(constant=0, start=place("trivial"), end=end_of("trivial")),
        MentionRow(constant=1, start=place("α.foo"), end=end_of("α.foo")),
    ),
    constants=(
        ConstantRow(name="trivial", module="Init.Core", place=(3, 8, 3, 15)),
        ConstantRow(name="α.foo", module=None, place=(1, 0, 1, 4)),
        ConstantRow(name="ghost", module="Gone", place=(1, 0, 1, 4)),
    ),
    named=(
        NamedRow(name="N.a.extra", is_theorem=False, line=2, column=16),
        NamedRow(name="N.a", is_theorem=True, line=2, column=16),
        NamedRow(name="N.other", is_theorem=True, line=1, column=0),
    ),
    premises=(
        PremiseRow(
            module=0,
            name="N.a",
            kind="theorem",
            statement=": True",
            doc="",
            start=None,
            end=None,
            attributes=(),
            deprecated=None,
            constants=(),
            uses=("trivial", "propext"),
        ),
    ),
    messages=(MessageRow(is_error=True, line=7, column=4, text="oops\nmore"),),
)
TARGET = Target(path="N/A.lean", module="N.A", text=TEXT)


def theorems(answer: TraceAnswer) -> list[TracedTheorem]:
    return list(assemble(TARGET, answer, {"Init.Core": "core/Init/Core.lean"}.get).theorems)


def test_steps_stand_in_their_declarations_in_order_outer_ones_first() -> None:
    first, second, *_ = theorems(ANSWER)
    assert [found.tactic for found in first.steps] == [WHOLE, "exact α.foo", "done"]
    assert [found.state_before for found in first.steps] == ["case x\n⊢ True\n\n⊢ p", "⊢ True", "no goals"]
    assert [found.state_after for found in first.steps] == ["⊢ q", "no goals", "no goals"]
    assert [found.tactic for found in second.steps] == ["trivial"]


def test_what_was_tried_inside_a_step_and_changed_nothing_is_no_step() -> None:
    tried = step("exact α.foo", ("⊢ True",), ("⊢ True",))
    idle = step("done", ("⊢ q",), ("⊢ q",))
    first, *_ = theorems(evolve(ANSWER, steps=(tried, idle, ANSWER.steps[2])))
    assert [found.tactic for found in first.steps] == [WHOLE, "done"]


def test_places_are_lines_and_code_points_from_one() -> None:
    first, *_ = theorems(ANSWER)
    assert (first.start, first.end) == (SourcePoint(2, 1), SourcePoint(5, 7)), "behind the doc string"
    assert first.statement == "@[simp] theorem a (α : Type) (h : 𝕜 = 𝕜) : True"
    inner = first.steps[1]
    assert (inner.start, inner.end) == (SourcePoint(4, 8), SourcePoint(4, 19))


def test_names_used_are_told_once_each_with_where_they_are_declared() -> None:
    first, second, *_ = theorems(ANSWER)
    [own] = first.steps[0].premises
    assert own == first.steps[1].premises[0]
    assert (own.full_name, own.start, own.end) == ("α.foo", SourcePoint(4, 14), SourcePoint(4, 19))
    assert (own.defined_in, own.defined_at, own.defined_end) == ("N/A.lean", SourcePoint(1, 1), SourcePoint(1, 5))
    assert first.steps[2].premises == ()
    [other] = second.steps[0].premises
    assert (other.defined_in, other.defined_at) == ("core/Init/Core.lean", SourcePoint(3, 9))
    unknown = evolve(ANSWER, mentions=(MentionRow(constant=2, start=place("trivial"), end=end_of("trivial")),))
    [nowhere] = theorems(unknown)[1].steps[0].premises
    assert (nowhere.full_name, nowhere.defined_in, nowhere.defined_at) == ("ghost", None, None)


def test_a_field_that_is_told_of_with_and_without_what_stands_before_it_is_one_name() -> None:
    whole, part = span("α.foo"), (place("foo)"), end_of("α.foo"))
    rows = [MentionRow(constant=constant, start=a, end=b) for constant, (a, b) in ((1, whole), (1, part), (0, whole))]
    step = theorems(evolve(ANSWER, mentions=tuple(rows)))[0].steps[0]
    assert [(one.full_name, one.start.column) for one in step.premises] == [("trivial", 14), ("α.foo", 16)]


def test_names_and_uses_come_from_lean_and_from_the_text_where_lean_has_none() -> None:
    found = theorems(ANSWER)
    assert [one.full_name for one in found] == ["N.a", EXAMPLE, "bad"], "`broken` has no step and is no theorem"
    assert [one.uses for one in found] == [("trivial", "propext"), (), ()]
    assert [one.is_complete for one in found] == [True, True, False], "Lean does not know `bad`"


def test_an_error_a_sorry_and_a_tactic_without_a_step_make_a_proof_incomplete() -> None:
    def is_complete(answer: TraceAnswer) -> list[bool]:
        return [one.is_complete for one in theorems(answer)][:2]

    error = MessageRow(is_error=True, line=5, column=2, text="bad")
    sorry = MessageRow(is_error=False, line=2, column=16, text="declaration uses 'sorry'")
    assert is_complete(evolve(ANSWER, messages=(error,))) == [False, True]
    assert is_complete(evolve(ANSWER, messages=(sorry,))) == [False, True]
    assert is_complete(evolve(ANSWER, messages=(evolve(sorry, text="unused variable"),))) == [True, True]
    lost = evolve(ANSWER, steps=ANSWER.steps[:3], missing=(span("trivial"),))
    assert [one.full_name for one in theorems(lost)] == ["N.a", "bad"], "an example without a step is not told"
    assert is_complete(evolve(ANSWER, steps=ANSWER.steps[1:], missing=(span("done"),))) == [False, True]
    undone = evolve(ANSWER, steps=(ANSWER.steps[0], *ANSWER.steps[2:]), missing=(span("exact α.foo"),))
    assert is_complete(undone) == [True, True], "a tactic inside a step that ran was undone"


def test_the_corpus_of_the_file_has_its_path_imports_and_written_attributes() -> None:
    corpus = assemble(TARGET, ANSWER, lambda module: None).premises
    assert (corpus.path, corpus.module, corpus.imports) == ("N/A.lean", "N.A", ("Init",))
    [premise] = corpus.premises
    assert (premise.full_name, premise.module) == ("N.a", "N.A")


def test_the_first_error_is_the_first_in_the_file() -> None:
    late = MessageRow(is_error=True, line=9, column=0, text="late")
    warning = MessageRow(is_error=False, line=1, column=0, text="warning")
    count, first = first_error(evolve(ANSWER, messages=(late, warning, *ANSWER.messages)))
    assert count == 2
    assert first is not None and first.line == 7
    assert first_error(evolve(ANSWER, messages=(warning,))) == (0, None)
