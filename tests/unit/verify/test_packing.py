"""Packing candidates into one edit, and reading outcomes back by line."""

import pytest
from attrs import evolve

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.sites import Hole
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.dialect import QUIET, Dialect
from lean_sidekick.verify.packing import (
    Packed,
    SlotVerdict,
    bounded,
    has_sentinel,
    pack,
    parenthesized,
    read_probes,
    read_slots,
    shadow_text,
    untrail,
)
from support.fake_documents import at, information
from support.sites import sorry_site

MODERN = Dialect(
    mark='trace "checked"', trace_state="trace_state", all_goals="all_goals", recovery_off=True, simp_steps=None
)
EARLY = Dialect(mark="traceState", trace_state="traceState", all_goals="allGoals", recovery_off=False, simp_steps=200)
TEXT = (
    "theorem a : True := trivial\n\n"
    "/-- doc -/\ntheorem b (p : Prop) (h : p) : p := by\n  have h2 := h\n  sorry\n\n#check b\n"
)


def packed(*candidates: str, dialect: Dialect = EARLY, probes: tuple[str, ...] = (), text: str = TEXT) -> Packed:
    site = sorry_site(text)
    return pack(site, [], ["skip", *candidates, "skip"], dialect, base=text, probes=probes, heartbeats=100)


def outcomes(shadow: Packed, *diagnostics: Diagnostic, before: str = "h : p\n⊢ p") -> list[OutcomeKind | SlotVerdict]:
    found = read_slots(shadow, diagnostics, parse_goal(before))
    return [v.kind if isinstance(v, Outcome) else v for v in found][1:-1]


def test_every_candidate_stands_in_a_block_of_its_own_with_mark_and_done() -> None:
    shadow = packed("exact h", probes=("exact h",))
    assert shadow.text == (
        "theorem a : True := trivial\n"
        "\n"
        "example : True := trivial\n"
        "example : True := by first | trivial | (exact h)\n"
        "set_option maxHeartbeats 100 in\n"
        "/-- doc -/\n"
        "theorem b (p : Prop) (h : p) : p := by\n"
        "  have h2 := h\n"
        "  (refine (fun (p : Sort _) (h _ _ : p) => h) _ ?_ ?_ ?_)\n"
        "  · (skip)\n"
        "    done\n"
        "    traceState\n"
        "  · (exact h)\n"
        "    done\n"
        "    traceState\n"
        "  · (skip)\n"
        "    done\n"
        "    traceState\n"
        "\n"
        "#check Prop\n"
    )
    slot = shadow.slots[1]
    lines = shadow.text.split("\n")
    assert lines[slot.candidate_lines.first] == "  · (exact h)"
    assert lines[slot.mark_line].strip() == "traceState"
    assert lines[slot.done_line].strip() == "done"
    assert lines[shadow.sentinel_line] == "#check Prop"
    assert "exact h" in lines[shadow.probes[0].first]


def test_on_newer_leans_error_recovery_is_off_inside_a_slot() -> None:
    shadow = packed("simp\nexact h", dialect=MODERN)
    assert ('  · first\n      | (simp\n         exact h)\n      | fail\n    done\n    trace "checked"\n') in shadow.text
    slot = shadow.slots[1]
    assert slot.candidate_lines.last - slot.candidate_lines.first == 3


def test_linters_and_warnings_as_errors_are_off_while_checking() -> None:
    quiet = evolve(MODERN, quiet=QUIET)
    text = packed("exact h", dialect=quiet).text
    assert (
        "set_option maxHeartbeats 100 in\n"
        "set_option linter.all false in\n"
        "set_option warningAsError false in\n"
        "/-- doc -/\n"
    ) in text


def test_probes_parse_under_what_the_declaration_opens() -> None:
    text = "open Nat in\nset_option pp.all true in\n@[simp] theorem b : True := by\n  sorry\n"
    shadow = packed("exact h", probes=("exact h",), text=text)
    probe = "open Nat in set_option pp.all true in example : True := by first | trivial | (exact h)"
    assert shadow.text.split("\n")[shadow.probes[0].first] == probe


def test_steps_stand_before_the_copies() -> None:
    site = sorry_site(TEXT)
    shadow = pack(site, ["constructor", "· admit"], ["skip"], EARLY, base=TEXT, probes=(), heartbeats=1)
    assert "  (constructor)\n  (· admit)\n  (refine (fun (p : Sort _) (h : p) => h) _ ?_)\n  · (skip)\n" in shadow.text
    assert shadow.text.split("\n")[shadow.slots[0].candidate_lines.first] == "  · (skip)"


@pytest.mark.parametrize(
    ("text", "hole"),
    [
        ("theorem b : True :=\n  sorry\n", Hole.TERM_SORRY),
        ("theorem b : True := by sorry\n", Hole.TACTIC_SORRY),
        ("theorem b : True := by\n  sorry", Hole.TACTIC_SORRY),
        ("theorem 𝔸 (𝔭 : Prop) : True :=\n  have := 1\n  sorry\n", Hole.TERM_SORRY),
    ],
)
def test_slot_lines_are_right_for_every_kind_of_hole(text: str, hole: Hole) -> None:
    site = sorry_site(text, hole)
    shadow = pack(site, [], ["skip", "exact h"], EARLY, base=text, probes=("exact h",), heartbeats=1)
    lines = shadow.text.split("\n")
    assert "(exact h)" in lines[shadow.slots[1].candidate_lines.first]
    assert lines[shadow.slots[1].done_line].strip() == "done"
    assert lines[shadow.sentinel_line] == "#check Prop"
    assert lines[shadow.declaration_lines.first].startswith("theorem")


