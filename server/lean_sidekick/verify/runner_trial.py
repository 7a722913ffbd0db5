"""The trial that a form of the in-document runner has to pass before it is used. Pure.

That its text elaborates does not show that it works: most Leans have never run it. So it is asked, once for a header,
about candidates of every kind, and only the expected outcomes, all of them, make it trusted.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.runner_answer import Answer, outcome_of, read_answer
from lean_sidekick.verify.runner_lean import Call, RunnerText


@frozen(kw_only=True)
class _Question:
    tactic: str
    kind: OutcomeKind
    targets: tuple[str, ...] = ()

    def is_met(self, outcome: Outcome | None) -> bool:
        return (
            outcome is not None
            and outcome.kind is self.kind
            and tuple(goal.target for goal in outcome.goals) == self.targets
        )


_STATEMENT = "example (p q : Prop) (hp : p) (hq : q) : And p q := by"
_QUESTIONS = (
    _Question(tactic="(exact And.intro hp hq)", kind=OutcomeKind.CLOSED),
    _Question(tactic="(exact hp)", kind=OutcomeKind.FAILED),
    _Question(tactic="(apply And.intro hp)", kind=OutcomeKind.PROGRESS, targets=("q",)),
    _Question(tactic="(exact And.intro hp leanSidekickNothing)", kind=OutcomeKind.FAILED),
    _Question(tactic="(leanSidekickNoTactic)", kind=OutcomeKind.PARSE_ERROR),
    _Question(tactic="(exact hp) )", kind=OutcomeKind.PARSE_ERROR),
    _Question(tactic="(assumption)", kind=OutcomeKind.FAILED),
    # Once more at the end: nothing that was run in between may have left a trace.
    _Question(tactic="(exact And.intro hp hq )", kind=OutcomeKind.CLOSED),
)
_AFTER_STEP = (
    _Question(tactic="(exact hq)", kind=OutcomeKind.CLOSED),
    _Question(tactic="(exact hp)", kind=OutcomeKind.FAILED),
)
_FIRST = Call(
    nonce="trial1",
    heartbeats=10_000,
    milliseconds=5_000,
    workers=2,
    texts=[question.tactic for question in _QUESTIONS],
    key="trial",
)
_SECOND = evolve(
    _FIRST,
    nonce="trial2",
    base="trial",
    key="",
    steps=["(apply And.intro hp)"],
    texts=[question.tactic for question in _AFTER_STEP],
)


def trial_text(form: RunnerText) -> str:
    """The commands of the trial, to stand below the runner's definitions."""
    text = f"{_STATEMENT}\n  {_FIRST.line}\n"
    return f"{text}example : True := by\n  {_SECOND.line}\n" if form.keeps_states else text


def trial_failure(form: RunnerText, diagnostics: Sequence[Diagnostic]) -> str:
    """The first answer that is not the expected one, in words; "" if the form passed."""
    rounds = [(_FIRST, _QUESTIONS), (_SECOND, _AFTER_STEP)] if form.keeps_states else [(_FIRST, _QUESTIONS)]
    for call, questions in rounds:
        answer = read_answer(call.nonce, diagnostics)
        if not isinstance(answer, Answer) or len(answer.rows) != len(questions):
            return "it gave no answer"
        for question, row in zip(questions, answer.rows, strict=True):
            outcome = None if row is None else outcome_of(row, answer)
            if not question.is_met(outcome):
                said = "nothing" if outcome is None else outcome.kind.value
                return f"it said {said} of `{question.tactic}`"
    return ""
