"""Forward steps: hypotheses applied to what is there, equations with proved premises, lemmas of existence."""

from tactic_checks import EARLY, MODERN

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.tactics.applied import applied_candidates
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.lemma import Lemma

CHAIN = (
    "α : Type\np q : α → Prop\nr : α → α → Prop\nh : ∀ (x : α), p x → ∃ (y : α), r x y ∧ q y\n"
    "h1 : ∀ (y : α), q y → p y\na : α\nha : p a"
)


def lemma(name: str, statement: str) -> Lemma:
    term = read_binders(statement)
    assert term is not None
    return Lemma.of(name, term)


DEST = lemma("Nat.le.dest", "{n m : Nat} : n ≤ m → ∃ k, n + k = m")
LESS = lemma("Nat.le_of_succ_le_succ", "{n m : Nat} : Nat.succ n ≤ Nat.succ m → n ≤ m")


def steps(goal: str, *lemmas: Lemma, known: frozenset[str] | None = EARLY) -> list[str]:
    return [c.text for c in applied_candidates(read_goal(parse_goal(goal)), Dialect(known), lemmas)]


def test_what_a_hypothesis_says_to_exist_is_named() -> None:
    assert steps(f"{CHAIN}\n⊢ ∃ (x : α), r a x")[0] == "cases h a ha with | intro y hy => ?_"
    assert steps(f"{CHAIN}\n⊢ ∃ (x : α), r a x", known=MODERN)[0] == "obtain ⟨y, hr, hq⟩ := h a ha"


def test_a_hypothesis_is_carried_over_by_equations_that_have_premises() -> None:
    goal = "α : Type\np q : α → Prop\nz : α\nh : ∀ (y : α), p y → y = z\nx y : α\nhx : p x\nhy : p y\nhq : q y\n⊢ q x"
    assert steps(goal)[0] == "rw [h x hx, ← h y hy]"
    # Nothing leads from `y` to `x` without the premise.
    assert not any(text.startswith("rw") for text in steps(goal.replace("hy : p y\n", "")))


def test_premises_are_proved_and_what_is_there_is_not_asked_for_again() -> None:
    texts = steps(f"{CHAIN}\ny : α\nhr : r a y\nhq : q y\n⊢ ∃ (x y : α), r a x ∧ r x y")
    assert "cases h y (h1 y hq) with | intro y1 hy1 => ?_" in texts
    assert not any(text.startswith("cases h a ha") for text in texts)


def test_alternatives_and_plain_consequences() -> None:
    goal = "p q r s : Prop\nh : p → q ∨ r\nh1 : p → s\nhp : p\n⊢ s ∧ (q ∨ r)"
    assert "cases h hp with | inl hq => ?_ | inr hr => ?_" in steps(goal)
    assert "have h2 := h1 hp" in steps(goal)


def test_an_equation_is_used_with_the_proofs_of_its_premises() -> None:
    goal = "a b : Nat\nih : ∀ (b : Nat), a ≤ b → b - a + a = b\nh : Nat.succ a ≤ Nat.succ b\n⊢ b - a + a = b"
    assert steps(goal, LESS)[0] == "rw [ih b (Nat.le_of_succ_le_succ h)]"
    assert not any(text.startswith("rw") for text in steps(goal))


def test_a_lemma_of_existence_is_used_once() -> None:
    assert "cases Nat.le.dest h with | intro k hk => ?_" in steps("a b : Nat\nh : a ≤ b\n⊢ b = a", DEST)
    assert "cases Nat.le.dest h with | intro k hk => ?_" in steps("a b : Nat\nh : a < b\n⊢ b = a", DEST)
    assert steps("a b k : Nat\nh : a ≤ b\nhk : a + k = b\n⊢ b = a", DEST) == []
