"""Priors correct scores by what happened, never by much, and by nothing where nothing was seen."""

import json
from importlib import resources

import pytest

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.priors import (
    LIMIT,
    Priors,
    Table,
    corrected,
    family,
    fitted_rows,
    shipped_table,
    situation,
    table_of,
)

EQUATION = "n : Nat\nh : n = 0\n⊢ n + 0 = n"


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (EQUATION, "= Nat h"),
        ("n : Nat\nih : n + 0 = n\n⊢ n + 0 = n", "= Nat ih"),
        ("a b : Nat\n⊢ a ≤ b", "≤ Nat"),
        ("p q : Prop\n⊢ p ∧ q", "∧"),
        ("a : Nat\n⊢ a ≠ 0", "¬ Nat"),
        ("p : Prop\n⊢ p → p", "→"),
        ("p : Prop\nh : ¬p\n⊢ False", "False  h"),
    ],
)
def test_the_shape_of_a_goal(goal: str, expected: str) -> None:
    assert situation(read_goal(parse_goal(goal))) == expected


@pytest.mark.parametrize(
    ("tactic", "expected"),
    [
        ("rw [h]", "rw hypothesis"),
        ("rw [← Nat.add_comm]", "rw lemma"),
        ("rwa [h] at h'", "rw at"),
        ("exact ⟨1, rfl⟩", "exact term"),
        ("exact h", "exact hypothesis"),
        ("induction n generalizing m with | zero => ?_ | succ n ih => ?_", "induction generalizing"),
        ("rcases h with a | b", "cases hypothesis"),
        ("cases n <;> simp", "cases data <;>"),
        ("simp", "simp"),
        ("omega", "omega"),
    ],
)
def test_the_family_of_a_tactic(tactic: str, expected: str) -> None:
    assert family(tactic, read_goal(parse_goal(EQUATION))) == expected


def test_what_was_taken_more_often_than_promised_gains_and_what_was_not_loses() -> None:
    table = Table()
    table.add(("=", "rw lemma"), 10.0, 30.0)
    table.add(("=", "simp"), 30.0, 10.0)
    table.add(("≤", "simp"), 10.0, 10.0)
    assert table.correction(("=", "rw lemma")) == pytest.approx(LIMIT)
    assert table.correction(("=", "simp")) < table.correction(("≤", "simp")) < 0.1
    assert table.correction(("=", "omega")) == 0.0
    assert Table().correction(("=", "simp")) == 0.0


def test_little_evidence_moves_little() -> None:
    table = Table()
    table.add(("∧", "other"), 100.0, 100.0)
    table.add(("=", "simp"), 0.3, 1.0)
    assert 0 < table.correction(("=", "simp")) < LIMIT / 2


def test_corrections_are_bounded_and_scores_stay_below_zero() -> None:
    table = Table()
    table.add(("= Nat h", "rw hypothesis"), 0.1, 500.0)
    table.add(("= Nat h", "simp"), 500.0, 0.0)
    candidates = [
        Candidate(text=text, source=Source.SHAPE, score=score) for text, score in (("rw [h]", -0.2), ("simp", -1.0))
    ]
    shape = read_goal(parse_goal(EQUATION))
    found = {c.text: c.score for c in Priors((table,)).corrected(shape, candidates)}
    assert -0.2 < found["rw [h]"] < 0
    assert -1.0 - LIMIT <= found["simp"] < -1.0
    assert Priors().corrected(shape, candidates) == candidates


@pytest.mark.parametrize("score", [-0.01, -0.5, -3.0, -9.0])
@pytest.mark.parametrize("change", [-LIMIT, -0.1, 0.3, 2 * LIMIT])
def test_what_is_nearly_sure_stays_so_and_a_change_can_be_taken_back(score: float, change: float) -> None:
    moved = corrected(score, change)
    assert moved < 0
    assert (moved > score) == (change > 0)
    assert abs(moved - score) <= abs(change)
    assert abs(corrected(-0.01, change) + 0.01) < 0.03
    if moved < -0.002:
        assert corrected(moved, -change) == pytest.approx(score)


def test_forgotten_tallies_correct_nothing() -> None:
    table = Table()
    table.add(("=", "simp"), 1.0, 20.0)
    table.clear()
    assert table.correction(("=", "simp")) == 0.0


def test_tactics_younger_than_the_library_are_not_in_its_table() -> None:
    table = Table()
    table.add(("=", "omega"), 50.0, 0.0)
    table.add(("=", "rw lemma"), 50.0, 30.0)
    assert [row[1] for row in fitted_rows(table)] == ["rw lemma"]


def test_the_shipped_table_names_its_source_and_licence() -> None:
    text = resources.files("lean_sidekick.tactics").joinpath("priors.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert "Mathlib 4" in data["source"] and data["licence"].startswith("Apache-2.0")
    assert table_of(data["tallies"]).tallies == shipped_table().tallies
    assert len(data["tallies"]) > 100
