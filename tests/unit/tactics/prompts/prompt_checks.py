"""What the tests of prompts share: a state with two goals, some premises, a theorem around them."""

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.prompts.api import Question

GOAL = parse_goal("case succ\nn m : ℕ\nih : n + m = m + n\n⊢ n.succ + m = m + n.succ")
OTHER = parse_goal("n : ℕ\n⊢ n + 0 = n")
PREMISES = (
    Premise(full_name="Nat.succ_add", kind="theorem", statement="(n m : ℕ) : n.succ + m = (n + m).succ"),
    Premise(full_name="Nat.add_succ", kind="theorem", statement="(n m : ℕ) : n + m.succ = (n + m).succ"),
)
QUESTION = Question(
    goals=(GOAL,),
    premises=PREMISES,
    text_above="import Mathlib\n\nopen Nat\n",
    statement="theorem my_comm (n m : ℕ) : n + m = m + n",
    declaration="Demo.my_comm",
    steps=("induction n with", "| zero => simp"),
)
STATE = "case succ\nn m : ℕ\nih : n + m = m + n\n⊢ n.succ + m = m + n.succ"
