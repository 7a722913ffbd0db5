"""The kinds of search by name."""

from lean_sidekick.search.api import Search, SearchTask
from lean_sidekick.search.best_first import BestFirst
from lean_sidekick.search.mcts import Mcts
from lean_sidekick.search.options import SearchKind


def make_search(kind: SearchKind, task: SearchTask, seed: int) -> Search:
    """A search of one kind; best-first has nothing to draw lots for."""
    match kind:
        case SearchKind.BEST_FIRST:
            return BestFirst(task)
        case SearchKind.MCTS:
            return Mcts(task, seed)
