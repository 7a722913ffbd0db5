"""The panel at the front door: what it is told while it is seen, of which version, and what can be taken from it."""

from typing import Any

import pytest

from lean_sidekick.core.positions import TextMap
from support.editor import URI, Answered, Editor, wire_position

MOVED, CHANGED, TREE = "leanSidekick/panelMoved", "leanSidekick/panelChanged", "leanSidekick/searchTreeChanged"
CONTENT_MODIFIED, FAILED = -32801, -32803

THEOREM = """\
-- goal: h : p\\n⊢ p ∧ True
-- suggest: constructor => 1 goal left: ⊢ True
-- suggest: simp => closes the goal
theorem t : p ∧ True := by
  sorry
"""
HELD = THEOREM.replace("theorem t", "-- hold\ntheorem t")


def look(editor: Editor, mark: str | None = "sorry") -> None:
    """The panel is opened, or its user moves; None closes it."""
    place = None
    if mark is not None:
        text = editor.texts[URI]
        place = {**editor.identify(URI), "position": wire_position(TextMap(text), text.index(mark))}
    editor.notify(MOVED, {"place": place})


async def panel(editor: Editor, *, tactics: list[str], state: str) -> Any:
    """What the panel shows as soon as it shows these tactics, in this state, for the newest version."""

    def fits(said: Any) -> bool:
        shown = [suggestion["tactic"] for suggestion in said["suggestions"]]
        return (said["version"], shown, said["state"]) == (editor.versions[URI], tactics, state)

    return await editor.until(lambda: next((s for s in editor.said(CHANGED) if fits(s)), None), f"{tactics}, {state}")


def take(editor: Editor, shown: Any, tactic: str) -> Any:
    argument = {"uri": URI, "version": shown["version"], "round": shown["round"], "tactic": tactic}
    return editor.execute({"command": "leanSidekick.takeSuggestion", "arguments": [argument]})


async def test_it_streams_the_goal_and_suggestions_with_what_they_change(editor: Editor) -> None:
    await editor.initialize()
    editor.open(HELD)
    look(editor)
    shown = await panel(editor, tactics=["simp", "constructor"], state="running")
    (goal,) = shown["goals"]
    hypothesis = {"names": ["h"], "type": "p", "value": None, "change": "same", "before": None}
    assert (goal["hypotheses"], goal["target"], goal["sign"]) == ([hypothesis], "p ∧ True", "⊢")
    closing, leaving = shown["suggestions"]
    assert (closing["closes"], closing["effect"], closing["goals"]) == (True, "closes the goal", [])
    (left,) = leaving["goals"]
    assert (left["target"], left["changed"], left["other"], left["same"]) == ("True", True, False, 0)
    assert [(h["names"], h["change"]) for h in left["hypotheses"]] == [(["h"], "removed")]
    assert (leaving["source"], shown["checks"], shown["tallies"][0]["run"]) == ("portfolio", 2, 2)
    assert [s["tactic"] for s in editor.said(CHANGED)[-2]["suggestions"]] == ["constructor"], "one after the other"
    await editor.finish()


async def test_a_panel_that_is_not_seen_hears_nothing(editor: Editor) -> None:
    """Neither of suggestions nor of searches; not even one that was open before."""
    await editor.initialize()
    editor.open(THEOREM + "-- prove: simp\n")
    await editor.code_actions("sorry")
    await editor.complete_proof("sorry").answer()
    assert editor.said(CHANGED) == editor.said(TREE) == []
    look(editor, "simp")
    look(editor, None)
    editor.replace("simp", "sorry")
    await editor.code_actions("sorry")
    await editor.settled()
    assert [s for s in editor.said(CHANGED) if s["version"] == editor.versions[URI]] == []
    await editor.finish()


