"""`simp only` from what Lean says: its suggestion in the wordings of versions, its trace of rewrites, and silence."""

import pytest

from lean_sidekick.verify.narrow import can_be_narrowed, read_rewrites, read_try_this

TRACE = """[Meta.Tactic.simp.rewrite] h:1000, n ==> m
[Meta.Tactic.simp.rewrite] Nat.add_zero:1000, m + 0 ==> m
[Meta.Tactic.simp.unify] eqSelf:1000, failed to unify ?a = ?a with n = m
[Meta.Tactic.simp.rewrite] Nat.add_comm:1000, perm rejected a + b ==> b + a
[Meta.Tactic.simp.rewrite] h:1000, n ==> m
[Meta.Tactic.simp.rewrite] eqSelf:1000, m = m ==> True"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("simp", True),
        ("simp [h, ← foo]", True),
        ("simp at h", True),
        ("simp [h] at *", True),
        ("simp only [h]", False),
        ("simp_all", False),
        ("simp <;> rfl", False),
        ("simp (config := {})", False),
        ("exact simp", False),
    ],
)
def test_only_a_plain_simp_is_narrowed(text: str, expected: bool) -> None:
    assert can_be_narrowed(text) is expected


@pytest.mark.parametrize(
    "message",
    [
        "Try this: simp only [Nat.add_zero, h] at h2",
        "Try this:\n  [apply] simp only [Nat.add_zero, h] at h2",
        "Try this: simp only [Nat.add_zero,\n  h] at h2",
    ],
)
def test_the_suggestion_of_lean_is_read_in_its_wordings(message: str) -> None:
    assert read_try_this(["linter says something", message]) == "simp only [Nat.add_zero, h] at h2"


def test_the_trace_names_what_was_used_in_order() -> None:
    assert read_rewrites("simp [h]", [TRACE]) == "simp only [h, Nat.add_zero, eqSelf]"
    assert read_rewrites("simp at h2", TRACE.split("\n")) == "simp only [h, Nat.add_zero, eqSelf] at h2"


@pytest.mark.parametrize("messages", [[], ["no rewrite here"], ["[Meta.Tactic.simp.rewrite] h✝:1000, a ==> b"]])
def test_where_nothing_that_can_be_typed_is_named_there_is_no_answer(messages: list[str]) -> None:
    assert read_try_this(messages) is None
    assert read_rewrites("simp", messages) is None
