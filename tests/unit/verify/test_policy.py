"""What is refused before Lean sees it, and what is not."""

import pytest

from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.verify.policy import LENGTH_LIMIT, Policy, refusal

STRICT = Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=True)
OPEN = Policy(allow_programs=True, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=True)


@pytest.mark.parametrize(
    "text",
    [
        "simp [h]",
        "exact ⟨h, fun x => hx x⟩",
        "induction n with\n| zero => rfl\n| succ n ih => simp [ih]",
        "have h' : p := by\n  exact h",
        "open Nat in simp",
        "refine ⟨?_, ?w⟩",
        "exact Option.get! x",
        "set_option maxRecDepth 1000 in simp",
        "exact h -- a comment",
        "exact (/- inside -/ h)",
        'exact absurd "a (b" h',
        "rw [Nat.add_comm, ← h]",
        "exact List.head? xs",
        "exact xs₁.get? 0",
        "exact Foo.end h",
        "simp only [List.prefix_append]",
        "exact #[1, 2]",
        "cases h with\n| inl ha => exact Or.inr ha\n| inr hb => exact Or.inl hb",
    ],
)
def test_ordinary_tactics_pass(text: str) -> None:
    assert refusal(text, STRICT) is None


@pytest.mark.parametrize(
    "text",
    [
        "run_tac Lean.Elab.Tactic.done",
        "simp /- run_tac x -/",
        "native_decide",
        "decide +native",
        "decide (config := { native := true })",
        "exact «run_tac» x",
        "open Lean in run_tac pure ()",
        "first | simp | (run_tac pure ())",
        "exact IO.println 1",
        "exact (unsafePerformIO (pure h))",
        "bv_decide",
        'exact include_str "/etc/passwd"',
        "set_option debug.skipKernelTC true in simp",
        "set_option/- -/debug.skipKernelTC true in simp",
        "set_option «debug.skipKernelTC» true in simp",
        "set_option -- x\ndebug.skipKernelTC true in simp",
        "set_option\n  debug.skipKernelTC true in simp",
        "plausible",
        "run_tacq g => pure ()",
        "with_panel_widgets [w] simp",
        "nativeDecide",
        "exact fun x ↦by_elab pure x",
        "exact h ▸by_elab foo",
        "exact x²run_tac y",
        "simp<;>run_tac x",
        "·run_tac x",
        "first|simp|run_tac x",
        "exact (¬unsafeCast h)",
        "exact (fun x : Nat => (by_elab x : Nat)) 1",
        "all_goals (try (repeat (first | (run_tac x) | skip)))",
        "case a => conv => lhs; tactic => run_tac x",
        "open IO in exact IO.println 1",
        "exact (eval% 1)",
        "exact Lean . Meta.foo",
        "exact Lean.«Meta».foo",
        "exact Lean.ofReduceBool _ _ rfl",
        'exact s!"{(by run_tac pure () : Nat)}"',
    ],
)
def test_what_can_run_programs_is_refused_unless_allowed(text: str) -> None:
    outcome = refusal(text, STRICT)
    assert outcome is not None and outcome.kind is OutcomeKind.REFUSED
    assert refusal(text, OPEN) is None


@pytest.mark.parametrize(
    "text",
    [
        "sorry",
        "exact sorry",
        "exact foo (by admit)",
        "exact sorryAx _ false",
        "apply?",
        "exact?",
        "simp? [h]",
        "first | rfl | (aesop?)",
        "simp\n\ntheorem x : False := h",
        "#eval 1",
        "simp ↦#eval 1",
        "exact h ▸#print x",
        "exact ¬sorry",
        "exact ↑sorry",
        "exact h∧sorry",
        "exact «sorry»",
        "exact @sorryAx",
        "exact (λ x ↦sorry) 1",
        "skip ¬theorem x : False := y",
        "skip .theorem x : False := y",
        "skip².theorem x : False := y",
        "exact h¬#eval 1",
        "macro_rules | `(x) => `(y)",
        "open Nat in theorem x : False := y",
        "exact?",
        "(exact?)",
        "simp;exact?",
        "simp\nend",
        "simp\nnamespace Foo",
        "simp\nattribute [simp] foo",
        "simp\n@[simp] def x := 1",
        "/-- doc -/ simp",
        "axiom foo : False",
        "simp\nimport Foo",
        'elab "x" : tactic => pure ()',
        'macro "x" : tactic => `(tactic| simp)',
        "   ",
        "",
        "simp\x00",
        "simp\r\nrfl",
        "\tsimp",
        "x" * (LENGTH_LIMIT + 1),
    ],
)
def test_what_is_no_single_tactic_is_refused_always(text: str) -> None:
    for policy in (STRICT, OPEN):
        outcome = refusal(text, policy)
        assert outcome is not None and outcome.kind is OutcomeKind.REFUSED


@pytest.mark.parametrize(
    "text",
    [
        "exact h)",
        "exact (h",
        "simp [h",
        "exact ⟨h, g",
        "simp /- never closed",
        'exact "never closed',
        "exact h) (",
        "x ] [",
    ],
)
def test_a_text_that_could_close_its_block_or_never_ends_does_not_parse(text: str) -> None:
    outcome = refusal(text, STRICT)
    assert outcome is not None and outcome.kind is OutcomeKind.PARSE_ERROR
