"""What typing teaches: a suggestion that was taken is noticed, however it got there; proofs are read in quiet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import Position, apply_edits
from lean_sidekick.engine.api import DocumentText, SuggestionRound
from lean_sidekick.lsp.lessons import Lessons, taken_suggestion
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.snapshot import Change, TextStore
from lean_sidekick.lsp.tasks import Tasks
from support.fake_engine import fake_backend

URI = "file:///p/A.lean"
TEXT = "-- suggest: simp => closes the goal\n-- suggest: exact h => closes the goal\ntheorem t := by\n  sorry\n"


class World:
    """The parts that lessons need, and what the engine was told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.arrived = asyncio.Event()
        self.texts = TextStore()
        self.tasks = Tasks()
        self.projects = Projects(lambda: fake_backend(self._on_event), lambda warning: None)
        self.lessons = Lessons(texts=self.texts, projects=self.projects, tasks=self.tasks, idle_s=0.0)
        self.texts.open(URI, 1, TEXT)

    def _on_event(self, event: str) -> None:
        self.events.append(event)
        self.arrived.set()

    async def round(self) -> SuggestionRound:
        engine = await self.projects.engine(URI)
        document = DocumentText(uri=URI, version=1, text=TEXT)
        rounds = [known async for known in engine.suggest(document, Position(3, 2), Budget(seconds=1, checks=9))]
        self.events.clear()
        return rounds[-1]

    async def wait_for(self, event: str) -> None:
        async with asyncio.timeout(10):
            while event not in self.events:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    made = World()
    try:
        yield made
    finally:
        await made.projects.close()
        await made.tasks.close(5.0)


async def test_the_text_that_an_edit_leaves_tells_which_suggestion_was_taken() -> None:
    async with world() as here:
        known = await here.round()
        for suggestion in known.suggestions:
            after = apply_edits(TEXT, [suggestion.edit])
            assert taken_suggestion(known, TEXT, after) is suggestion
            assert taken_suggestion(known, TEXT, after + " ") is None
        assert taken_suggestion(known, TEXT, TEXT) is None
        assert taken_suggestion(known, TEXT, TEXT.replace("sorry", "simpa")) is None
        assert taken_suggestion(known, TEXT, TEXT.replace("sorry", "simp").replace("theorem t", "theorem s")) is None


@pytest.mark.parametrize(("typed", "expected"), [("exact h", ["accepted exact h"]), ("exact k", [])])
async def test_the_engine_is_told_of_a_suggestion_that_was_taken(typed: str, expected: list[str]) -> None:
    async with world() as here:
        known, before = await here.round(), here.texts.snapshot(URI)
        here.texts.change(URI, 2, [Change(range=None, text=TEXT.replace("sorry", typed))])
        here.lessons.text_changed(URI, known, before)
        if expected:
            await here.wait_for(expected[0])
        await here.tasks.close(5.0)
        assert here.events == expected


async def test_finished_proofs_are_read_after_a_round_if_nobody_types() -> None:
    async with world() as here:
        here.lessons.round_ended(here.texts.snapshot(URI))
        await here.wait_for("learn v1")


async def test_nothing_is_read_of_a_text_that_has_changed() -> None:
    async with world() as here:
        old = here.texts.snapshot(URI)
        here.lessons.round_ended(old)
        here.texts.change(URI, 2, [Change(range=None, text=TEXT + "\n")])
        here.lessons.text_changed(URI, None, None)
        here.lessons.round_ended(old)  # a round of the old version that ends late
        here.lessons.round_ended(here.texts.snapshot(URI))
        await here.wait_for("learn v2")
        assert "learn v1" not in here.events
