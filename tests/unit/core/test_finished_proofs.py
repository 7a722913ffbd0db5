"""Tactics of finished proofs are found with their places, and stand for themselves."""

from lean_sidekick.core.finished_proofs import finished_proofs

TEXT = """\
theorem t (n : Nat) : n + 0 = n := by
  induction n with
  | zero => rfl -- done
  | succ n ih =>
    exact congrArg Nat.succ ih

theorem open_one : True := by
  constructor
  sorry

theorem term : True := trivial

theorem last : True := by trivial
"""


def steps(text: str, end: int | None = None) -> dict[str, list[str]]:
    return {
        proof.declaration.label: [step.text for step in proof.steps]
        for proof in finished_proofs(text, len(text) if end is None else end)
    }


def test_every_tactic_of_a_finished_proof_is_a_step_outer_ones_first() -> None:
    whole = "induction n with\n| zero => rfl\n| succ n ih =>\n  exact congrArg Nat.succ ih"
    assert steps(TEXT) == {"t": [whole, "rfl", "exact congrArg Nat.succ ih"], "last": ["trivial"]}


def test_a_step_stands_where_its_offset_says() -> None:
    for proof in finished_proofs(TEXT, len(TEXT)):
        for step in proof.steps:
            assert TEXT.startswith(step.text.split("\n")[0], step.offset)


def test_what_ends_behind_the_place_asked_for_is_left_out() -> None:
    assert list(steps(TEXT, TEXT.index("theorem last"))) == ["t"]


def test_the_fingerprint_is_that_of_the_declaration_alone() -> None:
    """Editing one proof must not make the others look new."""
    before = {p.declaration.label: p.fingerprint for p in finished_proofs(TEXT, len(TEXT))}
    edited = "\n" + TEXT.replace("trivial\n", "exact trivial\n")
    after = {p.declaration.label: p.fingerprint for p in finished_proofs(edited, len(edited))}
    assert before["t"] == after["t"]
    assert before["last"] != after["last"]
