"""Turns on a document: who is next, in events and never in seconds."""

import asyncio

import pytest

from lean_sidekick.verify.api import Priority
from lean_sidekick.verify.turns import PATIENCE, Turns

LIMIT_S = 10.0


class Log:
    """Askers for turns, and the order in which they got them."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[str] = []

    def ask(self, name: str) -> "asyncio.Task[None]":
        """A name that begins with `c` asks at the cursor."""
        return asyncio.ensure_future(self._have(name))

    async def _have(self, name: str) -> None:
        async with self.turns.turn(Priority.CURSOR if name.startswith("c") else Priority.BACKGROUND):
            self.order.append(name)


async def settled() -> None:
    """Until every task that can go on without anybody else has done so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def order_of(names: list[str], *, held_by: Priority) -> list[str]:
    """Asks in this order while somebody has the document; the order in which the turns are given."""
    log = Log(Turns(kept_s=0.0))
    tasks = []
    async with asyncio.timeout(LIMIT_S):
        async with log.turns.turn(held_by):
            for name in names:
                tasks.append(log.ask(name))
                await settled()
            assert log.order == [], "one at a time"
        await asyncio.gather(*tasks)
    return log.order


async def test_the_cursor_goes_before_the_background() -> None:
    asked = ["b1", "b2", "c1", "c2"]
    assert await order_of(asked, held_by=Priority.BACKGROUND) == ["c1", "c2", "b1", "b2"]


async def test_within_a_priority_the_first_to_ask_is_first() -> None:
    asked = ["b1", "b2", "b3"]
    assert await order_of(asked, held_by=Priority.CURSOR) == asked


async def test_the_background_is_passed_over_only_so_often() -> None:
    asked = ["b1", "b2", *(f"c{n}" for n in range(2 * PATIENCE + 1))]
    order = await order_of(asked, held_by=Priority.BACKGROUND)
    assert order.index("b1") == PATIENCE
    assert order.index("b2") == 2 * PATIENCE + 1


async def test_the_document_is_kept_for_the_next_question_at_the_cursor() -> None:
    """A round of suggestions is several turns; a search must not slip in between two of them."""
    log = Log(Turns(kept_s=3600.0))
    async with asyncio.timeout(LIMIT_S):
        async with log.turns.turn(Priority.CURSOR):
            background = log.ask("b")
            await settled()
        await settled()
        assert log.order == []
        await log.ask("c")
        assert log.order == ["c"]
        background.cancel()
        await asyncio.wait({background})


async def test_the_background_goes_on_when_the_cursor_does_not() -> None:
    log = Log(Turns(kept_s=0.001))
    async with asyncio.timeout(LIMIT_S):
        await log.ask("c")
        await log.ask("b")
    assert log.order == ["c", "b"]


async def test_a_cursor_that_never_rests_does_not_stop_the_background() -> None:
    log = Log(Turns(kept_s=3600.0))
    async with asyncio.timeout(LIMIT_S):
        await log.ask("c")
        background = log.ask("b")
        await settled()
        turns_of_the_cursor = 0
        while not background.done():
            await log.ask("c")
            turns_of_the_cursor += 1
            await settled()
    assert turns_of_the_cursor <= PATIENCE + 1


async def test_who_gives_up_waiting_is_passed_over() -> None:
    log = Log(Turns(kept_s=0.0))
    async with asyncio.timeout(LIMIT_S):
        async with log.turns.turn(Priority.BACKGROUND):
            gone, stays = log.ask("c1"), log.ask("b1")
            await settled()
            gone.cancel()
            await settled()
        await stays
    assert log.order == ["b1"]
    assert gone.cancelled()


async def test_a_turn_given_to_somebody_who_is_cancelled_goes_to_the_next() -> None:
    """Given and cancelled in the same step of the loop: the turn must not be lost with its owner."""
    log = Log(Turns(kept_s=0.0))
    async with asyncio.timeout(LIMIT_S):
        async with log.turns.turn(Priority.BACKGROUND):
            gone, stays = log.ask("b1"), log.ask("b2")
            await settled()
        gone.cancel()
        await stays
    assert log.order == ["b2"]
    assert gone.cancelled()


async def test_a_turn_that_ends_in_an_error_is_given_back() -> None:
    turns = Turns(kept_s=0.0)
    with pytest.raises(ValueError, match="in the turn"):
        async with turns.turn(Priority.CURSOR):
            raise ValueError("in the turn")
    async with asyncio.timeout(LIMIT_S), turns.turn(Priority.BACKGROUND):
        pass
