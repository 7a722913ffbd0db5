"""Without a sandbox a model's candidate consists of tactics that we know, at every place where a tactic can stand."""

import pytest

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.verify.policy import Policy, candidate_refusal
from lean_sidekick.verify.tactic_list import first_unlisted


@pytest.mark.parametrize(
    "text",
    [
        "simp [foo, bar] at h ⊢",
        "rw [foo,\n  bar]",
        "rcases h with ⟨a, b⟩ | c",
        "induction n with\n| zero => simp\n| succ n ih => rw [ih]",
        "have h : a = b := by\n  rw [foo]\n  exact bar\nexact h",
        "constructor\n· intro h\n  exact h.1\n· exact fun x => foo x",
        "(simp; ring_nf)",
        "exact .inl h",
        "refine ⟨fun x ↦ f x, by simp⟩",
        "first | simp | omega",
        "calc a = b := foo\n  _ = c := bar",
        "simp only [foo]\n  at h",
        "all_goals (try simp)",
        "exact (· + 1)",
        "-- evil\nsimp",
        "by_cases h : p <;> simp [h]",
        "exact foo.by_evil",
    ],
)
def test_what_provers_write_is_let_through(text: str) -> None:
    assert first_unlisted(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "evil",
        "evil [simp]",
        "simp; evil",
        "simp <;> evil",
        "simp\nevil",
        "(evil)",
        "(simp\n evil)",
        "((evil))",
        "· evil",
        "· simp\n  evil",
        "have h : p := by evil",
        "have h : p := by\n  simp\n  evil",
        "exact ⟨by evil, x⟩",
        "exact foo (by\n  simp\n  evil)",
        "induction n with\n| zero => evil\n| succ n ih => simp",
        "case inl h => evil",
        "first | simp | evil",
        "try evil",
        "all_goals evil",
        "repeat (evil)",
        "any_goals { evil }",
        "if h : p then evil else simp",
        "if h : p then simp else evil",
        "exact fun x => by evil",
        "-- simp\nevil",
        "/- simp -/ evil",
        "simp -- x\nevil",
    ],
)
def test_a_word_that_is_not_listed_is_found_wherever_it_hides(text: str) -> None:
    assert first_unlisted(text) == "evil"


def policy(*, is_listed_only: bool, allow_programs: bool = False) -> Policy:
    return Policy(
        allow_programs=allow_programs,
        keep_commands=False,
        allowed_axioms=frozenset(),
        allow_listed_models=is_listed_only,
    )


@pytest.mark.parametrize("source", Source)
def test_only_models_are_bound_to_the_list(source: Source) -> None:
    candidate = Candidate(text="my_macro", source=source, score=0.0)
    refused = candidate_refusal(candidate, policy(is_listed_only=True))
    assert (refused is not None) == source.is_model
    if refused is not None:
        assert refused.kind is OutcomeKind.REFUSED
        assert "`my_macro` is not on the list of tactics that a model may use without a sandbox" in refused.message


def test_a_sandbox_or_the_users_word_sets_models_free() -> None:
    candidate = Candidate(text="my_macro", source=Source.REMOTE, score=0.0)
    assert candidate_refusal(candidate, policy(is_listed_only=False)) is None
    assert candidate_refusal(candidate, policy(is_listed_only=True, allow_programs=True)) is None


@pytest.mark.parametrize("is_listed_only", [True, False])
@pytest.mark.parametrize("text", ["run_tac evil", "sorry", "exact sorryAx _ false", "simp)", "decide +native"])
def test_what_is_refused_of_everyone_is_refused_of_models(text: str, is_listed_only: bool) -> None:
    candidate = Candidate(text=text, source=Source.TRANSFORMER, score=0.0)
    assert candidate_refusal(candidate, policy(is_listed_only=is_listed_only)) is not None
