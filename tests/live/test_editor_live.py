"""The whole way with a real Lean: an editor over stdio, the server as users have it, nothing faked.

Judged by Lean itself, in a plain run that shares no code with the server.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from support.editor import Editor, ServerProcess

pytestmark = pytest.mark.live

HARD = (
    "theorem hard (f : Nat → Nat → Nat) (h : ∀ x y, f x y = f y x) (a b : Nat) : f a b = f (a + 1) b := by\n  sorry\n"
)
EASY = (
    "-- 𝔸 above the hole\n"
    "theorem easy (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  sorry\n\n"
    "theorem after (p : Prop) (h : p) : p := h\n"
)


@pytest_asyncio.fixture
async def editor(real_lean: Path) -> AsyncIterator[Editor]:
    started = Editor(await ServerProcess.start("serve", "--lean", str(real_lean), module="lean_sidekick"))
    yield started
    await started.kill()


def leans() -> list[psutil.Process]:
    """The Lean processes that run below this one."""
    return [
        p
        for p in psutil.Process().children(recursive=True)
        if p.status() != psutil.STATUS_ZOMBIE and "lean" in p.name()
    ]


async def suggestions(editor: Editor, mark: str, uri: str) -> list[dict[str, Any]]:
    """Asks for code actions until the round has something to show, as a person opens the menu again."""
    async with asyncio.timeout(30):
        while True:
            found = [a for a in await editor.code_actions(mark, uri) if "closes" in a["title"] or "left" in a["title"]]
            if found:
                return found


def errors_of(lean: Path, text: str, folder: Path) -> str:
    path = folder / "Plain.lean"
    path.write_text(text, encoding="utf-8")
    run = subprocess.run([lean, path], capture_output=True, text=True, timeout=60, check=False)
    return "\n".join(line for line in run.stdout.splitlines() if "error" in line or "sorry" in line)


async def test_a_code_action_at_a_sorry_leaves_a_file_without_errors(
    editor: Editor, real_lean: Path, tmp_path: Path
) -> None:
    uri = (tmp_path / "Easy.lean").as_uri()
    await editor.initialize()
    editor.open(EASY, uri)
    best = (await suggestions(editor, "sorry", uri))[0]
    assert best["title"].endswith("closes the goal")
    assert editor.apply(best["edit"])
    assert "sorry" not in editor.texts[uri]
    assert errors_of(real_lean, editor.texts[uri], tmp_path) == ""
    await editor.finish()


async def test_complete_the_proof_is_one_edit_that_lean_accepts(
    editor: Editor, real_lean: Path, tmp_path: Path
) -> None:
    uri = (tmp_path / "Easy.lean").as_uri()
    await editor.initialize()
    editor.open(EASY, uri)
    result = await editor.complete_proof("sorry", uri).answer()
    assert result["status"] == "proved" and result["applied"]
    assert errors_of(real_lean, editor.texts[uri], tmp_path) == ""
    await editor.finish()


async def test_a_cancelled_completion_changes_nothing_and_the_next_question_is_answered(
    editor: Editor, tmp_path: Path
) -> None:
    uri = (tmp_path / "Hard.lean").as_uri()
    await editor.initialize()
    editor.open(HARD, uri)
    asked = editor.complete_proof("sorry", uri)
    report = await editor.hears("$/progress", 2)
    editor.notify("window/workDoneProgress/cancel", {"token": report["token"]})
    assert (await asked.answer())["status"] == "cancelled"
    assert editor.texts[uri] == HARD
    assert editor.said("workspace/applyEdit") == []
    editor.change([], uri)
    easy = (tmp_path / "Easy.lean").as_uri()
    editor.open(EASY, easy)
    assert await suggestions(editor, "sorry", easy)
    await editor.finish()


@pytest.mark.parametrize("victims", ["worker", "all"])
async def test_killing_lean_during_a_request_spoils_only_that_request(
    editor: Editor, tmp_path: Path, victims: str
) -> None:
    uri = (tmp_path / "Hard.lean").as_uri()
    await editor.initialize()
    editor.open(HARD, uri)
    asked = editor.complete_proof("sorry", uri)
    await editor.hears("$/progress", 2)
    for process in leans():
        if victims == "all" or "--worker" in process.cmdline():
            process.kill()
    editor.notify("$/cancelRequest", {"id": asked.id})
    easy = (tmp_path / "Easy.lean").as_uri()
    editor.open(EASY, easy)
    assert (await suggestions(editor, "sorry", easy))[0]["title"].endswith("closes the goal")


async def test_nothing_is_left_behind(editor: Editor, tmp_path: Path) -> None:
    uri = (tmp_path / "Easy.lean").as_uri()
    await editor.initialize()
    editor.open(EASY, uri)
    await suggestions(editor, "sorry", uri)
    running = leans()
    assert running
    await editor.finish()
    _, alive = psutil.wait_procs(running, timeout=10)
    assert not alive
