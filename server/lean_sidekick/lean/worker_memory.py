"""How much memory our Lean workers have, and whether there is room for one more.

Reads the system's process table; starts and ends nothing.
"""

import psutil

RESERVE = 10**9
"""Bytes that should stay free beside one more worker."""


def largest_worker() -> int:
    """The resident size in bytes of the largest Lean worker below this process, 0 if there is none."""
    return worker_memory(None)


def worker_memory(pid: int | None) -> int:
    """The resident size in bytes of the largest Lean worker below a process, this one for None; 0 if there is none."""
    sizes = [0]
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return 0
    for process in below:
        try:
            if "--worker" in process.cmdline():
                sizes.append(process.memory_info().rss)
        except psutil.Error:
            continue
    return max(sizes)


def has_room_for_worker() -> bool:
    """Whether a worker like the largest one would fit into the memory that is free now."""
    return bool(psutil.virtual_memory().available > largest_worker() + RESERVE)
