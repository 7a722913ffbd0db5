"""Steps under other names: state and tactic change alike, and nothing else does."""

import random

from lean_sidekick.training.examples import Example
from lean_sidekick.training.renamed import Renamer


def example(state: str, tactic: str) -> Example:
    return Example(state=state, tactic=tactic, premises=(), group="M")


POOL = example("α β : Type\nx y n✝ : α\nh₁ h₂ : x = y\n⊢ y = x", "exact h₁.symm")


def variants(state: str, tactic: str) -> set[tuple[str, str]]:
    """All that come out of many draws."""
    one = example(state, tactic)
    renamer, choose = Renamer([POOL, one]), random.Random(0)
    drawn = [renamer.variant(one, choose) for _ in range(200)]
    return {(found.state, found.tactic) for found in drawn if found is not None}


def test_state_and_tactic_get_the_same_names_of_the_same_kind() -> None:
    """Proofs are named as proofs are, elements as elements; what stands behind a dot stays."""
    assert variants("a : Nat\nh : a = a\n⊢ a = a", "exact h.symm ▸ rfl") == {
        (f"{x} : Nat\n{p} : {x} = {x}\n⊢ {x} = {x}", f"exact {p}.symm ▸ rfl") for x in "xy" for p in ("h₁", "h₂")
    }


def test_no_name_is_given_twice_and_none_is_captured() -> None:
    """`y` is bound in the target, so nothing is called so; the one name that is free goes to one hypothesis alone."""
    assert variants("a b : Nat\n⊢ ∀ y, a + y = b", "intro y") == {("x b : Nat\n⊢ ∀ y, x + y = b", "intro y")}


def test_what_cannot_be_typed_or_may_be_something_else_keeps_its_name() -> None:
    """Inaccessible names, the tag of a case, and a name that an argument of the tactic may have as well."""
    state = "case n\nn : Nat\na✝ : n = n\n⊢ n = n"
    assert variants(state, "exact foo (n := 1)") == set()
    assert {found.split("\n")[0] for found, _ in variants(state, "rfl")} == {"case n"}


def test_a_step_without_names_has_no_variant() -> None:
    assert variants("⊢ True", "trivial") == set()
