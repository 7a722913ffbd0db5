"""What was learned is found again by the next program, stays within its bounds, and is gone when it is forgotten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.storage.learned import LENGTH_LIMIT, TALLY_LIMIT, Learned, LearnedStore


def step(tactic: str, declaration: str = "d", origin: StepOrigin = StepOrigin.PROOF, goal: str = "⊢ φ") -> TakenStep:
    return TakenStep(goal=parse_goal(goal), tactic=tactic, declaration=declaration, origin=origin)


@asynccontextmanager
async def opened(path: Path, **settings: Any) -> AsyncIterator[LearnedStore]:
    store = LearnedStore(path=path, **settings)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "learned.sqlite3"


async def kept(path: Path, project: str = "p") -> Learned:
    """What a program that starts now finds."""
    async with opened(path) as store:
        return await store.load(project)


async def tactics(path: Path, project: str = "p") -> list[str]:
    return [one.tactic for one in (await kept(path, project)).steps]


async def test_steps_are_found_by_the_next_program_oldest_first_and_by_project(path: Path) -> None:
    steps = [step("intro x\nsimp", goal="case a\nn : Nat\n⊢ n = n"), step("rfl", origin=StepOrigin.ACCEPTED)]
    async with opened(path) as store:
        store.add("p", steps)
        store.add("q", [step("other")])
    found = (await kept(path)).steps
    assert [(one.tactic, one.origin) for one in found] == [(one.tactic, one.origin) for one in steps]
    assert found[0].goal.text == steps[0].goal.text
    assert await tactics(path, "q") == ["other"]


async def test_steps_of_an_edited_proof_are_replaced_and_accepted_ones_stay(path: Path) -> None:
    async with opened(path) as store:
        store.add("p", [step("accepted", origin=StepOrigin.ACCEPTED)])
        store.replace("p", "d", [step("old"), step("both")])
        store.replace("p", "e", [step("other", "e")])
        store.replace("p", "d", [step("both"), step("new")])
    assert await tactics(path) == ["accepted", "both", "other", "new"]


async def test_the_oldest_steps_go_first_and_long_ones_are_not_kept(path: Path) -> None:
    async with opened(path, project_limit=3) as store:
        store.add("p", [step(f"t{k}") for k in range(5)])
        store.add("p", [step("x" * LENGTH_LIMIT)])
    assert await tactics(path) == ["t2", "t3", "t4"]


async def test_tallies_add_up_over_programs_and_are_halved_when_they_grow_large(path: Path) -> None:
    for _ in range(2):
        async with opened(path) as store:
            store.count({("=", "simp"): (1.5, 1.0), ("≤", "omega"): (TALLY_LIMIT * 0.75, 10.0)})
    found = (await kept(path)).tallies
    assert found["=", "simp"] == (3.0, 2.0)
    assert found["≤", "omega"] == (TALLY_LIMIT * 0.75, 10.0)


async def test_what_is_forgotten_is_gone_from_the_file(path: Path) -> None:
    async with opened(path) as store:
        store.add("p", [step("verySecretTactic")])
        store.count({("=", "simp"): (1.0, 1.0)})
        assert await store.forget(None)
    assert await kept(path) == Learned()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"verySecretTactic" not in left


async def test_one_project_can_be_forgotten(path: Path) -> None:
    async with opened(path) as store:
        store.add("p", [step("a")])
        store.add("q", [step("b")])
        assert await store.forget("p")
    assert (await tactics(path), await tactics(path, "q")) == ([], ["b"])


async def test_a_damaged_file_is_made_again_and_nobody_hears_of_it(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    async with opened(path) as store:
        assert await store.load("p") == Learned()
        store.add("p", [step("a")])
    assert await tactics(path) == ["a"]


async def test_a_file_that_cannot_be_made_keeps_things_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    async with opened(tmp_path / "taken" / "learned.sqlite3") as store:
        store.add("p", [step("a")])
        assert [one.tactic for one in (await store.load("p")).steps] == ["a"]
