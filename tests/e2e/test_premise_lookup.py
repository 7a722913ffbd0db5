"""The commands about premises at the front door: lists with reasons, uses that Lean took, and one edit in the end."""

from typing import Any

import pytest

from lean_sidekick.core.positions import TextMap
from support.editor import URI, Answered, Editor, wire_position

CONTENT_MODIFIED, FAILED = -32801, -32803
CHOICE = "window/showMessageRequest"
PREMISES = "-- premise: Nat.foo [simp] (n : Nat) : n = n\n-- premise: Nat.bar : True\n"
USES = "-- use: exact Nat.foo _ => closes the goal\n-- use: rw [Nat.foo] => 1 goal left\n"
THEOREM = f"{PREMISES}{USES}theorem t : p := by\n  sorry\n"


def ask(editor: Editor, command: str, /, **more: Any) -> Any:
    text = editor.texts[URI]
    position = wire_position(TextMap(text), text.index("sorry"))
    argument = {"uri": URI, "version": editor.versions[URI], "position": position, **more}
    return editor.execute({"command": f"leanSidekick.{command}", "arguments": [argument]})


async def test_premises_for_a_goal_come_with_all_there_is_to_say(editor: Editor) -> None:
    await editor.initialize()
    editor.open(f"-- note: not all of it\n{THEOREM}")
    result = await ask(editor, "findPremises", count=1).answer()
    assert result == {
        "items": [
            {
                "name": "Nat.foo",
                "kind": "theorem",
                "statement": "(n : Nat) : n = n",
                "module": "Lib",
                "doc": "",
                "attributes": ["simp"],
                "deprecated": None,
                "why": "lexical 1 (nat)",
                "uri": "file:///Lib.lean",
                "position": {"line": 4, "character": 2},
            }
        ],
        "note": "not all of it",
    }
    await editor.finish()


async def test_a_lemma_is_looked_for_while_the_text_changes(editor: Editor) -> None:
    """The answer is looked at, not put in: it is good although the text has moved on."""
    await editor.initialize()
    editor.open(THEOREM)
    argument = {"uri": URI, "text": "foo bar", "count": 9}
    asked = editor.execute({"command": "leanSidekick.findLemma", "arguments": [argument]})
    editor.replace("sorry", "simp; sorry")
    assert [item["name"] for item in (await asked.answer())["items"]] == ["Nat.foo", "Nat.bar"]
    empty = editor.execute({"command": "leanSidekick.findLemma", "arguments": [{**argument, "text": " "}]})
    with pytest.raises(Answered, match="The question is empty"):
        await empty.answer()
    await editor.finish()


async def test_uses_have_what_puts_them_in(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    result = await ask(editor, "premiseUses", name="Nat.foo").answer()
    start = wire_position(TextMap(THEOREM), THEOREM.index("sorry"))
    end = {**start, "character": start["character"] + len("sorry")}
    assert result == {
        "uses": [
            {
                "tactic": "exact Nat.foo _",
                "effect": "closes the goal",
                "range": {"start": start, "end": end},
                "text": "exact Nat.foo _",
            },
            {
                "tactic": "rw [Nat.foo]",
                "effect": "1 goal left",
                "range": {"start": start, "end": end},
                "text": "rw [Nat.foo]",
            },
        ],
        "message": "",
    }
    await editor.finish()


async def test_what_was_not_confirmed_is_no_use(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace(USES, "-- use: exact Nat.foo =?> closes the goal\n"))
    result = await ask(editor, "premiseUses", name="Nat.foo").answer()
    assert result == {"uses": [], "message": "Lean takes no use of Nat.foo here."}
    await editor.finish()


async def test_any_client_can_choose_a_premise_and_its_use(editor: Editor) -> None:
    """Offered as a code action; two questions, one edit."""
    await editor.initialize()
    editor.open(THEOREM)
    action = (await editor.code_actions("sorry"))[-1]
    assert action["title"] == "Premises for this goal"
    editor.choices = ["Nat.foo", "rw [Nat.foo]"]
    result = await editor.execute(action["command"]).answer()
    assert result == {"tactic": "rw [Nat.foo]", "message": "1 goal left"}
    assert editor.texts[URI] == THEOREM.replace("sorry", "rw [Nat.foo]")
    first, second = editor.said(CHOICE)
    assert [choice["title"] for choice in first["actions"]] == ["Nat.foo (n : Nat) : n = n", "Nat.bar : True"]
    # What the first list may have cut is there whole before anything is put in.
    assert second["message"] == "Nat.foo (n : Nat) : n = n\nUses of Nat.foo, checked by Lean:"
    await editor.finish()


@pytest.mark.parametrize("choices", [[], ["Nat.foo"]])
async def test_choosing_nothing_changes_nothing(editor: Editor, choices: list[str]) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    editor.choices = choices
    assert await ask(editor, "choosePremise").answer() == {"tactic": None, "message": "Nothing was chosen."}
    assert editor.texts[URI] == THEOREM
    await editor.finish()


async def test_without_premises_or_uses_one_sentence_says_so(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace(USES, ""))
    editor.choices = ["Nat.bar"]
    assert (await ask(editor, "choosePremise").answer())["message"] == "Lean takes no use of Nat.bar here."
    assert await editor.shown() == "Lean takes no use of Nat.bar here."
    editor.replace(PREMISES, "-- note: The index is being built.\n")
    assert (await ask(editor, "choosePremise").answer())["message"] == "The index is being built."
    assert await editor.shown() == "The index is being built."
    await editor.finish()


async def test_an_old_version_and_a_wrong_place_are_refused(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    for command, more in (("findPremises", {"count": 3}), ("premiseUses", {"name": "a"}), ("choosePremise", {})):
        with pytest.raises(Answered) as old:
            await ask(editor, command, version=7, **more).answer()
        assert old.value.code == CONTENT_MODIFIED
        with pytest.raises(Answered) as nowhere:
            await ask(editor, command, position={"line": 0, "character": 0}, **more).answer()
        assert nowhere.value.code == FAILED
    await editor.finish()


async def test_who_looks_at_a_hint_is_told_what_its_premises_say(editor: Editor) -> None:
    """The tooltip gets the statements of the premises in the tactic, and of nothing else that the tactic names."""
    await editor.initialize({"workspace": {"inlayHint": {"refreshSupport": True}}})
    editor.open(f"-- suggest: exact foo hyp => closes the goal\n{PREMISES}theorem t : p := by\n  sorry\n")
    await editor.code_actions("sorry")
    [hint] = await editor.inlay_hints()
    assert "n = n" not in hint["tooltip"]
    resolved = await editor.request("inlayHint/resolve", hint)
    assert resolved == {**hint, "tooltip": f"{hint['tooltip']}\n\nNat.foo (n : Nat) : n = n"}
    editor.replace("sorry", "sorry ")
    with pytest.raises(Answered) as stale:
        await editor.request("inlayHint/resolve", hint)
    assert stale.value.code == CONTENT_MODIFIED
    with pytest.raises(Answered, match="none of ours"):
        await editor.request("inlayHint/resolve", {**hint, "data": 7})
    await editor.finish()