async def test_a_suggestion_is_taken_by_one_versioned_edit(editor: Editor) -> None:
    await editor.initialize()
    editor.open(HELD)
    look(editor)
    shown = await panel(editor, tactics=["simp", "constructor"], state="running")
    assert await take(editor, shown, "constructor").answer() == {"applied": True, "message": ""}
    assert editor.texts[URI] == HELD.replace("sorry", "constructor")
    (applied,) = editor.said("workspace/applyEdit")
    assert applied["edit"]["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    await editor.event("accepted constructor")
    await editor.finish()


async def test_a_suggestion_of_an_older_version_is_never_put_in(editor: Editor) -> None:
    await editor.initialize()
    editor.open(HELD)
    look(editor)
    shown = await panel(editor, tactics=["simp", "constructor"], state="running")
    editor.replace("theorem t", "theorem tt")
    with pytest.raises(Answered) as refused:
        await take(editor, shown, "simp").answer()
    assert refused.value.code == CONTENT_MODIFIED
    # Nor with the new version's number: it was not offered there.
    with pytest.raises(Answered) as refused:
        await take(editor, {**shown, "version": 2, "round": shown["round"] + 1}, "simp").answer()
    assert refused.value.code == FAILED
    assert editor.said("workspace/applyEdit") == []
    await editor.finish()


async def test_it_follows_the_text_and_the_cursor(editor: Editor) -> None:
    """A new version begins anew after the pause; a place without a goal says so; the way back shows what is known."""
    await editor.initialize()
    editor.open(THEOREM)
    look(editor)
    first = await panel(editor, tactics=["simp", "constructor"], state="done")
    editor.replace("-- suggest: simp => closes the goal\n", "")
    look(editor)
    second = await panel(editor, tactics=["constructor"], state="done")
    assert second["round"] > first["round"]
    look(editor, "theorem")
    nowhere = await panel(editor, tactics=[], state="nothing")
    assert nowhere["message"] == "No tactic can stand here: put the cursor into a proof."
    heard = len(editor.said(CHANGED))
    look(editor)
    again = await editor.hears(CHANGED, heard + 1)
    assert again["round"] == second["round"]
    await editor.finish()


async def test_trouble_is_said_in_the_panel_too(editor: Editor) -> None:
    await editor.initialize()
    editor.open("-- fail: crash\n" + THEOREM)
    look(editor)
    shown = await panel(editor, tactics=[], state="nothing")
    assert shown["message"] == "Lean died."
    await editor.finish()


@pytest.mark.parametrize(
    "params", [None, [], {}, {"place": 3}, {"place": {"uri": URI}}, {"place": {"uri": URI, "version": "1"}}]
)
async def test_a_message_that_cannot_be_read_changes_nothing(editor: Editor, params: Any) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    editor.notify(MOVED, params)
    look(editor)
    await panel(editor, tactics=["simp", "constructor"], state="done")
    await editor.finish()


async def test_the_search_tree_of_a_completion(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM + "-- prove: simp\n")
    look(editor)
    await panel(editor, tactics=["simp", "constructor"], state="done")
    await editor.complete_proof("sorry").answer()
    (*_, last) = editor.said(TREE)
    assert (last["declaration"], last["running"], last["more"]) == ("t", False, 0)
    assert last["message"] == "proved: 0.1 s, 7 checks."
    goal, tactic = last["items"]
    assert (goal["kind"], goal["state"], goal["text"], goal["parent"]) == ("goal", "proved", "⊢ True", None)
    assert (tactic["kind"], tactic["text"], tactic["parent"]) == ("tactic", "simp", goal["id"])
    await editor.finish()


async def test_a_cancelled_search_leaves_its_tree(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM + "-- prove: hold\n")
    look(editor)
    await panel(editor, tactics=["simp", "constructor"], state="done")
    asked = editor.complete_proof("sorry")
    await editor.until(lambda: [tree for tree in editor.said(TREE) if tree["running"]], "a tree that grows")
    editor.notify("$/cancelRequest", {"id": asked.id})
    last = await editor.until(lambda: next((t for t in editor.said(TREE) if not t["running"]), None), "its end")
    assert last["message"].startswith("Stopped")
    await editor.finish()


async def test_after_a_search_the_panel_looks_at_its_place_again(editor: Editor) -> None:
    """The search ended the round there before it had said anything."""
    await editor.initialize()
    editor.open("-- hold\n" + THEOREM + "-- prove: nothing\n")
    look(editor)
    await editor.event("suggest v1")
    await editor.complete_proof("sorry").answer()
    await editor.event("suggest v1", 2)
    assert await editor.shown() == "No proof was found in 7 checks."
    await editor.finish()
