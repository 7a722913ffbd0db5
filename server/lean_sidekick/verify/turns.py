"""Turns on one document: the site at the cursor goes before the search in the background.

A turn is one edit with Lean's answer to it. Whoever waits at the cursor is next; after a turn at the cursor the
document is kept for a moment, because the same question usually goes on. A background search that was passed over often
enough gets one turn, so it never stands still. A turn that was given to somebody who gave up waiting goes to the next.
Interrupts nobody.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from attrs import define, field

from lean_sidekick.verify.api import Priority

PATIENCE = 4
"""How many turns at the cursor may pass over a waiting background search."""
KEPT_S = 0.05
"""Seconds for which the document is kept for the next turn at the cursor."""


@define(kw_only=True)
class Turns:
    """Who has the document, and who waits for it; all calls come from one event loop."""

    kept_s: float = KEPT_S
    _waiting: dict[Priority, deque[asyncio.Future[None]]] = field(init=False)
    _is_taken: bool = field(default=False, init=False)
    _kept: asyncio.TimerHandle | None = field(default=None, init=False)
    _passed_over: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._waiting = {priority: deque() for priority in Priority}

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncGenerator[None, None]:
        """Waits for the document and has it until the block ends."""
        await self._take(priority)
        try:
            yield
        finally:
            self._give_back(priority)

    async def _take(self, priority: Priority) -> None:
        if self._kept is not None and priority is Priority.CURSOR:
            self._kept.cancel()
            self._kept = None
            self._count_pass()
            return
        if not self._is_taken:
            self._is_taken = True
            return
        given = asyncio.get_running_loop().create_future()
        self._waiting[priority].append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():
                self._give_back(priority)
            elif given in self._waiting[priority]:
                self._waiting[priority].remove(given)
            raise

    def _give_back(self, priority: Priority) -> None:
        is_last = priority is Priority.CURSOR and not self._is_waiting(Priority.CURSOR)
        if is_last and not self._owes_background:
            self._kept = asyncio.get_running_loop().call_later(self.kept_s, self._kept_in_vain)
            return
        self._pass_on()

    def _pass_on(self) -> None:
        if self._is_waiting(Priority.CURSOR) and not self._owes_background:
            self._count_pass()
            self._next(Priority.CURSOR)
        elif self._is_waiting(Priority.BACKGROUND):
            self._passed_over = 0
            self._next(Priority.BACKGROUND)
        else:
            self._is_taken = False

    @property
    def _owes_background(self) -> bool:
        return self._passed_over >= PATIENCE and self._is_waiting(Priority.BACKGROUND)

    def _next(self, priority: Priority) -> None:
        self._waiting[priority].popleft().set_result(None)

    def _is_waiting(self, priority: Priority) -> bool:
        queue = self._waiting[priority]
        while queue and queue[0].done():
            queue.popleft()  # gave up waiting
        return bool(queue)

    def _count_pass(self) -> None:
        self._passed_over = self._passed_over + 1 if self._is_waiting(Priority.BACKGROUND) else 0

    def _kept_in_vain(self) -> None:
        self._kept = None
        self._pass_on()
