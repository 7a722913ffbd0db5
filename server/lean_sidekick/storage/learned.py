"""What was learned from a user's own proofs, on disk: steps taken at goals, and tallies of candidates.

Promises: the event loop never waits for the disk, and nobody ever waits long; any number of programs may use one
file, each sees what was there when it read; deleting the file, or `forget`, loses nothing but what was learned.
Nothing in it leaves the machine. Steps belong to a project, tallies to the user. Both are bounded: the oldest steps go,
and tallies are halved when they grow large, so that what is new counts. Does not know what families and shapes mean.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.storage.database import Database, StoreThread, transaction

SCHEMA = 1
"""Raised when rows change their shape or meaning; a file with another number is emptied."""
PROJECT_LIMIT = 20_000
LENGTH_LIMIT = 8_000
"""Characters of a goal and its tactic; longer steps are not kept."""
TALLY_LIMIT = 200.0
_TABLES = {
    "steps": (
        "CREATE TABLE steps (number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL,"
        " declaration TEXT NOT NULL, origin TEXT NOT NULL, goal TEXT NOT NULL, tactic TEXT NOT NULL,"
        " UNIQUE (project, declaration, goal, tactic) ON CONFLICT REPLACE)"
    ),
    "tallies": (
        "CREATE TABLE tallies (shape TEXT NOT NULL, family TEXT NOT NULL, promised REAL NOT NULL, taken REAL NOT NULL,"
        " PRIMARY KEY (shape, family)) WITHOUT ROWID"
    ),
}

Tallies = Mapping[tuple[str, str], tuple[float, float]]
"""By shape and family: how many steps the scores promised, and how many were taken."""


@frozen(kw_only=True)
class Learned:
    """What is known for a project: its steps, oldest first, and the user's tallies."""

    steps: tuple[TakenStep, ...] = ()
    tallies: Tallies = field(factory=dict)


@define(kw_only=True)
class LearnedStore:
    """The file, with one thread and one connection of its own."""

    path: Path
    project_limit: int = PROJECT_LIMIT
    _database: Database = field(init=False)
    _thread: StoreThread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._database = Database(path=self.path, name="The file of learned steps", schema=SCHEMA, tables=_TABLES)
        self._thread = StoreThread(name=f"The file of learned steps {self.path}")

    async def load(self, project: str) -> Learned:
        """What is known for a project; nothing if the file does not answer in time."""
        found = await self._thread.ask(lambda: self._database.do(lambda c: _load(c, project, self.project_limit)))
        return found or Learned()

    def replace(self, project: str, declaration: str, steps: Sequence[TakenStep]) -> None:
        """Puts the steps of a finished proof in the place of those that its declaration had, some time later."""
        kept = _short(steps)
        self._later(lambda c: _replace(c, project, declaration, kept, self.project_limit))

    def add(self, project: str, steps: Sequence[TakenStep]) -> None:
        """Adds steps some time later."""
        kept = _short(steps)
        if kept:
            self._later(lambda c: _add(c, project, kept, self.project_limit))

    def count(self, tallies: Tallies) -> None:
        """Adds to tallies some time later."""
        if tallies:
            self._later(lambda c: _count(c, tallies))

    async def forget(self, project: str | None) -> bool:
        """Takes out the steps of a project, or, for None, everything that was learned; says whether that was done."""
        return bool(await self._thread.ask(lambda: self._database.do(lambda c: _forget(c, project))))

    async def close(self) -> None:
        """Writes what is waiting and closes the file."""
        await self._thread.close(self._database.close)

    def _later(self, work: Callable[[sqlite3.Connection], object]) -> None:
        self._thread.later(lambda: self._database.do(work))


def _short(steps: Sequence[TakenStep]) -> list[TakenStep]:
    return [step for step in steps if len(step.goal.text) + len(step.tactic) <= LENGTH_LIMIT]


def _load(connection: sqlite3.Connection, project: str, limit: int) -> Learned:
    rows = connection.execute(
        "SELECT declaration, origin, goal, tactic FROM steps WHERE project = ? ORDER BY number DESC LIMIT ?",
        (project, limit),
    ).fetchall()
    tallies = connection.execute("SELECT shape, family, promised, taken FROM tallies").fetchall()
    return Learned(
        steps=tuple(
            TakenStep(goal=parse_goal(goal), tactic=tactic, declaration=declaration, origin=StepOrigin(origin))
            for declaration, origin, goal, tactic in reversed(rows)
        ),
        tallies={(shape, family): (promised, taken) for shape, family, promised, taken in tallies},
    )


def _replace(
    connection: sqlite3.Connection, project: str, declaration: str, steps: list[TakenStep], limit: int
) -> None:
    here = (project, declaration, StepOrigin.PROOF.value)
    with transaction(connection):
        known = {
            (goal, tactic)
            for goal, tactic in connection.execute(
                "SELECT goal, tactic FROM steps WHERE project = ? AND declaration = ? AND origin = ?", here
            )
        }
        wanted = {(step.goal.text, step.tactic) for step in steps}
        connection.executemany(
            "DELETE FROM steps WHERE project = ? AND declaration = ? AND origin = ? AND goal = ? AND tactic = ?",
            [(*here, *row) for row in sorted(known - wanted)],
        )
        _insert(connection, project, [step for step in steps if (step.goal.text, step.tactic) not in known], limit)


def _add(connection: sqlite3.Connection, project: str, steps: list[TakenStep], limit: int) -> None:
    with transaction(connection):
        _insert(connection, project, steps, limit)


def _insert(connection: sqlite3.Connection, project: str, steps: list[TakenStep], limit: int) -> None:
    connection.executemany(
        "INSERT INTO steps (project, declaration, origin, goal, tactic) VALUES (?, ?, ?, ?, ?)",
        [(project, step.declaration, step.origin.value, step.goal.text, step.tactic) for step in steps],
    )
    connection.execute(
        "DELETE FROM steps WHERE project = ? AND number <= (SELECT number FROM steps WHERE project = ?"
        " ORDER BY number DESC LIMIT 1 OFFSET ?)",
        (project, project, limit),
    )


def _count(connection: sqlite3.Connection, tallies: Tallies) -> None:
    with transaction(connection):
        connection.executemany(
            "INSERT INTO tallies (shape, family, promised, taken) VALUES (?, ?, ?, ?) ON CONFLICT (shape, family)"
            " DO UPDATE SET promised = promised + excluded.promised, taken = taken + excluded.taken",
            [(*key, *tally) for key, tally in tallies.items()],
        )
        connection.execute(
            "UPDATE tallies SET promised = promised / 2, taken = taken / 2 WHERE promised > ?", (TALLY_LIMIT,)
        )


def _forget(connection: sqlite3.Connection, project: str | None) -> bool:
    with transaction(connection):
        if project is None:
            connection.execute("DELETE FROM steps")
            connection.execute("DELETE FROM tallies")
        else:
            connection.execute("DELETE FROM steps WHERE project = ?", (project,))
    connection.execute("VACUUM")  # what was forgotten does not stay in free pages
    return True
