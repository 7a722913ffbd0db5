"""The editor's own goal as a head start: who is asked for it, and that no answer can do harm."""

from typing import Any

import pytest

from support.editor import FULL, URI, Editor

ASKED = "leanSidekick/goalsAt"
ABLE = {**FULL, "experimental": {"leanSidekick": {"goalsAt": True}}}
THEOREM = "-- suggest: simp => closes the goal\ntheorem t : p := by\n  sorry\n"


async def test_a_client_that_can_is_asked_for_the_goals_of_the_version(editor: Editor) -> None:
    await editor.initialize(ABLE)
    editor.answers[ASKED] = {"result": {"goals": ["⊢ p", "⊢ q"]}}
    editor.open(THEOREM)
    assert (await editor.code_actions("sorry"))[0]["title"] == "simp — closes the goal"
    assert editor.said(ASKED) == [{"uri": URI, "version": 1, "position": {"line": 2, "character": 2}}]
    await editor.finish()
    assert [event for event in editor.events() if "goal" in event] == ["editor's goal ⊢ p", "editor's goal ⊢ q"]


@pytest.mark.parametrize("capabilities", [{}, {"leanSidekick": {"goalsAt": "yes"}}, {"leanSidekick": 1}, [], None])
async def test_a_client_that_does_not_say_that_it_can_is_not_asked(editor: Editor, capabilities: Any) -> None:
    await editor.initialize({**FULL, "experimental": capabilities})
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry")) == 3
    await editor.settled()
    assert editor.said(ASKED) == []
    await editor.finish()


WRONG = [
    {"result": None},
    {"result": {"goals": None}},
    {"result": {"goals": [1]}},
    {"result": {"goals": "⊢ p"}},
    {"result": []},
    {"error": {"code": -32601, "message": "Unhandled method"}},
    {"error": {"code": -32800, "message": "cancelled"}},
]


@pytest.mark.parametrize("answer", WRONG, ids=str)
async def test_a_wrong_answer_is_no_answer(editor: Editor, answer: dict[str, Any]) -> None:
    """And nothing of it reaches the user."""
    await editor.initialize(ABLE)
    editor.answers[ASKED] = answer
    editor.open(THEOREM)
    assert (await editor.code_actions("sorry"))[0]["title"] == "simp — closes the goal"
    assert len(editor.said(ASKED)) == 1
    await editor.finish()
    assert not any("goal" in event for event in editor.events())