def test_a_comment_cannot_swallow_the_closing_parenthesis() -> None:
    assert parenthesized("exact h -- done") == ["(exact h -- done", " )"]
    assert parenthesized("simp\nrfl") == ["(simp", " rfl)"]


def test_closed_needs_its_mark() -> None:
    shadow = packed("exact h")
    slot, last = shadow.slots[1], shadow.slots[2]
    assert outcomes(shadow, information(slot.mark_line)) == [OutcomeKind.CLOSED]
    assert outcomes(shadow) == [SlotVerdict.NOT_RUN]
    assert outcomes(shadow, information(last.mark_line)) == [OutcomeKind.FAILED]


def test_an_error_on_the_candidate_fails_it_even_if_the_mark_was_printed() -> None:
    shadow = packed("exact foo")
    slot = shadow.slots[1]
    error = at(slot.candidate_lines.first, "unknown identifier 'foo'")
    assert outcomes(shadow, error, information(slot.mark_line)) == [OutcomeKind.FAILED]


def test_goals_left_are_those_that_done_reports() -> None:
    shadow = packed("constructor")
    slot = shadow.slots[1]
    left = at(slot.done_line, "unsolved goals\ncase refine_2.left\n⊢ p\n\ncase refine_2.right\n⊢ q")
    found = read_slots(shadow, [left], None)[1]
    assert isinstance(found, Outcome)
    assert found.kind is OutcomeKind.PROGRESS
    assert [(g.case_name, g.target) for g in found.goals] == [("left", "p"), ("right", "q")]


def test_the_same_goal_again_is_no_change() -> None:
    shadow = packed("simp")
    slot = shadow.slots[1]
    left = at(slot.done_line, "unsolved goals\ncase refine_2\nh : p\n⊢ p")
    assert outcomes(shadow, left) == [OutcomeKind.NO_CHANGE]


def test_an_error_at_done_that_is_no_goal_list_is_no_success() -> None:
    shadow = packed("simp")
    slot = shadow.slots[1]
    assert outcomes(shadow, at(slot.done_line, "something new")) == [OutcomeKind.FAILED]
    empty = at(slot.done_line, "unsolved goals\n")
    assert outcomes(shadow, empty) != [OutcomeKind.CLOSED]


def test_after_the_heartbeat_limit_nothing_is_known_of_later_slots() -> None:
    shadow = packed("simp", "exact h", "rfl")
    first, second, third = shadow.slots[1:4]
    timeout = "(deterministic) timeout at 'whnf', maximum number of heartbeats (100) has been reached"
    found = outcomes(
        shadow,
        at(first.candidate_lines.first, timeout),
        information(second.mark_line),
        at(third.candidate_lines.first, timeout),
    )
    assert found == [OutcomeKind.TIMED_OUT, SlotVerdict.NOT_RUN, SlotVerdict.NOT_RUN]


def test_probe_errors_belong_to_their_probe() -> None:
    shadow = packed("omega", "exact h", probes=("omega", "exact h"))
    assert read_probes(shadow, [at(shadow.probes[0].first, "unknown tactic")]) == ("unknown tactic", "")


def test_without_the_sentinel_the_file_was_not_elaborated_to_its_end() -> None:
    shadow = packed("exact h")
    assert not has_sentinel(shadow, [information(shadow.slots[1].mark_line)])
    assert has_sentinel(shadow, [information(shadow.sentinel_line, "Prop : Type")])


def test_the_text_after_the_declaration_is_cut_but_not_for_mutual_ones() -> None:
    site = sorry_site(TEXT)
    assert "#check b" not in shadow_text(site, "exact h", base=TEXT).text
    text = "mutual\ntheorem b : True := by\n  sorry\ntheorem c : True := trivial\nend\n"
    mutual = sorry_site(text)
    assert mutual.declaration.is_mutual
    assert "theorem c" in shadow_text(mutual, "exact h", base=text).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("simp", "simp (config := { maxSteps := 200 })"),
        ("simp [h] at h2", "simp (config := { maxSteps := 200 }) [h] at h2"),
        ("intros; simp_all", "intros; simp_all (config := { maxSteps := 200 })"),
        ("exact List.simp", "exact List.simp"),
        ("simp (config := { arith := true })", "simp (config := { arith := true })"),
        ("exact simp'", "exact simp'"),
    ],
)
def test_simp_is_bounded_where_heartbeats_do_not_bound_it(text: str, expected: str) -> None:
    assert bounded(text, EARLY) == expected
    assert bounded(text, MODERN) == text


def test_a_simp_that_met_its_step_limit_timed_out_and_the_others_count() -> None:
    shadow = packed("simp [h]", "exact h")
    first, second = shadow.slots[1:3]
    steps = at(first.candidate_lines.first, "simp failed, maximum number of steps exceeded")
    assert outcomes(shadow, steps, information(second.mark_line)) == [OutcomeKind.TIMED_OUT, OutcomeKind.CLOSED]


def test_the_trail_of_copying_is_taken_off_case_names() -> None:
    goal = parse_goal("case left.refine_3.inl\n⊢ p")
    assert untrail(goal, 2, 5).case_name == "left.inl"
    assert untrail(parse_goal("case refine_1\n⊢ p"), 0, 2).case_name is None
    assert untrail(parse_goal("case left\n⊢ p"), 0, 2).case_name == "left"
