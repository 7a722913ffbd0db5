"""Runs a command's asynchronous work so that an interrupt leaves nothing behind.

The first SIGINT, SIGTERM or SIGHUP cancels the work and waits until it has cleaned up; more signals change nothing,
so that an impatient second Ctrl-C cannot leave a Lean process running. Every clean-up has time limits of its own.
"""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of the work.

    Raises KeyboardInterrupt after a signal, when the work has cleaned up, whatever it then returned or raised.
    """
    was_interrupted = False

    async def supervised() -> _T:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None

        def interrupt() -> None:
            nonlocal was_interrupted
            if not was_interrupted:
                was_interrupted = True
                task.cancel()

        signals = _catchable()
        for number in signals:
            loop.add_signal_handler(number, interrupt)
        try:
            return await work
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    try:
        result = asyncio.run(supervised())
    except BaseException:
        if was_interrupted:
            raise KeyboardInterrupt from None
        raise
    if was_interrupted:
        raise KeyboardInterrupt
    return result


def _catchable() -> list[signal.Signals]:
    """The signals to catch: none on Windows, whose loops cannot, and none that whoever started us ignores."""
    if not hasattr(signal, "SIGHUP"):
        return []
    found = [signal.Signals[name] for name in _SIGNAL_NAMES]
    return [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]
