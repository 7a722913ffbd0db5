"""A workspace's premises: answered at once, refreshed in a process of its own, which never outlives us."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import CorpusFile, premises_above
from lean_sidekick.engine.premise_library import IndexingProgress, PremiseLibrary, RankingModels
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.formats import EncoderFormat
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.premises.project_index import ProjectIndex, project_index
from lean_sidekick.premises.quantised import quantise
from support.stand_in_worker import COMMAND

GOAL = parse_goal("x y : Nat\n⊢ x + y = y + x")
SAYS = """
import sys
print('{"done": 1, "total": 2, "module": "A"}', flush=True)
print("no progress at all", flush=True)
sys.exit(%d)
"""
NOTES = """
import sys
with open(%r, "a") as out:
    out.write(" ".join(sys.argv[1:]) + "\\n")
"""
WAITS = """
import sys
print('{"done": 1, "total": 2}', flush=True)
sys.stdin.read()
"""


def playing(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def waiting_child() -> psutil.Process:
    (child,) = (one for one in psutil.Process().children() if WAITS in one.cmdline())
    return child


def write(index: ProjectIndex, text: str) -> None:
    writer = index.own.writer()
    writer.add(CorpusFile(path="A.lean", module="A", premises=premises_above(text, len(text))), "1")
    writer.finish()


@pytest.fixture
async def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PremiseLibrary]:
    monkeypatch.setattr("lean_sidekick.engine.premise_library.cache_folder", lambda: tmp_path / "cache")
    version = LeanVersion(major=4, minor=9, patch=0, pre=None)
    toolchain = Toolchain(lean_command=(str(tmp_path / "lean"),), lake=None, version=version, origin="a test")
    (tmp_path / "lakefile.toml").write_text("")
    found = PremiseLibrary(root=tmp_path, toolchain=toolchain)
    yield found
    await found.close()


def index_of(library: PremiseLibrary, cache: Path) -> ProjectIndex:
    return project_index(cache, find_project(library.root), library.toolchain, os.environ)


async def names(library: PremiseLibrary, accessible: Accessible | None = None) -> list[str]:
    return [one.premise.full_name for one in await library.for_goal(GOAL, accessible or Accessible(), 5)]


async def test_without_an_index_what_stands_above_is_there(library: PremiseLibrary) -> None:
    text = "theorem above (a b : Nat) : a + b = b + a := sorry\n"
    assert await names(library) == []
    assert await names(library, Accessible(above=premises_above(text, len(text)))) == ["above"]
    assert [one.premise.full_name for one in await library.for_words("add", Accessible(), 5)] == []


async def test_a_refresh_is_told_and_answered_from(library: PremiseLibrary, tmp_path: Path) -> None:
    assert await names(library) == []
    write(index_of(library, tmp_path / "cache"), "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    library.command, told = playing(SAYS % 0), list[IndexingProgress]()
    assert await library.refresh(told.append)
    assert told == [IndexingProgress(done=1, total=2)]
    assert await names(library) == ["indexed"]


async def test_a_refresh_that_fails_changes_nothing(library: PremiseLibrary) -> None:
    library.command = playing(SAYS % 3)
    assert not await library.refresh(lambda progress: None)
    library.command = ("/nowhere/no-such-program",)
    assert not await library.refresh(lambda progress: None)
    assert await names(library) == []


async def test_only_one_refresh_at_a_time_and_none_after_the_end(library: PremiseLibrary) -> None:
    library.command = playing(WAITS)
    has_begun = asyncio.Event()
    refreshing = asyncio.create_task(library.refresh(lambda progress: has_begun.set()))
    async with asyncio.timeout(20):
        await has_begun.wait()
        assert not await library.refresh(lambda progress: None)
        child = waiting_child()
        await library.close()
        await refreshing
    assert not child.is_running()


async def test_cancelling_a_refresh_ends_its_process(library: PremiseLibrary) -> None:
    library.command = playing(WAITS)
    has_begun = asyncio.Event()
    refreshing = asyncio.create_task(library.refresh(lambda progress: has_begun.set()))
    async with asyncio.timeout(20):
        await has_begun.wait()
        child = waiting_child()
        refreshing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await refreshing
    assert not child.is_running()


async def test_an_index_that_proves_damaged_is_thrown_away(library: PremiseLibrary, tmp_path: Path) -> None:
    index = index_of(library, tmp_path / "cache")
    write(index, "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    (segment,) = index.own.folder.glob("*.segment")
    segment.write_bytes(segment.read_bytes().replace(b'["indexed"', b'{"indexed"'))
    assert await names(library) == []
    assert not index.own.folder.exists()


async def test_opening_an_index_as_it_is_starts_nothing(library: PremiseLibrary, tmp_path: Path) -> None:
    """A command of the shell neither waits for an index nor leaves a process behind that makes one."""
    library.command = playing(WAITS)
    with pytest.raises(InputError, match="no index of premises yet"):
        await library.load(lambda progress: None, builds=False)
    write(index_of(library, tmp_path / "cache"), "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    again = PremiseLibrary(root=library.root, toolchain=library.toolchain, command=playing(WAITS))
    await again.load(lambda progress: None, builds=False)
    assert await names(again) == ["indexed"]
    assert [one for one in psutil.Process().children() if WAITS in one.cmdline()] == []
    await again.close()


async def test_the_first_load_waits_for_an_index_and_later_ones_do_not(library: PremiseLibrary, tmp_path: Path) -> None:
    library.command = playing(SAYS % 3)
    with pytest.raises(InputError, match="could not be indexed"):
        await library.load(lambda progress: None, builds=True)
    write(index_of(library, tmp_path / "cache"), "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    library.command = playing(SAYS % 0)
    await library.load(lambda progress: None, builds=True)
    assert await names(library) == ["indexed"]
    again = PremiseLibrary(root=library.root, toolchain=library.toolchain, command=playing(WAITS))
    async with asyncio.timeout(20):
        await again.load(lambda progress: None, builds=True)  # its refresh goes on and on
    assert set(again.imports) == {"A"} and again.list_names() == [("indexed", "A")]
    await again.close()


async def test_vectors_are_made_after_the_index_by_the_editors_settings(
    library: PremiseLibrary, tmp_path: Path
) -> None:
    """The first run makes none, so that questions are answered soon; the second is told which encoder."""
    write(index_of(library, tmp_path / "cache"), "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    notes, client = tmp_path / "notes", WorkerClient(lambda text: None, WorkerLimits(), COMMAND)
    choice = EncoderChoice(source="missing", format=EncoderFormat.WORDS)
    assignments = ('premises.encoder="missing"', 'models.device="cpu"')
    library.models = RankingModels(client=client, encoder=choice, reranker=None, assignments=assignments)
    library.command = playing(NOTES % str(notes))
    await library.load(lambda progress: None, builds=True)
    assert library._background is not None
    async with asyncio.timeout(20):
        await library._background
        await library.models_ready(for_words=False)
    assert library.trouble == "Dense ranking is left out: The model missing is not on this machine."
    first, second = notes.read_text().splitlines()
    assert first.endswith("--setting premises.encoder=")
    assert second.endswith('--setting premises.encoder="missing" --setting models.device="cpu"')
    assert await names(library) == ["indexed"]
    await client.close()


async def test_vectors_by_an_encoder_that_nobody_named_are_kept_up_to_date_but_not_begun(
    library: PremiseLibrary, tmp_path: Path
) -> None:
    """The editor starts no hour of work that nobody asked for; where `index` was run, it goes on with it."""
    index, notes = index_of(library, tmp_path / "cache"), tmp_path / "notes"
    write(index, "theorem indexed (a b : Nat) : a + b = b + a := sorry\n")
    choice = EncoderChoice(source="missing", format=EncoderFormat.WORDS, is_automatic=True)
    client = WorkerClient(lambda text: None, WorkerLimits(), COMMAND)
    for runs in (1, 3):
        again = PremiseLibrary(root=library.root, toolchain=library.toolchain, command=playing(NOTES % str(notes)))
        again.models = RankingModels(client=client, encoder=choice, reranker=None, assignments=("a=1",))
        await again.load(lambda progress: None, builds=True)
        assert again._background is not None
        async with asyncio.timeout(20):
            await again._background
        assert len(notes.read_text().splitlines()) == runs
        assert again.trouble == "" and client.pid is None
        await again.close()
        ((name, _),) = index.own.without_vectors(choice.name).items() if runs == 1 else (("", None),)
        if name:
            index.own.add_vectors(name, choice.name, [quantise(np.ones((1, 4), dtype=np.float32))])
    await client.close()
