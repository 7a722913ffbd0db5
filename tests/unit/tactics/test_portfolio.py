"""The portfolio: which rows a goal gets, and what is asked of a toolchain."""

import pytest
from tactic_checks import EARLY, MODERN, check_leading, texts

from lean_sidekick.tactics.dialect import Dialect, name_probe
from lean_sidekick.tactics.portfolio import ROWS, portfolio_candidates, probe_texts


@pytest.mark.parametrize(
    ("goal", "known", "leading"),
    [
        ("n m : Nat\n⊢ n + m = m + n", MODERN, ["omega", "rfl"]),
        ("n m : Nat\n⊢ n + m = m + n", EARLY, ["rfl", "assumption", "trivial"]),
        ("⊢ 2 + 2 ≠ 5", EARLY, ["decide", "trivial"]),
        ("x : ℝ\n⊢ 0 ≤ x ^ 2", MODERN, ["positivity"]),
    ],
)
def test_what_leads(goal: str, known: frozenset[str], leading: list[str]) -> None:
    check_leading(portfolio_candidates, goal, known, leading)


@pytest.mark.parametrize(
    ("goal", "offered", "withheld"),
    [
        ("n m : ℕ\n⊢ n * m = m * n", {"omega", "ring"}, {"tauto", "positivity", "decide"}),
        ("x y : ℝ\nh : x < y\n⊢ x ≤ y", {"linarith", "nlinarith", "gcongr"}, {"omega", "lia"}),
        ("p q : Prop\nh : p ∧ q\n⊢ q", {"tauto", "assumption"}, {"ring", "omega", "linarith"}),
        ("α : Type\nxs : List α\n⊢ xs ++ [] = xs", {"simp", "rfl"}, {"omega", "ring", "linarith"}),
        ("f : ℝ → ℝ\n⊢ Continuous f", {"fun_prop", "infer_instance"}, {"omega", "ring", "split"}),
        ("n : Nat\n⊢ (if n < 3 then 1 else 2) < 3", {"split", "split_ifs"}, {"ring"}),
        ("n : Nat\n⊢ ∀ m, m < n", set(), {"decide"}),
        ("⊢ ∀ (n : Nat), n < n + 1", set(), {"decide"}),
        ("x : ℝ\n⊢ x / 2 + x / 2 = x", {"field_simp", "ring"}, {"omega"}),
        ("n : Nat\nh : n < 0\n⊢ False", {"omega", "contradiction", "linarith"}, {"ring"}),
    ],
)
def test_gates(goal: str, offered: set[str], withheld: set[str]) -> None:
    found = set(texts(portfolio_candidates, goal, MODERN))
    assert offered <= found
    assert not withheld & found


def test_only_known_tactics_are_offered() -> None:
    goal = "n m : Nat\nh : n ≤ m\n⊢ n < m + 1"
    assert set(texts(portfolio_candidates, goal, EARLY)) <= EARLY
    assert "omega" in texts(portfolio_candidates, goal, None)


def test_probes_cover_the_table_and_are_not_results() -> None:
    probes = probe_texts()
    assert len(set(probes)) == len(probes)
    assert {row.text for row in ROWS} <= set(probes)
    assert not [text for text in probes if text.endswith("?")]


def test_names_are_filtered_only_if_they_were_asked_for() -> None:
    assert Dialect(None).has_name("Nat.add_comm")
    assert Dialect(EARLY).has_name("Nat.add_comm")
    asked = Dialect(EARLY | {name_probe("Nat.add_comm")})
    assert asked.has_name("Nat.add_comm")
    assert not asked.has_name("Nat.two_mul")
